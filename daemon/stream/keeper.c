#include "daemon/stream/keeper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/envelope.h"
#include "daemon/base/log.h"

enum { RECORDS_A_TURN = 16 };

/* ---- samples ---- */

/* False: the block still has to go. */
static bool send_journal(struct keeper *keeper, bool wait)
{
	const struct keeping keeping = {
		.kind = KEEPING_JOURNAL,
		.shard = keeper->shard,
		.block = keeper->journal,
		.samples = keeper->samples,
		.since_us = keeper->since_us,
	};

	if (!keeper->journal)
		return true;
	if ((wait ? queue_push : queue_try_push)(keeper->queue, &keeping))
		return false;
	keeper->journal = NULL;
	keeper->samples = 0;
	return true;
}

static void *append(struct keeper *keeper, size_t size)
{
	void *memory = keeper->journal ? block_append(keeper->journal, size) : NULL;

	if (memory || (keeper->journal && !send_journal(keeper, false)))
		return memory;
	keeper->journal = block_pool_try_take(keeper->journals);
	if (!keeper->journal)
		return NULL;
	keeper->since_us = clock_monotonic_us();
	envelope_begin(block_append(keeper->journal, envelope_size(0)), ENVELOPE_JOURNAL, 0, NULL,
		       0);
	return block_append(keeper->journal, size);
}

void keeper_note(struct keeper *keeper, const struct entry *entry,
		 const struct sample_record *record)
{
	size_t size = sample_record_size(record->count, record->name_length);
	struct sample_record *copy = keeper->queue ? append(keeper, size) : NULL;

	if (copy) {
		memcpy(copy, record, size);
		copy->position = entry->position;
		keeper->samples += record->count;
	} else if (keeper->queue) {
		count_add(keeper->counters, COUNT_JOURNAL_LOST, record->count);
	}
}

/* ---- streams ---- */

static struct block *make_record(const struct keeper *keeper, const struct entry *entry)
{
	size_t head = envelope_size(entry->name_length);
	size_t size = rollcast_stream_save(entry->stream, NULL, 0);
	struct block *block = block_create(head + size);

	if (!block)
		return NULL;
	envelope_begin(block->bytes, ENVELOPE_RECORD, entry->position, entry->name,
		       entry->name_length);
	struct envelope *envelope = (void *)block->bytes;

	envelope->thresholds = keeper->thresholds;
	envelope->raised = entry->raised;
	rollcast_stream_save(entry->stream, block->bytes + head, size);
	block->used = head + size;
	return block;
}

/* False: not now. */
static bool save(struct keeper *keeper, struct entry *entry, bool wait)
{
	struct keeping keeping = {
		.kind = KEEPING_RECORD, .shard = keeper->shard, .aside = entry->aside};

	if (!wait && queue_is_full(keeper->queue))
		return false;
	keeping.block = make_record(keeper, entry);
	if (!keeping.block)
		return false;
	if ((wait ? queue_push : queue_try_push)(keeper->queue, &keeping)) {
		free(keeping.block);
		return false;
	}
	entry->dirty = false;
	entry->aside = false;
	return true;
}

void keeper_forget(struct keeper *keeper, const struct entry *entry)
{
	struct keeping keeping = {.kind = KEEPING_FORGOTTEN, .shard = keeper->shard};
	size_t size = envelope_size(entry->name_length);

	if (!keeper->queue)
		return;
	keeping.block = block_create(size);
	if (!keeping.block)
		return;
	envelope_begin(keeping.block->bytes, ENVELOPE_RECORD, entry->position, entry->name,
		       entry->name_length);
	keeping.block->used = size;
	if (queue_try_push(keeper->queue, &keeping))
		free(keeping.block);
}

void keeper_part(struct keeper *keeper, struct entry *entry)
{
	if (keeper->queue && entry->dirty)
		save(keeper, entry, false);
}

void keeper_set_every(struct keeper *keeper, int64_t every_us)
{
	int64_t due_us = clock_monotonic_us() + every_us;

	keeper->every_us = every_us;
	keeper->due_us = keeper->due_us < due_us ? keeper->due_us : due_us;
}

/* Some of the round. True when it has gone through the table; one that changed is gone through anew. */
static bool go_on(struct keeper *keeper, size_t most, bool wait)
{
	struct table *table = keeper->table;

	if (keeper->changes != table->changes) {
		keeper->changes = table->changes;
		keeper->next = 0;
	}
	for (; keeper->next < table->capacity && most > 0; keeper->next++) {
		struct entry *entry = table->slots[keeper->next];

		if (!entry || !entry->stream || !entry->dirty)
			continue;
		if (!save(keeper, entry, wait))
			return false;
		most--;
	}
	return keeper->next == table->capacity;
}

