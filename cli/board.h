/*
 * What `rollcast watch` knows: the latest forecast of every stream, sorted by name, and what was lost.
 */
#ifndef CLI_BOARD_H
#define CLI_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rollcast/stream.h"

enum {
	BOARD_PAST = 512,
	BOARD_NAMES_MAX = 64, /* of experts, and of thresholds; of all streams together */
	BOARD_NAME_MAX = 64,
};

struct board_row {
	struct rollcast_forecast *forecast; /* the latest, owned by the row */
	size_t forecast_size;
	double *past; /* the last values, one per step; past[past_count - 1] is the origin's. NaN: a gap */
	size_t past_count, past_room; /* BOARD_PAST at most */
	int64_t arrived_us;	      /* monotonic */
	int64_t printed_us;	      /* for the caller; 0 at first */
};

struct board_names {
	char items[BOARD_NAMES_MAX][BOARD_NAME_MAX];
	size_t count;
};

struct board {
	struct board_row **rows; /* sorted by name */
	size_t count, capacity;
	uint64_t forecasts; /* all that came */
	uint64_t lost;	    /* numbers missing in the sequence, */
	uint64_t gaps;	    /* in so many places */
	uint64_t sequence;  /* the latest; 0: none yet */
	/* A forecast's copy only points to these names; a message's end with it. */
	struct board_names experts, thresholds;
};

void board_finish(struct board *board);

/*
 * Takes a copy of `forecast`. `sequence` is the message's number, 0 for a snapshot or if unknown: a
 * number left out counts as lost, a smaller one as a publisher that started again. Returns 1 for a
 * new stream, 0 for a known one, or -ENOMEM. `ret_row` lives as long as the board.
 */
int board_take(struct board *board, const struct rollcast_forecast *forecast, uint64_t sequence,
	       int64_t now_us, struct board_row **ret_row);

/*
 * Puts values that came before the board knew the stream in front of its past: one per step, `values[count -
 * 1]` is the origin's. -ENOMEM.
 */
int board_extend(struct board_row *row, const double *values, size_t count);

/* Counts the number of a message that is not wanted here, so that it is not taken for lost. */
void board_pass(struct board *board, uint64_t sequence);

/* True for the experts that are networks: lstm, gru, rnn and their variants, such as lstm_seasonal. */
bool board_is_network(const char *expert);

/* The share that networks have in a forecast: the sum of their weights, 0..1. */
double board_network_share(const struct rollcast_forecast *forecast);

/* Streams whose first expert is a network, and streams in which networks have any share. */
struct board_networks {
	size_t leading, sharing;
};
struct board_networks board_networks(const struct board *board);

/* The place of the widest interval in forecast->levels and ->coverage; SIZE_MAX if there is none. */
size_t board_widest_level(const struct rollcast_forecast *forecast);

/* The probability of the most probable breach of a threshold; NaN: none is watched. */
double board_breach(const struct rollcast_forecast *forecast);

#endif
