/* The table, drawn on a canvas. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cli/table.h"

static const double mean[] = {10, 20, 30, 40};
static const double levels[] = {0.025, 0.5, 0.975};
static const double quantiles[] = {9, 15, 20, 25, 10, 20, 30, 40, 11, 25, 40, 55.5};

static void take(struct board *board, const char *name, double skill)
{
	struct rollcast_forecast one = {
		.name = name,
		.step_us = 1,
		.horizon = 4,
		.mean = mean,
		.quantile_count = 3,
		.quantile_levels = levels,
		.quantiles = quantiles,
		.last = 10,
		.expert = "lstm",
		.weights = {{"lstm", 0.7}, {"naive", 0.3}},
		.weight_count = 2,
		.skill = skill,
		.levels = {0.95},
		.coverage = {0.9512},
		.level_count = 1,
	};
	struct board_row *row;

	assert_in_range(board_take(board, &one, 0, 1000000, &row), 0, 1);
}

static const struct table_view view = {
	.endpoint = "tcp://x:1", .per_second = 2, .counts_losses = true, .now_us = 4000000};

static void draw(const struct board *board, size_t width, size_t rows, bool colours,
		 char text[8192])
{
	struct canvas canvas = {0};
	FILE *file = fmemopen(text, 8192, "w");

	assert_int_equal(canvas_resize(&canvas, width, rows + 2), 0);
	table_draw_totals(&canvas, 0, board, &view);
	table_draw(&canvas, 1, board->rows, rows, &view);
	canvas_print(file, &canvas, rows + 2, colours);
	fclose(file);
	canvas_finish(&canvas);
}

static void a_wide_table_has_all_columns(void **state)
{
	struct board board = {0};
	char text[8192];

	(void)state;
	take(&board, "cpu", 0.25);
	draw(&board, 140, 1, false, text);
	assert_string_equal(text, "1 stream  2 forecasts/s  0 lost  networks lead 1, share 1  "
				  "tcp://x:1\n"
				  "STREAM     LAST  PAST  |FORECAST      AT THE END          "
				  "EXPERT              SKILL   COVERED  BREACH   AGE\n"
				  "cpu          10       ▁|▁▃▆█          25 .. 55.50         "
				  "lstm 70%            25.0%   95.1/95       -    3s\n");
	board_finish(&board);
}

static void breaches_are_the_most_probable_ones(void **state)
{
	struct rollcast_forecast one = {
		.name = "disk",
		.step_us = 1,
		.horizon = 4,
		.mean = mean,
		.thresholds = {{.name = "a", .probability = 0.02},
			       {.name = "b", .probability = 0.31, .raised = true},
			       {.name = "c", .probability = NAN}},
		.threshold_count = 3,
	};
	struct board board = {0};
	struct board_row *row;
	char text[8192];

	(void)state;
	assert_int_equal(board_take(&board, &one, 0, 1000000, &row), 1);
	draw(&board, 140, 1, true, text);
	assert_non_null(strstr(text, "\033[0;31m31.0%"));
	board_finish(&board);
}

static void columns_give_way_in_narrow_terminals(void **state)
{
	struct board board = {0};
	char text[8192];

	(void)state;
	take(&board, "a_metric_with_a_rather_long_name{host=\"a\"}", (double)NAN);
	for (size_t width = 1; width < 200; width++)
		draw(&board, width, 1, false, text);
	draw(&board, 80, 1, false, text);
	assert_non_null(strstr(text, "EXPERT"));
	assert_null(strstr(text, "FORECAST"));
	board_finish(&board);
}

static void gaps_in_the_sequence_are_told(void **state)
{
	struct board board = {0};
	char text[8192];

	(void)state;
	take(&board, "cpu", 0);
	board_pass(&board, 1);
	board_pass(&board, 5);
	board_pass(&board, 6);
	board_pass(&board, 8);
	draw(&board, 140, 1, false, text);
	assert_non_null(strstr(text, "  4 lost in 2 gaps  "));
	board_finish(&board);
}

static void names_are_shortened_between_characters(void **state)
{
	char text[64];

	(void)state;
	assert_int_equal(table_fit_name("cpu{host=\"a\"}", 13, text, sizeof(text)), 13);
	assert_string_equal(text, "cpu{host=\"a\"}");
	assert_int_equal(table_fit_name("cpu{host=\"a\"}", 10, text, sizeof(text)), 10);
	assert_string_equal(text, "cpu{ho…a\"}");
	assert_int_equal(table_fit_name("ééééééé", 4, text, sizeof(text)), 4);
	assert_string_equal(text, "éé…é");
	assert_int_equal(table_fit_name("a\033[2J\n", 20, text, sizeof(text)), 6);
	assert_string_equal(text, "a?[2J?");
}

static void colours_come_and_go_as_a_whole(void **state)
{
	struct board board = {0};
	char text[8192];

	(void)state;
	take(&board, "cpu", -0.1);
	draw(&board, 140, 1, true, text);
	assert_non_null(strstr(text, "\033[0;31m-10.0%\033[0m"));
	draw(&board, 140, 1, false, text);
	assert_null(strchr(text, '\033'));
	board_finish(&board);
}

static void what_is_not_known_is_a_dash(void **state)
{
	struct rollcast_forecast bare = {.name = "x",
					 .step_us = 1,
					 .horizon = 1,
					 .mean = mean,
					 .quantile_levels = levels,
					 .quantiles = quantiles,
					 .expert = "naive",
					 .last = NAN,
					 .skill = NAN};
	struct board board = {0};
	struct board_row *row;
	char text[8192];
	FILE *file = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_int_equal(board_take(&board, &bare, 0, 0, &row), 1);
	table_print_line(file, row);
	fclose(file);
	assert_string_equal(text, "x  last -  ▄  end -  by naive  skill -  covered -\n");
	board_finish(&board);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wide_table_has_all_columns),
		cmocka_unit_test(breaches_are_the_most_probable_ones),
		cmocka_unit_test(columns_give_way_in_narrow_terminals),
		cmocka_unit_test(gaps_in_the_sequence_are_told),
		cmocka_unit_test(names_are_shortened_between_characters),
		cmocka_unit_test(colours_come_and_go_as_a_whole),
		cmocka_unit_test(what_is_not_known_is_a_dash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
