/*
 * Finding the step. Real feeds have jitter, missing samples and bursts (two senders of one
 * stream):
 *
 *	0.0  10.1  10.1+1ms  20.0  39.9     differences 10.1  0.001  9.9  19.9
 *
 * What is under a tenth of the upper quartile lies inside a burst and is left out; what is near
 * the lower quartile of the rest spans one step, and its median stands jitter; what spans up to
 * three such steps makes it sharper.
 */
#include "lib/series/step.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define TOLERANCE 0.02

static const int64_t natural_us[] = {
	1000,	   2000,	  5000,	      10000,	   20000,	50000,	     100000,
	200000,	   250000,	  500000,
#define SECOND INT64_C(1000000)
	SECOND,	   2 * SECOND,	  5 * SECOND, 10 * SECOND, 15 * SECOND, 20 * SECOND, 30 * SECOND,
#define MINUTE (60 * SECOND)
	MINUTE,	   2 * MINUTE,	  5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 20 * MINUTE, 30 * MINUTE,
#define HOUR (60 * MINUTE)
	HOUR,	   2 * HOUR,	  3 * HOUR,   4 * HOUR,	   6 * HOUR,	8 * HOUR,    12 * HOUR,
	24 * HOUR, 7 * 24 * HOUR,
};

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static double median(const int64_t *sorted, size_t count)
{
	return ((double)sorted[(count - 1) / 2] + (double)sorted[count / 2]) / 2;
}

static int64_t snap(double step_us)
{
	for (size_t i = 0; i < sizeof(natural_us) / sizeof(*natural_us); i++) {
		double natural = (double)natural_us[i];
		if (fabs(step_us - natural) <= TOLERANCE * natural)
			return natural_us[i];
	}
	/* As few digits as a per cent allows: periods are set by people. */
	double rounded = step_us, size = floor(log10(step_us));
	for (int digits = 1; digits <= 3; digits++) {
		double unit = pow(10, fmax(0, size + 1 - digits));
		rounded = round(step_us / unit) * unit;
		if (fabs(rounded - step_us) <= 0.01 * step_us)
			break;
	}
	return llround(fmin(fmax(rounded, 1), (double)STEP_LONGEST_US));
}

int64_t step_find(const int64_t *times_us, size_t count)
{
	assert(count >= 2 && count <= STEP_TIMES_MAX);
	int64_t differences[STEP_TIMES_MAX - 1];
	size_t n = count - 1, burst = 0;
	for (size_t i = 0; i < n; i++)
		differences[i] = times_us[i + 1] - times_us[i];
	qsort(differences, n, sizeof(*differences), compare);
	while (differences[burst] < differences[n * 3 / 4] / 10)
		burst++;

	/* Most differences may span several steps; the lowest ones do not. */
	size_t single = burst;
	double quartile = (double)differences[burst + (n - burst) / 4];
	while (single < n && (double)differences[single] < 1.5 * quartile)
		single++;
	double step = median(differences + burst, single - burst), sum = 0, steps = 0;
	for (size_t i = burst; i < n && (double)differences[i] < 3.5 * step; i++) {
		sum += (double)differences[i];
		steps += fmax(1, round((double)differences[i] / step));
	}
	return snap(sum / steps);
}

/* `value` modulo `step`, in [-step/2, step/2). */
static int64_t nearest_remainder(int64_t value, int64_t step)
{
	int64_t remainder = value % step;
	if (remainder < -(step / 2))
		remainder += step;
	return remainder >= step - step / 2 ? remainder - step : remainder;
}

int64_t step_point(const int64_t *times_us, size_t count, int64_t step_us)
{
	assert(count >= 1 && count <= STEP_TIMES_MAX);
	int64_t phases[STEP_TIMES_MAX];
	for (size_t i = 0; i < count; i++)
		phases[i] = nearest_remainder(times_us[i] - times_us[0], step_us);
	qsort(phases, count, sizeof(*phases), compare);
	int64_t point = times_us[0] + llround(median(phases, count));
	int64_t off = nearest_remainder(point, step_us);
	return fabs((double)off) <= TOLERANCE * (double)step_us ? point - off : point;
}
