#include "daemon/stream/shard.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/envelope.h"
#include "daemon/base/log.h"
#include "daemon/message.h"
#include "daemon/stream/answer.h"
#include "daemon/stream/keeper.h"
#include "daemon/stream/strangers.h"
#include "daemon/stream/table.h"
#include "daemon/stream/thresholds.h"
#include "daemon/stream/trainings.h"

enum {
	TICK_US = 250000,
	CHECKPOINT_TICK_US = 10000, /* while a checkpoint is going on */
	LETTERS_MAX = 64,	    /* before forecasts are sent on */
	FORECAST_BLOCK_BYTES = 65536,
	TELL_US = 1000,	   /* from round to round while there is a snapshot to send */
	TELL_SLOTS = 4096, /* looked at in a round */
	TTL_STEPS = 10,	   /* of silence, before a stream is forgotten */
};

_Static_assert(COUNT_PUSH_END - COUNT_PUSH == ROLLCAST_PUSH_RESULTS,
	       "a counter for each result of a push");

/* Counted here per sample, added to the daemon's counters per letter. */
struct tally {
	uint64_t pushed[ROLLCAST_PUSH_RESULTS];
	uint64_t refused, refused_memory, forgotten, forgotten_memory, unmatched, steps, dropped,
		failed;
};

/* How many forecasts of the block being filled one letter of samples led to. */
struct waiting {
	int64_t arrival_us;
	uint32_t count;
};

struct shard {
	struct shard_plan plan;
	struct table table;
	struct strangers strangers;
	size_t *typical;       /* [rules]: bytes of the largest stream of a rule so far */
	struct rollcast_shared **shared; /* [rules], what their streams share; NULL: nothing */
	uint64_t generation;		 /* of the groups, when that was */
	size_t unmatched_count;
	struct block *filling; /* forecasts; NULL: none taken */
	uint32_t filling_count;
	struct waiting waiting[LETTERS_MAX + 1];
	uint32_t waiting_count;
	int64_t arrival_us; /* of the samples being taken; 0: none are */
	struct trainings trainings;
	struct keeper keeper;
	bool restoring; /* what comes was kept, and is neither sent nor kept again */
	struct tally tally;
	struct log_limit out_behind, failures, diverged, full, full_memory, unmatched;
	struct snapshot *telling; /* being sent; NULL: none */
	size_t told_slots;	  /* of the table, done with */
	uint64_t told_changes;	  /* the table's, when they were */
	int64_t tick_us;	  /* when silent streams were last looked for */
	pthread_t thread;
	bool started;
};

/* ---- forecasts out ---- */

static void drop_forecasts(struct shard *shard, uint32_t count)
{
	uint64_t suppressed;

	shard->tally.dropped += count;
	if (log_allowed(&shard->out_behind, &suppressed))
		log_line(LOG_WARNING, "forecasts are dropped: the outputs are behind");
}

/* The time of forecasts runs until they are sent; those of silence have none. */
static void start_latency(struct shard *shard)
{
	struct waiting *last = &shard->waiting[shard->waiting_count];

	if (shard->arrival_us == 0)
		return;
	if (shard->waiting_count == 0 || last[-1].arrival_us != shard->arrival_us)
		shard->waiting[shard->waiting_count++] = (struct waiting){shard->arrival_us, 1};
	else
		last[-1].count++;
}

static void stop_latency(struct shard *shard)
{
	int64_t now_us = clock_monotonic_us();

	for (uint32_t i = 0; i < shard->waiting_count; i++)
		histogram_add(shard->plan.latency, now_us - shard->waiting[i].arrival_us,
			      shard->waiting[i].count);
}

static void send_forecasts(struct shard *shard)
{
	struct block *block = shard->filling;

	if (!block)
		return;
	shard->filling = NULL;
	if (queue_try_push(shard->plan.out, &block) == 0) {
		count_add(shard->plan.counters, COUNT_FORECASTS, shard->filling_count);
		stop_latency(shard);
	} else {
		block_pool_give(shard->plan.forecasts, block);
		drop_forecasts(shard, shard->filling_count);
	}
	shard->filling_count = 0;
	shard->waiting_count = 0;
}

