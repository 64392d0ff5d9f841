/*
 * rollcast state: what the daemon keeps for a restart. Beside a running daemon, or on a copy.
 *
 *	list, verify   go through the file, in a child process that a damaged one may kill
 *	show, export   read one record
 *	delete         writes; a stream that a running daemon has comes back at its next checkpoint
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "daemon/base/envelope.h"
#include "daemon/message.h"
#include "daemon/state/reader.h"
#include "daemon/state/store.h"
#include "rollcast/name.h"

struct state_options {
	const char *path;
};

static const struct option_row rows[] = {
	OPTION(TEXT, "path", "DIR", struct state_options, path,
	       "the daemon's state.path (default /var/lib/rollcast)"),
};

static const struct options options = {
	"Usage: rollcast state list|verify [OPTION]...\n"
	"       rollcast state show|export|delete STREAM [OPTION]...\n"
	"Look at what the daemon keeps for a restart, while it runs or on a copy of the "
	"directory.\n"
	"\n"
	"  list    streams: samples, size in bytes, when saved\n"
	"  show    one stream\n"
	"  export  one stream's window as CSV, for rollcast backtest, compare and fit\n"
	"  delete  forget one stream; one that a running daemon has comes back\n"
	"  verify  check everything; status 1 if something is damaged\n"
	"\n",
	rows,
	sizeof(rows) / sizeof(rows[0]),
	"Exit status: 0 done, 1 failed at run time, 2 wrong usage.\n",
};

struct work {
	const char *program, *path, *stream;
	bool alone; /* no daemon writes */
};

static int fail(const struct work *work, int error)
{
	fprintf(stderr, "%s: %s: %s\n", work->program, work->path,
		error == -ENOENT ? "no state is kept there" : store_words(error));
	return STATUS_FAILED;
}

/* ---- all entries ---- */

struct totals {
	uint64_t good, damaged, foreign, bytes;
};

/* Goes through a database; `show` what is sound. False: the file itself is damaged. */
static int walk(const struct work *work, enum store_database database, enum envelope_kind kind,
		void (*show)(const struct envelope *envelope, size_t size), struct totals *totals)
{
	char key[ENVELOPE_KEY_MAX + 1];
	struct reader reader;
	struct block *block;
	size_t key_size;
	int r = reader_start(&reader, work->path, database, work->alone, -1);

	if (r < 0)
		return r;
	while ((r = reader_next(&reader, key, &key_size, &block)) == 0) {
		int sound = envelope_check(block->bytes, block->used, kind);

		totals->good += sound == 0;
		totals->damaged += sound == -EINVAL;
		totals->foreign += sound == -ENOTSUP;
		totals->bytes += block->used;
		if (sound == 0 && show)
			show((const void *)block->bytes, block->used);
		if (sound < 0)
			fprintf(stderr, "%s: %s: %s\n", work->program,
				database == STORE_JOURNAL ? "a piece of the journal" : key,
				sound == -ENOTSUP ? "of another format" : "damaged");
		free(block);
	}
	reader_finish(&reader);
	if (r == READER_BROKEN)
		fprintf(stderr, "%s: %s: the file is damaged beyond what was read\n", work->program,
			work->path);
	return r;
}

static void show_line(const struct envelope *envelope, size_t size)
{
	char when[WHEN_TEXT_MAX];

	printf("%12llu %9zu  %s  %s\n", (unsigned long long)envelope->position, size,
	       when_write(envelope->saved_us, 1000000, when), envelope_name(envelope));
}

static int list(const struct work *work)
{
	struct totals totals = {0};

	printf("%12s %9s  %-20s  %s\n", "samples", "bytes", "saved", "stream");
	int r = walk(work, STORE_RECORDS, ENVELOPE_RECORD, show_line, &totals);

	if (r < 0)
		return fail(work, r);
	return r == READER_END && !totals.damaged ? STATUS_DONE : STATUS_FAILED;
}

