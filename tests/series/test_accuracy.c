#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/series/accuracy.h"

static void assert_near(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-12 * fmax(1, fabs(expected))))
		fail_msg("%.17g is not %.17g", value, expected);
}

/* Reckoned by hand: errors 1, -1, 2 and a hole. */
static void points_give_mae_rmse_smape_and_mase(void **state)
{
	(void)state;
	const double actual[] = {6, 5, NAN, 8}, forecast[] = {5, 6, 7, 6};
	struct accuracy accuracy = {0};
	for (int i = 0; i < 4; i++)
		accuracy_add(&accuracy, actual[i], forecast[i]);
	assert_int_equal(accuracy.points, 3);
	assert_near(accuracy_mae(&accuracy), 4.0 / 3);
	assert_near(accuracy_rmse(&accuracy), sqrt(2));
	assert_near(accuracy_smape(&accuracy), 200 * (1.0 / 11 + 1.0 / 11 + 2.0 / 14) / 3);
	assert_near(accuracy_mase(&accuracy, 5.0 / 3), 0.8);
}

static void smape_of_two_zeros_is_no_error(void **state)
{
	(void)state;
	struct accuracy accuracy = {0};
	accuracy_add(&accuracy, 0, 0);
	assert_near(accuracy_smape(&accuracy), 0);
	accuracy_add(&accuracy, 0, -1);
	assert_near(accuracy_smape(&accuracy), 100);
}

/* Scores 3, 2.5 + 20 x 0.5, 2 + 20 x 1. */
static void intervals_give_coverage_and_msis(void **state)
{
	(void)state;
	const double actual[] = {6, 5, NAN, 8}, lower[] = {4, 5.5, 0, 5}, upper[] = {7, 8, 9, 7};
	struct accuracy accuracy = {0};
	for (int i = 0; i < 4; i++)
		accuracy_add_interval(&accuracy, actual[i], lower[i], upper[i], 0.9);
	assert_near(accuracy_coverage(&accuracy), 1.0 / 3);
	assert_near(accuracy_msis(&accuracy, 5.0 / 3), (3 + 12.5 + 22) / 3 / (5.0 / 3));
	accuracy_add_interval(&accuracy, 2, 2, 3, 0.9); /* on the bound */
	assert_near(accuracy_coverage(&accuracy), 0.5);
}

static void pinball_weighs_the_sides_by_level(void **state)
{
	(void)state;
	const struct {
		double actual, quantile, level, loss;
	} cases[] = {
		{6, 4, 0.05, 0.1}, {5, 5.5, 0.05, 0.475}, {6, 7, 0.95, 0.05}, {8, 7, 0.95, 0.95},
		{8, 6, 0.5, 1},	   {6, 8, 0.5, 1},	  {1, 1, 0.3, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_near(accuracy_pinball(cases[i].actual, cases[i].quantile, cases[i].level),
			    cases[i].loss);
}

static void scale_is_the_error_of_the_naive_forecast(void **state)
{
	(void)state;
	const double values[] = {1, 3, 2, 4, NAN, 7};
	assert_near(accuracy_scale(values, 4, 1), 5.0 / 3);
	assert_near(accuracy_scale(values, 6, 1), 5.0 / 3);
	assert_near(accuracy_scale(values, 6, 2), (1 + 1 + 3) / 3.0);
	assert_true(isnan(accuracy_scale(values, 2, 2)));
	assert_true(isnan(accuracy_scale(values, 0, 1)));
}

static void measures_of_nothing_and_over_nothing_are_nan(void **state)
{
	(void)state;
	struct accuracy accuracy = {0};
	assert_true(isnan(accuracy_mae(&accuracy)) && isnan(accuracy_rmse(&accuracy)));
	assert_true(isnan(accuracy_smape(&accuracy)) && isnan(accuracy_coverage(&accuracy)));
	accuracy_add(&accuracy, 1, 2);
	accuracy_add_interval(&accuracy, 1, 2, 3, 0.9);
	assert_true(isnan(accuracy_mase(&accuracy, 0)) && isnan(accuracy_mase(&accuracy, NAN)));
	assert_true(isnan(accuracy_msis(&accuracy, 0)));
	/* A forecast that is NaN is no hole, and not to be hidden. */
	accuracy_add(&accuracy, 1, NAN);
	assert_true(isnan(accuracy_mae(&accuracy)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_give_mae_rmse_smape_and_mase),
		cmocka_unit_test(smape_of_two_zeros_is_no_error),
		cmocka_unit_test(intervals_give_coverage_and_msis),
		cmocka_unit_test(pinball_weighs_the_sides_by_level),
		cmocka_unit_test(scale_is_the_error_of_the_naive_forecast),
		cmocka_unit_test(measures_of_nothing_and_over_nothing_are_nan),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
