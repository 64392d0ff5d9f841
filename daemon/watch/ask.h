/*
 * Asking the shards: a question into the queue of each, the answers gathered into one. Bounded in time,
 * so that a shard that hangs holds nobody up but the one who asks.
 */
#ifndef DAEMON_WATCH_ASK_H
#define DAEMON_WATCH_ASK_H

#include "daemon/message.h"

/* The shards, lent. */
struct askable {
	struct queue *questions; /* [shards] */
	struct queue *inboxes;	 /* [shards] */
	uint32_t shards;
};

/* What all answered, in the question's order. */
struct findings {
	struct block **blocks; /* [block_count], owned */
	uint32_t block_count;
	const void **records; /* [count]: stream_records or training_records, in the blocks */
	uint32_t count;
	uint32_t matched; /* streams, of which there may be more than records */
};

/* An empty question, to be filled in. NULL: no memory. */
struct question *question_create(const struct askable *askable, enum question_kind kind);
/*
 * Asks and waits for all answers. Consumes the question. 0; -ETIMEDOUT, -EBUSY: a shard does not
 * answer or has too many questions; -ENOMEM.
 */
int ask(const struct askable *askable, struct question *question, struct findings *ret_findings);
void findings_finish(struct findings *findings);

#endif
