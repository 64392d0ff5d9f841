/*
 * What a stream remembers: the window of its last steps, and which of them were really measured.
 *
 * A hole keeps the value before it, so that whoever reads a lookback finds numbers everywhere; the
 * marks tell what may be learned from.
 */
#ifndef LIB_FORECAST_HISTORY_H
#define LIB_FORECAST_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/series/window.h"

enum history_mark {
	HISTORY_MEASURED,
	HISTORY_FILLED, /* bridged between two measured steps */
	HISTORY_HOLE,   /* nothing is known */
};

struct history {
	struct window values;
	uint8_t *marks;     /* [capacity], a ring: of step `index` at index % capacity */
	uint64_t steps;     /* seen so far; the newest has the index steps - 1 */
	int64_t time_us;    /* of the newest step */
	double change;      /* running mean of |y(t) - y(t - 1)|, for the first intervals */
	uint32_t changes;   /* that went into it, at most HISTORY_CHANGES */
	double lowest;      /* ever measured */
};

enum { HISTORY_CHANGES = 1000 };

int history_init(struct history *history, size_t capacity);
void history_finish(struct history *history);

/* Appends a step. `value` may be NaN only for a hole. */
void history_push(struct history *history, int64_t time_us, double value, enum history_mark mark);

/* history_count values, oldest first, no NaN; borrowed until the next push. */
static inline const double *history_values(const struct history *history)
{
	return window_values(&history->values);
}

static inline size_t history_count(const struct history *history)
{
	return window_count(&history->values);
}

/* The newest value; there must be one. */
static inline double history_last(const struct history *history)
{
	return history_values(history)[history_count(history) - 1];
}

/* The marks of the window, oldest first, into `marks` [history_count]. */
void history_marks(const struct history *history, uint8_t *marks);

#endif
