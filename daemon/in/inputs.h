/* The input sockets with what belongs to each, and from one settings to another. */
#ifndef DAEMON_IN_INPUTS_H
#define DAEMON_IN_INPUTS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/counters.h"
#include "daemon/in/bucket.h"
#include "daemon/settings/settings.h"
#include "rollcast/wire.h"

struct input {
	const struct input_settings *settings;
	void *socket;
	struct rollcast_decoder *decoder;
	struct port_counters *port;
	uint64_t decode_counts[ROLLCAST_DECODE_RESULTS];
	uint64_t messages, bad_frames, over_rate;
	struct bucket bucket;
};

struct inputs {
	struct input *items; /* [count] */
	size_t count;
};

/*
 * Those of the settings, which are lent, instead of those that are there: sockets that are the same stay
 * as they are. Logs what cannot be had; then all stays, and a negative errno is returned.
 */
int inputs_change(struct inputs *inputs, void *context, const struct settings *settings,
		  struct ports *ports);
/* Connects again where the guard says that it is time to. */
void inputs_try_again(struct inputs *inputs, int64_t now_us);
void inputs_close(struct inputs *inputs);

#endif
