/*
 * Drift: errors that have grown for good, noticed by the Page-Hinkley test (Page 1954; Gama et al.
 * 2014, 3.2).
 *
 *	sum += error / mean error - 1 - TOLERANCE        alarm: sum - its minimum > THRESHOLD
 *
 * A single burst counts for no more than a few usual errors, so only errors that stay large alarm.
 */
#ifndef LIB_FORECAST_DRIFT_H
#define LIB_FORECAST_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/series/archive.h"

struct drift {
	double mean; /* of the errors since the last alarm */
	uint32_t count;
	double sum, lowest;
};

/* One step's error; true: drift. It then begins anew. All zero at first. */
bool drift_learn(struct drift *drift, double error);

void drift_archive(struct archive *archive, struct drift *drift);

#endif
