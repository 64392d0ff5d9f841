/*
 * Streams pass over to other settings one by one, with their next sample or when their turn comes, so
 * that samples never wait for all of them. Until the last one has, the settings before stay.
 */
#include "daemon/stream/inside.h"

#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/stream/thresholds.h"

enum { TURN_US = 5000 }; /* for one turn of those whose turn it is */

bool shard_is_settled(const struct shard *shard, const struct entry *entry)
{
	return !shard->rules_before || rules_have(shard->rules, entry->rule);
}

/* Whether a threshold of that name watches, and which. */
static bool find_watching(const struct settings *settings, uint64_t watching, const char *name,
			  uint64_t *ret_bit)
{
	for (; watching; watching &= watching - 1) {
		*ret_bit = watching & -watching;
		if (!strcmp(settings->thresholds[__builtin_ctzll(watching)].name, name))
			return true;
	}
	return false;
}

/* Alerts that stand keep standing by their thresholds' names; those that have lost theirs are cleared. */
static void change_alerts(struct shard *shard, struct entry *entry)
{
	const struct settings *before = shard->rules_before->settings;
	const struct settings *after = shard->rules->settings;
	struct rollcast_text name = {entry->name, entry->name_length};
	uint64_t watching = thresholds_watching(after, name), kept = 0, ended = 0, bit;

	for (uint64_t left = entry->raised; left; left &= left - 1) {
		const char *threshold = before->thresholds[__builtin_ctzll(left)].name;

		if (find_watching(after, watching, threshold, &bit))
			kept |= bit;
		else
			ended |= left & -left;
	}
	shard_end_alerts(shard, before, entry, ended);
	entry->dirty |= entry->raised != 0;
	entry->watching = watching;
	entry->raised = kept;
}

/* A stream that cannot be changed, for want of memory, begins anew: its settings will be gone. */
static int change_stream(struct shard *shard, struct entry *entry, const struct rule *rule)
{
	const struct rollcast_stream *before = entry->stream;
	int r = rollcast_stream_change(&entry->stream, &rule->set->stream);

	if (r < 0)
		return r;
	if (entry->stream != before) {
		entry->is_loaded |= rollcast_stream_step_us(entry->stream) > 0;
		entry->is_other |= entry->in_training;
		entry->dirty = true;
		count_add(shard->plan.counters,
			  r > 0 ? COUNT_STREAMS_CHANGED_PARTLY : COUNT_STREAMS_CHANGED, 1);
	}
	return 0;
}

static void let_go(struct shard *shard, struct entry *entry, const char *why)
{
	uint64_t suppressed;

	if (log_allowed(&shard->let_go, &suppressed))
		log_line(LOG_NOTICE, "stream %s is let go: %s (%lu more since the last line)",
			 entry->name, why, (unsigned long)suppressed);
	count_add(shard->plan.counters, COUNT_STREAMS_FORGOTTEN_RULE, 1);
	shard_end_alerts(shard, shard->rules_before->settings, entry, entry->raised);
	keeper_part(&shard->keeper, entry);
	shard_let_go(shard, entry);
}

bool shard_settle(struct shard *shard, struct entry *entry)
{
	struct rollcast_text name = {entry->name, entry->name_length};
	struct rule *rule;
	int r;

	if (shard_is_settled(shard, entry))
		return true;
	rule = rules_find(shard->rules, name);
	r = rule ? change_stream(shard, entry, rule) : 0;
	if (!rule || r < 0) {
		let_go(shard, entry, rule ? strerror(-r) : "no rule matches it any more");
		return false;
	}
	change_alerts(shard, entry);
	entry->rule = rule;
	entry->is_channel = shard_is_channel(shard->rules->settings, name);
	shard_account(shard, entry);
	return true;
}

/* ---- all of them ---- */

/* What points into the settings before has been handed on by then. */
static void say_settled(struct shard *shard)
{
	shard_send_forecasts(shard);
	rules_destroy(STEAL(shard->rules_before));
	shard->keeper.thresholds = thresholds_digest(shard->rules->settings);
	queue_try_push(shard->plan.settled, &shard->plan.index); /* it has a place for each shard */
}

void shard_take_rules(struct shard *shard, struct rules *rules)
{
	shard->rules_before = shard->rules;
	shard->rules = rules;
	shard->settle_next = 0;
	shard->settle_changes = shard->table.changes;
	shard->keeper.thresholds = 0; /* until all bits are those of the one or the other */
	keeper_set_every(&shard->keeper, rules->settings->state.checkpoint_us);
	strangers_forget(&shard->strangers);
}

bool shard_settle_some(struct shard *shard)
{
	struct table *table = &shard->table;
	int64_t until_us;

	if (!shard->rules_before)
		return false;
	if (shard->settle_changes != table->changes)
		shard->settle_next = 0;
	until_us = clock_monotonic_us() + TURN_US;
	while (shard->settle_next < table->capacity && clock_monotonic_us() < until_us) {
		struct entry *entry = table->slots[shard->settle_next];

		/* Another one may move into the slot of one that goes. */
		if (!entry || shard_settle(shard, entry))
			shard->settle_next++;
	}
	shard->settle_changes = table->changes;
	if (shard->settle_next == table->capacity)
		say_settled(shard);
	return shard->rules_before != NULL;
}
