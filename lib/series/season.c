/*
 * Seasons by the autocorrelation of changes.
 *
 * With k = m/4 and d(t) = x(t) - x(t - k), the correlation of d(t) and d(t - m) is near 1 for a
 * season of m steps, and near 0 for noise and for a random walk, whose own autocorrelation is high
 * at every lag and whose spurious cycles are the classical trap. Its standard error is Bartlett's
 * (1946), with d's own autocorrelation up to lag k. A trend, curved ones too, makes d correlated
 * at lag m/2 as much as at m: a season must do better.
 *
 * Before that, the line through the medians of both halves is taken out and values are compressed
 * by asinh of their median absolute deviation, so that a burst decides nothing. Candidates are
 * tried from the shortest on; the mean profile of one that counts is taken out before the next, as
 * every multiple of a season is one, too.
 */
#include "lib/series/season.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rollcast/cleanup.h"

enum {
	NATURAL = 3,
	CANDIDATES_MAX = NATURAL + 1,
	LAGS_SAMPLED = 16, /* of d's autocorrelation, for the standard error */
	BLOCKS_MAX = 2048, /* means of blocks in which long peaks are looked for */
	RECENT_MAX = 4096, /* values in which short ones are */
	RECENT_LAGS = 512,
};

#define EFFECT_MIN     0.05 /* a correlation below it is no use, however certain */
#define BETTER_MIN     0.05
#define ERRORS_NATURAL 2.5
#define ERRORS_PEAK    4.0

struct candidate {
	size_t period;
	double errors;	    /* standard errors needed */
	double correlation; /* found */
};

/* What is worked on: x and its changes d, [count] each; NaN where unknown. */
struct series {
	double *x, *d;
	size_t count;
};

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Of the values that are no NaN; NaN if there are none. `scratch`: [count]. */
static double median(const double *values, size_t count, double *scratch)
{
	size_t known = 0;
	for (size_t i = 0; i < count; i++)
		if (!isnan(values[i]))
			scratch[known++] = values[i];
	if (known == 0)
		return NAN;
	qsort(scratch, known, sizeof(*scratch), compare_doubles);
	return (scratch[(known - 1) / 2] + scratch[known / 2]) / 2;
}

/* x without line and bursts; false if nothing is left. d is scratch. */
static bool prepare(struct series *series, const double *values)
{
	double *x = series->x, *scratch = series->d;
	size_t n = series->count, half = n / 2;
	double slope = (median(values + n - half, half, scratch) - median(values, half, scratch)) /
		       (double)(n - half);
	if (isnan(slope))
		slope = 0;
	for (size_t i = 0; i < n; i++)
		x[i] = values[i] - slope * (double)i;
	double middle = median(x, n, scratch);

	double sum = 0;
	size_t known = 0;
	for (size_t i = 0; i < n; i++) {
		x[i] = x[i] - middle;
		if (!isnan(x[i])) {
			sum += fabs(x[i]);
			known++;
		}
	}
	for (size_t i = 0; i < n; i++)
		x[i] = fabs(x[i]);
	double scale = median(x, n, scratch);
	if (!(scale > 1e-3 * sum / (double)known)) /* a flat series with bursts */
		scale = sum / (double)known;
	if (!(scale > 1e-12 * fabs(middle)) || !isfinite(scale))
		return false;
	for (size_t i = 0; i < n; i++)
		x[i] = asinh((values[i] - slope * (double)i - middle) / scale);
	return true;
}

