/*
 * The room where samples come in: one thread, all input sockets.
 *
 *	SUB, PULL ──bytes──► decode ──samples──► a block per shard ──letter──► shard[hash % shards]
 *
 * It knows no streams: a name's hash chooses the shard. Blocks come from a pool; when none is free the
 * thread waits, so that a PULL input loses nothing and a SUB input loses at its high-water mark.
 */
#ifndef DAEMON_IN_IN_H
#define DAEMON_IN_IN_H

#include <stdint.h>

#include "daemon/base/block.h"
#include "daemon/base/counters.h"
#include "daemon/base/queue.h"
#include "daemon/base/thread.h"
#include "daemon/settings/settings.h"
#include "rollcast/cleanup.h"

/* Everything lent to the room, until in_destroy. */
struct in_plan {
	void *context;			 /* ZeroMQ's */
	const struct settings *settings; /* until in_change */
	struct queue *inboxes;		 /* [shards], of struct letter */
	uint32_t shards;
	struct block_pool *blocks;
	struct ports *ports; /* counters of inputs */
	struct heartbeat *heartbeat;
};

struct in;

/* Opens all input sockets; logs what fails. Negative errno. */
int in_create(const struct in_plan *plan, struct in **ret_in);
/* Starts the thread. */
int in_start(struct in *in);
/*
 * From one settings to another, between in_pause and in_start: sockets that are the same before and after
 * lose nothing. What cannot be opened is logged, and a negative errno says that all is as before. On 0
 * the settings before are not needed any more.
 */
int in_change(struct in *in, const struct settings *settings);
/* Ends the thread between two rounds, until in_start. */
void in_pause(struct in *in);
/*
 * Takes what has arrived already, for some seconds at most, hands it over and ends the thread. Harmless
 * if not started.
 */
void in_stop(struct in *in);
void in_destroy(struct in *in);
DEFINE_CLEANUP(struct in *, in_destroy);

#endif