/*
 * A copy of the forecast at the end of the block in hand, or of a fresh one, which is taken only if
 * more than `spare` are free. NULL: no room.
 */
static struct forecast_record *
append_forecast(struct shard *shard, const struct rollcast_forecast *forecast, size_t spare)
{
	size_t size = forecast_record_size(forecast);
	struct forecast_record *record = NULL;

	if (shard->filling) {
		record = block_append(shard->filling, size);
		if (!record)
			send_forecasts(shard);
	}
	if (!shard->filling && block_pool_free_count(shard->plan.forecasts) > spare) {
		shard->filling = block_pool_try_take(shard->plan.forecasts);
		record = shard->filling ? block_append(shard->filling, size) : NULL;
	}
	if (!record)
		return NULL;
	rollcast_forecast_copy(forecast, forecast_record_forecast(record));
	shard->filling_count++;
	return record;
}

/* How near the thresholds are; an alert that is not sent has not changed. */
static void check_thresholds(struct shard *shard, struct entry *entry,
			     struct forecast_record *record)
{
	entry->raised = thresholds_check(shard->plan.settings, shard->plan.limits, entry->watching,
					 entry->raised, forecast_record_forecast(record));
}

static void publish(struct shard *shard, struct entry *entry,
		    const struct rollcast_forecast *forecast, int64_t before_us)
{
	struct forecast_record *record = append_forecast(shard, forecast, 0);

	if (!record) {
		drop_forecasts(shard, 1);
		return;
	}
	check_thresholds(shard, entry, record);
	record->before_us = before_us;
	record->only_output = FOR_ALL_OUTPUTS;
	start_latency(shard);
}

/* ---- memory ---- */

/* Whether the stream has made all that it needs; before the step is known it has little. */
static bool is_full(const struct entry *entry)
{
	return rollcast_stream_latest(entry->stream) || entry->is_loaded;
}

static size_t *typical_bytes(struct shard *shard, const struct stream_settings *rule)
{
	return &shard->typical[rule - shard->plan.settings->streams];
}

/* Brings what is counted for a stream up to date. */
static void account(struct shard *shard, struct entry *entry)
{
	size_t bytes = sizeof(*entry) + entry->name_length + rollcast_stream_bytes(entry->stream);
	size_t *typical = typical_bytes(shard, entry->rule);

	if (bytes != entry->bytes) /* the counter is unsigned and wraps as the difference does */
		count_add(shard->plan.counters, COUNT_STREAMS_BYTES,
			  (uint64_t)bytes - (uint64_t)entry->bytes);
	entry->bytes = bytes;
	if (is_full(entry) && bytes > *typical)
		*typical = bytes;
}

/*
 * Whether limits.memory, which all shards share, has room for a stream of the rule, of which `counted`
 * bytes are counted already.
 */
static bool has_memory(struct shard *shard, const struct stream_settings *rule, size_t counted)
{
	uint64_t used = count_get(shard->plan.counters, COUNT_STREAMS_BYTES) - counted;
	uint64_t suppressed;

	if (used + *typical_bytes(shard, rule) <= shard->plan.settings->memory_max)
		return true;
	if (log_allowed(&shard->full_memory, &suppressed))
		log_line(LOG_WARNING,
			 "streams are refused: limits.memory (%" PRIu64 " bytes) is reached",
			 shard->plan.settings->memory_max);
	return false;
}

static void release_stream(struct shard *shard)
{
	atomic_fetch_sub_explicit(&shard->plan.counters->values[COUNT_STREAMS], 1,
				  memory_order_relaxed);
}

/* A job that is out still knows the entry, and takes it along. */
static void forget(struct shard *shard, struct entry *entry)
{
	struct counters *counters = shard->plan.counters;

	keeper_forget(&shard->keeper, entry);
	table_remove(&shard->table, entry);
	release_stream(shard);
	atomic_fetch_sub_explicit(&counters->values[COUNT_STREAMS_BYTES], entry->bytes,
				  memory_order_relaxed);
	entry->is_gone = true;
	if (!entry->in_training)
		entry_destroy(entry);
}

/* ---- groups ---- */

static uint32_t rule_of(const struct shard *shard, const struct entry *entry)
{
	return (uint32_t)(entry->rule - shard->plan.settings->streams);
}

