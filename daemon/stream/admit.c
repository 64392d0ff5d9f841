#include "daemon/stream/inside.h"

#include <errno.h>
#include <inttypes.h>

#include "daemon/base/log.h"
#include "daemon/stream/thresholds.h"

/* ---- memory ---- */

bool shard_is_full(const struct entry *entry)
{
	return rollcast_stream_latest(entry->stream) || entry->is_loaded;
}

void shard_account(struct shard *shard, struct entry *entry)
{
	size_t bytes = sizeof(*entry) + entry->name_length + rollcast_stream_bytes(entry->stream);

	if (bytes != entry->bytes) /* the counter is unsigned and wraps as the difference does */
		count_add(shard->plan.counters, COUNT_STREAMS_BYTES,
			  (uint64_t)bytes - (uint64_t)entry->bytes);
	entry->bytes = bytes;
	if (shard_is_full(entry) && bytes > entry->rule->typical)
		entry->rule->typical = bytes;
}

bool shard_has_memory(struct shard *shard, const struct rule *rule, size_t counted)
{
	uint64_t used = count_get(shard->plan.counters, COUNT_STREAMS_BYTES) - counted;
	uint64_t suppressed;

	if (used + rule->typical <= shard->rules->settings->memory_max)
		return true;
	if (log_allowed(&shard->full_memory, &suppressed))
		log_line(LOG_WARNING,
			 "streams are refused: limits.memory (%" PRIu64 " bytes) is reached",
			 shard->rules->settings->memory_max);
	return false;
}

static void release_stream(struct shard *shard)
{
	atomic_fetch_sub_explicit(&shard->plan.counters->values[COUNT_STREAMS], 1,
				  memory_order_relaxed);
}

void shard_let_go(struct shard *shard, struct entry *entry)
{
	struct counters *counters = shard->plan.counters;

	shard_owe_nothing(shard, entry);
	table_remove(&shard->table, entry);
	release_stream(shard);
	atomic_fetch_sub_explicit(&counters->values[COUNT_STREAMS_BYTES], entry->bytes,
				  memory_order_relaxed);
	entry->is_gone = true;
	if (!entry->in_training)
		entry_destroy(entry);
}

void shard_forget(struct shard *shard, struct entry *entry)
{
	keeper_forget(&shard->keeper, entry);
	shard_let_go(shard, entry);
}

/* ---- names ---- */

/* A place among limits.streams, which all shards share. */
static bool reserve_stream(struct shard *shard)
{
	struct counters *counters = shard->plan.counters;
	uint64_t before = atomic_fetch_add_explicit(&counters->values[COUNT_STREAMS], 1,
						    memory_order_relaxed);
	uint64_t suppressed;

	if (before < shard->rules->settings->streams_max)
		return true;
	release_stream(shard);
	if (log_allowed(&shard->full, &suppressed))
		log_line(LOG_WARNING, "streams are refused: limits.streams (%u) is reached",
			 shard->rules->settings->streams_max);
	return false;
}

/* A name without a rule, of which `samples` came. */
static void note_stranger(struct shard *shard, struct rollcast_text name, uint64_t hash,
			  uint32_t samples)
{
	shard->tally.unmatched += samples;
	strangers_add(&shard->strangers, hash, name.bytes, name.length);
}

/* Makes a stream that is let in. -ENOMEM. */
static int make_stream(struct shard *shard, struct rollcast_text name, uint64_t hash,
		       struct rule *rule, struct entry **ret_entry)
{
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	int r = rollcast_stream_create(name.bytes, &rule->set->stream, &stream);

	if (r == 0)
		r = table_add(&shard->table, hash, name.bytes, (uint32_t)name.length, ret_entry);
	if (r)
		return r;
	(*ret_entry)->rule = rule;
	(*ret_entry)->sent_us = NONE_BEFORE;
	(*ret_entry)->watching = thresholds_watching(shard->rules->settings, name);
	(*ret_entry)->is_channel = shard_is_channel(shard->rules->settings, name);
	(*ret_entry)->stream = STEAL(stream);
	shard_account(shard, *ret_entry);
	return 0;
}

struct entry *shard_admit(struct shard *shard, struct rollcast_text name, uint64_t hash,
			  uint32_t samples)
{
	struct rule *rule = rules_find(shard->rules, name);
	struct entry *entry = NULL;

	if (!rule) {
		note_stranger(shard, name, hash, samples);
	} else if (!shard_has_memory(shard, rule, 0)) {
		shard->tally.refused_memory += samples;
	} else if (!reserve_stream(shard)) {
		shard->tally.refused += samples;
	} else if (make_stream(shard, name, hash, rule, &entry) < 0) {
		release_stream(shard);
		shard->tally.failed += samples;
	}
	return entry;
}

struct entry *shard_find_or_admit(struct shard *shard, const struct sample_record *record)
{
	struct rollcast_text name = {sample_record_name(record), record->name_length};
	struct entry *entry;

	if (strangers_know(&shard->strangers, record->hash)) {
		shard->tally.unmatched += record->count;
		return NULL;
	}
	entry = table_find(&shard->table, record->hash, name.bytes, record->name_length);
	if (!entry || !shard_settle(shard, entry)) /* admitting notes that no rule matches */
		entry = shard_admit(shard, name, record->hash, record->count);
	return entry;
}

void shard_log_strangers(struct shard *shard)
{
	uint64_t suppressed;

	if (!shard->strangers.count || !log_allowed(&shard->unmatched, &suppressed))
		return;
	log_line(LOG_WARNING, "%" PRIu64 " names match no rule and are not forecast, such as %s",
		 shard->strangers.count, shard->strangers.names);
	strangers_begin_line(&shard->strangers);
}
