/* When errors have grown for good, and when not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/forecast/drift.h"
#include "tests/forecast/play.h"

/* Alarms over `count` errors whose scale is `factor` times as large from `from` on. */
static uint32_t alarms(uint32_t count, uint32_t from, double factor, uint32_t *ret_first)
{
	struct drift drift = {0};
	uint32_t alarmed = 0;

	*ret_first = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (!drift_learn(&drift, fabs(play_normal(i)) * (i >= from ? factor : 1)))
			continue;
		if (alarmed++ == 0)
			*ret_first = i;
	}
	return alarmed;
}

static void steady_errors_do_not_alarm(void **state)
{
	uint32_t first;

	(void)state;
	assert_int_equal(alarms(20000, 20000, 1, &first), 0);
}

static void errors_that_double_alarm_soon_and_once(void **state)
{
	uint32_t first;

	(void)state;
	assert_int_equal(alarms(3000, 1000, 2, &first), 1);
	assert_in_range(first, 1000, 1120);
}

static void a_burst_does_not_alarm(void **state)
{
	struct drift drift = {0};

	(void)state;
	for (uint32_t i = 0; i < 5000; i++)
		assert_false(drift_learn(&drift, i % 500 < 8 ? 1e6 : fabs(play_normal(i))));
}

static void zeros_do_not_alarm(void **state)
{
	struct drift drift = {0};

	(void)state;
	for (uint32_t i = 0; i < 500; i++)
		assert_false(drift_learn(&drift, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steady_errors_do_not_alarm),
		cmocka_unit_test(errors_that_double_alarm_soon_and_once),
		cmocka_unit_test(a_burst_does_not_alarm),
		cmocka_unit_test(zeros_do_not_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
