/* Which streams are listed, and which one is chosen. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cli/list.h"

static const double mean[] = {1};

static void take(struct board *board, const char *name, double skill)
{
	struct rollcast_forecast one = {
		.name = name, .step_us = 1, .horizon = 1, .mean = mean, .skill = skill};
	struct board_row *row;

	assert_in_range(board_take(board, &one, 0, 0, &row), 0, 1);
}

/* The first letters of what is listed. */
static const char *letters(struct list *list, const struct board *board)
{
	static char text[64];

	assert_int_equal(list_update(list, board), 0);
	for (size_t i = 0; i < list->count; i++)
		text[i] = list->rows[i]->forecast->name[0];
	text[list->count] = '\0';
	return text;
}

static void what_is_not_known_stands_last_and_equals_go_by_name(void **state)
{
	struct board board = {0};
	struct list list = {.key = LIST_SKILL};

	(void)state;
	take(&board, "a", (double)NAN);
	take(&board, "b", 0.1);
	take(&board, "c", 0.3);
	take(&board, "d", (double)NAN);
	take(&board, "e", 0.3);
	assert_string_equal(letters(&list, &board), "cebad");
	list.reversed = true;
	assert_string_equal(letters(&list, &board), "becda");
	list.key = LIST_NAME;
	assert_string_equal(letters(&list, &board), "edcba");
	list_finish(&list);
	board_finish(&board);
}

static void a_filter_is_a_selector_or_a_part_of_the_name(void **state)
{
	static const struct {
		const char *filter, *listed;
	} rows[] = {
		{"", "acm"},
		{"CPU", "c"},
		{"host=", "ac"},
		{"*{host=\"x\"}", "a"},
		{"*{host=~\"[xy]\"}", "ac"},
		{"{host=\"x\"", "a"},
		{"m*", "m"},
		{"c?u", "c"},
		{"c?u{host=\"y\"}", "c"},
		{"none", ""},
	};
	struct board board = {0};
	struct list list = {0};

	(void)state;
	take(&board, "abc{host=\"x\"}", 0);
	take(&board, "cpu{host=\"y\"}", 0);
	take(&board, "mem", 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(list_filter(&list, rows[i].filter), 0);
		assert_string_equal(letters(&list, &board), rows[i].listed);
	}
	list_finish(&list);
	board_finish(&board);
}

static void the_chosen_one_stays_or_its_neighbour_is_chosen(void **state)
{
	struct board board = {0};
	struct list list = {0};

	(void)state;
	letters(&list, &board);
	assert_null(list.chosen);
	list_move(&list, 3);
	for (char name[] = "b"; name[0] <= 'h'; name[0]++)
		take(&board, name, 0);
	letters(&list, &board);
	assert_string_equal(list.chosen->forecast->name, "b");
	list_move(&list, 4);
	take(&board, "a", 0);
	letters(&list, &board);
	assert_string_equal(list.chosen->forecast->name, "f");
	assert_int_equal(list_place(&list), 5);
	list_filter(&list, "a");
	letters(&list, &board);
	assert_string_equal(list.chosen->forecast->name, "a");
	list_filter(&list, "x");
	letters(&list, &board);
	assert_null(list.chosen);
	list_filter(&list, "");
	letters(&list, &board);
	list_move(&list, 1000);
	assert_string_equal(list.chosen->forecast->name, "h");
	list_move(&list, -1000);
	assert_string_equal(list.chosen->forecast->name, "a");
	list_finish(&list);
	board_finish(&board);
}

static void scrolling_keeps_the_chosen_one_in_sight_and_no_row_empty(void **state)
{
	struct board board = {0};
	struct list list = {0};

	(void)state;
	for (char name[] = "a"; name[0] <= 'z'; name[0]++)
		take(&board, name, 0);
	letters(&list, &board);
	for (long by = -30; by <= 30; by++)
		for (size_t height = 1; height < 40; height++) {
			list_move(&list, by);
			list_scroll(&list, height);
			assert_true(list_place(&list) >= list.top);
			assert_true(list_place(&list) < list.top + height);
			assert_true(list.top == 0 || list.top + height <= list.count);
		}
	list_finish(&list);
	board_finish(&board);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_known_stands_last_and_equals_go_by_name),
		cmocka_unit_test(a_filter_is_a_selector_or_a_part_of_the_name),
		cmocka_unit_test(the_chosen_one_stays_or_its_neighbour_is_chosen),
		cmocka_unit_test(scrolling_keeps_the_chosen_one_in_sight_and_no_row_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
