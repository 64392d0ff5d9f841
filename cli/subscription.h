/*
 * Forecasts from an output of the daemon: a SUB socket, and the reader of its messages.
 */
#ifndef CLI_SUBSCRIPTION_H
#define CLI_SUBSCRIPTION_H

#include <stdint.h>

#include "cli/curve_options.h"
#include "cli/link.h"
#include "rollcast/wire.h"

enum { SUBSCRIPTION_EMPTY = 0, SUBSCRIPTION_REFUSED = 2 };

struct subscription {
	void *context, *socket;
	struct rollcast_forecast_reader *reader;
	struct link link; /* look at it to hear why nothing comes */
};

/*
 * `subscription` is zero at first, but for link.program, and to be finished whatever comes of it. 0 or a
 * negative errno; of a key that cannot be used, there is a word on stderr too.
 */
int subscription_open(struct subscription *subscription, const char *endpoint, const char *topic,
		      const struct curve_plan *curve);
void subscription_finish(struct subscription *subscription);

/*
 * The next forecast that is there, borrowed until the next call, and its number, 0 if it has none (a
 * snapshot). 1; SUBSCRIPTION_EMPTY: none is there; SUBSCRIPTION_REFUSED: a message that was no forecast;
 * negative errno.
 */
int subscription_next(struct subscription *subscription,
		      const struct rollcast_forecast **ret_forecast, uint64_t *ret_sequence);

#endif
