/* The seasons of a stream, found in its window. */
#ifndef LIB_SERIES_SEASON_H
#define LIB_SERIES_SEASON_H

#include <stddef.h>
#include <stdint.h>

#include "rollcast/stream.h"

/*
 * The periods, in steps and ascending, with which `values` (oldest first, NaN: a hole) repeat.
 * Looked at are an hour, a day and a week of `step_us`, where the window holds two of them, and
 * the most prominent peak of the autocorrelation up to a third of the window. A period counts if
 * the changes of the series repeat with it by more than chance allows a random walk (2.5 standard
 * errors for the natural periods, 4 for the peak), after shorter seasons were taken out. So a
 * natural period needs two and a half cycles at least, and more the noisier they are.
 *
 * Returns how many, 0..ROLLCAST_SEASONS_MAX; the clearest ones if there are more. -ENOMEM. Pure;
 * takes a few milliseconds for 10,000 values and grows linearly.
 */
int season_find(const double *values, size_t count, int64_t step_us,
		uint32_t ret_periods[ROLLCAST_SEASONS_MAX]);

#endif
