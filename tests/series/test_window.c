#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/series/window.h"

static void full_window_drops_its_oldest_value(void **state)
{
	(void)state;
	struct window window;
	assert_int_equal(window_init(&window, 3), 0);
	for (int i = 1; i <= 4; i++)
		window_push(&window, i);
	assert_int_equal(window_count(&window), 3);
	const double *values = window_values(&window);
	assert_true(values[0] == 2 && values[1] == 3 && values[2] == 4);
	window_finish(&window);
}

static void values_stay_contiguous_through_many_turns_of_the_buffer(void **state)
{
	(void)state;
	for (size_t capacity = 1; capacity <= 9; capacity++) {
		struct window window;
		assert_int_equal(window_init(&window, capacity), 0);
		for (size_t i = 0; i < 100; i++) {
			window_push(&window, (double)i);
			size_t count = i + 1 < capacity ? i + 1 : capacity;
			assert_int_equal(window_count(&window), count);
			for (size_t k = 0; k < count; k++)
				assert_true(window_values(&window)[k] ==
					    (double)(i + 1 - count + k));
		}
		window_finish(&window);
	}
}

static void holes_are_kept(void **state)
{
	(void)state;
	struct window window;
	assert_int_equal(window_init(&window, 2), 0);
	window_push(&window, NAN);
	window_push(&window, 1);
	assert_true(isnan(window_values(&window)[0]));
	window_finish(&window);
}

static void impossible_capacities_are_refused(void **state)
{
	(void)state;
	struct window window;
	assert_int_equal(window_init(&window, 0), -EINVAL);
	assert_int_equal(window_init(&window, SIZE_MAX / 8), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_window_drops_its_oldest_value),
		cmocka_unit_test(values_stay_contiguous_through_many_turns_of_the_buffer),
		cmocka_unit_test(holes_are_kept),
		cmocka_unit_test(impossible_capacities_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
