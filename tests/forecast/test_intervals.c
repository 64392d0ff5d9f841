/* Order statistics of recent errors. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/forecast/intervals.h"
#include "tests/forecast/play.h"

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The quantile as split conformal prediction defines it, by sorting. */
static double plain_quantile(const double *errors, size_t count, double level)
{
	size_t kept = count < INTERVALS_ERRORS ? count : INTERVALS_ERRORS;
	double sorted[INTERVALS_ERRORS], rank = (double)(kept + 1) * level;

	memcpy(sorted, errors + count - kept, kept * sizeof(*sorted));
	qsort(sorted, kept, sizeof(*sorted), by_size);
	rank = level < 0.5 ? floor(rank + 1e-9) : ceil(rank - 1e-9);
	rank = fmin(fmax(rank, 1), (double)kept);
	return sorted[(size_t)rank - 1];
}

static void quantiles_are_those_of_the_latest_errors(void **state)
{
	static const double levels[] = {0.005, 0.025, 0.1, 0.3, 0.7, 0.9, 0.975, 0.995};
	struct intervals intervals;
	double errors[2][1000];

	(void)state;
	assert_int_equal(intervals_init(&intervals, 2, NULL, 0), 0);
	for (size_t i = 0; i < 1000; i++) {
		for (uint32_t step = 0; step < 2; step++) {
			/* Few different values: many are equal. */
			errors[step][i] = floor(10 * play_noise(2 * i + step)) * (1 + step);
			intervals_add(&intervals, step, errors[step][i]);
			if (i + 1 < INTERVALS_ENOUGH)
				continue;
			for (size_t k = 0; k < sizeof(levels) / sizeof(*levels); k++)
				assert_true(intervals_quantile(&intervals, step, levels[k]) ==
					    plain_quantile(errors[step], i + 1, levels[k]));
		}
	}
	assert_int_equal(intervals_count(&intervals, 0), INTERVALS_ERRORS);
	intervals_finish(&intervals);
}

static void the_correction_is_outwards(void **state)
{
	struct intervals intervals;

	(void)state;
	assert_int_equal(intervals_init(&intervals, 1, NULL, 0), 0);
	for (int i = 1; i <= 99; i++)
		intervals_add(&intervals, 0, i);
	assert_true(intervals_quantile(&intervals, 0, 0.05) == 5); /* the (99 + 1) x 0.05-th */
	assert_true(intervals_quantile(&intervals, 0, 0.95) == 95);
	assert_true(intervals_quantile(&intervals, 0, 0.001) == 1);
	intervals_finish(&intervals);
}

/* Errors that grow for good: what the last 300 say is too narrow, and the tail learns that. */
static void intervals_widen_while_they_miss(void **state)
{
	static const double level = 0.9;
	struct intervals intervals;
	double lower, upper;
	uint32_t missed = 0, count = 2000;

	(void)state;
	assert_int_equal(intervals_init(&intervals, 1, &level, 1), 0);
	assert_false(intervals_bounds(&intervals, 0, 0, &lower, &upper));
	for (uint32_t i = 0; i < 20 + count; i++) {
		double error = play_normal(i) * (1 + 0.01 * i);

		if (i >= 20) {
			assert_true(intervals_bounds(&intervals, 0, 0, &lower, &upper));
			bool miss = error < lower || error > upper;

			missed += miss;
			intervals_adapt(&intervals, 0, 0, miss);
		}
		intervals_add(&intervals, 0, error);
	}
	assert_true(fabs((double)missed / count - 0.1) < 0.01);
	intervals_finish(&intervals);
}

static void normal_quantiles_are_those_of_the_tables(void **state)
{
	static const double table[][2] = {{0.5, 0},	   {0.9, 1.2816},   {0.95, 1.6449},
					  {0.975, 1.9600}, {0.995, 2.5758}, {0.025, -1.9600}};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_true(fabs(intervals_normal(table[i][0]) - table[i][1]) < 0.012);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_those_of_the_latest_errors),
		cmocka_unit_test(the_correction_is_outwards),
		cmocka_unit_test(intervals_widen_while_they_miss),
		cmocka_unit_test(normal_quantiles_are_those_of_the_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
