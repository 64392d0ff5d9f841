/* The window and its marks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/forecast/past.h"

static void marks_stay_with_their_values(void **state)
{
	struct past past;
	uint8_t marks[7];

	(void)state;
	assert_int_equal(past_init(&past, 7), 0);
	for (int i = 0; i < 100; i++) {
		past_push(&past, i, i, (enum past_mark)(i % 2));
		past_marks(&past, marks);
		for (size_t k = 0; k < past_count(&past); k++)
			assert_int_equal(marks[k], (int)past_values(&past)[k] % 2);
	}
	assert_int_equal(past_count(&past), 7);
	assert_int_equal(past.steps, 100);
	assert_int_equal(past.time_us, 99);
	past_finish(&past);
}

static void a_hole_keeps_the_value_before_it(void **state)
{
	struct past past;

	(void)state;
	assert_int_equal(past_init(&past, 7), 0);
	past_push(&past, 0, 3, PAST_MEASURED);
	past_push(&past, 1, NAN, PAST_HOLE);
	assert_true(past_last(&past) == 3);
	assert_true(past.change == 0);
	past_push(&past, 2, 5, PAST_MEASURED);
	assert_true(past.change == 2);
	assert_true(past.lowest == 3);
	past_finish(&past);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_stay_with_their_values),
		cmocka_unit_test(a_hole_keeps_the_value_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
