/* Forecasts that wait for the truth. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/forecast/pending.h"

/* Two experts and one quantile; each value tells origin, step and column. */
static void put(struct pending *pending, uint64_t origin)
{
	uint32_t horizon = pending->horizon;
	double *values = malloc((size_t)3 * horizon * sizeof(*values));

	assert_non_null(values);
	for (uint32_t column = 0; column < 3; column++)
		for (uint32_t h = 0; h < horizon; h++)
			values[column * horizon + h] = (double)origin * 1e6 + h * 10.0 + column;
	pending_put(pending, origin, values, values + 2 * (size_t)horizon);
	free(values);
}

static void every_waiting_origin_has_its_row(void **state)
{
	struct pending pending;
	uint32_t step;

	(void)state;
	assert_int_equal(pending_init(&pending, 2, 1, 5), 0);
	for (uint64_t index = 0; index < 50; index++) {
		uint32_t rows = 0;

		for (uint32_t slot = 0; slot < pending.slots; slot++) {
			const double *row = pending_row(&pending, slot, index, &step);

			if (!row)
				continue;
			rows++;
			for (int column = 0; column < 3; column++)
				assert_true(row[column] == (double)(index - step - 1) * 1e6 +
								   step * 10.0 + column);
		}
		assert_int_equal(rows, index < 5 ? index : 5);
		put(&pending, index);
	}
	pending_finish(&pending);
}

static void origins_too_old_have_none(void **state)
{
	struct pending pending;
	uint32_t step;

	(void)state;
	assert_int_equal(pending_init(&pending, 2, 1, 3), 0);
	put(&pending, 0);
	assert_non_null(pending_row(&pending, 0, 3, &step));
	assert_null(pending_row(&pending, 0, 4, &step));
	pending_clear(&pending);
	assert_null(pending_row(&pending, 0, 1, &step));
	pending_finish(&pending);
}

static void one_expert_is_taken_back(void **state)
{
	struct pending pending;
	uint32_t step;

	(void)state;
	assert_int_equal(pending_init(&pending, 2, 1, 3), 0);
	put(&pending, 0);
	pending_forget(&pending, 1);
	const double *row = pending_row(&pending, 0, 2, &step);

	assert_true(row[0] == 10 && isnan(row[1]) && row[2] == 12);
	pending_finish(&pending);
}

static void a_long_horizon_keeps_some_origins(void **state)
{
	struct pending pending;

	(void)state;
	assert_int_equal(pending_init(&pending, 2, 1, 1000), 0);
	assert_true(pending.slots <= PENDING_ORIGINS_MAX);
	for (uint64_t index = 0; index < 3000; index++) {
		uint32_t rows = 0, step;

		for (uint32_t slot = 0; slot < pending.slots; slot++)
			rows += pending_row(&pending, slot, index, &step) != NULL;
		assert_true(index < 1000 || rows >= 1000 / pending.every - 1);
		put(&pending, index);
	}
	pending_finish(&pending);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_waiting_origin_has_its_row),
		cmocka_unit_test(origins_too_old_have_none),
		cmocka_unit_test(one_expert_is_taken_back),
		cmocka_unit_test(a_long_horizon_keeps_some_origins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
