/*
 * Channels: what a stream's network reads of other streams, step by step beside its own window.
 *
 *	own	 y y y y y y y y
 *	channel	 x x x x . x x .	.: not known, NaN
 *		     └───────── looked at again with every step: others may be a little behind
 *
 * Each place holds what the other stream had at that step's time or just before it, never later. How
 * many of the newest places were not known when a step was done is kept too, so that training shows a
 * network no more than it will be shown.
 */
#ifndef LIB_FORECAST_CHANNELS_H
#define LIB_FORECAST_CHANNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/series/archive.h"
#include "lib/series/window.h"
#include "rollcast/stream.h"

struct channels {
	uint32_t count;
	/* As long as the stream's own: values, and how far behind they were at each step. */
	struct window values[ROLLCAST_CHANNELS_MAX], behind[ROLLCAST_CHANNELS_MAX];
	uint32_t regular; /* places since the times last jumped, ROLLCAST_CHANNEL_STEPS at most */
};

/* -ENOMEM: call channels_finish. */
int channels_init(struct channels *channels, uint32_t count, size_t capacity);
void channels_finish(struct channels *channels);

/* A place more for each, of which nothing is known. `jumped`: its time does not follow the one before. */
void channels_push(struct channels *channels, bool jumped);

/* Asks for what is known by now of the newest places, the last of which is that of time_us. */
void channels_look(struct channels *channels, rollcast_channel_read *read, void *context,
		   int64_t time_us, int64_t step_us);

/* Gives `places` to channels that have none: of none of them anything is known. */
void channels_blank(struct channels *channels, size_t places);

/* Saves, or loads into what channels_init made, as many of the latest places as there is room for. */
void channels_archive(struct archive *archive, struct channels *channels);

/*
 * How much a channel moves within half a horizon, what is not known taken to be as it was before. 0: it
 * does not, or nothing is known.
 */
double channel_scale(const double *values, size_t count, uint32_t horizon);

/*
 * A lookback as a network reads it, of which the last `behind` places were not known yet: relative to the newest value known, in `scale`; 0, no news, where nothing
 * is known. The values of place i go to inputs[i / patch * stride + i % patch].
 */
void channel_encode(const double *values, uint32_t lookback, uint32_t behind, double scale,
		    uint32_t patch, uint32_t stride, float *inputs);

#endif
