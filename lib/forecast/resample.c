/* Steps from steps of another length: see resample.h. */
#include "lib/forecast/resample.h"

#include <math.h>

enum { CARRIED = 3 }; /* steps before, that the last value is carried on for */

static int64_t oldest_us(const struct resample *resample)
{
	return resample->past->time_us -
	       ((int64_t)past_count(resample->past) - 1) * resample->before_us;
}

/* Rounds down, also below zero. */
static int64_t divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

size_t resample_count(const struct resample *resample, int64_t next_us)
{
	int64_t span_us = next_us - oldest_us(resample);

	return past_count(resample->past) && span_us > 0 ? (size_t)(span_us / resample->step_us)
							 : 0;
}

/* The mean of what is known of steps `first` to `end` of those before; NaN: nothing is. */
static double mean(const struct resample *resample, int64_t first, int64_t end, bool *ret_measured)
{
	const double *values = past_values(resample->past);
	int64_t known = 0;
	double sum = 0;

	for (int64_t i = first; i < end; i++) {
		if (resample->marks[i] == PAST_HOLE)
			continue;
		sum += values[i];
		known++;
		*ret_measured |= resample->marks[i] == PAST_MEASURED;
	}
	return known ? sum / (double)known : NAN;
}

static double between(const struct resample *resample, int64_t time_us)
{
	const double *values = past_values(resample->past);
	int64_t count = (int64_t)past_count(resample->past);
	int64_t off_us = time_us - oldest_us(resample);
	int64_t left = divide(off_us, resample->before_us);
	double share = (double)(off_us - left * resample->before_us) / (double)resample->before_us;

	if (left < 0 || left >= count + CARRIED)
		return NAN;
	if (left + 1 >= count)
		return resample->marks[count - 1] == PAST_HOLE ? (double)NAN : values[count - 1];
	if (resample->marks[left] == PAST_HOLE || resample->marks[left + 1] == PAST_HOLE)
		return NAN;
	return values[left] + share * (values[left + 1] - values[left]);
}

struct grid_step resample_step(const struct resample *resample, int64_t time_us)
{
	int64_t count = (int64_t)past_count(resample->past);
	int64_t begin_us = time_us - resample->step_us / 2 - oldest_us(resample);
	int64_t first = divide(begin_us - 1, resample->before_us) + 1;
	int64_t end = divide(begin_us + resample->step_us - 1, resample->before_us) + 1;
	struct grid_step step = {.time_us = time_us};
	bool measured = false;

	first = first > 0 ? first : 0;
	end = end < count ? end : count;
	step.value =
		first < end ? mean(resample, first, end, &measured) : between(resample, time_us);
	step.filled = !measured;
	if (resample->sums)
		step.value *= (double)resample->step_us / (double)resample->before_us;
	return step;
}
