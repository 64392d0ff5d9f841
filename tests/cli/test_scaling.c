/* Scaling, the split of the windows and the measures: against numbers worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "cli/measure.h"
#include "cli/scaling.h"

#define ASSERT_NEAR(a, b) assert_float_equal((float)(a), (float)(b), 1e-6f)

static void minmax_maps_to_0_and_1(void **state)
{
	static const double values[] = {104, 118, 505, 300};
	struct scaling scaling = scaling_fit(SCALING_MINMAX, values, 4);

	(void)state;
	ASSERT_NEAR(scaling_apply(&scaling, 104), 0);
	ASSERT_NEAR(scaling_apply(&scaling, 505), 1);
	ASSERT_NEAR(scaling_apply(&scaling, 622), 518.0 / 401); /* later values may lie outside */
	ASSERT_NEAR(scaling_undo(&scaling, scaling_apply(&scaling, 300)), 300);
}

static void standard_has_mean_0_and_deviation_1(void **state)
{
	static const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};
	struct scaling scaling = scaling_fit(SCALING_STANDARD, values, 8);

	(void)state;
	ASSERT_NEAR(scaling.shift, 5);
	ASSERT_NEAR(scaling.scale, 2);
}

static void standard_keeps_its_digits_far_from_zero(void **state)
{
	static const double values[] = {1e9 + 1, 1e9 + 2, 1e9 + 3};
	struct scaling scaling = scaling_fit(SCALING_STANDARD, values, 3);

	(void)state;
	ASSERT_NEAR(scaling.scale, sqrt(2.0 / 3));
}

static void constant_series_is_only_shifted(void **state)
{
	static const double values[] = {7, 7, 7};

	(void)state;
	for (int kind = SCALING_MINMAX; kind <= SCALING_STANDARD; kind++) {
		struct scaling scaling = scaling_fit((enum scaling_kind)kind, values, 3);

		ASSERT_NEAR(scaling_apply(&scaling, 7), 0);
		ASSERT_NEAR(scaling_apply(&scaling, 8), 1);
	}
}

static void none_changes_nothing(void **state)
{
	static const double values[] = {3, 5};
	struct scaling scaling = scaling_fit(SCALING_NONE, values, 2);

	(void)state;
	ASSERT_NEAR(scaling_apply(&scaling, 5), 5);
}

static void split_counts_windows(void **state)
{
	static const struct {
		size_t count;
		uint32_t lookback, horizon;
		double share;
		size_t train, test;
	} examples[] =
		{
			{144, 10, 1, 0.8, 107, 27}, /* the airline passengers */
			{144, 12, 1, 0.8, 105, 27},
			{20, 10, 1, 0.8, 8, 2}, /* 0.8 of 10 is 8, whatever binary fractions say */
			{20, 10, 1, 0.7, 7, 3},
			{144, 10, 12, 0.5, 61, 62}, /* windows need their whole horizon */
			{11, 10, 1, 0.8, 0, 1},
			{10, 10, 1, 0.8, 0, 0},
			{3, 10, 1, 0.8, 0, 0},
			{0, 1, 1, 0.8, 0, 0},
		};
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		struct split split = split_make(examples[i].count, examples[i].lookback,
						examples[i].horizon, examples[i].share);

		assert_int_equal(split.first, examples[i].lookback);
		assert_int_equal(split.test_from - split.first, examples[i].train);
		assert_int_equal(split.end - split.test_from, examples[i].test);
	}
}

static void score_is_what_it_says(void **state)
{
	static const double actual[] = {1, 2, 3, 4}, forecasts[] = {1, 4, 3, 0};
	struct score score = score_of(actual, forecasts, 4, 2);

	(void)state;
	ASSERT_NEAR(score.rmse, sqrt(5));
	ASSERT_NEAR(score.mae, 1.5);
	ASSERT_NEAR(score.mase, 0.75);
	assert_true(isnan(score_of(actual, forecasts, 4, 0).mase));
}

static void spread_has_median_and_range(void **state)
{
	double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2};

	(void)state;
	ASSERT_NEAR(spread_of(odd, 3).median, 2);
	ASSERT_NEAR(spread_of(even, 4).median, 2.5);
	ASSERT_NEAR(spread_of(even, 4).low, 1);
	ASSERT_NEAR(spread_of(even, 4).high, 4);
	assert_true(isnan(spread_of(odd, 0).median));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(minmax_maps_to_0_and_1),
		cmocka_unit_test(standard_has_mean_0_and_deviation_1),
		cmocka_unit_test(standard_keeps_its_digits_far_from_zero),
		cmocka_unit_test(constant_series_is_only_shifted),
		cmocka_unit_test(none_changes_nothing),
		cmocka_unit_test(split_counts_windows),
		cmocka_unit_test(score_is_what_it_says),
		cmocka_unit_test(spread_has_median_and_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
