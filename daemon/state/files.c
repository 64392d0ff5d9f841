#include "daemon/state/inside.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/envelope.h"
#include "rollcast/name.h"

enum { NEARLY_FULL = 1 << 20 };

#define RETRY_US INT64_C(5000000) /* between attempts to open files that cannot be opened */

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

void state_fail(struct state *state, int error)
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

int state_move_aside(struct state *state, enum store_database database, MDB_val key)
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
			r = state_move_aside(state, unread->database, key);
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

int state_begin(struct state *state)
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

void state_commit(struct state *state)
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
		state_fail(state, store_error(r));
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