/* Looks what the groups have for their streams, if that has changed. */
static void look_at_groups(struct shard *shard)
{
	uint64_t generation = groups_generation(shard->plan.groups);

	if (generation == shard->generation)
		return;
	shard->generation = generation;
	for (size_t i = 0; i < shard->plan.settings->stream_count; i++) {
		rollcast_shared_unref(shard->shared[i]);
		shard->shared[i] = groups_shared(shard->plan.groups, i);
	}
}

/* ---- training ---- */

static void log_failure(struct shard *shard, const struct entry *entry, int r)
{
	uint64_t suppressed;

	shard->tally.failed++;
	if (log_allowed(&shard->failures, &suppressed))
		log_line(LOG_ERR, "stream %s: %s (%lu more since the last line)", entry->name,
			 strerror(-r), (unsigned long)suppressed);
}

static void note_training(struct shard *shard, const struct entry *entry,
			  const struct training *training, bool diverged)
{
	uint64_t place = shard->trainings.count++ % TRAININGS_KEPT;
	struct training_note *note = &shard->trainings.notes[place];

	note->at_us = clock_wall_us();
	note->duration_us = training->duration_us;
	note->steps = training->steps;
	note->diverged = diverged;
	snprintf(note->name, sizeof(note->name), "%s", entry->name);
}

static void adopt(struct shard *shard, struct training *training)
{
	struct entry *entry = training->stream;
	struct counters *counters = shard->plan.counters;
	uint64_t suppressed;

	entry->in_training = false;
	if (entry->is_gone) {
		rollcast_stream_abandon(entry->stream, training->job);
		entry_destroy(entry);
		return;
	}
	if (!training->ran) {
		rollcast_stream_abandon(entry->stream, training->job);
		return;
	}
	count_add(counters, COUNT_TRAINING_STEPS, training->steps);
	count_add(counters, COUNT_TRAINING_US, (uint64_t)training->duration_us);
	int r = rollcast_stream_adopt(entry->stream, training->job);

	entry->dirty = true;
	note_training(shard, entry, training, r != 0);
	account(shard, entry);
	if (r == 0) {
		count_add(counters, COUNT_TRAININGS, 1);
		return;
	}
	count_add(counters, COUNT_TRAININGS_DIVERGED, 1);
	if (log_allowed(&shard->diverged, &suppressed))
		log_line(LOG_WARNING,
			 "stream %s: training diverged, the old weights stay "
			 "(%lu more since the last line)",
			 entry->name, (unsigned long)suppressed);
}

static void train_here(struct shard *shard, struct training *training)
{
	int64_t start_us = clock_monotonic_us();

	rollcast_job_run(training->job);
	training->steps = rollcast_job_steps(training->job);
	training->duration_us = clock_monotonic_us() - start_us;
	training->ran = true;
	groups_learn(shard->plan.groups, training);
	heartbeat_beat(shard->plan.heartbeat);
	adopt(shard, training);
}

/* Training is due but the trainers are busy: counted once, tried again at the next step. */
static void put_off(struct shard *shard, struct entry *entry)
{
	if (!entry->put_off)
		count_add(shard->plan.counters, COUNT_TRAININGS_SKIPPED, 1);
	entry->put_off = true;
}

static void train_if_due(struct shard *shard, struct entry *entry)
{
	double urgency = rollcast_stream_urgency(entry->stream);

	if (urgency < 1)
		return;
	if (shard->plan.training && queue_is_full(shard->plan.training)) {
		put_off(shard, entry);
		return;
	}

	struct training training = {
		.shard = shard->plan.index,
		.rule = rule_of(shard, entry),
		.stream = entry,
		.urgency = urgency,
	};
	int r = rollcast_stream_job(entry->stream, &training.job);

	if (r < 0) {
		log_failure(shard, entry, r);
	} else if (!shard->plan.training) {
		train_here(shard, &training);
	} else if (queue_try_push(shard->plan.training, &training) == 0) {
		entry->put_off = false;
		entry->in_training = true;
	} else {
		rollcast_stream_abandon(entry->stream, training.job);
		put_off(shard, entry);
	}
}

/* ---- samples in ---- */

