/* Order statistics of recent errors: see intervals.h. */
#include "lib/forecast/intervals.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GAIN	   0.01 /* of the adaptation, per step */
#define MEMORY	   1.5	/* of misses, beyond what the widest interval could cover */
#define TAIL_LEAST 5e-4
#define TAIL_MOST  0.5

int intervals_init(struct intervals *intervals, uint32_t horizon, const double *levels,
		   uint32_t level_count)
{
	size_t cells = (size_t)horizon * INTERVALS_ERRORS;

	*intervals = (struct intervals){.horizon = horizon, .levels = level_count};
	for (uint32_t i = 0; i < level_count; i++) {
		intervals->nominal[i] = 1 - levels[i];
		for (int third = 0; third < INTERVALS_THIRDS; third++)
			intervals->outside[i][third] = 1 - levels[i];
	}
	intervals->recent = malloc(cells * sizeof(double));
	intervals->sorted = malloc(cells * sizeof(double));
	intervals->seen = calloc(horizon, sizeof(*intervals->seen));
	if (intervals->recent && intervals->sorted && intervals->seen)
		return 0;
	intervals_finish(intervals);
	return -ENOMEM;
}

void intervals_finish(struct intervals *intervals)
{
	free(intervals->recent);
	free(intervals->sorted);
	free(intervals->seen);
	*intervals = (struct intervals){0};
}

uint32_t intervals_count(const struct intervals *intervals, uint32_t step)
{
	uint64_t seen = intervals->seen[step];

	return seen < INTERVALS_ERRORS ? (uint32_t)seen : INTERVALS_ERRORS;
}

/* Index of the first value that is not below `error`. */
static uint32_t place_of(const double *sorted, uint32_t count, double error)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (sorted[middle] < error)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void intervals_add(struct intervals *intervals, uint32_t step, double error)
{
	double *recent = intervals->recent + (size_t)step * INTERVALS_ERRORS;
	double *sorted = intervals->sorted + (size_t)step * INTERVALS_ERRORS;
	uint32_t count = intervals_count(intervals, step);
	uint32_t slot = intervals->seen[step] % INTERVALS_ERRORS;
	uint32_t to = place_of(sorted, count, error);
	uint32_t from = count;

	if (count == INTERVALS_ERRORS)
		from = place_of(sorted, count, recent[slot]);
	if (to <= from) {
		memmove(sorted + to + 1, sorted + to, (from - to) * sizeof(*sorted));
	} else {
		to--;
		memmove(sorted + from, sorted + from + 1, (to - from) * sizeof(*sorted));
	}
	sorted[to] = error;
	recent[slot] = error;
	intervals->seen[step]++;
}

double intervals_quantile(const struct intervals *intervals, uint32_t step, double level)
{
	const double *sorted = intervals->sorted + (size_t)step * INTERVALS_ERRORS;
	int count = (int)intervals_count(intervals, step), whole;
	double rank = (count + 1) * level;

	/* The hair keeps (99 + 1) x 0.05 from being just over 5. */
	rank += level < 0.5 ? 1e-9 : -1e-9;
	whole = (int)rank;
	if (level >= 0.5 && rank > whole)
		whole++;
	whole = whole < 1 ? 1 : whole > count ? count : whole;
	return sorted[whole - 1];
}

void intervals_adapt(struct intervals *intervals, uint32_t level, uint32_t third, double missed)
{
	double *outside = &intervals->outside[level][third], nominal = intervals->nominal[level];

	/* Below zero it remembers how much was missed although all errors were covered. */
	*outside += GAIN * (nominal - missed);
	*outside = fmin(fmax(*outside, -MEMORY * nominal), fmax(TAIL_MOST, nominal));
}

bool intervals_bounds(const struct intervals *intervals, uint32_t step, uint32_t level,
		      double *ret_lower, double *ret_upper)
{
	uint32_t third = step * INTERVALS_THIRDS / intervals->horizon;
	double tail = fmax(intervals->outside[level][third], TAIL_LEAST) / 2;

	if (intervals_count(intervals, step) < INTERVALS_ENOUGH)
		return false;
	*ret_lower = intervals_quantile(intervals, step, tail);
	*ret_upper = intervals_quantile(intervals, step, 1 - tail);
	return true;
}

/* Tukey's lambda distribution at 0.14 (Joiner & Rosenblatt 1971). */
double intervals_normal(double level)
{
	return 4.91 * (pow(level, 0.14) - pow(1 - level, 0.14));
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void intervals_archive(struct archive *archive, struct intervals *intervals)
{
	for (uint32_t step = 0; step < intervals->horizon && !archive->error; step++) {
		double *recent = intervals->recent + (size_t)step * INTERVALS_ERRORS;
		double *sorted = intervals->sorted + (size_t)step * INTERVALS_ERRORS;
		uint32_t count;

		archive_value(archive, &intervals->seen[step]);
		count = intervals_count(intervals, step);
		archive_finite(archive, recent, count);
		if (!archive_is_loading(archive) || archive->error)
			continue;
		memcpy(sorted, recent, count * sizeof(*sorted));
		qsort(sorted, count, sizeof(*sorted), compare_doubles);
	}
}

void intervals_tails_archive(struct archive *archive, struct intervals *intervals)
{
	for (uint32_t i = 0; i < intervals->levels; i++)
		archive_finite(archive, intervals->outside[i], INTERVALS_THIRDS);
}
