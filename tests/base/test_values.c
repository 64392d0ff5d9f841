/* Values by name: the newest counts, and memory is bounded. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "daemon/base/values.h"

#define SECOND_US INT64_C(1000000)

static void the_newest_value_counts_whatever_the_order_of_arrival(void **state)
{
	(void)state;
	struct values values;

	values_init(&values, 10, 1, 0);
	assert_true(isnan(values_get(&values, 7, "a", 1)));
	values_put(&values, 7, "a", 1, 100, 1, 0);
	values_put(&values, 7, "b", 1, 100, 9, 0); /* the same hash */
	values_put(&values, 7, "a", 1, 300, 3, 0);
	values_put(&values, 7, "a", 1, 200, 2, 0);
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

	values_init(&values, 1000, 1, 0);
	for (int i = 0; i < 3000; i++) {
		int length = snprintf(name, sizeof(name), "s%d", i);

		values_put(&values, (uint64_t)(i % 100), name, (size_t)length, 0, i, 0);
	}
	for (int i = 0; i < 3000; i++) {
		int length = snprintf(name, sizeof(name), "s%d", i);
		double value = values_get(&values, (uint64_t)(i % 100), name, (size_t)length);

		assert_true(i < 1000 ? value == i : isnan(value));
	}
	values_finish(&values);
}

static void an_older_time_counts_when_nothing_newer_has_come_for_a_minute(void **state)
{
	(void)state;
	struct values values;

	values_init(&values, 10, 1, 0);
	values_put(&values, 7, "a", 1, INT64_C(1) << 60, 1, 0); /* a clock far ahead */
	values_put(&values, 7, "a", 1, 100, 2, 59 * SECOND_US);
	assert_true(values_get(&values, 7, "a", 1) == 1);
	values_put(&values, 7, "a", 1, 100, 3, 60 * SECOND_US);
	assert_true(values_get(&values, 7, "a", 1) == 3);
	values_finish(&values);
}

static void names_that_are_renewed_no_more_make_room_for_new_ones(void **state)
{
	(void)state;
	struct values values;

	values_init(&values, 3, 1, 20 * SECOND_US);
	for (int i = 0; i < 3; i++)
		values_put(&values, 7, &"abc"[i], 1, 0, i, 0);
	for (int second = 1; second <= 100; second++) {
		values_put(&values, 7, "b", 1, second, second, second * SECOND_US);
		values_put(&values, 7, "d", 1, second, 50, second * SECOND_US);
		assert_true(values_get(&values, 7, "b", 1) == second);
		if (second <= 20)
			assert_true(values_get(&values, 7, "a", 1) == 0);
	}
	assert_true(values_get(&values, 7, "d", 1) == 50);
	assert_true(isnan(values_get(&values, 7, "a", 1)));
	assert_true(isnan(values_get(&values, 7, "c", 1)));
	values_finish(&values);
}

/* What is known at the four steps of 10 that end with `time`, as digits; - is nothing. */
static void check_steps(struct values *values, int64_t time_us, const char *expected)
{
	double found[4] = {-1, -1, -1, -1};
	char text[5] = "";

	values_at_steps(values, 7, "a", 1, time_us, 10, found, 4);
	for (int i = 0; i < 4; i++)
		text[i] = found[i] < 0 ? '-' : (char)('0' + (int)found[i]);
	assert_string_equal(text, expected);
}

static void steps_take_the_newest_value_that_is_not_later(void **state)
{
	(void)state;
	struct values values;

	values_init(&values, 10, 5, 0);
	check_steps(&values, 100, "----");
	for (int i = 0; i < 4; i++)
		values_put(&values, 7, "a", 1, 100 + 10 * i, i, 0);
	check_steps(&values, 130, "0123");
	check_steps(&values, 140, "123-"); /* of 140 nothing is known yet */
	check_steps(&values, 120, "-012"); /* what comes later is not looked at */
	check_steps(&values, 139, "0123"); /* another phase: less than a step before */
	check_steps(&values, 129, "-012");
	check_steps(&values, 90, "----");
	check_steps(&values, 1000, "----");
	/* Two in one step, a step left out, and more than there is room for. */
	values_put(&values, 7, "a", 1, 145, 4, 0);
	values_put(&values, 7, "a", 1, 149, 5, 0);
	values_put(&values, 7, "a", 1, 170, 7, 0);
	check_steps(&values, 150, "23-5");
	check_steps(&values, 170, "-5-7");
	check_steps(&values, 130, "--23"); /* older ones were overwritten */
	/* The same time again, and an older one, which comes too late. */
	values_put(&values, 7, "a", 1, 170, 8, 0);
	values_put(&values, 7, "a", 1, 160, 6, 0);
	check_steps(&values, 170, "-5-8");
	values_finish(&values);
}

static void a_clock_put_back_begins_the_steps_anew(void **state)
{
	(void)state;
	struct values values;

	values_init(&values, 10, 5, 0);
	for (int i = 0; i < 7; i++)
		values_put(&values, 7, "a", 1, 1000 + 10 * i, i, 0);
	values_put(&values, 7, "a", 1, 100, 1, 60 * SECOND_US);
	values_put(&values, 7, "a", 1, 110, 2, 60 * SECOND_US);
	check_steps(&values, 110, "--12");
	check_steps(&values, 1060, "----");
	assert_true(values_get(&values, 7, "a", 1) == 2);
	values_finish(&values);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_value_counts_whatever_the_order_of_arrival),
		cmocka_unit_test(names_beyond_the_limit_are_not_known_and_the_others_stay),
		cmocka_unit_test(an_older_time_counts_when_nothing_newer_has_come_for_a_minute),
		cmocka_unit_test(names_that_are_renewed_no_more_make_room_for_new_ones),
		cmocka_unit_test(steps_take_the_newest_value_that_is_not_later),
		cmocka_unit_test(a_clock_put_back_begins_the_steps_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
