#include "daemon/state/state.h"

#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/envelope.h"
#include "daemon/base/log.h"
#include "daemon/base/thread.h"
#include "daemon/message.h"
#include "daemon/state/restore.h"
#include "daemon/state/store.h"
#include "rollcast/name.h"

enum {
	COMMIT_BYTES = 32 << 20, /* larger transactions make the file grow */
	NEARLY_FULL = 1 << 20,
};

#define RETRY_US INT64_C(5000000) /* between attempts to open files that cannot be opened */

static const char default_path[] = "/var/lib/rollcast";

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

/* ---- what could not be saved ---- */

/* LMDB calls it an input/output error if a disk becomes full in the middle of a piece. */
static const char *explain(const struct state *state, int error)
{
	struct statvfs disk;

	if (error == -EIO && !statvfs(state->path, &disk) &&
	    disk.f_bavail * disk.f_frsize < 2 * state->batch.bytes + NEARLY_FULL)
		error = -ENOSPC;
	return store_words(error);
}

static void say_failure(struct state *state, int error)
{
	uint64_t suppressed;

	state->failing = true;
	if (!log_allowed(&state->failures, &suppressed))
		return;
	log_line(LOG_ERR,
		 "state: cannot save in %s: %s; %llu streams will be tried again, %llu samples are "
		 "not in "
		 "the journal",
		 state->path, explain(state, error), (unsigned long long)state->unsaved_records,
		 (unsigned long long)state->unsaved_samples);
	state->unsaved_records = state->unsaved_samples = 0;
}

/* The transaction is lost, and all rounds that have something in it. */
static void fail(struct state *state, int error)
{
	struct batch *batch = &state->batch;

	if (batch->txn)
		mdb_txn_abort(batch->txn);
	count_add(state->plan.counters, COUNT_STATE_FAILURES, 1);
	count_add(state->plan.counters, COUNT_JOURNAL_LOST, batch->samples);
	state->unsaved_records += batch->records;
	state->unsaved_samples += batch->samples;
	say_failure(state, error);
	*batch = (struct batch){0};
	for (uint32_t i = 0; i < state->plan.shards; i++) {
		state->rounds[i].whole = state->rounds[i].done = false;
		state->rounds[i].cut = state->rounds[i].cut_committed;
	}
	if (error == -EINVAL && state->store) {
		store_close(STEAL(state->store));
		state->replace = true;
		state->retry_us = 0;
	}
}

/* ---- the files ---- */

static void set_file_aside(struct state *state)
{
	char aside[4096];
	int r = store_set_aside(state->path, aside, sizeof(aside));

	state->replace = false;
	if (r < 0)
		log_line(LOG_ERR, "state: %s/data.mdb cannot be set aside: %s", state->path,
			 strerror(-r));
	else
		log_line(LOG_WARNING,
			 "state: %s/data.mdb is damaged, or none of ours; it is now %s",
			 state->path, aside);
}

static int move_aside(struct state *state, enum store_database database, MDB_val key)
{
	MDB_dbi from = state->store->databases[database];
	char name[ENVELOPE_KEY_MAX + 1];
	MDB_val value, new_key = key;
	int r = mdb_get(state->batch.txn, from, &key, &value);

	if (r)
		return r == MDB_NOTFOUND ? 0 : r;
	if (database == STORE_GROUPS) {
		snprintf(name, sizeof(name), "#group %.*s", (int)key.mv_size,
			 (const char *)key.mv_data);
		new_key = (MDB_val){strlen(name), name};
	} else if (database == STORE_JOURNAL) {
		uint64_t number;

		memcpy(&number, key.mv_data, sizeof(number));
		new_key.mv_data = name;
		new_key.mv_size = (size_t)snprintf(name, sizeof(name), "#journal %llu",
						   (unsigned long long)be64toh(number));
	}
	/* What is found is gone once anything is written. */
	CLEANUP(free) void *copy = malloc(value.mv_size + 1);

	if (!copy)
		return ENOMEM;
	memcpy(copy, value.mv_data, value.mv_size);
	value.mv_data = copy;
	r = mdb_put(state->batch.txn, state->store->databases[STORE_ASIDE], &new_key, &value, 0);
	return r ? r : mdb_del(state->batch.txn, from, &key, NULL);
}

static int move_unread_aside(struct state *state)
{
	int r = 0;

	for (struct unread *unread = state->restored.unread; unread && r == 0;
	     unread = unread->next) {
		MDB_val key = {unread->key_size, unread->key};

		if (unread->database != STORE_JOURNAL || unread->key_size == sizeof(uint64_t))
			r = move_aside(state, unread->database, key);
	}
	if (r == 0)
		restored_finish(&state->restored);
	return r;
}

