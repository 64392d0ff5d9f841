#include "daemon/stream/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/stream/answer.h"
#include "daemon/stream/thresholds.h"

enum {
	TICK_US = 250000,
	CHECKPOINT_TICK_US = 10000, /* while a checkpoint is going on */
	FORECAST_BLOCK_BYTES = 65536,
	TELL_US = 1000, /* from round to round while there is a snapshot to send */
	TTL_STEPS = 10, /* of silence, before a stream is forgotten */
};

_Static_assert(COUNT_PUSH_END - COUNT_PUSH == ROLLCAST_PUSH_RESULTS,
	       "a counter for each result of a push");

/* ---- letters ---- */

static void take_questions(struct shard *shard)
{
	struct question *question;

	while (queue_pop(shard->plan.questions, 0, &question) == 0)
		answer_question(shard, question);
}

static void take_letter(struct shard *shard, struct letter *letter)
{
	switch (letter->kind) {
	case LETTER_SAMPLES:
		shard->arrival_us = letter->arrival_us;
		shard_look_behind(shard, letter->arrival_us);
		shard_take_samples(shard, letter->samples);
		shard->arrival_us = 0;
		shard->is_behind = false;
		heartbeat_beat(shard->plan.heartbeat);
		break;
	case LETTER_TRAINED:
		shard_adopt(shard, &letter->training);
		break;
	case LETTER_QUESTION:
		break; /* it only wakes the shard */
	case LETTER_GROUP:
		shard->restoring = true;
		shard_restore_group(shard, letter->kept);
		break;
	case LETTER_RECORD:
	case LETTER_JOURNAL:
		shard->restoring = true;
		(letter->kind == LETTER_RECORD ? shard_restore_stream
					       : shard_replay_journal)(shard, letter->kept);
		break;
	case LETTER_RESTORED:
		shard_end_restoring(shard, letter->resave);
		break;
	case LETTER_RULES:
		shard_take_rules(shard, letter->rules);
		break;
	case LETTER_SNAPSHOT:
		shard->telling = letter->snapshot;
		shard->told_slots = 0;
		break;
	}
}

/* ---- silence ---- */

/* Whether a stream has been silent for the time to live, and for so many of its steps. */
static bool is_expired(const struct shard *shard, const struct entry *entry, int64_t silence_us)
{
	int64_t ttl_us = shard->rules->settings->ttl_us;

	return ttl_us && silence_us > ttl_us &&
	       silence_us / TTL_STEPS > rollcast_stream_step_us(entry->stream);
}

/*
 * The data's own time closes steps. A stream that has been silent for a whole step more than it should
 * gets its open steps closed by the wall clock.
 */
static void close_if_silent(struct shard *shard, struct entry *entry, int64_t silence_us)
{
	int64_t step_us = rollcast_stream_step_us(entry->stream);
	int64_t patience_us = 2 * step_us + entry->rule->set->stream.grid.lateness_us;

	if (entry->quiet || step_us == 0 || silence_us <= patience_us)
		return;
	entry->quiet = true;
	entry->dirty = true;
	rollcast_stream_flush(entry->stream);
	shard_run_steps(shard, entry);
}

/* Returns whether the entry was forgotten: another one may have moved into its slot. */
static bool look_at(struct shard *shard, struct entry *entry, int64_t now_us)
{
	int64_t silence_us = now_us - entry->arrival_us;
	bool is_old = is_expired(shard, entry, silence_us);

	if (!shard_is_settled(shard, entry))
		return false; /* its turn comes */
	if (!is_old)
		close_if_silent(shard, entry, silence_us);
	if (!is_old && !entry->is_over)
		return false;
	if (!shard_end_alerts(shard, shard->rules->settings, entry, entry->raised))
		return false; /* its turn comes again */
	shard->tally.forgotten += is_old;
	shard->tally.forgotten_memory += !is_old;
	shard_forget(shard, entry);
	return true;
}

static void look_for_silence(struct shard *shard)
{
	struct table *table = &shard->table;
	int64_t now_us = clock_monotonic_us();

	if (now_us - shard->tick_us < TICK_US || shard->restoring)
		return;
	shard->tick_us = now_us;
	for (size_t i = 0; i < table->capacity;)
		if (!table->slots[i] || !look_at(shard, table->slots[i], now_us))
			i++;
	shard_log_strangers(shard);
}

/* ---- the loop ---- */