static int64_t newest_origin(const struct entry *entry)
{
	const struct rollcast_forecast *forecast = rollcast_stream_latest(entry->stream);

	return forecast ? forecast->origin_us : NONE_BEFORE;
}

static void run_steps(struct shard *shard, struct entry *entry)
{
	const struct rollcast_forecast *forecast;
	int64_t before_us = newest_origin(entry);
	int r;

	if (!is_full(entry) && rollcast_stream_step_us(entry->stream) &&
	    !has_memory(shard, entry->rule, entry->bytes)) {
		entry->is_over = true;
		return;
	}
	look_at_groups(shard);
	rollcast_stream_share(entry->stream, shard->shared[rule_of(shard, entry)]);
	while ((r = rollcast_stream_step(entry->stream, &forecast)) > 0) {
		if (shard->restoring)
			continue; /* it is old, and was sent in its time */
		shard->tally.steps++;
		publish(shard, entry, forecast, before_us);
		before_us = forecast->origin_us;
		train_if_due(shard, entry);
	}
	account(shard, entry);
	if (r < 0)
		log_failure(shard, entry, r);
}

/* The first rule whose selector matches; NULL: none. */
static const struct stream_settings *find_rule(const struct settings *settings,
					       struct rollcast_text name)
{
	for (size_t i = 0; i < settings->stream_count; i++)
		if (rollcast_selector_matches(settings->streams[i].selector, name))
			return &settings->streams[i];
	return NULL;
}

/* A place among limits.streams, which all shards share. */
static bool reserve_stream(struct shard *shard)
{
	struct counters *counters = shard->plan.counters;
	uint64_t before = atomic_fetch_add_explicit(&counters->values[COUNT_STREAMS], 1,
						    memory_order_relaxed);
	uint64_t suppressed;

	if (before < shard->plan.settings->streams_max)
		return true;
	release_stream(shard);
	if (log_allowed(&shard->full, &suppressed))
		log_line(LOG_WARNING, "streams are refused: limits.streams (%u) is reached",
			 shard->plan.settings->streams_max);
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
		       const struct stream_settings *rule, struct entry **ret_entry)
{
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	int r = rollcast_stream_create(name.bytes, &rule->stream, &stream);

	if (r == 0)
		r = table_add(&shard->table, hash, name.bytes, (uint32_t)name.length, ret_entry);
	if (r)
		return r;
	(*ret_entry)->rule = rule;
	(*ret_entry)->watching = thresholds_watching(shard->plan.settings, name);
	(*ret_entry)->stream = STEAL(stream);
	account(shard, *ret_entry);
	return 0;
}

/*
 * A stream for a name never seen, ended by a zero, of which `samples` came. Returns NULL if it is refused,
 * which is counted.
 */
static struct entry *admit(struct shard *shard, struct rollcast_text name, uint64_t hash,
			   uint32_t samples)
{
	const struct stream_settings *rule = find_rule(shard->plan.settings, name);
	struct entry *entry = NULL;

	if (!rule) {
		note_stranger(shard, name, hash, samples);
	} else if (!has_memory(shard, rule, 0)) {
		shard->tally.refused_memory += samples;
	} else if (!reserve_stream(shard)) {
		shard->tally.refused += samples;
	} else if (make_stream(shard, name, hash, rule, &entry) < 0) {
		release_stream(shard);
		shard->tally.failed += samples;
	}
	return entry;
}

static struct entry *find_or_admit(struct shard *shard, const struct sample_record *record)
{
	struct rollcast_text name = {sample_record_name(record), record->name_length};
	struct entry *entry;

	if (strangers_know(&shard->strangers, record->hash)) {
		shard->tally.unmatched += record->count;
		return NULL;
	}
	entry = table_find(&shard->table, record->hash, name.bytes, record->name_length);
	return entry ? entry : admit(shard, name, record->hash, record->count);
}

