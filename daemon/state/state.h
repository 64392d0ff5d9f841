/*
 * The room that forgets nothing: one thread that owns the files.
 *
 *	shards ──samples, records──► queue ──► one transaction at a time ──► LMDB
 *
 * Between checkpoints samples go to a journal, which is committed twice per `journal`. At a checkpoint
 * each shard hands over the streams that have changed; when all shards have done so, what the journal
 * held before is in the records, and goes. On start shards get the records, then the journal, and
 * leave out what a record holds already: each counts the samples that its stream was given.
 *
 * What cannot be saved is said and counted, and the daemon goes on. A commit that failed is counted in
 * COUNT_STATE_FAILURES, by which shards see that their streams are to be handed over again.
 */
#ifndef DAEMON_STATE_STATE_H
#define DAEMON_STATE_STATE_H

#include <stdint.h>

#include "daemon/base/block.h"
#include "daemon/base/counters.h"
#include "daemon/base/queue.h"
#include "daemon/settings/settings.h"
#include "rollcast/cleanup.h"

/* Everything lent to the room, until state_destroy. */
struct state_plan {
	const struct state_settings *settings; /* for state_create only */
	struct queue *queue;		       /* of struct keeping */
	struct block_pool *journals;	       /* where blocks of samples go back to */
	struct queue *inboxes;		       /* [shards], of struct letter: what is restored */
	struct queue *restored;		       /* of uint32_t: shards that have taken everything */
	uint32_t shards;
	struct counters *counters;
	void (*alive)(void); /* called now and then while restoring */
};

struct state;

/*
 * Takes hold of the directory. Returns 0 and NULL if nothing is to be kept; -EBUSY, which is logged, if
 * another daemon has it. That it cannot be written is no error: it is tried again.
 */
int state_create(const struct state_plan *plan, struct state **ret_state);
/* Gives the running shards what was kept, and waits until they have taken it. 0, -ENOMEM, -errno. */
int state_restore(struct state *state);
int state_start(struct state *state);
/* Another settings' journal time; its path and size count from the next start on. Any thread. */
void state_set_journal(struct state *state, int64_t journal_us);
/* Waits until the queue, which must be closed, has been written. Harmless if not started. */
void state_join(struct state *state);
void state_destroy(struct state *state);
DEFINE_CLEANUP(struct state *, state_destroy);

#endif
