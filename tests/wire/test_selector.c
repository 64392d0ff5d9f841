/* Selectors: what they match, and what is said about those that cannot be read. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rollcast/name.h"

static void selectors_match_what_they_describe(void **state)
{
	static const struct {
		const char *selector, *name;
		bool matches;
	} rows[] = {
		/* names */
		{"*", "cpu", true},
		{"*", "cpu{host=\"a\"}", true},
		{"cpu", "cpu", true},
		{"cpu", "cpu{host=\"a\"}", true},
		{"cpu", "cpu2", false},
		{"cpu", "xcpu", false},
		{"cpu", "cp", false},
		{"cpu_*", "cpu_", true},
		{"cpu_*", "cpu_idle", true},
		{"cpu_*", "cpu", false},
		{"*_idle", "cpu_idle_idle", true},
		{"*_idle", "cpu_idle_x", false},
		{"c*u*e", "cpu_usage_idle", true},
		{"c*u*x", "cpu_usage_idle", false},
		{"**", "x", true},
		{"a*b*c*d", "a_b_b_c_c_c_d", true},
		{"cp?", "cpu", true},
		{"cp?", "cp", false},
		{"t?st", "t\xc3\xa4st", true},
		{"t??st", "t\xc3\xa4st", false},
		{"?\?\?", "\xe2\x82\xac\xf0\x9f\x8c\xa1x", true},
		{"cpu[0-3]", "cpu2", true},
		{"cpu[0-3]", "cpu4", false},
		{"cpu[!0-3]", "cpu4", true},
		{"cpu[!0-3]", "cpu2", false},
		{"t[!a]st", "t\xc3\xa4st", true},
		{"[]x]", "]", true},
		{"[a-]", "-", true},
		{"[a-]", "b", false},
		{"a[*]b", "a*b", true},
		{"a[*]b", "axb", false},
		{"{host=\"a\"}", "anything{host=\"a\"}", true},
		{" cpu { host = \"a\" } ", "cpu{host=\"a\"}", true},
		{"cpu{}", "cpu{host=\"a\"}", true},
		/* labels */
		{"cpu{host=\"a\"}", "cpu{host=\"a\"}", true},
		{"cpu{host=\"a\"}", "cpu{cpu=\"0\",host=\"a\"}", true},
		{"cpu{host=\"a\"}", "cpu{host=\"ab\"}", false},
		{"cpu{host=\"a\"}", "cpu", false},
		{"cpu{host=\"a\"}", "mem{host=\"a\"}", false},
		{"cpu{host=\"web*\"}", "cpu{host=\"web7\"}", true},
		{"cpu{host!=\"a\"}", "cpu{host=\"a\"}", false},
		{"cpu{host!=\"a\"}", "cpu{host=\"b\"}", true},
		{"cpu{host!=\"a\"}", "cpu", true},
		{"cpu{host=\"\"}", "cpu", true},
		{"cpu{host!=\"\"}", "cpu", false},
		{"cpu{host=\"*\"}", "cpu", true},
		{"cpu{host=\"?*\"}", "cpu", false},
		{"cpu{a=\"1\",b=\"2\"}", "cpu{a=\"1\",b=\"2\"}", true},
		{"cpu{a=\"1\",b=\"2\",}", "cpu{a=\"1\",b=\"3\"}", false},
		{"cpu{a=\"\\\"\\\\\\n\"}", "cpu{a=\"\\\"\\\\\\n\"}", true},
		{"cpu{mount point=\"/\"}", "cpu{mount point=\"/\"}", true},
		/* regular expressions, anchored on both sides */
		{"cpu{host=~\"web.*\"}", "cpu{host=\"web7\"}", true},
		{"cpu{host=~\"web\"}", "cpu{host=\"web7\"}", false},
		{"cpu{host=~\"eb7\"}", "cpu{host=\"web7\"}", false},
		{"cpu{host=~\"a|ab\"}", "cpu{host=\"ab\"}", true},
		{"cpu{host=~\"a|b\"}", "cpu{host=\"ab\"}", false},
		{"cpu{host=~\"(a)|(b)\"}", "cpu{host=\"ab\"}", false},
		{"cpu{host=~\"[0-9]{2,3}\"}", "cpu{host=\"123\"}", true},
		{"cpu{host=~\"[0-9]{2,3}\"}", "cpu{host=\"1234\"}", false},
		{"cpu{host=~\"\\d\"}", "cpu{host=\"d\"}", true},
		{"cpu{host=~\"a\\\\.b\"}", "cpu{host=\"a.b\"}", true},
		{"cpu{host=~\"a\\.b\"}", "cpu{host=\"axb\"}", false},
		{"cpu{host=~\"\"}", "cpu", true},
		{"cpu{host=~\".+\"}", "cpu", false},
		{"cpu{host!~\"web.*\"}", "cpu{host=\"db\"}", true},
		{"cpu{host!~\"web.*\"}", "cpu{host=\"web\"}", false},
		{"cpu{host!~\"web.*\"}", "cpu", true},
		{"cpu{host=~\"a.b\"}", "cpu{host=\"a\\nb\"}", true},
		/* what is no canonical name is no stream */
		{"*", "", false},
		{"*", "cpu{", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CLEANUP(rollcast_selector_destroy) struct rollcast_selector *selector = NULL;
		struct rollcast_text name = {rows[i].name, strlen(rows[i].name)};
		char error[128];
		size_t column;

		if (rollcast_selector_create(rows[i].selector, &selector, error, sizeof error,
					     &column))
			fail_msg("%s: %zu: %s", rows[i].selector, column, error);
		if (rollcast_selector_matches(selector, name) != rows[i].matches)
			fail_msg("%s %s %s", rows[i].selector,
				 rows[i].matches ? "does not match" : "matches", rows[i].name);
	}
}

