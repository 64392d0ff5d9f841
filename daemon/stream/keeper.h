/*
 * What a shard hands to the room that keeps it: the samples that it takes, at once, and at each
 * checkpoint the streams that have changed.
 *
 * Nothing here waits, except at the end. While the room is behind, a stream stays dirty and is offered
 * again; samples for which there is no block are not in the journal, and counted. A checkpoint is
 * spread over many turns, so that samples do not wait for it.
 */
#ifndef DAEMON_STREAM_KEEPER_H
#define DAEMON_STREAM_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/block.h"
#include "daemon/base/counters.h"
#include "daemon/base/queue.h"
#include "daemon/message.h"
#include "daemon/stream/rules.h"
#include "daemon/stream/table.h"

struct keeper {
	struct queue *queue; /* of struct keeping; NULL: nothing is kept */
	struct block_pool *journals;
	struct counters *counters;
	struct table *table;
	uint32_t shard;
	uint32_t thresholds; /* their digest */
	int64_t every_us;

	struct block *journal; /* being filled; NULL: none taken */
	uint32_t samples;      /* in it, */
	int64_t since_us;      /* and when the first of them came; monotonic */
	bool in_round;
	size_t next; /* the round goes through the table, in which entries may move meanwhile: */
	uint64_t changes;	     /* the table's */
	int64_t due_us;		     /* of the next round; monotonic */
	uint64_t failures;	     /* of the state, when the last round began, */
	uint64_t failures_of_groups; /* and when groups were last handed over */
	int64_t groups_due_us;	     /* when they are again; monotonic */
};

/* A sample record that goes to the entry's stream; before the samples are counted in its position. */
void keeper_note(struct keeper *keeper, const struct entry *entry,
		 const struct sample_record *record);
/* A stream that is no more: its record goes, unless the room is behind. */
void keeper_forget(struct keeper *keeper, const struct entry *entry);
/* A stream that is let go: its record stays, as new as can be had without waiting. */
void keeper_part(struct keeper *keeper, struct entry *entry);
/* Another time from checkpoint to checkpoint. */
void keeper_set_every(struct keeper *keeper, int64_t every_us);
/*
 * Once per turn, too: hands over the group of each rule that is this shard's to keep, if it has been trained
 * since, as often as streams are; with `wait` now, and even if the room is behind.
 */
void keeper_save_groups(struct keeper *keeper, struct rules *rules, uint32_t shards, bool wait);
/* Once per turn of the shard's loop. True: there is more to do soon. */
bool keeper_turn(struct keeper *keeper);
/* The last checkpoint, whole. */
void keeper_finish(struct keeper *keeper);

/*
 * A record's stream in place of the entry's, which has no samples yet; if the record cannot be read, it
 * is set aside and the entry's stays. 0, -ENOMEM.
 */
int keeper_load(const struct keeper *keeper, struct entry *entry, const struct block *block);

#endif
