#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "daemon/guard/refusals.h"

#define S INT64_C(1000000)

static void a_source_gets_a_line_a_minute(void **state)
{
	struct refusals refusals = {0};
	uint64_t unsaid = 9;

	(void)state;
	assert_true(refusals_say(&refusals, "a", 5 * S, &unsaid));
	assert_int_equal(unsaid, 0);
	assert_false(refusals_say(&refusals, "a", 6 * S, &unsaid));
	assert_false(refusals_say(&refusals, "a", 64 * S, &unsaid));
	assert_true(refusals_say(&refusals, "b", 64 * S, &unsaid));
	assert_true(refusals_say(&refusals, "a", 65 * S, &unsaid));
	assert_int_equal(unsaid, 2);
	assert_true(refusals_say(&refusals, "a", 125 * S, &unsaid));
	assert_int_equal(unsaid, 0);
}

static void a_flood_of_sources_gets_no_more_lines_than_places(void **state)
{
	struct refusals refusals = {0};
	uint64_t unsaid;
	char source[32];
	int said = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		snprintf(source, sizeof(source), "source %d", i);
		said += refusals_say(&refusals, source, 5 * S, &unsaid);
	}
	assert_int_equal(said, REFUSALS_SOURCES);
	assert_true(refusals_say(&refusals, "later", 66 * S, &unsaid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_gets_a_line_a_minute),
		cmocka_unit_test(a_flood_of_sources_gets_no_more_lines_than_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