/* The stream may be forgotten at the end: it came to need more memory than there is. */
static void push_samples(struct shard *shard, struct entry *entry,
			 const struct sample_record *record, uint32_t from)
{
	const double *values = sample_record_values(record);

	entry->dirty = true;
	entry->quiet = false;
	for (uint32_t i = from; i < record->count && !entry->is_over; i++) {
		int r = rollcast_stream_push(entry->stream, record->times_us[i], values[i]);

		if (r < 0) {
			log_failure(shard, entry, r);
			continue;
		}
		shard->tally.pushed[r] += !shard->restoring;
		run_steps(shard, entry);
	}
	if (entry->is_over) {
		shard->tally.forgotten_memory++;
		forget(shard, entry);
	}
}

static void take_record(struct shard *shard, const struct sample_record *record, int64_t now_us)
{
	struct entry *entry = find_or_admit(shard, record);

	thresholds_share(shard->plan.settings, shard->plan.limits, record);
	if (!entry)
		return;
	keeper_note(&shard->keeper, entry, record);
	entry->position += record->count;
	entry->arrival_us = now_us;
	push_samples(shard, entry, record, 0);
}

static void take_samples(struct shard *shard, struct block *block)
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

static void restore_stream(struct shard *shard, struct block *block)
{
	const struct envelope *envelope = (const void *)block->bytes;
	struct rollcast_text name = {envelope_name(envelope), envelope->name_length};
	uint64_t hash = rollcast_name_hash(name);
	struct entry *entry = NULL;
	int r = 0;

	/* Without a rule, or a place, it stays where it is: settings may change again. */
	if (find_rule(shard->plan.settings, name) &&
	    !table_find(&shard->table, hash, name.bytes, (uint32_t)name.length))
		entry = admit(shard, name, hash, 0);
	if (entry) {
		entry->arrival_us = clock_monotonic_us();
		r = keeper_load(&shard->keeper, entry, block);
		account(shard, entry);
	}
	if (r < 0)
		log_line(LOG_ERR, "state: %s is not restored: %s", name.bytes, strerror(-r));
	free(block);
}

/* What a stream's record does not hold yet. */
static void replay_samples(struct shard *shard, const struct sample_record *record)
{
	struct entry *entry = find_or_admit(shard, record);
	uint64_t known;

	if (!entry || record->position + record->count <= entry->position)
		return;
	known = entry->position > record->position ? entry->position - record->position : 0;
	entry->position = record->position + record->count;
	entry->arrival_us = clock_monotonic_us();
	push_samples(shard, entry, record, (uint32_t)known);
	count_add(shard->plan.counters, COUNT_REPLAYED, record->count - known);
}

static void replay_journal(struct shard *shard, struct block *block)
{
	const struct sample_record *record;

	for (size_t place = sizeof(struct envelope);
	     (record = sample_record_at(block, place)) != NULL;
	     place += sample_record_rounded(record))
		if (record->hash % shard->plan.shards == shard->plan.index)
			replay_samples(shard, record);
	free(block);
}

static void end_restoring(struct shard *shard, bool resave)
{
	shard->restoring = false;
	for (size_t i = 0; resave && i < shard->table.capacity; i++)
		if (shard->table.slots[i])
			shard->table.slots[i]->dirty = true;
	if (resave)
		shard->keeper.due_us = 0;
	queue_push(shard->plan.restored, &shard->plan.index);
}

/* ---- letters ---- */

static void take_questions(struct shard *shard)
{
	struct question *question;

	while (queue_pop(shard->plan.questions, 0, &question) == 0)
		answer_question(&shard->table, &shard->trainings, question);
}

/* ---- snapshots ---- */

static bool is_told(const struct shard *shard, const struct entry *entry)
{
	return !entry || entry->told == shard->telling->number ||
	       !prefixes_match(&shard->telling->names, entry->name);
}

/* The newest forecast of a stream into a block. Returns false if there is no room now. */
static bool tell_stream(struct shard *shard, struct entry *entry)
{
	const struct rollcast_forecast *forecast = rollcast_stream_latest(entry->stream);
	struct forecast_record *record;

	if (!forecast)
		return true;
	record = append_forecast(shard, forecast, block_pool_count(shard->plan.forecasts) / 2);
	if (!record)
		return false;
	/* What stands was decided by the live forecast. */
	thresholds_check(shard->plan.settings, shard->plan.limits, entry->watching, entry->raised,
			 forecast_record_forecast(record));
	record->before_us = NONE_BEFORE;
	record->only_output = (int32_t)shard->telling->output;
	forecast_record_forecast(record)->snapshot = true;
	entry->told = shard->telling->number;
	return true;
}

