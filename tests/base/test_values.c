/* Values by name: the newest counts, and memory is bounded. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "daemon/base/values.h"

static void the_newest_value_counts_whatever_the_order_of_arrival(void **state)
{
	(void)state;
	struct values values;

	values_init(&values, 10);
	assert_true(isnan(values_get(&values, 7, "a", 1)));
	values_put(&values, 7, "a", 1, 100, 1);
	values_put(&values, 7, "b", 1, 100, 9); /* the same hash */
	values_put(&values, 7, "a", 1, 300, 3);
	values_put(&values, 7, "a", 1, 200, 2);
	assert_true(values_get(&values, 7, "a", 1) == 3);
	assert_true(values_get(&values, 7, "b", 1) == 9);
	assert_true(isnan(values_get(&values, 7, "ab", 2)));
	values_finish(&values);
}

static void names_beyond_the_limit_are_not_known_and_the_others_stay(void **state)
{
	(void)state;
	struct values values;
	char name[16];

	values_init(&values, 1000);
	for (int i = 0; i < 3000; i++) {
		int length = snprintf(name, sizeof(name), "s%d", i);

		values_put(&values, (uint64_t)(i % 100), name, (size_t)length, 0, i);
	}
	for (int i = 0; i < 3000; i++) {
		int length = snprintf(name, sizeof(name), "s%d", i);
		double value = values_get(&values, (uint64_t)(i % 100), name, (size_t)length);

		assert_true(i < 1000 ? value == i : isnan(value));
	}
	values_finish(&values);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_value_counts_whatever_the_order_of_arrival),
		cmocka_unit_test(names_beyond_the_limit_are_not_known_and_the_others_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
