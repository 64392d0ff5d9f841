/* What watch keeps of the forecasts that came. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "cli/board.h"

static const double mean[] = {1, 2, 3}, levels[] = {0.05, 0.95}, quantiles[] = {0, 0, 0, 4, 5, 6};

static struct rollcast_forecast forecast(const char *name, int64_t origin_us, double last)
{
	return (struct rollcast_forecast){
		.name = name,
		.origin_us = origin_us,
		.step_us = 1,
		.horizon = 3,
		.mean = mean,
		.quantile_count = 2,
		.quantile_levels = levels,
		.quantiles = quantiles,
		.last = last,
		.expert = "lstm",
		.weights = {{"naive", 0.25}, {"lstm", 0.5}, {"gru", 0.25}},
		.weight_count = 3,
		.levels = {0.8, 0.95, 0.9},
		.level_count = 3,
	};
}

static void rows_are_sorted_by_name_and_hold_the_latest(void **state)
{
	static const char *const names[] = {"m", "c", "x", "a", "c", "m"};
	struct board board = {0};
	struct board_row *row;

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct rollcast_forecast one = forecast(names[i], i, i);

		assert_int_equal(board_take(&board, &one, 0, 10 * i, &row), i < 4 ? 1 : 0);
		assert_string_equal(row->forecast->name, names[i]);
	}
	assert_int_equal(board.count, 4);
	assert_int_equal(board.forecasts, 6);
	assert_string_equal(board.rows[0]->forecast->name, "a");
	assert_string_equal(board.rows[1]->forecast->name, "c");
	assert_string_equal(board.rows[3]->forecast->name, "x");
	assert_true(board.rows[1]->forecast->last == 4);
	assert_int_equal(board.rows[1]->arrived_us, 40);
	assert_true(board.rows[1]->forecast->quantiles[5] == 6);
	board_finish(&board);
}

static void take(struct board *board, int64_t origin_us, double last, struct board_row **ret_row)
{
	struct rollcast_forecast one = forecast("a", origin_us, last);

	assert_in_range(board_take(board, &one, 0, 0, ret_row), 0, 1);
}

static void the_past_ends_with_the_latest_value_and_forgets_the_oldest(void **state)
{
	struct board board = {0};
	struct board_row *row;

	(void)state;
	for (int i = 0; i < BOARD_PAST + 5; i++) {
		take(&board, i, i, &row);
		/* The same origin again, as a snapshot, is no new value. */
		take(&board, i, i, &row);
	}
	assert_int_equal(row->past_count, BOARD_PAST);
	assert_true(row->past[0] == 5);
	assert_true(row->past[BOARD_PAST - 1] == BOARD_PAST + 4);
	board_finish(&board);
}

static void steps_that_did_not_come_are_a_gap_in_the_past(void **state)
{
	struct board board = {0};
	struct board_row *row;

	(void)state;
	take(&board, 10, 1, &row);
	take(&board, 13, 4, &row);
	assert_int_equal(row->past_count, 4);
	assert_true(row->past[0] == 1 && isnan(row->past[1]) && isnan(row->past[2]) &&
		    row->past[3] == 4);
	/* A replay that starts again, or a long silence, begins anew. */
	take(&board, 5, 7, &row);
	assert_int_equal(row->past_count, 1);
	take(&board, INT64_C(1000000000), 8, &row);
	assert_int_equal(row->past_count, 1);
	assert_true(row->past[0] == 8);
	board_finish(&board);
}

static void what_others_remember_goes_in_front_of_the_past(void **state)
{
	static const double values[] = {1, 2, 3, 40, 50};
	static double many[BOARD_PAST + 9];
	struct board board = {0};
	struct board_row *row;

	(void)state;
	take(&board, 10, 4, &row);
	take(&board, 11, 5, &row);
	assert_int_equal(board_extend(row, values, 1), 0);
	assert_int_equal(row->past_count, 2);
	assert_int_equal(board_extend(row, values, 5), 0);
	assert_int_equal(row->past_count, 5);
	for (int i = 0; i < 5; i++)
		assert_true(row->past[i] == i + 1);
	assert_int_equal(board_extend(row, many, BOARD_PAST + 9), 0);
	assert_int_equal(row->past_count, BOARD_PAST);
	assert_true(row->past[BOARD_PAST - 1] == 5 && row->past[BOARD_PAST - 5] == 1);
	board_finish(&board);
}