static void mistakes_are_named_and_shown(void **state)
{
	static const struct {
		const char *selector;
		size_t column;
		const char *error;
	} rows[] = {
		{"", 0, "empty; * selects all streams"},
		{"  ", 2, "empty; * selects all streams"},
		{"cpu}", 3, "} where a name or { was expected"},
		{"cpu\"", 3, "\" where a name or { was expected"},
		{"cpu[", 3, "[ without ]"},
		{"cpu[]", 3, "[ without ]"},
		{"cpu[!]", 3, "[ without ]"},
		{"cpu[\xc3\xa4]", 4, "only ASCII can stand between [ and ]"},
		{"cpu{", 4, "a label was expected"},
		{"cpu{=\"a\"}", 4, "a label was expected"},
		{"cpu{host}", 8, "= != =~ or !~ was expected"},
		{"cpu{host", 8, "= != =~ or !~ was expected"},
		{"cpu{host~\"a\"}", 8, "= != =~ or !~ was expected"},
		{"cpu{host!\"a\"}", 8, "= != =~ or !~ was expected"},
		{"cpu{host=a}", 9, "\" was expected"},
		{"cpu{host=", 9, "\" was expected"},
		{"cpu{host=~", 10, "\" was expected"},
		{"cpu{host=\"a}", 9, "\" without an end"},
		{"cpu{host=\"a\\", 9, "\" without an end"},
		{"cpu{host=\"a\\\"", 9, "\" without an end"},
		{"cpu{host=\"a\\x\"}", 11, "\\x is no escape; \\\\ \\\" and \\n are"},
		{"cpu{host=\"[a\"}", 10, "[ without ]"},
		{"cpu{host=\"a\"", 12, ", or } was expected"},
		{"cpu{host=\"a\" b=\"c\"}", 13, ", or } was expected"},
		{"cpu{a=\"1\",,}", 10, "a label was expected"},
		{"cpu{a=\"1\"} x", 11, "text behind }"},
		{"cpu{a=~\"(\"}", 7, "bad regular expression: Unmatched ( or \\("},
		{"cpu{a=~\"a\\", 7, "\" without an end"},
		{"cpu{a=~\"(a)\\1\"}", 7, "\\1: back references are not supported"},
		{"cpu{a=~\"((a{99}){99}){99}\"}", 7,
		 "a regular expression with too many repetitions"},
		{"cpu{a=~\"a++++++++++++++\"}", 7,
		 "a regular expression with too many repetitions"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CLEANUP(rollcast_selector_destroy) struct rollcast_selector *selector = NULL;
		char error[128] = "";
		size_t column = 99;

		assert_int_equal(rollcast_selector_create(rows[i].selector, &selector, error,
							  sizeof error, &column),
				 -EINVAL);
		if (column != rows[i].column || strcmp(error, rows[i].error))
			fail_msg("%s: \"%zu: %s\" instead of \"%zu: %s\"", rows[i].selector, column,
				 error, rows[i].column, rows[i].error);
	}
}

static void limits_are_kept(void **state)
{
	struct rollcast_selector *selector = NULL;
	char text[1024] = "*{";
	char error[128];
	size_t length = 2, column;

	(void)state;
	for (int i = 0; i < 33; i++)
		length += (size_t)sprintf(text + length, "a=\"\",");
	sprintf(text + length, "}");
	assert_int_equal(rollcast_selector_create(text, &selector, error, sizeof error, &column),
			 -EINVAL);
	assert_string_equal(error, "more than 32 matchers");
	assert_int_equal(column, 2 + 32 * strlen("a=\"\","));
	sprintf(text, "*{a=~\"%0257d\"}", 0);
	assert_int_equal(rollcast_selector_create(text, &selector, error, sizeof error, &column),
			 -EINVAL);
	assert_string_equal(error, "a regular expression of over 256 bytes");
	assert_null(selector);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selectors_match_what_they_describe),
		cmocka_unit_test(mistakes_are_named_and_shown),
		cmocka_unit_test(limits_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
