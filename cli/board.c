/*
 * What `rollcast watch` knows. Rows are kept sorted, because they are shown more often than streams
 * appear; each keeps its forecast in memory of its own, reused when the next one fits.
 */
#include "cli/board.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rollcast/cleanup.h"

enum { ALIGNMENT = 16 };

void board_finish(struct board *board)
{
	for (size_t i = 0; i < board->count; i++) {
		free(board->rows[i]->forecast);
		free(board->rows[i]);
	}
	free(board->rows);
	*board = (struct board){0};
}

/* Where `name` is or belongs. */
static size_t find_place(const struct board *board, const char *name, bool *ret_found)
{
	size_t low = 0, high = board->count;

	*ret_found = false;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(board->rows[middle]->forecast->name, name);

		if (!order) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The row's history takes in the value that the new forecast follows. */
static void remember(struct board_row *row)
{
	if (row->history_count == BOARD_HISTORY) {
		memmove(row->history, row->history + 1,
			sizeof(row->history) - sizeof(row->history[0]));
		row->history_count--;
	}
	row->history[row->history_count++] = row->forecast->last;
}

/* The board's own copy of an expert's name; beyond the limit all are "other". */
static const char *keep_name(struct board *board, const char *name)
{
	size_t i = 0;

	while (i < board->expert_count && strcmp(board->experts[i], name))
		i++;
	if (i == board->expert_count) {
		if (i == BOARD_EXPERTS_MAX || strlen(name) >= BOARD_EXPERT_NAME_MAX)
			return "other";
		strcpy(board->experts[i], name);
		board->expert_count++;
	}
	return board->experts[i];
}

static int keep_forecast(struct board *board, struct board_row *row,
			 const struct rollcast_forecast *forecast)
{
	size_t size = rollcast_forecast_size(forecast);

	if (size > row->forecast_size) {
		void *memory =
			aligned_alloc(ALIGNMENT, (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);

		if (!memory)
			return -ENOMEM;
		free(row->forecast);
		row->forecast = memory;
		row->forecast_size = size;
	}
	row->forecast = rollcast_forecast_copy(forecast, row->forecast);
	if (forecast->expert)
		row->forecast->expert = keep_name(board, forecast->expert);
	for (uint32_t i = 0; i < forecast->weight_count; i++)
		row->forecast->weights[i].name = keep_name(board, forecast->weights[i].name);
	return 0;
}

static int insert_row(struct board *board, size_t place, const struct rollcast_forecast *forecast)
{
	CLEANUP(free) struct board_row *row = calloc(1, sizeof(*row));
	int r;

	if (!row)
		return -ENOMEM;
	if (board->count == board->capacity) {
		size_t capacity = board->capacity ? 2 * board->capacity : 64;
		void *rows = reallocarray(board->rows, capacity, sizeof(*board->rows));

		if (!rows)
			return -ENOMEM;
		board->rows = rows;
		board->capacity = capacity;
	}
	r = keep_forecast(board, row, forecast);
	if (r)
		return r;
	memmove(board->rows + place + 1, board->rows + place,
		(board->count - place) * sizeof(*board->rows));
	board->rows[place] = STEAL(row);
	board->count++;
	return 0;
}

int board_take(struct board *board, const struct rollcast_forecast *forecast, uint64_t sequence,
	       int64_t now_us, struct board_row **ret_row)
{
	bool found;
	size_t place = find_place(board, forecast->name, &found);
	int r;

	if (found) {
		struct board_row *row = board->rows[place];

		if (row->forecast->origin_us != forecast->origin_us)
			remember(row);
		r = keep_forecast(board, row, forecast);
	} else {
		r = insert_row(board, place, forecast);
	}
	if (r)
		return r;
	board->rows[place]->arrived_us = now_us;
	board->forecasts++;
	board_pass(board, sequence);
	*ret_row = board->rows[place];
	return !found;
}

void board_pass(struct board *board, uint64_t sequence)
{
	if (!sequence)
		return;
	if (board->sequence && sequence > board->sequence)
		board->lost += sequence - board->sequence - 1;
	board->sequence = sequence;
}

bool board_is_network(const char *expert)
{
	static const char *const cells[] = {"lstm", "gru", "rnn"};

	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		size_t length = strlen(cells[i]);

		if (!strncmp(expert, cells[i], length) &&
		    (!expert[length] || expert[length] == '_'))
			return true;
	}
	return false;
}

double board_network_share(const struct rollcast_forecast *forecast)
{
	double share = 0;

	for (uint32_t i = 0; i < forecast->weight_count; i++)
		if (board_is_network(forecast->weights[i].name))
			share += forecast->weights[i].weight;
	return share;
}

struct board_networks board_networks(const struct board *board)
{
	struct board_networks networks = {0, 0};

	for (size_t i = 0; i < board->count; i++) {
		const struct rollcast_forecast *forecast = board->rows[i]->forecast;

		networks.leading += forecast->expert && board_is_network(forecast->expert);
		networks.sharing += board_network_share(forecast) > 0;
	}
	return networks;
}

size_t board_widest_level(const struct rollcast_forecast *forecast)
{
	size_t widest = SIZE_MAX;

	for (size_t i = 0; i < forecast->level_count; i++)
		if (widest == SIZE_MAX || forecast->levels[i] > forecast->levels[widest])
			widest = i;
	return widest;
}