/* A commit that failed may have had any stream in it. */
static void offer_again(struct keeper *keeper)
{
	uint64_t failures = count_get(keeper->counters, COUNT_STATE_FAILURES);

	if (failures == keeper->failures)
		return;
	keeper->failures = failures;
	for (size_t i = 0; i < keeper->table->capacity; i++)
		if (keeper->table->slots[i])
			keeper->table->slots[i]->dirty = true;
}

static bool begin_round(struct keeper *keeper, bool wait)
{
	const struct keeping keeping = {.kind = KEEPING_ROUND_BEGIN, .shard = keeper->shard};

	if ((wait ? queue_push : queue_try_push)(keeper->queue, &keeping))
		return false;
	offer_again(keeper);
	keeper->in_round = true;
	keeper->next = 0;
	return true;
}

static void end_round(struct keeper *keeper, bool wait)
{
	const struct keeping keeping = {.kind = KEEPING_ROUND_END, .shard = keeper->shard};

	if ((wait ? queue_push : queue_try_push)(keeper->queue, &keeping))
		return;
	keeper->in_round = false;
	keeper->due_us = clock_monotonic_us() + keeper->every_us;
}

bool keeper_turn(struct keeper *keeper)
{
	if (!keeper->queue || !send_journal(keeper, false))
		return false;
	if (!keeper->in_round && clock_monotonic_us() >= keeper->due_us)
		begin_round(keeper, false);
	if (keeper->in_round && go_on(keeper, RECORDS_A_TURN, false))
		end_round(keeper, false);
	return keeper->in_round;
}

static void save_group(struct keeper *keeper, struct rule *rule, bool wait)
{
	uint64_t generation = group_generation(rule->group);
	struct keeping keeping = {.kind = KEEPING_GROUP, .shard = keeper->shard};

	if (generation == rule->saved || (!wait && queue_is_full(keeper->queue)))
		return;
	keeping.block = group_save(rule->group);
	if (!keeping.block)
		return;
	if ((wait ? queue_push : queue_try_push)(keeper->queue, &keeping))
		free(keeping.block);
	else
		rule->saved = generation;
}

void keeper_save_groups(struct keeper *keeper, struct rules *rules, uint32_t shards, bool wait)
{
	uint64_t failures;
	int64_t now_us;

	if (!keeper->queue || !rules->have_groups)
		return;
	now_us = clock_monotonic_us();
	if (!wait && now_us < keeper->groups_due_us)
		return;
	keeper->groups_due_us = now_us + keeper->every_us;
	/* A commit that failed may have had any group in it. */
	failures = count_get(keeper->counters, COUNT_STATE_FAILURES);
	for (size_t i = 0; i < rules->count && failures != keeper->failures_of_groups; i++)
		rules->items[i].saved = 0;
	keeper->failures_of_groups = failures;
	for (size_t i = keeper->shard; i < rules->count; i += shards)
		if (rules->items[i].group)
			save_group(keeper, &rules->items[i], wait);
}

void keeper_finish(struct keeper *keeper)
{
	if (!keeper->queue)
		return;
	send_journal(keeper, true);
	if (begin_round(keeper, true) && go_on(keeper, SIZE_MAX, true))
		end_round(keeper, true);
	if (keeper->journal) /* the queue is closed: the daemon could not start */
		block_pool_give(keeper->journals, STEAL(keeper->journal));
}

/* ---- on start ---- */

int keeper_load(const struct keeper *keeper, struct entry *entry, const struct block *block)
{
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	const struct envelope *envelope = (const void *)block->bytes;
	size_t head = envelope_size(envelope->name_length);
	int r = rollcast_stream_load(&entry->rule->set->stream, block->bytes + head,
				     block->used - head, &stream);

	if (r == -ENOMEM)
		return r;
	if (r < 0 || strcmp(rollcast_stream_name(stream), entry->name)) {
		log_line(LOG_WARNING, "state: the record of %s is set aside: %s", entry->name,
			 r == -ENOTSUP ? "it is of another format" : "it is damaged");
		entry->aside = true;
		return 0;
	}
	rollcast_stream_destroy(entry->stream);
	entry->stream = STEAL(stream);
	entry->position = envelope->position;
	if (envelope->thresholds == keeper->thresholds)
		entry->raised = envelope->raised & entry->watching;
	entry->dirty = r > 0;
	entry->is_loaded = true;
	count_add(keeper->counters, r > 0 ? COUNT_RESTORED_PARTLY : COUNT_RESTORED, 1);
	return 0;
}
