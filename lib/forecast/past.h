/*
 * What a stream remembers: the window of its last steps, and which of them were really measured.
 *
 * A hole keeps the value before it, so that whoever reads a lookback finds numbers everywhere; the
 * marks tell what may be learned from.
 */
#ifndef LIB_FORECAST_PAST_H
#define LIB_FORECAST_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/forecast/medians.h"
#include "lib/series/archive.h"
#include "lib/series/window.h"

enum past_mark {
	PAST_MEASURED,
	PAST_FILLED, /* bridged between two measured steps */
	PAST_HOLE,   /* nothing is known */
};

struct past {
	struct window values;
	struct medians medians; /* of the latest values */
	uint8_t *marks;		/* [capacity], a ring: of step `index` at index % capacity */
	uint64_t steps;		/* seen so far; the newest has the index steps - 1 */
	int64_t time_us;	/* of the newest step */
	double change;		/* running mean of |y(t) - y(t - 1)|, for the first intervals */
	uint32_t changes;	/* that went into it, at most PAST_CHANGES */
	double lowest;		/* ever measured */
};

enum { PAST_CHANGES = 1000 };

int past_init(struct past *past, size_t capacity);
void past_finish(struct past *past);

/* Appends a step. `value` may be NaN only for a hole. */
void past_push(struct past *past, int64_t time_us, double value, enum past_mark mark);

/* past_count values, oldest first, no NaN; borrowed until the next push. */
static inline const double *past_values(const struct past *past)
{
	return window_values(&past->values);
}

static inline size_t past_count(const struct past *past)
{
	return window_count(&past->values);
}

/* The newest value; there must be one. */
static inline double past_last(const struct past *past)
{
	return past_values(past)[past_count(past) - 1];
}

/* The median of the latest medians_widths[index] values, or of all if there are fewer. */
static inline double past_median(const struct past *past, uint32_t index)
{
	return medians_of(&past->medians, index, past_count(past));
}

/* How the newest value was known; there must be one. */
static inline enum past_mark past_newest_mark(const struct past *past)
{
	return past->marks[(past->steps - 1) % past->values.capacity];
}

/* The marks of the window, oldest first, into `marks` [past_count]. */
void past_marks(const struct past *past, uint8_t *marks);

/* The newest `count` values, at most past_count, oldest first; a hole is NaN. */
void past_recent(const struct past *past, double *values, size_t count);

/* Saves, or loads into what past_init made: as many of the latest steps as it has room for. */
void past_archive(struct archive *archive, struct past *past);

#endif