static int verify(const struct work *work)
{
	struct totals records = {0}, journal = {0}, groups = {0};
	uint64_t damaged, foreign;
	int r = walk(work, STORE_RECORDS, ENVELOPE_RECORD, NULL, &records);
	int s = r < 0 ? r : walk(work, STORE_JOURNAL, ENVELOPE_JOURNAL, NULL, &journal);
	int t = s < 0 ? s : walk(work, STORE_GROUPS, ENVELOPE_GROUP, NULL, &groups);

	if (t < 0)
		return fail(work, t);
	damaged = records.damaged + journal.damaged + groups.damaged;
	foreign = records.foreign + journal.foreign + groups.foreign;
	printf("%llu records (%llu bytes), %llu groups and %llu pieces of the journal are sound, "
	       "%llu are damaged, %llu of another format\n",
	       (unsigned long long)records.good, (unsigned long long)records.bytes,
	       (unsigned long long)groups.good, (unsigned long long)journal.good,
	       (unsigned long long)damaged, (unsigned long long)foreign);
	return r == READER_END && s == READER_END && t == READER_END && !damaged ? STATUS_DONE
										 : STATUS_FAILED;
}

/* ---- one record ---- */

static MDB_val key_of(const struct work *work, char text[ENVELOPE_KEY_MAX + 1])
{
	struct rollcast_text name = {work->stream, strlen(work->stream)};

	return (MDB_val){envelope_key(name.bytes, name.length, rollcast_name_hash(name), text),
			 text};
}

/* The record of the stream asked for, and its envelope's fields. Negative errno. */
static int read_record(const struct work *work, struct envelope *ret_envelope, size_t *ret_size,
		       struct rollcast_record *ret_record)
{
	CLEANUP(store_close) struct store *store = NULL;
	char text[ENVELOPE_KEY_MAX + 1];
	MDB_val key = key_of(work, text), value;
	MDB_txn *txn = NULL;
	int r = store_open_reader(work->path, work->alone, &store);

	if (r == 0)
		r = store_error(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn));
	if (r < 0)
		return r;
	r = store->known[STORE_RECORDS]
		    ? store_error(mdb_get(txn, store->databases[STORE_RECORDS], &key, &value))
		    : -ENOENT;
	if (r == -ENOENT)
		r = -ESRCH;
	if (r == 0)
		r = envelope_check(value.mv_data, value.mv_size, ENVELOPE_RECORD);
	if (r == 0) {
		memcpy(ret_envelope, value.mv_data, sizeof(*ret_envelope));
		size_t head = envelope_size(ret_envelope->name_length);

		*ret_size = value.mv_size;
		r = rollcast_record_read((const char *)value.mv_data + head, value.mv_size - head,
					 ret_record);
	}
	mdb_txn_abort(txn);
	return r;
}

static int fail_record(const struct work *work, int error)
{
	if (error != -ESRCH)
		return fail(work, error);
	fprintf(stderr, "%s: %s: there is no record of it in %s\n", work->program, work->stream,
		work->path);
	return STATUS_FAILED;
}

static int show(const struct work *work)
{
	char when[WHEN_TEXT_MAX];
	struct rollcast_record record = {0};
	struct envelope envelope = {0};
	size_t size = 0, measured = 0;
	int r = read_record(work, &envelope, &size, &record);

	if (r < 0)
		return fail_record(work, r);
	for (size_t i = 0; i < record.count; i++)
		measured += isfinite(record.values[i]);
	printf("stream   %s\nsamples  %llu\n", record.name, (unsigned long long)record.samples);
	printf("saved    %s, %zu bytes\n", when_write(envelope.saved_us, 1000000, when), size);
	if (record.step_us)
		printf("step     %g s\n", (double)record.step_us / 1e6);
	else
		printf("step     not found yet\n");
	printf("window   %zu steps, %zu of them measured", record.count, measured);
	if (record.count)
		printf(", up to %s", when_write(record.time_us, record.step_us, when));
	printf("\nhorizon  %u steps\nseasons ", record.horizon);
	for (uint32_t i = 0; i < record.season_count; i++)
		printf(" %u", record.seasons[i]);
	printf("%s\ntrained  %s\n", record.season_count ? " steps" : " none",
	       record.trained_us ? when_write(record.trained_us, record.step_us, when) : "not yet");
	rollcast_record_finish(&record);
	return STATUS_DONE;
}

static int export(const struct work *work)
{
	char when[WHEN_TEXT_MAX];
	struct rollcast_record record = {0};
	struct envelope envelope = {0};
	size_t size = 0;
	int r = read_record(work, &envelope, &size, &record);

	if (r < 0)
		return fail_record(work, r);
	puts("time,value");
	for (size_t i = 0; i < record.count; i++) {
		int64_t back = (int64_t)(record.count - 1 - i);

		when_write(record.time_us - back * record.step_us, record.step_us, when);
		if (isfinite(record.values[i]))
			printf("%s,%.17g\n", when, record.values[i]);
	}
	rollcast_record_finish(&record);
	return STATUS_DONE;
}

