/* Values found in JSON by key, in texts that mean well and texts that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include <stdlib.h>
#include <string.h>

#include "cli/json_find.h"

/* `text` in memory of exactly its size, so that a sanitizer sees a byte too many. */
static bool accepts(const char *text)
{
	size_t size = strlen(text);
	char *copy = malloc(size ? size : 1);
	struct json_piece value;
	bool accepted;

	memcpy(copy, text, size);
	accepted = json_piece_all(copy, size, &value);
	free(copy);
	return accepted;
}

static void accepts_one_value_and_nothing_else(void **state)
{
	static const char *const good[] = {
		"{}", " [ ] ", "1", "\"\"", "null", "{\"a\":[1,{\"b\":-2e3}]}", "\"\\u00e9\\n\""};
	static const char *const bad[] = {
		"",	    "{",	  "}",	     "{}{}",
		"[1,]",	    "[1 2]",	  "{1:2}",   "{\"a\"}",
		"{\"a\":}", "\"abc",	  "\"\\x\"", "\"\\",
		"\"\n\"",   "{\"a\":1,}", "[",	     "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!accepts(good[i]))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (accepts(bad[i]))
			fail_msg("accepted: %s", bad[i]);
}

static void finds_values_by_key(void **state)
{
	static const char text[] =
		"{ \"a\" : {\"key\": 1}, \"k\\u0065y\": 2, \"key\" : \"x\\\"y\\u0041\", "
		"\"n\": [ 0 , 123 ] }";
	struct json_piece all, value;
	char buffer[8];

	(void)state;
	assert_true(json_piece_all(text, sizeof(text) - 1, &all));
	assert_true(json_piece_find(all, "key", &value));
	assert_true(json_piece_text(value, buffer, sizeof(buffer)));
	assert_string_equal(buffer, "x\"yA");
	assert_false(json_piece_text(value, buffer, 4));
	assert_true(json_piece_find(all, "n", &value));
	assert_false(json_piece_text(value, buffer, sizeof(buffer)));
	assert_false(json_piece_find(all, "none", &value));
	assert_false(json_piece_find(value, "key", &value));
}

static void texts_do_not_command_the_terminal(void **state)
{
	static const char text[] = "\"a\\u001b[2J\\n\xc2\x9b\xc2\xa0\x7f\"";
	struct json_piece all;
	char buffer[20];

	(void)state;
	assert_true(json_piece_all(text, sizeof(text) - 1, &all));
	assert_true(json_piece_text(all, buffer, sizeof(buffer)));
	assert_string_equal(buffer, "a?[2J???\xc2\xa0?");
}

static void walks_through_arrays_and_objects(void **state)
{
	static const char text[] =
		"{\"a\": [ 1, null,-2.5e1 , \"x\"], \"b\" : {\"c\": 3}, \"empty\": []}";
	struct json_piece all, array, item, key, value;
	double number;
	char name[8];

	(void)state;
	assert_true(json_piece_all(text, sizeof(text) - 1, &all));
	assert_true(json_piece_find(all, "a", &array));
	assert_true(json_piece_next(&array, &item) && json_piece_number(item, &number));
	assert_true(number == 1);
	assert_true(json_piece_next(&array, &item) && json_piece_number(item, &number));
	assert_true(isnan(number));
	assert_true(json_piece_next(&array, &item) && json_piece_number(item, &number));
	assert_true(number == -25);
	assert_true(json_piece_next(&array, &item));
	assert_false(json_piece_number(item, &number));
	assert_false(json_piece_next(&array, &item));
	assert_true(json_piece_find(all, "empty", &array));
	assert_false(json_piece_next(&array, &item));
	assert_true(isnan(json_piece_number_at(all, "none")));
	assert_true(json_piece_member(&all, &key, &value));
	assert_true(json_piece_text(key, name, sizeof(name)));
	assert_string_equal(name, "a");
	assert_true(json_piece_member(&all, &key, &value));
	assert_true(json_piece_number_at(value, "c") == 3);
	assert_true(json_piece_member(&all, &key, &value));
	assert_false(json_piece_member(&all, &key, &value));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_one_value_and_nothing_else),
		cmocka_unit_test(finds_values_by_key),
		cmocka_unit_test(texts_do_not_command_the_terminal),
		cmocka_unit_test(walks_through_arrays_and_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