static void a_longer_forecast_takes_the_place_of_a_shorter_one(void **state)
{
	static double long_mean[ROLLCAST_HORIZON_MAX] = {[ROLLCAST_HORIZON_MAX - 1] = 7};
	struct board board = {0};
	struct rollcast_forecast one = forecast("a", 1, 1);
	struct board_row *row;

	(void)state;
	board_take(&board, &one, 0, 0, &row);
	one.mean = long_mean;
	one.horizon = ROLLCAST_HORIZON_MAX;
	one.quantile_count = 0;
	assert_int_equal(board_take(&board, &one, 0, 0, &row), 0);
	assert_int_equal(row->forecast->horizon, ROLLCAST_HORIZON_MAX);
	assert_true(row->forecast->mean[ROLLCAST_HORIZON_MAX - 1] == 7);
	board_finish(&board);
}

static void numbers_left_out_are_lost_and_a_new_start_is_not(void **state)
{
	static const struct {
		uint64_t sequence, lost;
	} steps[] = {{7, 0}, {8, 0}, {0, 0}, {11, 2}, {11, 2}, {1, 2}, {2, 2}, {4, 3}};
	struct board board = {0};
	struct rollcast_forecast one = forecast("a", 1, 1);
	struct board_row *row;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (i % 2)
			board_pass(&board, steps[i].sequence);
		else
			board_take(&board, &one, steps[i].sequence, 0, &row);
		assert_int_equal(board.lost, steps[i].lost);
	}
	board_finish(&board);
}

static void networks_lead_or_have_a_share(void **state)
{
	struct board board = {0};
	struct rollcast_forecast one = forecast("a", 1, 1);
	struct board_networks networks;
	struct board_row *row;

	(void)state;
	assert_true(board_network_share(&one) == 0.75);
	board_take(&board, &one, 0, 0, &row);
	one.name = "b";
	one.expert = "naive";
	board_take(&board, &one, 0, 0, &row);
	one.name = "c";
	one.weight_count = 1;
	board_take(&board, &one, 0, 0, &row);
	networks = board_networks(&board);
	assert_int_equal(networks.leading, 1);
	assert_int_equal(networks.sharing, 2);
	board_finish(&board);
}

static void names_of_experts_outlive_the_message(void **state)
{
	char expert[] = "lstm", weight[] = "naive", name[BOARD_NAME_MAX];
	struct board board = {0};
	struct rollcast_forecast one = forecast("a", 1, 1);
	struct board_row *row;

	(void)state;
	one.expert = expert;
	one.weights[0].name = weight;
	board_take(&board, &one, 0, 0, &row);
	memset(expert, 'x', sizeof(expert) - 1);
	memset(weight, 'x', sizeof(weight) - 1);
	assert_string_equal(row->forecast->expert, "lstm");
	assert_string_equal(row->forecast->weights[0].name, "naive");
	/* A publisher that makes names up does not fill the memory. */
	one.expert = name;
	for (int i = 0; i < 2 * BOARD_NAMES_MAX; i++) {
		snprintf(name, sizeof(name), "e%d", i);
		board_take(&board, &one, 0, 0, &row);
	}
	assert_string_equal(row->forecast->expert, "other");
	assert_string_equal(row->forecast->weights[1].name, "lstm");
	board_finish(&board);
}

static void networks_are_known_by_their_cell(void **state)
{
	(void)state;
	assert_true(board_is_network("lstm"));
	assert_true(board_is_network("gru_seasonal"));
	assert_true(board_is_network("rnn"));
	assert_false(board_is_network("lstmish"));
	assert_false(board_is_network("seasonal_naive"));
	assert_false(board_is_network(""));
}

static void the_widest_level_is_found_in_any_order(void **state)
{
	struct rollcast_forecast one = forecast("a", 1, 1);

	(void)state;
	assert_int_equal(board_widest_level(&one), 1);
	one.level_count = 0;
	assert_true(board_widest_level(&one) == SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_sorted_by_name_and_hold_the_latest),
		cmocka_unit_test(the_past_ends_with_the_latest_value_and_forgets_the_oldest),
		cmocka_unit_test(steps_that_did_not_come_are_a_gap_in_the_past),
		cmocka_unit_test(what_others_remember_goes_in_front_of_the_past),
		cmocka_unit_test(a_longer_forecast_takes_the_place_of_a_shorter_one),
		cmocka_unit_test(numbers_left_out_are_lost_and_a_new_start_is_not),
		cmocka_unit_test(networks_lead_or_have_a_share),
		cmocka_unit_test(names_of_experts_outlive_the_message),
		cmocka_unit_test(networks_are_known_by_their_cell),
		cmocka_unit_test(the_widest_level_is_found_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