static void publish_tally(struct shard *shard)
{
	struct counters *counters = shard->plan.counters;
	struct tally *tally = &shard->tally;

	for (int i = 0; i < ROLLCAST_PUSH_RESULTS; i++)
		count_add(counters, COUNT_PUSH + i, tally->pushed[i]);
	count_add(counters, COUNT_STREAMS_REFUSED, tally->refused);
	count_add(counters, COUNT_STREAMS_REFUSED_MEMORY, tally->refused_memory);
	count_add(counters, COUNT_STREAMS_FORGOTTEN_TTL, tally->forgotten);
	count_add(counters, COUNT_STREAMS_FORGOTTEN_MEMORY, tally->forgotten_memory);
	count_add(counters, COUNT_STREAMS_UNMATCHED, tally->unmatched);
	count_add(counters, COUNT_STEPS, tally->steps);
	count_add(counters, COUNT_DRIFTS, tally->drifts);
	count_add(counters, COUNT_FORECASTS_DROPPED, tally->dropped);
	count_add(counters, COUNT_FORECASTS_SKIPPED, tally->skipped);
	count_add(counters, COUNT_FAILURES, tally->failed);
	*tally = (struct tally){0};
}

static void *run(void *argument)
{
	struct shard *shard = argument;
	struct letter letter;
	int64_t patience_us = TICK_US;
	int r;

	do {
		heartbeat_beat(shard->plan.heartbeat);
		r = queue_pop(shard->plan.inbox, patience_us, &letter);
		for (int i = 0; r == 0 && i < LETTERS_MAX; i++) {
			take_letter(shard, &letter);
			take_questions(shard);
			r = queue_pop(shard->plan.inbox, 0, &letter);
		}
		if (r == 0)
			take_letter(shard, &letter);
		take_questions(shard);
		look_for_silence(shard);
		shard_send_forecasts(shard);
		shard_tell_some(shard);
		patience_us = shard->telling ? TELL_US : TICK_US;
		if (shard_settle_some(shard) | shard_pay_some(shard))
			patience_us = 0;
		if (!shard->restoring && keeper_turn(&shard->keeper) &&
		    patience_us > CHECKPOINT_TICK_US)
			patience_us = CHECKPOINT_TICK_US;
		if (!shard->restoring)
			keeper_save_groups(&shard->keeper, shard->rules, shard->plan.shards, false);
		publish_tally(shard);
	} while (r != QUEUE_CLOSED);
	shard_pay_no_more(shard);
	publish_tally(shard);
	keeper_save_groups(&shard->keeper, shard->rules, shard->plan.shards, true);
	shard_send_forecasts(shard); /* alerts that have ended with other settings */
	keeper_finish(&shard->keeper);
	return NULL;
}

/* ---- life ---- */

int shard_create(const struct shard_plan *plan, struct shard **ret_shard)
{
	CLEANUP(shard_destroy) struct shard *shard = calloc(1, sizeof(*shard));

	if (!shard)
		return -ENOMEM;
	shard->plan = *plan;
	int r = rules_create(plan->settings, plan->groups, &shard->rules);

	if (r == 0)
		r = table_init(&shard->table);
	if (r == 0)
		r = strangers_init(&shard->strangers);
	if (r < 0)
		return r;
	shard->restoring = plan->state != NULL;
	shard->keeper = (struct keeper){
		.queue = plan->state,
		.journals = plan->journals,
		.counters = plan->counters,
		.table = &shard->table,
		.shard = plan->index,
		.thresholds = thresholds_digest(plan->settings),
		.every_us = plan->settings->state.checkpoint_us,
		.due_us = clock_monotonic_us() + plan->settings->state.checkpoint_us,
	};
	*ret_shard = STEAL(shard);
	return 0;
}

int shard_start(struct shard *shard)
{
	char name[16];

	snprintf(name, sizeof(name), "shard-%hu", (unsigned short)shard->plan.index);
	int r = thread_start(&shard->thread, name, run, shard);

	shard->started = r == 0;
	return r;
}

void shard_join(struct shard *shard)
{
	if (!shard || !shard->started)
		return;
	pthread_join(shard->thread, NULL);
	shard->started = false;
}

void shard_destroy(struct shard *shard)
{
	if (!shard)
		return;
	shard_join(shard);
	table_finish(&shard->table);
	strangers_finish(&shard->strangers);
	rules_destroy(shard->rules_before);
	rules_destroy(shard->rules);
	free(shard);
}

size_t shard_forecast_block_size(const struct settings *settings)
{
	size_t largest = FORECAST_BLOCK_BYTES;

	for (size_t i = 0; i < settings->stream_count; i++) {
		const struct rollcast_stream_settings *stream = &settings->streams[i].stream;
		size_t rows = 2 + 2 * stream->level_count + 1;
		size_t size = sizeof(struct forecast_record) + sizeof(struct rollcast_forecast) +
			      ROLLCAST_NAME_MAX + rows * (stream->horizon + 1) * sizeof(double) +
			      256;

		if (size > largest)
			largest = size;
	}
	return largest;
}
