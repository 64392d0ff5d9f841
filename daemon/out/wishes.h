/*
 * What new subscribers want to see at once: subscriptions gathered into one snapshot at a time, which
 * is asked of every shard without waiting for any.
 *
 *	subscriptions ──► wanted, per output ──► snapshot ──letter──► every shard, when its inbox has room
 *
 * The answers come among the forecasts; what a subscriber does not take at once is kept in out.c.
 *
 * A snapshot goes to all who have subscribed to its topics. So an output then rests, nine times as long
 * as it took, lest one subscriber that comes and goes all the time fill everybody's queues.
 */
#ifndef DAEMON_OUT_WISHES_H
#define DAEMON_OUT_WISHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/message.h"

/* What one output's subscribers want to see. */
struct wish {
	struct prefixes names;
	int64_t not_before_us; /* monotonic */
};

struct wishes {
	struct queue *inboxes;	/* [shards], lent */
	uint32_t shards, asked; /* those before `asked` have the snapshot's letter */
	uint32_t outputs, next;
	struct wish *wanted; /* [outputs] */
	struct snapshot snapshot;
	int64_t since_us; /* when the snapshot was begun */
	bool under_way;
};

void wishes_init(struct wishes *wishes, struct queue *inboxes, uint32_t shards);
/* For so many outputs, if that is more than before. -ENOMEM. */
int wishes_enlarge(struct wishes *wishes, uint32_t outputs);
/* Only when the shards have ended. */
void wishes_finish(struct wishes *wishes);

/* A subscription: `topic` is what an output with the prefix `prefix` got. */
void wishes_add(struct wishes *wishes, uint32_t output, const char *prefix, const char *topic,
		size_t length);
/*
 * Asks for the next snapshot if the one before is answered, and, unless some of it is `unsent`, gone.
 * Never waits.
 */
void wishes_ask(struct wishes *wishes, bool unsent, int64_t now_us);
/* Whether wishes_ask has something to do before long. */
bool wishes_are_open(const struct wishes *wishes);

#endif
