/*
 * The output sockets with what belongs to each, and from one settings to another. An output keeps its
 * place as long as its name is there, so that what is under way for it finds it.
 */
#ifndef DAEMON_OUT_OUTPUTS_H
#define DAEMON_OUT_OUTPUTS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/counters.h"
#include "daemon/settings/settings.h"
#include "rollcast/wire.h"

struct output {
	const struct output_settings *settings;
	void *socket; /* NULL: nobody has this place, and nothing below counts */
	struct rollcast_encoder *encoder;
	struct port_counters *port;
	uint64_t sequence;	   /* of the message sent last */
	uint64_t subscriptions;	   /* live topics of an XPUB */
	uint64_t sent, behind;	   /* since they were added to the counters */
	int64_t snapshot_until_us; /* in its queues, at least so long */
};

struct outputs {
	struct output *items; /* [count]: places */
	size_t count;
};

/*
 * Those of the settings, which are lent, instead of those that are there: sockets that are the same stay
 * as they are. Logs what cannot be had; then all stays, and a negative errno is returned.
 */
int outputs_change(struct outputs *outputs, void *context, const struct settings *settings,
		   struct ports *ports);
/* Connects again where the guard says that it is time to. */
void outputs_try_again(struct outputs *outputs, int64_t now_us);
void outputs_close(struct outputs *outputs);

#endif