/* Where the journal goes on. */
static int find_sequence(struct state *state)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	uint64_t number = 0;
	int r = mdb_cursor_open(state->batch.txn, state->store->databases[STORE_JOURNAL], &cursor);

	if (r)
		return r;
	r = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
	if (r == 0 && key.mv_size == sizeof(number)) {
		memcpy(&number, key.mv_data, sizeof(number));
		number = be64toh(number) + 1;
	}
	mdb_cursor_close(cursor);
	if (state->sequence < number)
		state->sequence = number;
	return r == MDB_NOTFOUND ? 0 : r;
}

/* What LMDB found out about its file cannot be said any other way: it would end the process. */
static void go_astray(MDB_env *env, const char *message)
{
	struct state *state = mdb_env_get_userctx(env);

	log_line(LOG_ERR, "state: %s", message);
	longjmp(state->astray, 1);
}

static int open_files(struct state *state)
{
	int process, r = 0;

	if (state->lock < 0) {
		r = store_lock(state->path, &process);
		state->lock = r < 0 ? -1 : r;
	}
	if (r < 0)
		return r;
	if (state->replace)
		set_file_aside(state);
	r = store_open(state->path, state->size_bytes, &state->store);
	if (r == -EINVAL) {
		set_file_aside(state);
		r = store_open(state->path, state->size_bytes, &state->store);
	}
	if (r == 0) {
		mdb_env_set_userctx(state->store->env, state);
		mdb_env_set_assert(state->store->env, go_astray);
	}
	return r;
}

static int begin(struct state *state)
{
	bool fresh = !state->store;
	int r;

	if (state->batch.txn)
		return 0;
	if (fresh) {
		if (clock_monotonic_us() < state->retry_us)
			return state->open_error;
		state->retry_us = clock_monotonic_us() + RETRY_US;
		state->open_error = r = open_files(state);
		if (r < 0)
			return r;
	}
	state->batch.begun_us = clock_monotonic_us();
	r = mdb_txn_begin(state->store->env, NULL, 0, &state->batch.txn);
	if (r == 0 && fresh)
		r = find_sequence(state);
	if (r == 0 && fresh)
		r = move_unread_aside(state);
	return store_error(r);
}

/* ---- the journal behind the records ---- */

/* What all shards have in their records is not needed any more. */
static int trim(struct state *state)
{
	uint64_t until = UINT64_MAX, number;
	MDB_cursor *cursor;
	MDB_val key, value;
	int r;

	for (uint32_t i = 0; i < state->plan.shards; i++)
		if (state->rounds[i].cut_committed < until)
			until = state->rounds[i].cut_committed;
	if (until <= state->deleted)
		return 0;
	r = mdb_cursor_open(state->batch.txn, state->store->databases[STORE_JOURNAL], &cursor);
	if (r)
		return r;
	while ((r = mdb_cursor_get(cursor, &key, &value, MDB_FIRST)) == 0) {
		memcpy(&number, key.mv_data, sizeof(number));
		if (key.mv_size != sizeof(number) || be64toh(number) >= until)
			break;
		r = mdb_cursor_del(cursor, 0);
		if (r)
			break;
	}
	mdb_cursor_close(cursor);
	if (r == 0 || r == MDB_NOTFOUND) {
		state->deleted = until;
		r = 0;
	}
	return r;
}

/* After a failure, once every shard has handed over all that has changed, and it is committed. */
static void say_success(struct state *state)
{
	for (uint32_t i = 0; i < state->plan.shards; i++)
		if (!state->rounds[i].done)
			return;
	if (state->failing)
		log_line(LOG_NOTICE, "state: everything is saved in %s again", state->path);
	state->failing = false;
}

static void commit(struct state *state)
{
	struct batch *batch = &state->batch;
	uint64_t deleted = state->deleted;
	int r;

	if (!batch->txn)
		return;
	r = trim(state);
	if (r == 0) {
		r = mdb_txn_commit(batch->txn);
		batch->txn = NULL;
	}
	if (r) {
		state->deleted = deleted;
		fail(state, store_error(r));
		return;
	}
	count_add(state->plan.counters, COUNT_STATE_COMMITS, 1);
	count_add(state->plan.counters, COUNT_RECORDS_SAVED, batch->records);
	count_add(state->plan.counters, COUNT_JOURNAL_SAMPLES, batch->samples);
	*batch = (struct batch){0};
	for (uint32_t i = 0; i < state->plan.shards; i++)
		state->rounds[i].cut_committed = state->rounds[i].cut;
	say_success(state);
}

