/* Scaling and splitting: arithmetic alone. */
#include "cli/scaling.h"

#include <math.h>

const char *const scaling_words[] = {"minmax", "standard", "none", NULL};

static struct scaling fit_minmax(const double *values, size_t count)
{
	double low = values[0], high = values[0];

	for (size_t i = 1; i < count; i++) {
		low = fmin(low, values[i]);
		high = fmax(high, values[i]);
	}
	return (struct scaling){low, high > low ? high - low : 1};
}

static struct scaling fit_standard(const double *values, size_t count)
{
	double mean = 0, square = 0;

	for (size_t i = 0; i < count; i++) {
		double delta = values[i] - mean;

		mean += delta / (double)(i + 1);
		square += delta * (values[i] - mean);
	}
	square = sqrt(square / (double)count);
	return (struct scaling){mean, square > 0 ? square : 1};
}

struct scaling scaling_fit(enum scaling_kind kind, const double *values, size_t count)
{
	if (count && kind == SCALING_MINMAX)
		return fit_minmax(values, count);
	if (count && kind == SCALING_STANDARD)
		return fit_standard(values, count);
	return (struct scaling){0, 1};
}

double scaling_apply(const struct scaling *scaling, double value)
{
	return (value - scaling->shift) / scaling->scale;
}

double scaling_undo(const struct scaling *scaling, double scaled)
{
	return scaled * scaling->scale + scaling->shift;
}

struct split split_make(size_t count, uint32_t lookback, uint32_t horizon, double train_share)
{
	struct split split = {lookback, lookback, lookback};

	if (count < (size_t)lookback + horizon)
		return split;
	split.end = count - horizon + 1;
	/* A share such as 0.8 is not exact in binary: a hair is added, or 0.8 of 10 would be 7. */
	split.test_from += (size_t)floor((double)(split.end - split.first) * train_share + 1e-9);
	return split;
}
