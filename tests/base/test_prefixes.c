#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/prefixes.h"

static void add(struct prefixes *prefixes, const char *text)
{
	prefixes_add(prefixes, text, strlen(text));
}

static void an_empty_set_matches_nothing(void **state)
{
	struct prefixes prefixes = {0};

	(void)state;
	prefixes_seal(&prefixes);
	assert_true(prefixes_is_empty(&prefixes));
	assert_false(prefixes_match(&prefixes, ""));
	assert_false(prefixes_match(&prefixes, "cpu"));
	prefixes_finish(&prefixes);
}

static void the_empty_prefix_matches_everything(void **state)
{
	struct prefixes prefixes = {0};

	(void)state;
	add(&prefixes, "cpu");
	add(&prefixes, "");
	add(&prefixes, "memory");
	prefixes_seal(&prefixes);
	assert_false(prefixes_is_empty(&prefixes));
	assert_true(prefixes_match(&prefixes, ""));
	assert_true(prefixes_match(&prefixes, "disk"));
	prefixes_finish(&prefixes);
}

static void a_text_matches_if_it_begins_with_a_prefix(void **state)
{
	static const char *const texts[] = {"b", "abc{", "ab", "b", "cpu{a=\"1\"}", "abd"};
	struct prefixes prefixes = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		add(&prefixes, texts[i]);
	prefixes_seal(&prefixes);
	assert_int_equal(prefixes.count, 3); /* ab, b, cpu{a="1"} */
	assert_true(prefixes_match(&prefixes, "ab"));
	assert_true(prefixes_match(&prefixes, "abz"));
	assert_true(prefixes_match(&prefixes, "bar"));
	assert_true(prefixes_match(&prefixes, "cpu{a=\"1\"}"));
	assert_false(prefixes_match(&prefixes, "a"));
	assert_false(prefixes_match(&prefixes, "cpu{a=\"10\"}"));
	assert_false(prefixes_match(&prefixes, "cpu"));
	assert_false(prefixes_match(&prefixes, "zebra"));
	assert_false(prefixes_match(&prefixes, ""));
	prefixes_finish(&prefixes);
}

static void many_prefixes_are_found_each(void **state)
{
	struct prefixes prefixes = {0};
	char text[32];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "s%d{", (i * 7919) % 5000);
		add(&prefixes, text);
	}
	prefixes_seal(&prefixes);
	assert_int_equal(prefixes.count, 5000);
	for (int i = 0; i < 6000; i++) {
		snprintf(text, sizeof(text), "s%d{a=\"b\"}", i);
		assert_int_equal(prefixes_match(&prefixes, text), i < 5000);
	}
	prefixes_finish(&prefixes);
	assert_true(prefixes_is_empty(&prefixes));
}

static void a_set_too_large_takes_no_more_memory_and_matches_everything(void **state)
{
	struct prefixes prefixes = {0};
	static char text[65536];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (int i = 0; i < 1000; i++)
		prefixes_add(&prefixes, text, sizeof(text) - (size_t)i);
	assert_int_equal(prefixes.count, 0);
	prefixes_seal(&prefixes);
	assert_true(prefixes_match(&prefixes, "b"));
	prefixes_finish(&prefixes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_set_matches_nothing),
		cmocka_unit_test(the_empty_prefix_matches_everything),
		cmocka_unit_test(a_text_matches_if_it_begins_with_a_prefix),
		cmocka_unit_test(many_prefixes_are_found_each),
		cmocka_unit_test(a_set_too_large_takes_no_more_memory_and_matches_everything),
	};

	return cmocka_run_group_tests_name("prefixes", tests, NULL, NULL);
}