/* ---- what shards hand over ---- */

static int put(struct state *state, enum store_database database, MDB_val key,
	       const struct block *block, unsigned flags)
{
	MDB_val value = {block->used, (void *)block->bytes};

	state->batch.bytes += block->used;
	return store_error(
		mdb_put(state->batch.txn, state->store->databases[database], &key, &value, flags));
}

static int put_journal(struct state *state, struct block *block)
{
	uint64_t number = htobe64(state->sequence);
	MDB_val key = {sizeof(number), &number};

	envelope_seal(block->bytes, block->used, clock_wall_us());
	state->sequence++;
	return put(state, STORE_JOURNAL, key, block, MDB_APPEND);
}

static MDB_val record_key(const struct envelope *envelope, char text[ENVELOPE_KEY_MAX + 1])
{
	struct rollcast_text name = {envelope_name(envelope), envelope->name_length};

	return (MDB_val){envelope_key(name.bytes, name.length, rollcast_name_hash(name), text),
			 text};
}

static int drop_record(struct state *state, const struct block *block)
{
	char text[ENVELOPE_KEY_MAX + 1];
	MDB_val key = record_key((const void *)block->bytes, text);
	int r = mdb_del(state->batch.txn, state->store->databases[STORE_RECORDS], &key, NULL);

	return r == MDB_NOTFOUND ? 0 : store_error(r);
}

static int put_record(struct state *state, struct block *block, bool aside)
{
	const struct envelope *envelope = (const void *)block->bytes;
	char text[ENVELOPE_KEY_MAX + 1];
	MDB_val key = record_key(envelope, text);
	int r = 0;

	envelope_seal(block->bytes, block->used, clock_wall_us());
	if (aside) {
		count_add(state->plan.counters, COUNT_RECORDS_ASIDE, 1);
		r = store_error(move_aside(state, STORE_RECORDS, key));
	}
	return r < 0 ? r : put(state, STORE_RECORDS, key, block, 0);
}

static int put_group(struct state *state, struct block *block)
{
	char text[ENVELOPE_KEY_MAX + 1];
	MDB_val key = record_key((const void *)block->bytes, text);

	envelope_seal(block->bytes, block->used, clock_wall_us());
	return put(state, STORE_GROUPS, key, block, 0);
}

static int write_data(struct state *state, const struct keeping *keeping)
{
	if (keeping->kind == KEEPING_JOURNAL)
		return put_journal(state, keeping->block);
	if (keeping->kind == KEEPING_GROUP)
		return put_group(state, keeping->block);
	if (keeping->kind == KEEPING_FORGOTTEN)
		return drop_record(state, keeping->block);
	return put_record(state, keeping->block, keeping->aside);
}

static void let_go(struct state *state)
{
	struct block *block = STEAL(state->taking.block);

	if (block && state->taking.kind == KEEPING_JOURNAL)
		block_pool_give(state->plan.journals, block);
	else
		free(block);
}

static void take_data(struct state *state, const struct keeping *keeping)
{
	int r = begin(state);

	/* What waited while the last commit went on is not to wait as long again. */
	if (keeping->kind == KEEPING_JOURNAL && keeping->since_us < state->batch.begun_us)
		state->batch.begun_us = keeping->since_us;
	state->batch.samples += keeping->kind == KEEPING_JOURNAL ? keeping->samples : 0;
	state->batch.records += keeping->kind == KEEPING_RECORD;
	if (r == 0)
		r = write_data(state, keeping);
	let_go(state);
	if (r < 0)
		fail(state, r);
	else if (state->batch.bytes > COMMIT_BYTES)
		commit(state);
}

static void take(struct state *state, const struct keeping *keeping)
{
	struct round *round = &state->rounds[keeping->shard];

	switch (keeping->kind) {
	case KEEPING_JOURNAL:
	case KEEPING_RECORD:
	case KEEPING_GROUP:
	case KEEPING_FORGOTTEN:
		take_data(state, keeping);
		break;
	case KEEPING_ROUND_BEGIN:
		round->begun = state->sequence;
		round->whole = true;
		break;
	case KEEPING_ROUND_END:
		if (!round->whole)
			break;
		round->cut = round->begun;
		round->done = true;
		if (!state->batch.txn && begin(state) < 0) /* for the trimming that may follow */
			round->done = false;
		break;
	}
}

/* ---- the loop ---- */

