/*
 * What the files of the room share: the room itself, and its transactions. All of it runs in its thread.
 *
 *	state.c		what shards hand over, the loop, life
 *	files.c		transactions into the files, what could not be saved, the journal behind the records
 *	restore.c	what was kept, back to the shards; reader.c: the same in a child of its own
 *	store.c		LMDB
 */
#ifndef DAEMON_STATE_INSIDE_H
#define DAEMON_STATE_INSIDE_H

#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/log.h"
#include "daemon/message.h"
#include "daemon/state/restore.h"
#include "daemon/state/state.h"
#include "daemon/state/store.h"

/* What one transaction holds, besides what is in it. */
struct batch {
	MDB_txn *txn; /* NULL: none is open */
	int64_t begun_us;
	size_t bytes;
	uint64_t records, samples;
};

/* A shard's checkpoints: of the journal, what is below `cut` is in its records. */
struct round {
	uint64_t begun, cut, cut_committed;
	bool whole; /* nothing of it was lost */
	bool done;  /* whole to its end, since the last failure */
};

struct state {
	struct state_plan plan;
	char *path;
	uint64_t size_bytes;
	_Atomic int64_t journal_us;
	int lock; /* -1: not held, because nothing can be written there */
	bool automatic;

	struct restored restored;
	struct store *store; /* NULL: not open, tried again from retry_us on */
	int64_t retry_us;
	int open_error;
	bool replace; /* the file that is there is damaged */

	struct batch batch;
	uint64_t sequence;    /* of the next piece of the journal */
	uint64_t deleted;     /* the journal begins here */
	struct round *rounds; /* [shards] */

	bool failing;
	struct log_limit failures;
	uint64_t unsaved_records, unsaved_samples; /* since the last line */
	struct keeping taking; /* what is being taken; its block NULL: nothing is */
	jmp_buf astray;	       /* where LMDB's assertions lead, instead of abort() */
	pthread_t thread;
	bool started;
};

/* Opens a transaction if none is open, and the files if need be. Negative errno: not now. */
int state_begin(struct state *state);
/* Ends the transaction, if one is open; what cannot be written is said and counted. */
void state_commit(struct state *state);
/* The transaction is lost, and all rounds that have something in it. */
void state_fail(struct state *state, int error);
/* An entry that could not be read, out of the way but kept; in the transaction. As LMDB returns. */
int state_move_aside(struct state *state, enum store_database database, MDB_val key);

#endif