/* ---- forgetting ---- */

/* A piece of the journal without the stream; its size if nothing of it was there. */
static size_t without(const struct work *work, struct block *block)
{
	size_t length = strlen(work->stream), place = sizeof(struct envelope), kept = place;
	const struct sample_record *record;

	while ((record = sample_record_at(block, place)) != NULL) {
		size_t size = sample_record_rounded(record);
		bool stays = record->name_length != length ||
			     memcmp(sample_record_name(record), work->stream, length);

		if (stays) {
			memmove(block->bytes + kept, block->bytes + place, size);
			kept += size;
		}
		place += size;
	}
	return kept;
}

static int clean_piece(const struct work *work, MDB_cursor *cursor, MDB_val *key,
		       const MDB_val *value)
{
	CLEANUP(free) struct block *block = block_create(value->mv_size);
	size_t kept;

	if (!block)
		return ENOMEM;
	memcpy(block->bytes, value->mv_data, value->mv_size);
	block->used = value->mv_size;
	if (envelope_check(block->bytes, block->used, ENVELOPE_JOURNAL) < 0)
		return 0;
	kept = without(work, block);
	if (kept == block->used)
		return 0;
	const struct envelope *envelope = (const void *)block->bytes;
	MDB_val shorter = {kept, block->bytes};

	envelope_seal(block->bytes, kept, envelope->saved_us);
	return mdb_cursor_put(cursor, key, &shorter, MDB_CURRENT);
}

static int clean_journal(const struct work *work, const struct store *store, MDB_txn *txn)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	int r = mdb_cursor_open(txn, store->databases[STORE_JOURNAL], &cursor);

	while (r == 0 && (r = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
		r = clean_piece(work, cursor, &key, &value);
	mdb_cursor_close(cursor);
	return r == MDB_NOTFOUND ? 0 : r;
}

static int forget(const struct work *work)
{
	CLEANUP(store_close) struct store *store = NULL;
	char text[ENVELOPE_KEY_MAX + 1];
	MDB_val key = key_of(work, text);
	MDB_txn *txn = NULL;
	/* The reader's check comes first: opening for writing would make what is not there. */
	int r = store_open_reader(work->path, work->alone, &store);

	if (r < 0)
		return fail(work, r);
	store_close(STEAL(store));
	r = store_open(work->path, 0, &store);
	if (r == 0)
		r = store_error(mdb_txn_begin(store->env, NULL, 0, &txn));
	if (r < 0)
		return fail(work, r);
	r = mdb_del(txn, store->databases[STORE_RECORDS], &key, NULL);
	bool found = r != MDB_NOTFOUND;

	if (r == 0 || r == MDB_NOTFOUND)
		r = clean_journal(work, store, txn);
	if (r)
		mdb_txn_abort(txn);
	else
		r = mdb_txn_commit(txn);
	if (r)
		return fail(work, store_error(r));
	if (!found)
		return fail_record(work, -ESRCH);
	if (!work->alone)
		fprintf(stderr,
			"%s: a daemon is running: if it has the stream, its record comes back\n",
			work->program);
	return STATUS_DONE;
}

/* ---- the verb ---- */

static const struct {
	const char *name;
	int (*run)(const struct work *work);
	int words; /* behind the verb */
} actions[] = {
	{"list", list, 1},     {"verify", verify, 1}, {"show", show, 2},
	{"export", export, 2}, {"delete", forget, 2},
};

int verb_state(int argc, char **argv)
{
	struct state_options chosen = {.path = "/var/lib/rollcast"};
	int words, process, status = options_read(&options, argc, argv, &chosen, &words);

	if (status != OPTIONS_GO_ON)
		return status;
	for (size_t i = 0; words > 0 && i < sizeof(actions) / sizeof(*actions); i++) {
		struct work work = {.program = argv[0], .path = chosen.path};

		if (strcmp(argv[1], actions[i].name))
			continue;
		if (words != actions[i].words)
			return args_refuse(argv[0], "%s takes %s", argv[1],
					   actions[i].words == 2 ? "one stream" : "nothing else");
		work.stream = words == 2 ? argv[2] : NULL;
		work.alone = !store_is_locked(chosen.path, &process);
		return actions[i].run(&work);
	}
	return args_refuse(argv[0], "list, show, export, delete or verify is needed");
}
