/* Medians kept from step to step are those that sorting finds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/forecast/past.h"
#include "lib/forecast/transform.h"

static void check(size_t capacity)
{
	uint32_t dice = 1;
	struct past past;

	assert_int_equal(past_init(&past, capacity), 0);
	for (int i = 0; i < 500; i++) {
		dice = dice * 1664525 + 1013904223;
		/* Few values, so that there are ties; a jump, and holes that repeat. */
		past_push(&past, i, (double)(dice >> 28) + (i > 300 ? 1000 : 0),
			  dice >> 24 & 7 ? PAST_MEASURED : PAST_HOLE);
		for (uint32_t k = 0; k < MEDIANS; k++)
			assert_true(past_median(&past, k) ==
				    transform_median(past_values(&past) + past_count(&past),
						     past_count(&past), medians_widths[k]));
	}
	past_finish(&past);
}

static void medians_are_those_of_sorting(void **state)
{
	(void)state;
	check(1000);
	check(48);
	check(49);
}

static void short_windows_have_medians_of_all_they_know(void **state)
{
	(void)state;
	for (size_t capacity = 1; capacity < 30; capacity++)
		check(capacity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(medians_are_those_of_sorting),
		cmocka_unit_test(short_windows_have_medians_of_all_they_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
