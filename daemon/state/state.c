#include "daemon/state/inside.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/envelope.h"
#include "daemon/base/thread.h"
#include "rollcast/name.h"

enum { COMMIT_BYTES = 32 << 20 }; /* larger transactions make the file grow */

static const char default_path[] = "/var/lib/rollcast";

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
		r = store_error(state_move_aside(state, STORE_RECORDS, key));
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
	int r = state_begin(state);

	/* What waited while the last commit went on is not to wait as long again. */
	if (keeping->kind == KEEPING_JOURNAL && keeping->since_us < state->batch.begun_us)
		state->batch.begun_us = keeping->since_us;
	state->batch.samples += keeping->kind == KEEPING_JOURNAL ? keeping->samples : 0;
	state->batch.records += keeping->kind == KEEPING_RECORD;
	if (r == 0)
		r = write_data(state, keeping);
	let_go(state);
	if (r < 0)
		state_fail(state, r);
	else if (state->batch.bytes > COMMIT_BYTES)
		state_commit(state);
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
		if (!state->batch.txn &&
		    state_begin(state) < 0) /* for the trimming that may follow */
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
	state_fail(state, -EINVAL);
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
			state_commit(state);
	} while (r != QUEUE_CLOSED);
	state_commit(state);
	if (state->store && state_begin(state) == 0) /* the journal is not needed now: trim it */
		state_commit(state);
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
