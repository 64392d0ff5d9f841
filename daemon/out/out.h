/*
 * The room where forecasts leave: one thread, all output sockets.
 *
 *	queue ──block of forecasts──► for each output whose selector matches: encode ──► XPUB, PUB, PUSH
 *
 * A new subscriber of an XPUB gets what is known already, as snapshots: asked of the shards (wishes.h),
 * sent as fast as the subscriber takes them.
 *
 * Frames [topic][payload][sequence u64 LE]; topic = prefix + the stream's name, sequence per output. A
 * send never waits: a slow subscriber loses messages, sees so by the sequence, and slows nobody; but for
 * a quarter of a second now and then, when a snapshot has filled its queue.
 */
#ifndef DAEMON_OUT_OUT_H
#define DAEMON_OUT_OUT_H

#include "daemon/base/block.h"
#include "daemon/base/counters.h"
#include "daemon/base/queue.h"
#include "daemon/base/thread.h"
#include "daemon/settings/settings.h"
#include "rollcast/cleanup.h"

/* Everything lent to the room, until out_destroy. */
struct out_plan {
	void *context;			 /* ZeroMQ's */
	const struct settings *settings; /* until out_change */
	struct queue *queue;   /* of struct block *; made with an event; NULL in it: out_pause */
	struct queue *inboxes; /* [shards]: where snapshots are asked for */
	uint32_t shards;
	struct block_pool *blocks;
	struct ports *ports; /* counters of outputs */
	struct heartbeat *heartbeat;
};

struct out;

/* Opens all output sockets; logs what fails. Negative errno. */
int out_create(const struct out_plan *plan, struct out **ret_out);
int out_start(struct out *out);
/*
 * From one settings to another, between out_pause and out_start: sockets that are the same before and
 * after lose nothing. What cannot be opened is logged, and a negative errno says that all is as before.
 */
int out_change(struct out *out, const struct settings *settings);
/*
 * Sends all that has been handed over before this and ends the thread, until out_start: afterwards
 * nothing here points into settings that nobody uses any more.
 */
void out_pause(struct out *out);
/* Waits until the queue, which must be closed, has been sent. Harmless if not started. */
void out_join(struct out *out);
void out_destroy(struct out *out);
DEFINE_CLEANUP(struct out *, out_destroy);

#endif
