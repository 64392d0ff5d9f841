/* The Page-Hinkley test: see drift.h. */
#include "lib/forecast/drift.h"

#include <math.h>

enum { ENOUGH = 48 }; /* steps before there is a mean to compare with */

#define TOLERANCE 0.25
#define THRESHOLD 40.0 /* usual errors */
#define CAP	  4.0

bool drift_learn(struct drift *drift, double error)
{
	double relative;

	drift->count++;
	/* An error is compared with those before it. */
	relative = drift->mean > 0 ? fmin(error / drift->mean, CAP) : 1;
	drift->mean +=
		(fmin(error, drift->count > ENOUGH ? CAP * drift->mean : error) - drift->mean) /
		drift->count;
	if (drift->count <= ENOUGH)
		return false;
	drift->sum += relative - 1 - TOLERANCE;
	drift->lowest = fmin(drift->lowest, drift->sum);
	if (drift->sum - drift->lowest <= THRESHOLD)
		return false;
	*drift = (struct drift){0};
	return true;
}

void drift_archive(struct archive *archive, struct drift *drift)
{
	archive_finite(archive, &drift->mean, 1);
	archive_value(archive, &drift->count);
	archive_finite(archive, &drift->sum, 1);
	archive_finite(archive, &drift->lowest, 1);
}
