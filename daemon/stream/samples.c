#include "daemon/stream/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/envelope.h"
#include "daemon/base/log.h"
#include "daemon/stream/thresholds.h"

/* ---- samples in ---- */

/* Steps without their forecasts, and without a training. */
static void take_steps(struct shard *shard, struct entry *entry)
{
	int r;

	while ((r = rollcast_stream_take(entry->stream)) > 0) {
		shard->tally.steps++;
		shard_owe(shard, entry);
		shard_put_off(shard, entry);
	}
	shard_share_recent(shard, entry);
	shard_account(shard, entry);
	if (r < 0)
		shard_log_failure(shard, entry, r);
}

void shard_run_steps(struct shard *shard, struct entry *entry)
{
	const struct rollcast_forecast *forecast;
	int r;

	if (!shard_is_full(entry) && rollcast_stream_step_us(entry->stream) &&
	    !shard_has_memory(shard, entry->rule, entry->bytes)) {
		entry->is_over = true;
		return;
	}
	rollcast_stream_share(entry->stream, rule_shared(entry->rule));
	shard_open_channels(shard, entry);
	if (shard->is_behind) {
		take_steps(shard, entry);
		return;
	}
	while ((r = rollcast_stream_step(entry->stream, &forecast)) > 0) {
		shard->tally.skipped += entry->owed_us != 0;
		shard_owe_nothing(shard, entry);
		shard_share_step(shard, entry, forecast);
		if (shard->restoring) { /* it is old, and was sent in its time */
			entry->sent_us = forecast->origin_us;
			entry->drifts = forecast->drifts;
			continue;
		}
		shard->tally.steps++;
		shard->tally.drifts += forecast->drifts - entry->drifts;
		entry->drifts = forecast->drifts;
		shard_publish(shard, entry, forecast);
		shard_train_if_due(shard, entry);
	}
	shard_account(shard, entry);
	if (r < 0)
		shard_log_failure(shard, entry, r);
}

/* The stream may be forgotten at the end: it came to need more memory than there is. */
static void push_samples(struct shard *shard, struct entry *entry,
			 const struct sample_record *record, uint32_t from)
{
	const double *values = sample_record_values(record);

	entry->dirty = true;
	entry->quiet = false;
	for (uint32_t i = from; i < record->count && !entry->is_over; i++) {
		shard_train_groups(shard, record->times_us[i]);

		int r = rollcast_stream_push(entry->stream, record->times_us[i], values[i]);

		if (r < 0) {
			shard_log_failure(shard, entry, r);
			continue;
		}
		shard->tally.pushed[r] += !shard->restoring;
		shard_run_steps(shard, entry);
	}
	if (entry->is_over) {
		shard->tally.forgotten_memory++;
		shard_forget(shard, entry);
	}
}

static void take_record(struct shard *shard, const struct sample_record *record, int64_t now_us)
{
	struct entry *entry = shard_find_or_admit(shard, record);

	thresholds_share(shard->rules->settings, shard->plan.limits, record, now_us);
	if (!entry)
		return;
	keeper_note(&shard->keeper, entry, record);
	entry->position += record->count;
	entry->arrival_us = now_us;
	push_samples(shard, entry, record, 0);
}

void shard_take_samples(struct shard *shard, struct block *block)
{
	int64_t now_us = clock_monotonic_us();

	for (size_t place = 0; place < block->used;) {
		const struct sample_record *record = (const void *)(block->bytes + place);

		take_record(shard, record, now_us);
		place += block_rounded(sample_record_size(record->count, record->name_length));
	}
	block_pool_give(shard->plan.samples, block);
}

/* ---- what was kept ---- */

void shard_restore_group(struct shard *shard, struct block *block)
{
	const struct envelope *envelope = (const void *)block->bytes;

	for (size_t i = 0; i < shard->rules->count; i++)
		if (shard->rules->items[i].group &&
		    group_load(shard->rules->items[i].group, envelope, block->used))
			break;
	free(block);
}

void shard_restore_stream(struct shard *shard, struct block *block)
{
	const struct envelope *envelope = (const void *)block->bytes;
	struct rollcast_text name = {envelope_name(envelope), envelope->name_length};
	uint64_t hash = rollcast_name_hash(name);
	struct entry *entry = NULL;
	int r = 0;

	/* Without a rule, or a place, it stays where it is: settings may change again. */
	if (rules_find(shard->rules, name) &&
	    !table_find(&shard->table, hash, name.bytes, (uint32_t)name.length))
		entry = shard_admit(shard, name, hash, 0);
	if (entry) {
		entry->arrival_us = clock_monotonic_us();
		r = keeper_load(&shard->keeper, entry, block);
		shard_share_recent(shard, entry);
		shard_account(shard, entry);
	}
	if (r < 0)
		log_line(LOG_ERR, "state: %s is not restored: %s", name.bytes, strerror(-r));
	free(block);
}

/* What a stream's record does not hold yet. */
static void replay_samples(struct shard *shard, const struct sample_record *record)
{
	struct entry *entry = shard_find_or_admit(shard, record);
	uint64_t known;

	if (!entry || record->position + record->count <= entry->position)
		return;
	known = entry->position > record->position ? entry->position - record->position : 0;
	entry->position = record->position + record->count;
	entry->arrival_us = clock_monotonic_us();
	push_samples(shard, entry, record, (uint32_t)known);
	count_add(shard->plan.counters, COUNT_REPLAYED, record->count - known);
}

void shard_replay_journal(struct shard *shard, struct block *block)
{
	const struct sample_record *record;

	for (size_t place = sizeof(struct envelope);
	     (record = sample_record_at(block, place)) != NULL;
	     place += sample_record_rounded(record))
		if (record->hash % shard->plan.shards == shard->plan.index)
			replay_samples(shard, record);
	free(block);
}

void shard_end_restoring(struct shard *shard, bool resave)
{
	shard->restoring = false;
	for (size_t i = 0; resave && i < shard->table.capacity; i++)
		if (shard->table.slots[i])
			shard->table.slots[i]->dirty = true;
	if (resave)
		shard->keeper.due_us = 0;
	queue_push(shard->plan.restored, &shard->plan.index);
}
