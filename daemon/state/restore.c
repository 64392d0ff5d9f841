#include "daemon/state/restore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/message.h"
#include "daemon/state/reader.h"
#include "rollcast/name.h"

#define ALIVE_US INT64_C(1000000)

struct work {
	const struct state_plan *plan;
	struct restored *restored;
	int64_t alive_us; /* when it was last said */
};

static void say_alive(struct work *work)
{
	int64_t now_us = clock_monotonic_us();

	if (now_us - work->alive_us < ALIVE_US)
		return;
	work->alive_us = now_us;
	work->plan->alive();
}

static uint32_t shard_of(const struct work *work, uint64_t hash)
{
	return (uint32_t)(hash % work->plan->shards);
}

static void hand_over(struct work *work, uint32_t shard, enum letter_kind kind, struct block *block)
{
	const struct letter letter = {.kind = kind, .kept = block};

	if (queue_push(&work->plan->inboxes[shard], &letter))
		free(block);
}

static int take_record(struct work *work, struct block *block)
{
	const struct envelope *envelope = (const void *)block->bytes;
	struct rollcast_text name = {envelope_name(envelope), envelope->name_length};

	hand_over(work, shard_of(work, rollcast_name_hash(name)), LETTER_RECORD, block);
	return 0;
}

/* Whose samples a journal holds: those of one shard, unless there were more or fewer of them. */
static uint64_t shards_in(const struct work *work, const struct block *block)
{
	const struct sample_record *record;
	uint64_t shards = 0;

	for (size_t place = sizeof(struct envelope);
	     (record = sample_record_at(block, place)) != NULL;
	     place += sample_record_rounded(record))
		shards |= UINT64_C(1) << shard_of(work, record->hash);
	return shards;
}

static int take_journal(struct work *work, struct block *block)
{
	uint64_t shards = shards_in(work, block);

	for (uint32_t i = 0; i < work->plan->shards; i++) {
		if (!(shards >> i & 1))
			continue;
		struct block *copy = block_create(block->used);

		if (!copy) {
			free(block);
			return -ENOMEM;
		}
		memcpy(copy->bytes, block->bytes, block->used);
		copy->used = block->used;
		hand_over(work, i, LETTER_JOURNAL, copy);
	}
	free(block);
	return 0;
}

static const char *const pieces[STORE_DATABASES] = {
	[STORE_RECORDS] = "the record",
	[STORE_JOURNAL] = "a piece of the journal",
	[STORE_GROUPS] = "the group",
};

static int note_unread(struct work *work, enum store_database database, const char *key,
		       size_t key_size, int why)
{
	struct unread *unread = calloc(1, sizeof(*unread));

	if (!unread)
		return -ENOMEM;
	log_line(LOG_WARNING, "state: %s %s is set aside: %s", pieces[database],
		 database == STORE_JOURNAL ? "" : key,
		 why == -ENOTSUP ? "it is of another format" : "it is damaged");
	unread->database = database;
	unread->key_size = key_size;
	memcpy(unread->key, key, key_size);
	unread->next = work->restored->unread;
	work->restored->unread = unread;
	/* Where one page is damaged, the next may be one that LMDB builds on: the file is replaced. */
	work->restored->damaged |= why == -EINVAL;
	count_add(work->plan->counters, COUNT_RECORDS_ASIDE, 1);
	return 0;
}

static int take_entry(struct work *work, enum store_database database, const char *key,
		      size_t key_size, struct block *block)
{
	static const enum envelope_kind kinds[STORE_DATABASES] = {
		[STORE_RECORDS] = ENVELOPE_RECORD,
		[STORE_JOURNAL] = ENVELOPE_JOURNAL,
		[STORE_GROUPS] = ENVELOPE_GROUP,
	};
	int r = envelope_check(block->bytes, block->used, kinds[database]);

	if (r == 0 && database != STORE_JOURNAL &&
	    !((const struct envelope *)(const void *)block->bytes)->name_length)
		r = -EINVAL;
	if (r == 0) {
		if (database == STORE_JOURNAL)
			return take_journal(work, block);
		if (database == STORE_RECORDS)
			return take_record(work, block);
		hand_over(work, 0, LETTER_GROUP, block); /* shards have the groups in common */
		return 0;
	}
	free(block);
	return note_unread(work, database, key, key_size, r);
}

static int read_database(struct work *work, const char *directory, enum store_database database,
			 int lock)
{
	char key[ENVELOPE_KEY_MAX + 1];
	struct reader reader;
	struct block *block;
	size_t key_size;
	int r = reader_start(&reader, directory, database, true, lock);

	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		work->restored->error = r;
		return 0;
	}
	work->restored->found = true;
	while ((r = reader_next(&reader, key, &key_size, &block)) == 0) {
		say_alive(work);
		r = take_entry(work, database, key, key_size, block);
		if (r < 0)
			break;
	}
	reader_finish(&reader);
	work->restored->damaged |= r == READER_BROKEN;
	return r < 0 ? r : 0;
}

static void wait_for_shards(struct work *work)
{
	const struct letter letter = {.kind = LETTER_RESTORED, .resave = work->restored->damaged};
	uint32_t shard;

	for (uint32_t i = 0; i < work->plan->shards; i++)
		queue_push(&work->plan->inboxes[i], &letter);
	for (uint32_t waiting = work->plan->shards; waiting > 0;) {
		int r = queue_pop(work->plan->restored, ALIVE_US, &shard);

		say_alive(work);
		waiting -= r == 0;
		if (r == QUEUE_CLOSED)
			return;
	}
}

int restore(const struct state_plan *plan, const char *directory, int lock,
	    struct restored *ret_restored)
{
	struct work work = {.plan = plan, .restored = ret_restored};
	int r = read_database(&work, directory, STORE_GROUPS, lock);

	if (r == 0)
		r = read_database(&work, directory, STORE_RECORDS, lock);
	if (r == 0)
		r = read_database(&work, directory, STORE_JOURNAL, lock);
	if (r == 0)
		wait_for_shards(&work);
	return r;
}

void restored_finish(struct restored *restored)
{
	while (restored->unread) {
		struct unread *next = restored->unread->next;

		free(restored->unread);
		restored->unread = next;
	}
}
