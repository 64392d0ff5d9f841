/* A window in another step, for a stream whose rate has changed: what was known is not lost. */
#ifndef LIB_FORECAST_RESAMPLE_H
#define LIB_FORECAST_RESAMPLE_H

#include "lib/forecast/past.h"
#include "lib/series/grid.h"

struct resample {
	const struct past *past; /* in the step before */
	const uint8_t *marks;	 /* its marks, oldest first */
	int64_t before_us;	 /* the step before */
	int64_t step_us;	 /* and now */
	bool sums;		 /* values are sums over a step, and not levels */
};

/* How many steps that end before `next_us` the window covers. */
size_t resample_count(const struct resample *resample, int64_t next_us);

/*
 * The step around `time_us`: the mean of those before that lie in it, or on a line between two; a hole if
 * they are, or too far away.
 */
struct grid_step resample_step(const struct resample *resample, int64_t time_us);

#endif