/*
 * Goes on with the snapshot in hand, as far as a round may and blocks last: live forecasts keep half
 * of them. If the table has changed the walk begins anew and passes over who has been told.
 */
static void tell_some(struct shard *shard)
{
	struct table *table = &shard->table;

	if (!shard->telling)
		return;
	send_forecasts(shard);
	if (shard->told_changes != table->changes)
		shard->told_slots = 0;
	shard->told_changes = table->changes;
	for (int i = 0; i < TELL_SLOTS && shard->told_slots < table->capacity; i++) {
		struct entry *entry = table->slots[shard->told_slots];

		if (!is_told(shard, entry) && !tell_stream(shard, entry))
			break;
		shard->told_slots++;
	}
	send_forecasts(shard);
	if (shard->told_slots < table->capacity)
		return;
	atomic_fetch_sub_explicit(&shard->telling->shards_left, 1, memory_order_release);
	shard->telling = NULL;
}

static void take_letter(struct shard *shard, struct letter *letter)
{
	switch (letter->kind) {
	case LETTER_SAMPLES:
		shard->arrival_us = letter->arrival_us;
		take_samples(shard, letter->samples);
		shard->arrival_us = 0;
		heartbeat_beat(shard->plan.heartbeat);
		break;
	case LETTER_TRAINED:
		adopt(shard, &letter->training);
		break;
	case LETTER_QUESTION:
		break; /* it only wakes the shard */
	case LETTER_RECORD:
	case LETTER_JOURNAL:
		shard->restoring = true;
		(letter->kind == LETTER_RECORD ? restore_stream : replay_journal)(shard,
										  letter->kept);
		break;
	case LETTER_RESTORED:
		end_restoring(shard, letter->resave);
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
	int64_t ttl_us = shard->plan.settings->ttl_us;

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
	int64_t patience_us = 2 * step_us + entry->rule->stream.grid.lateness_us;

	if (entry->quiet || step_us == 0 || silence_us <= patience_us)
		return;
	entry->quiet = true;
	entry->dirty = true;
	rollcast_stream_flush(entry->stream);
	run_steps(shard, entry);
}

/* Returns whether the entry was forgotten: another one may have moved into its slot. */
static bool look_at(struct shard *shard, struct entry *entry, int64_t now_us)
{
	int64_t silence_us = now_us - entry->arrival_us;
	bool is_old = is_expired(shard, entry, silence_us);

	if (!is_old)
		close_if_silent(shard, entry, silence_us);
	if (!is_old && !entry->is_over)
		return false;
	shard->tally.forgotten += is_old;
	shard->tally.forgotten_memory += !is_old;
	forget(shard, entry);
	return true;
}

static void log_strangers(struct shard *shard)
{
	uint64_t suppressed;

	if (!shard->strangers.count || !log_allowed(&shard->unmatched, &suppressed))
		return;
	log_line(LOG_WARNING, "%" PRIu64 " names match no rule and are not forecast, such as %s",
		 shard->strangers.count, shard->strangers.names);
	strangers_begin_line(&shard->strangers);
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
	log_strangers(shard);
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
	count_add(counters, COUNT_FORECASTS_DROPPED, tally->dropped);
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
		send_forecasts(shard);
		tell_some(shard);
		patience_us = shard->telling ? TELL_US : TICK_US;
		if (!shard->restoring && keeper_turn(&shard->keeper) && !shard->telling)
			patience_us = CHECKPOINT_TICK_US;
		publish_tally(shard);
	} while (r != QUEUE_CLOSED);
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
	shard->typical = calloc(plan->settings->stream_count, sizeof(*shard->typical));
	shard->shared = calloc(plan->settings->stream_count + 1, sizeof(*shard->shared));
	if (!shard->typical || !shard->shared)
		return -ENOMEM;
	int r = table_init(&shard->table);

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
	free(shard->typical);
	for (size_t i = 0; shard->shared && i < shard->plan.settings->stream_count; i++)
		rollcast_shared_unref(shard->shared[i]);
	free(shard->shared);
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
