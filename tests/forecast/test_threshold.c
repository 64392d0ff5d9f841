/* Chances of a breach from quantiles: their values by hand, and that they are monotone. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rollcast/stream.h"

static const double levels[] = {0.1, 0.5, 0.9};

/* Three quantiles, two steps of ten seconds: 10 20 40, then 20 30 50. */
static const double rising[] = {10, 20, 20, 30, 40, 50};

static struct rollcast_forecast forecast_of(const double *quantiles, double last)
{
	return (struct rollcast_forecast){
		.step_us = 10 * INT64_C(1000000),
		.horizon = 2,
		.quantile_count = 3,
		.quantile_levels = levels,
		.quantiles = quantiles,
		.last = last,
	};
}

static void check(const double *quantiles, double last, double limit, bool above,
		  double expected_probability, double expected_seconds)
{
	struct rollcast_forecast forecast = forecast_of(quantiles, last);
	double probability, seconds;

	rollcast_forecast_breach(&forecast, limit, above, &probability, &seconds);
	assert_true(fabs(probability - expected_probability) <= 1e-12); /* and no NaN */
	if (isnan(expected_seconds))
		assert_true(isnan(seconds));
	else
		assert_true(fabs(seconds - expected_seconds) <= 1e-9);
}

static void between_quantiles_the_level_is_interpolated(void **state)
{
	(void)state;
	check(rising, 5, 40, true, 0.3, (0.1 * 10 + 0.2 * 20) / 0.3);
	check(rising, 5, 30, true, 0.5, (0.3 * 10 + 0.2 * 20) / 0.5);
	check(rising, 5, 20, true, 0.9, (0.5 * 10 + 0.4 * 20) / 0.9);
	check(rising, 60, 15, false, 0.3, 10); /* most likely at once: later steps add nothing */
}

static void beyond_the_outermost_quantile_the_tail_decays(void **state)
{
	(void)state;
	/* Density before 50: 0.4 in 20, so a mass of 0.1 has the scale 5. */
	check(rising, 5, 60, true, 0.1 * exp(-2),
	      (0.1 * exp(-4) * 10 + (0.1 * exp(-2) - 0.1 * exp(-4)) * 20) / (0.1 * exp(-2)));
	check(rising, 60, 5, false, 0.1 * exp(-2), 10);
}

static void a_value_that_is_beyond_already_is_a_breach_now(void **state)
{
	(void)state;
	check(rising, 41, 40, true, 1, 0);
	check(rising, 39, 40, false, 1, 0);
	check(rising, 40, 40, true, 0.3, (0.1 * 10 + 0.2 * 20) / 0.3);
}

static void a_certain_forecast_is_certain_about_its_limit(void **state)
{
	(void)state;
	const double flat[] = {7, 7, 7, 7, 7, 7};

	check(flat, 7, 7, true, 0, NAN);
	check(flat, 7, 7, false, 0, NAN);
	check(flat, 6, 6.5, true, 1, 10);
	check(flat, 8, 7.5, false, 1, 10);
}

static void what_is_not_a_number_breaches_nothing(void **state)
{
	(void)state;
	const double unknown[] = {NAN, NAN, NAN, NAN, NAN, NAN};

	check(unknown, 1, 5, true, 0, NAN);
	check(rising, 5, NAN, true, 0, NAN);
}

static void a_farther_limit_is_never_more_likely(void **state)
{
	(void)state;
	struct rollcast_forecast forecast = forecast_of(rising, 30);
	double before = 2, probability, seconds;

	for (double limit = -100; limit < 200; limit += 0.1) {
		rollcast_forecast_breach(&forecast, limit, true, &probability, &seconds);
		assert_true(probability <= before && probability >= 0);
		assert_true(isnan(seconds) || (seconds >= 0 && seconds <= 20));
		before = probability;
	}
	for (double limit = 200; limit > -100; limit -= 0.1, before = probability) {
		rollcast_forecast_breach(&forecast, limit, false, &probability, &seconds);
		assert_true(limit > 199.95 || probability <= before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(between_quantiles_the_level_is_interpolated),
		cmocka_unit_test(beyond_the_outermost_quantile_the_tail_decays),
		cmocka_unit_test(a_value_that_is_beyond_already_is_a_breach_now),
		cmocka_unit_test(a_certain_forecast_is_certain_about_its_limit),
		cmocka_unit_test(what_is_not_a_number_breaches_nothing),
		cmocka_unit_test(a_farther_limit_is_never_more_likely),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
