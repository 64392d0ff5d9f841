#include "daemon/stream/inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"

/* ---- groups ---- */

uint32_t shard_rule_of(const struct shard *shard, const struct entry *entry)
{
	return (uint32_t)(entry->rule - shard->plan.settings->streams);
}

void shard_look_at_groups(struct shard *shard)
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

void shard_train_groups(struct shard *shard, int64_t time_us)
{
	if (shard->plan.training || time_us == shard->newest_us)
		return;
	shard->newest_us = time_us;
	if (groups_train(shard->plan.groups))
		heartbeat_beat(shard->plan.heartbeat);
}

/* ---- training ---- */

void shard_log_failure(struct shard *shard, const struct entry *entry, int r)
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

void shard_adopt(struct shard *shard, struct training *training)
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
	shard_account(shard, entry);
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
	groups_show(shard->plan.groups, training);
	heartbeat_beat(shard->plan.heartbeat);
	shard_adopt(shard, training);
}

/* Training is due but the trainers are busy: counted once, tried again at the next step. */
static void put_off(struct shard *shard, struct entry *entry)
{
	if (!entry->put_off)
		count_add(shard->plan.counters, COUNT_TRAININGS_SKIPPED, 1);
	entry->put_off = true;
}

void shard_train_if_due(struct shard *shard, struct entry *entry)
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
		.rule = shard_rule_of(shard, entry),
		.stream = entry,
		.urgency = urgency,
	};
	int r = rollcast_stream_job(entry->stream, &training.job);

	if (r < 0) {
		shard_log_failure(shard, entry, r);
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
