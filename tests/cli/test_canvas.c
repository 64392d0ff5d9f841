/* Characters in cells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cli/canvas.h"

static const char *print(const struct canvas *canvas, bool colours)
{
	static char text[1024];
	FILE *file = fmemopen(text, sizeof(text), "w");

	canvas_print(file, canvas, canvas->height, colours);
	fclose(file);
	return text;
}

static void text_stays_in_its_row_and_room(void **state)
{
	struct canvas canvas = {0};

	(void)state;
	assert_int_equal(canvas_resize(&canvas, 6, 2), 0);
	assert_int_equal(canvas_put(&canvas, 0, 4, SIZE_MAX, STYLE_PLAIN, "abc"), 2);
	assert_int_equal(canvas_put(&canvas, 1, 1, 2, STYLE_PLAIN, "déf"), 2);
	assert_int_equal(canvas_put(&canvas, 2, 0, SIZE_MAX, STYLE_PLAIN, "x"), 0);
	assert_int_equal(canvas_put(&canvas, 0, 6, SIZE_MAX, STYLE_PLAIN, "x"), 0);
	assert_string_equal(print(&canvas, false), "    ab\n dé\n");
	assert_null(canvas_at(&canvas, 2, 0));
	assert_null(canvas_at(&canvas, 0, 6));
	canvas_clear(&canvas);
	assert_string_equal(print(&canvas, false), "\n\n");
	canvas_finish(&canvas);
}

static void styles_are_switched_on_and_off(void **state)
{
	struct canvas canvas = {0};

	(void)state;
	assert_int_equal(canvas_resize(&canvas, 8, 2), 0);
	canvas_put(&canvas, 0, 0, SIZE_MAX, STYLE_BAD, "ab");
	canvas_put(&canvas, 0, 2, SIZE_MAX, STYLE_PLAIN, "c");
	canvas_printf(&canvas, 1, 0, STYLE_BOLD, "%d", 7);
	canvas_select(&canvas, 1);
	assert_string_equal(print(&canvas, true), "\033[0;31mab\033[0mc\n\033[0;1;7m7\033[0m\n");
	assert_string_equal(print(&canvas, false), "abc\n7\n");
	canvas_finish(&canvas);
}

static void what_could_command_a_terminal_is_a_question_mark(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{"a\033[2J", "a?[2J"},
		{"\x7f\n\t", "???"},
		{"\xc2\x9b"
		 "31m",
		 "?31m"},
		{"\x80\x80", "?"},
		{"é⠿𝄞", "é⠿𝄞"},
		{"\xf0\x9f\x98\x80\x80", "?"},
	};
	struct canvas canvas = {0};

	(void)state;
	assert_int_equal(canvas_resize(&canvas, 8, 1), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[64];

		canvas_clear(&canvas);
		canvas_put(&canvas, 0, 0, SIZE_MAX, STYLE_PLAIN, rows[i].text);
		snprintf(text, sizeof(text), "%s\n", rows[i].shown);
		assert_string_equal(print(&canvas, true), text);
	}
	canvas_finish(&canvas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_stays_in_its_row_and_room),
		cmocka_unit_test(styles_are_switched_on_and_off),
		cmocka_unit_test(what_could_command_a_terminal_is_a_question_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
