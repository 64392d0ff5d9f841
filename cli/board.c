/*
 * What `rollcast watch` knows. Rows are kept sorted, because they are shown more often than streams
 * appear; each keeps its forecast in memory of its own, reused when the next one fits.
 */
#include "cli/board.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rollcast/cleanup.h"

enum { ALIGNMENT = 16 };

void board_finish(struct board *board)
{
	for (size_t i = 0; i < board->count; i++) {
		free(board->rows[i]->forecast);
		free(board->rows[i]->past);
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

/* Room for `count` values. */
static int reserve(struct board_row *row, size_t count)
{
	size_t room = row->past_room ? row->past_room : 16;
	double *past;

	while (room < count)
		room *= 2;
	if (room == row->past_room)
		return 0;
	past = reallocarray(row->past, room, sizeof(*past));
	if (!past)
		return -ENOMEM;
	row->past = past;
	row->past_room = room;
	return 0;
}

static int append(struct board_row *row, double value)
{
	int r;

	if (row->past_count == BOARD_PAST) {
		memmove(row->past, row->past + 1, (BOARD_PAST - 1) * sizeof(*row->past));
		row->past_count--;
	}
	r = reserve(row, row->past_count + 1);
	if (!r)
		row->past[row->past_count++] = value;
	return r;
}

/* The past goes on by the steps between two forecasts; what is no later, or on another grid, begins anew. */
static int remember(struct board_row *row, const struct rollcast_forecast *forecast)
{
	const struct rollcast_forecast *before = row->forecast;
	int64_t steps = 0;
	int r = 0;

	if (before && before->step_us == forecast->step_us &&
	    before->origin_us <= forecast->origin_us)
		steps = (forecast->origin_us - before->origin_us) / forecast->step_us;
	else
		row->past_count = 0;
	if (steps > BOARD_PAST)
		row->past_count = 0;
	if (row->past_count && !steps)
		row->past_count--;
	for (int64_t i = 1; row->past_count && i < steps && !r; i++)
		r = append(row, (double)NAN);
	return r ? r : append(row, forecast->last);
}

int board_extend(struct board_row *row, const double *values, size_t count)
{
	size_t more;
	int r;

	if (count <= row->past_count || row->past_count == BOARD_PAST)
		return 0;
	more = count < BOARD_PAST ? count - row->past_count : BOARD_PAST - row->past_count;
	r = reserve(row, row->past_count + more);
	if (r)
		return r;
	memmove(row->past + more, row->past, row->past_count * sizeof(*row->past));
	memcpy(row->past, values + count - row->past_count - more, more * sizeof(*row->past));
	row->past_count += more;
	return 0;
}

/* A copy of a name that stays; beyond the limit all are "other". */
static const char *keep_name(struct board_names *names, const char *name)
{
	size_t i = 0;

	while (i < names->count && strcmp(names->items[i], name))
		i++;
	if (i == names->count) {
		if (i == BOARD_NAMES_MAX || strlen(name) >= BOARD_NAME_MAX)
			return "other";
		strcpy(names->items[i], name);
		names->count++;
	}
	return names->items[i];
}

static int keep_forecast(struct board *board, struct board_row *row,
			 const struct rollcast_forecast *forecast)
{
	size_t size = rollcast_forecast_size(forecast);
	int r = remember(row, forecast);

	if (r)
		return r;
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
		row->forecast->expert = keep_name(&board->experts, forecast->expert);
	for (uint32_t i = 0; i < forecast->weight_count; i++)
		row->forecast->weights[i].name =
			keep_name(&board->experts, forecast->weights[i].name);
	for (uint32_t i = 0; i < forecast->threshold_count; i++)
		row->forecast->thresholds[i].name =
			keep_name(&board->thresholds, forecast->thresholds[i].name);
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
	if (r) {
		free(row->past);
		return r;
	}
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

	r = found ? keep_forecast(board, board->rows[place], forecast)
		  : insert_row(board, place, forecast);
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
	if (board->sequence && sequence > board->sequence + 1) {
		board->lost += sequence - board->sequence - 1;
		board->gaps++;
	}
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

double board_breach(const struct rollcast_forecast *forecast)
{
	double probability = (double)NAN;

	for (uint32_t i = 0; i < forecast->threshold_count; i++)
		probability = fmax(probability, forecast->thresholds[i].probability);
	return probability;
}
