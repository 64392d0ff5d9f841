/* The functions on arrays, of each instruction set that this processor has, against those on one value. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

#include <cmocka.h>

#include "lib/forecast/transform.h"
#include "lib/forecast/vectors.h"

enum { MOST = 70 };

static const char *const names[] = {"generic", "avx2", "avx512"};

static bool is_near(double a, double b)
{
	return fabs(a - b) <= 1e-13 * (1 + fabs(b));
}

/* Small and large, of both signs, zero among them. */
static void fill(double *values, size_t count)
{
	static const double some[] = {0, -0.0, 1e-9, -3, 5, 1e6, -1e12, 0.25, 17, -1e-3, 8, -8};

	for (size_t i = 0; i < count; i++)
		values[i] = some[i % (sizeof(some) / sizeof(*some))] * (1 + (double)i / 7);
}

static void check_spaces(const struct vectors *with, size_t count)
{
	double values[MOST] = {0}, x[MOST], back[MOST], roots[MOST], logs[MOST];

	fill(values, count);
	with->there(values, count, 2.5, 0.75, x);
	with->back(x, count, 2.5, 0.75, back);
	with->roots(values, count, roots);
	with->logs(values, count, 0.01, logs);
	for (size_t i = 0; i < count; i++) {
		assert_true(is_near(x[i], transform_there(values[i], 2.5, 0.75)));
		assert_true(is_near(back[i], transform_back(x[i], 2.5, 0.75)));
		assert_true(is_near(roots[i], sqrt(fmax(values[i], 0))));
		assert_true(is_near(logs[i], log(fmax(values[i], 0) + 0.01)));
	}
}

static void check_waves(const struct vectors *with, size_t count)
{
	double angles[MOST] = {0}, sines[MOST], cosines[MOST];

	for (size_t i = 0; i < count; i++)
		angles[i] = 0.37 * (double)i;
	with->waves(angles, count, sines, cosines);
	for (size_t i = 0; i < count; i++) {
		assert_true(is_near(sines[i], sin(angles[i])));
		assert_true(is_near(cosines[i], cos(angles[i])));
	}
}

static void check_products(const struct vectors *with, size_t columns)
{
	enum { ROWS = 7 };
	double matrix[ROWS * (MOST + 1)], vector[MOST], products[ROWS];

	for (size_t i = 0; i < ROWS * (MOST + 1); i++)
		matrix[i] = (double)(i * 7919 % 101) - 50;
	for (size_t i = 0; i < columns; i++)
		vector[i] = (double)i - 3;
	with->products(matrix, MOST + 1, ROWS, columns, vector, products);
	for (size_t row = 0; row < ROWS; row++) {
		double sum = 0;

		for (size_t i = 0; i < columns; i++)
			sum += matrix[row * (MOST + 1) + i] * vector[i];
		assert_true(products[row] == sum); /* whole numbers */
	}
}

static void every_set_computes_what_single_functions_do(void **state)
{
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct vectors *with = vectors_named(names[i]);

		if (!with)
			continue;
		found++;
		assert_string_equal(with->name, names[i]);
		for (size_t count = 0; count <= MOST; count++) {
			check_spaces(with, count);
			check_waves(with, count);
			check_products(with, count);
		}
	}
	assert_true(found >= 1);
	assert_null(vectors_named("abacus"));
	assert_non_null(vectors_named(vectors()->name));
}

static void what_is_not_finite_is_let_through_or_left_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct vectors *with = vectors_named(names[i]);
		double values[] = {NAN, 1e300, -INFINITY, -1e200, 3}, x[5];
		double own[5] = {0}, naives[5] = {0}, cells[5] = {0};

		if (!with)
			continue;
		with->there(values, 5, 0, 1, x);
		assert_true(isnan(x[0]));
		assert_true(is_near(x[1], transform_there(1e300, 0, 1)));
		assert_true(is_near(x[3], transform_there(-1e200, 0, 1)));
		with->add_errors(values, 5, 1, 2, own, naives, cells);
		assert_true(cells[0] == 0 && own[0] == 0 && naives[0] == 0);
		assert_true(cells[2] == 0 && own[2] == 0);
		assert_true(cells[4] == 1 && own[4] == 2 && naives[4] == 2);
		with->clamp(values, 5, -1, 2);
		assert_true(isnan(values[0]) && values[1] == 2 && values[2] == -1 &&
			    values[4] == 2);
	}
}

static void weights_fall_with_the_ratio_and_add_up_to_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct vectors *with = vectors_named(names[i]);
		double ratios[8] = {1, 1.1, 0.9, INFINITY, 5, 0.9, 2, 1e9}, weights[8] = {0};
		double sum = 0, best;

		if (!with)
			continue;
		with->add_weights(ratios, 8, 0.9, 20, 8, weights);
		best = weights[2];
		for (int k = 0; k < 8; k++) {
			double excess = 20 * (ratios[k] / 0.9 - 1);

			sum += weights[k];
			assert_true(is_near(weights[k], excess < 8 ? best * exp(-excess) : 0));
		}
		assert_true(is_near(sum, 1));
	}
}

static void ratios_are_drawn_to_what_is_expected(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct vectors *with = vectors_named(names[i]);
		double own[4] = {3, 3, 0, 0}, naive[4] = {6, 6, 1, 0}, counts[4] = {2, 2, 1, 0};
		double expected[4] = {0, 0.5, 0, 0.7}, ratios[4];

		if (!with)
			continue;
		with->ratios(own, naive, counts, expected, 4, 2, ratios);
		assert_true(is_near(ratios[0], 5.0 / 8));
		assert_true(is_near(ratios[1], 4.0 / 8));
		assert_true(is_near(ratios[2], 2.0 / 3));
		assert_true(is_near(ratios[3], 0.7));
		expected[3] = 0;
		with->ratios(own, naive, counts, expected, 4, 2, ratios);
		assert_true(isinf(ratios[3]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_set_computes_what_single_functions_do),
		cmocka_unit_test(what_is_not_finite_is_let_through_or_left_out),
		cmocka_unit_test(weights_fall_with_the_ratio_and_add_up_to_one),
		cmocka_unit_test(ratios_are_drawn_to_what_is_expected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
