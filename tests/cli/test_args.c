/* Arguments are read whole or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/args.h"

static void counts_fill_the_text_and_keep_to_their_limits(void **state)
{
	static const char *const refused[] = {
		"",
		" 5",
		"5 ",
		"-1",
		"+5",
		"0x10",
		"5k",
		"1.5",
		"11",
		"2",
		"99999999999999999999999",
	};
	uint64_t count = 0;

	(void)state;
	assert_true(args_count("3", 3, 10, &count));
	assert_int_equal(count, 3);
	assert_true(args_count("010", 3, 10, &count));
	assert_int_equal(count, 10);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_false(args_count(refused[i], 3, 10, &count));
		assert_int_equal(count, 10);
	}
	assert_true(args_count("18446744073709551615", 0, UINT64_MAX, &count));
	assert_true(count == UINT64_MAX);
	assert_false(args_count("18446744073709551616", 0, UINT64_MAX, &count));
}

static void durations_have_a_unit_or_are_seconds(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} accepted[] = {
		{"1us", 1},	    {"250ms", 250000},	 {"1s", 1000000},      {"30", 30000000},
		{"1.5m", 90000000}, {".5h", 1800000000}, {"2d", 172800000000},
	};
	static const char *const refused[] = {
		"",    "s",	 "0",	"0s",  "-1s", "1 s", "1S",
		"1ss", "1.2.3s", "1e3", "inf", "nan", ".",   "99999999999d",
	};
	int64_t us = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		assert_true(args_duration_us(accepted[i].text, &us));
		assert_int_equal(us, accepted[i].us);
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_false(args_duration_us(refused[i], &us));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_fill_the_text_and_keep_to_their_limits),
		cmocka_unit_test(durations_have_a_unit_or_are_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