/* Correlation of d with itself `lag` steps before; 0 if there is nothing to correlate. */
static double correlation_at(const double *d, size_t count, size_t lag, size_t *ret_pairs)
{
	double ab = 0, aa = 0, bb = 0;
	size_t pairs = 0;
	for (size_t i = lag; i < count; i++) {
		double product = d[i] * d[i - lag];
		if (isnan(product))
			continue;
		ab += product;
		aa += d[i] * d[i];
		bb += d[i - lag] * d[i - lag];
		pairs++;
	}
	*ret_pairs = pairs;
	return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

/* d(t) = x(t) - x(t - k), less their line. Returns where d begins. */
static size_t make_changes(struct series *series, size_t k)
{
	double *d = series->d, n = 0, t = 0, tt = 0, y = 0, ty = 0;
	for (size_t i = k; i < series->count; i++) {
		double at = (double)i / (double)series->count;
		d[i] = series->x[i] - series->x[i - k];
		if (isnan(d[i]))
			continue;
		n++;
		t += at;
		tt += at * at;
		y += d[i];
		ty += at * d[i];
	}
	double spread = n * tt - t * t;
	double slope = spread > 0 ? (n * ty - t * y) / spread : 0;
	double start = n > 0 ? (y - slope * t) / n : 0;
	for (size_t i = k; i < series->count; i++)
		d[i] -= start + slope * (double)i / (double)series->count;
	return k;
}

/* Bartlett's sum of squared autocorrelations of d, up to lag k, from some of the lags. */
static double dependence(const double *d, size_t count, size_t k)
{
	size_t lags = k < LAGS_SAMPLED ? k : LAGS_SAMPLED, pairs;
	double sum = 0;
	for (size_t i = 1; i <= lags; i++) {
		double r = correlation_at(d, count, i * k / lags, &pairs);
		sum += r * r;
	}
	return 1 + 2 * sum * (double)k / (double)lags;
}

/* Whether x repeats with the candidate's period. */
static bool is_season(struct series *series, struct candidate *candidate)
{
	size_t period = candidate->period, k = period < 8 ? 1 : period / 4, pairs;
	size_t from = make_changes(series, k);
	const double *d = series->d + from;
	size_t count = series->count - from;

	double half = correlation_at(d, count, period / 2, &pairs);
	candidate->correlation = correlation_at(d, count, period, &pairs);
	if (candidate->correlation < EFFECT_MIN || candidate->correlation < half + BETTER_MIN)
		return false;
	double error = sqrt(dependence(d, count, k) / (double)pairs);
	return candidate->correlation > candidate->errors * error;
}

/* Takes the mean profile of a season out of x. */
static void remove_season(struct series *series, size_t period)
{
	for (size_t phase = 0; phase < period; phase++) {
		double sum = 0;
		size_t known = 0;
		for (size_t i = phase; i < series->count; i += period)
			if (!isnan(series->x[i])) {
				sum += series->x[i];
				known++;
			}
		for (size_t i = phase; known && i < series->count; i += period)
			series->x[i] -= sum / (double)known;
	}
}

/*
 * How far the autocorrelation at `lag` stands out above its surroundings a quarter period away:
 * the correlation of changes, said in autocorrelations `r` [0 .. at least 1.25 lag].
 */
static double prominence(const double *r, size_t lag)
{
	size_t k = lag < 8 ? 1 : lag / 4;
	double changes = 2 * (1 - r[k]);
	return changes > 1e-9 ? (2 * r[lag] - r[lag - k] - r[lag + k]) / changes : 0;
}

/*
 * The lag of 2..longest with the most prominent peak, or the shortest one that is nearly as high:
 * a multiple of a period stands out even more than the period. 0: there is none.
 */
static size_t choose_peak(const double *r, size_t longest)
{
	size_t best = 0, first = 0;
	for (size_t lag = 2; lag <= longest; lag++)
		if (r[lag] > 0 && (!best || prominence(r, lag) > prominence(r, best)))
			best = lag;
	for (size_t lag = 2; lag <= best && !first; lag++)
		if (r[lag] > r[lag - 1] && r[lag] >= r[lag + 1] && r[lag] > 0.8 * r[best] &&
		    prominence(r, lag) > 0.5 * prominence(r, best))
			first = lag;
	for (size_t lag = best = first; lag <= first + first / 4 && lag <= longest; lag++)
		if (r[lag] > r[best])
			best = lag;
	return best;
}

/* The period to the step, from its multiples: noise moves their peaks no further. */
static size_t sharpen_peak(const double *r, size_t period, size_t longest)
{
	double sharp = (double)period;
	for (size_t times = 2; (double)times * sharp <= (double)longest; times *= 2) {
		size_t middle = (size_t)lround((double)times * sharp), around = period / 4;
		size_t best = middle;
		for (size_t lag = middle - around; lag <= middle + around; lag++)
			if (r[lag] > r[best])
				best = lag;
		sharp = (double)best / (double)times;
	}
	return (size_t)lround(sharp);
}

static size_t find_peak(const double *x, size_t count, size_t longest, double *r,
			double *ret_prominence)
{
	size_t pairs;
	r[0] = 1;
	for (size_t lag = 1; lag <= longest + longest / 4 + 1; lag++)
		r[lag] = correlation_at(x, count, lag, &pairs);
	size_t peak = choose_peak(r, longest);
	*ret_prominence = peak ? prominence(r, peak) : 0;
	return peak ? sharpen_peak(r, peak, longest) : 0;
}

/* Means of blocks of `block` values, NaN if less than half is known; returns how many. */
static size_t average_blocks(const double *x, size_t count, size_t block, double *means)
{
	size_t blocks = count / block;
	x += count - blocks * block;
	for (size_t b = 0; b < blocks; b++) {
		double sum = 0;
		size_t known = 0;
		for (size_t i = b * block; i < (b + 1) * block; i++)
			if (!isnan(x[i])) {
				sum += x[i];
				known++;
			}
		means[b] = 2 * known >= block ? sum / (double)known : NAN;
	}
	return blocks;
}

/* A peak in block means, to the step. */
static size_t refine_peak(const struct series *series, size_t period, size_t block)
{
	size_t best = period, pairs;
	double most = -1;
	for (size_t lag = period - block; lag <= period + block; lag++) {
		double r = correlation_at(series->x, series->count, lag, &pairs);
		if (r > most) {
			most = r;
			best = lag;
		}
	}
	return best;
}

/* The period of the most prominent peak: short lags in recent values, long ones in means. */
static size_t find_period(struct series *series)
{
	double r[BLOCKS_MAX] = {0}, most_short, most_long = 0;
	size_t n = series->count, recent = n < RECENT_MAX ? n : RECENT_MAX;
	size_t longest = recent / 3 < RECENT_LAGS ? recent / 3 : RECENT_LAGS;
	size_t period = find_peak(series->x + n - recent, recent, longest, r, &most_short);

	if (n / 3 > longest) {
		size_t block = (n + BLOCKS_MAX - 1) / BLOCKS_MAX;
		size_t blocks = average_blocks(series->x, n, block, series->d);
		size_t peak = find_peak(series->d, blocks, blocks / 3, r, &most_long);
		/* A multiple of the short period is no news, and the means show it clearer. */
		if (peak * block > longest && (!period || most_long > most_short + 0.2))
			period = block > 1 ? refine_peak(series, peak * block, block) : peak;
	}
	return period;
}

static int compare_periods(const void *a, const void *b)
{
	size_t x = ((const struct candidate *)a)->period, y = ((const struct candidate *)b)->period;
	return (x > y) - (x < y);
}

/* Ascending periods; the peak only if it is none of the natural ones. */
static size_t find_candidates(struct series *series, int64_t step_us, struct candidate *candidates)
{
	static const int64_t natural_us[NATURAL] = {3600000000, 86400000000, 604800000000};
	size_t n = 0, peak = find_period(series);
	for (size_t i = 0; i < NATURAL; i++) {
		int64_t period = (natural_us[i] + step_us / 2) / step_us;
		if (period < 2 || (uint64_t)period > series->count / 2)
			continue;
		candidates[n++] = (struct candidate){(size_t)period, ERRORS_NATURAL, 0};
		if (llabs((int64_t)peak - period) <= 1 + period / 10)
			peak = 0;
	}
	if (peak)
		candidates[n++] = (struct candidate){peak, ERRORS_PEAK, 0};
	qsort(candidates, n, sizeof(*candidates), compare_periods);
	return n;
}

int season_find(const double *values, size_t count, int64_t step_us,
		uint32_t ret_periods[ROLLCAST_SEASONS_MAX])
{
	struct candidate candidates[CANDIDATES_MAX];
	if (count < 8 || count > UINT32_MAX || step_us <= 0)
		return 0;
	CLEANUP(free) double *memory = malloc(2 * count * sizeof(*memory));
	if (!memory)
		return -ENOMEM;
	struct series series = {memory, memory + count, count};
	if (!prepare(&series, values))
		return 0;

	size_t n = find_candidates(&series, step_us, candidates), found = 0;
	for (size_t i = 0; i < n; i++)
		if (is_season(&series, &candidates[i])) {
			remove_season(&series, candidates[i].period);
			candidates[found++] = candidates[i];
		}
	if (found > ROLLCAST_SEASONS_MAX) {
		size_t weakest = 0;
		for (size_t i = 1; i < found; i++)
			if (candidates[i].correlation < candidates[weakest].correlation)
				weakest = i;
		memmove(candidates + weakest, candidates + weakest + 1,
			(--found - weakest) * sizeof(*candidates));
	}
	for (size_t i = 0; i < found; i++)
		ret_periods[i] = (uint32_t)candidates[i].period;
	return (int)found;
}
