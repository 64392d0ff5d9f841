/* asinh around an anchor. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/forecast/transform.h"
#include "tests/forecast/play.h"

static void there_is_asinh(void **state)
{
	static const double values[] = {0, 1e-9, 1e-3, 0.5, 1, 7, 1e6, 1e200, 1e300};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		double expected = asinh(values[i]);

		assert_true(fabs(transform_there(values[i], 0, 1) - expected) <=
			    1e-15 + 1e-14 * expected);
		assert_true(transform_there(-values[i], 0, 1) == -transform_there(values[i], 0, 1));
	}
}

static void back_undoes_there(void **state)
{
	(void)state;
	for (double value = -500; value < 500; value += 7.3)
		assert_true(fabs(transform_back(transform_there(value, 20, 3), 20, 3) - value) <
			    1e-9);
	assert_true(isfinite(transform_back(1e300, 0, 1)));
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void the_median_is_the_middle_of_the_last_values(void **state)
{
	double values[100], sorted[TRANSFORM_MEDIAN_MAX];

	(void)state;
	for (size_t i = 0; i < 100; i++)
		values[i] = play_noise(i);
	for (uint32_t width = 1; width <= TRANSFORM_MEDIAN_MAX; width++) {
		for (uint32_t i = 0; i < width; i++)
			sorted[i] = values[100 - width + i];
		qsort(sorted, width, sizeof(*sorted), by_size);
		assert_true(transform_median(values + 100, 100, width) ==
			    (sorted[(width - 1) / 2] + sorted[width / 2]) / 2);
	}
	assert_true(transform_median(values + 2, 2, 12) == (values[0] + values[1]) / 2);
}

static void the_scale_is_the_usual_change_within_half_a_horizon(void **state)
{
	double values[100];

	(void)state;
	for (size_t i = 0; i < 100; i++)
		values[i] = (double)i * 2;
	assert_true(fabs(transform_scale(values, 100, 12) - 12) < 1e-12);
	for (size_t i = 0; i < 100; i++)
		values[i] = 7;
	assert_true(transform_scale(values, 100, 12) == 1);
	assert_true(transform_scale(values, 0, 12) == 1);
}

static void huge_values_have_a_scale_too(void **state)
{
	double values[100] = {0};
	double scale;

	(void)state;
	for (size_t i = 0; i < 100; i++)
		values[i] = i % 2 ? 1e300 : -1e300;
	scale = transform_scale(values, 100, 4); /* two steps: no change */
	assert_true(fabs(scale / 1e297 - 1) < 1e-12);
	for (size_t i = 0; i < 100; i++)
		values[i] = i == 50 ? 1e300 : 1;
	assert_true(isfinite(transform_scale(values, 100, 4)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_is_asinh),
		cmocka_unit_test(back_undoes_there),
		cmocka_unit_test(the_median_is_the_middle_of_the_last_values),
		cmocka_unit_test(the_scale_is_the_usual_change_within_half_a_horizon),
		cmocka_unit_test(huge_values_have_a_scale_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