/* The environment is left as it is, half-way through whatever it did: its file gets out of the way. */
static void abandon_file(struct state *state)
{
	let_go(state);
	state->batch.txn = NULL;
	state->store = NULL;
	state->replace = true;
	state->retry_us = 0;
	fail(state, -EINVAL);
}

static void *run(void *argument)
{
	struct state *state = argument;
	int r;

	if (setjmp(state->astray))
		abandon_file(state);
	do {
		int64_t patience_us = state->journal_us / 2;
		int64_t left_us = patience_us;

		if (state->batch.txn)
			left_us -= clock_monotonic_us() - state->batch.begun_us;
		r = queue_pop(state->plan.queue, left_us > 0 ? left_us : 0, &state->taking);
		if (r == 0)
			take(state, &state->taking);
		if (state->batch.txn && clock_monotonic_us() - state->batch.begun_us >= patience_us)
			commit(state);
	} while (r != QUEUE_CLOSED);
	commit(state);
	if (state->store && begin(state) == 0) /* the journal is not needed now: trim it */
		commit(state);
	return NULL;
}

/* ---- life ---- */

static char *choose_path(const struct state_settings *settings)
{
	const char *given = getenv("STATE_DIRECTORY");

	if (strcmp(settings->path, "auto"))
		return strdup(settings->path);
	/* systemd separates several by colons. */
	return given && *given ? strndup(given, strcspn(given, ":")) : strdup(default_path);
}

static int take_hold(struct state *state)
{
	int process = 0, r = store_lock(state->path, &process);

	if (r >= 0) {
		state->lock = r;
		return 0;
	}
	if (r == -EBUSY) {
		log_line(LOG_ERR,
			 "state: %s is in use by the daemon with process id %d; give this one a "
			 "state.path of its own, or none",
			 state->path, process);
		return r;
	}
	log_line(state->automatic ? LOG_NOTICE : LOG_ERR,
		 "state: nothing is saved in %s for now: %s%s", state->path, strerror(-r),
		 state->automatic ? "; state.path names another place, or none" : "");
	return 0;
}

int state_create(const struct state_plan *plan, struct state **ret_state)
{
	CLEANUP(state_destroy) struct state *state = NULL;
	int r;

	*ret_state = NULL;
	if (!strcmp(plan->settings->path, "none"))
		return 0;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	state->plan = *plan;
	state->size_bytes = plan->settings->size_bytes;
	state->journal_us = plan->settings->journal_us;
	state->lock = -1;
	state->automatic = !strcmp(plan->settings->path, "auto");
	state->path = choose_path(plan->settings);
	state->rounds = calloc(plan->shards, sizeof(*state->rounds));
	if (!state->path || !state->rounds)
		return -ENOMEM;
	r = take_hold(state);
	if (r < 0)
		return r;
	*ret_state = STEAL(state);
	return 0;
}

int state_restore(struct state *state)
{
	const struct counters *counters = state->plan.counters;
	int64_t begun_us = clock_monotonic_us();
	uint64_t streams, partly;
	int r = restore(&state->plan, state->path, state->lock, &state->restored);

	if (r < 0)
		return r;
	state->replace = state->restored.damaged;
	if (state->restored.error)
		log_line(LOG_ERR, "state: %s cannot be read: %s", state->path,
			 strerror(-state->restored.error));
	partly = count_get(counters, COUNT_RESTORED_PARTLY);
	streams = count_get(counters, COUNT_RESTORED) + partly;
	if (state->restored.found)
		log_line(LOG_INFO,
			 "state: %llu streams restored from %s, %llu of them in part, and %llu "
			 "samples "
			 "from the journal, in %.2f s",
			 (unsigned long long)streams, state->path, (unsigned long long)partly,
			 (unsigned long long)count_get(counters, COUNT_REPLAYED),
			 (double)(clock_monotonic_us() - begun_us) / 1e6);
	return 0;
}

void state_set_journal(struct state *state, int64_t journal_us)
{
	if (state)
		state->journal_us = journal_us;
}

int state_start(struct state *state)
{
	int r = thread_start(&state->thread, "state", run, state);

	state->started = r == 0;
	return r;
}

void state_join(struct state *state)
{
	if (!state || !state->started)
		return;
	pthread_join(state->thread, NULL);
	state->started = false;
}

void state_destroy(struct state *state)
{
	if (!state)
		return;
	state_join(state);
	if (state->batch.txn)
		mdb_txn_abort(state->batch.txn);
	store_close(state->store);
	if (state->lock >= 0)
		close(state->lock);
	restored_finish(&state->restored);
	free(state->rounds);
	free(state->path);
	free(state);
}
