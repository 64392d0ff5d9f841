#include "daemon/stream/inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"

/* ---- groups ---- */

void shard_train_groups(struct shard *shard, int64_t time_us)
{
	struct rules *rules = shard->rules;

	if (shard->plan.training || !rules->have_groups || time_us == shard->newest_us)
		return;
	shard->newest_us = time_us;
	for (size_t i = 0; i < rules->count; i++)
		if (rules->items[i].group && group_train(rules->items[i].group))
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

/* What the trainer found for the entry's stream. */
static void take_result(struct shard *shard, struct entry *entry, const struct training *training)
{
	struct counters *counters = shard->plan.counters;
	uint64_t suppressed;
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

void shard_adopt(struct shard *shard, struct training *training)
{
	struct entry *entry = training->stream;
	bool is_other = entry->is_other;

	group_unref(training->group);
	entry->in_training = entry->is_other = false;
	if (training->ran) {
		count_add(shard->plan.counters, COUNT_TRAINING_STEPS, training->steps);
		count_add(shard->plan.counters, COUNT_TRAINING_US, (uint64_t)training->duration_us);
	}
	if (is_other) /* it was made for the stream as it was under other settings */
		rollcast_job_destroy(training->job);
	else if (training->ran && !entry->is_gone)
		take_result(shard, entry, training);
	else
		rollcast_stream_abandon(entry->stream, training->job);
	if (entry->is_gone)
		entry_destroy(entry);
}

static void train_here(struct shard *shard, struct training *training)
{
	int64_t start_us = clock_monotonic_us();

	rollcast_job_run(training->job);
	training->steps = rollcast_job_steps(training->job);
	training->duration_us = clock_monotonic_us() - start_us;
	training->ran = true;
	if (training->group)
		group_show(training->group, training);
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

void shard_put_off(struct shard *shard, struct entry *entry)
{
	if (!entry->in_training && rollcast_stream_urgency(entry->stream) >= 1)
		put_off(shard, entry);
}

void shard_train_if_due(struct shard *shard, struct entry *entry)
{
	double urgency = entry->in_training ? 0 : rollcast_stream_urgency(entry->stream);

	if (urgency < 1)
		return;
	if (shard->plan.training && queue_is_full(shard->plan.training)) {
		put_off(shard, entry);
		return;
	}

	struct training training = {
		.shard = shard->plan.index,
		.group = group_ref(entry->rule->group),
		.stream = entry,
		.urgency = urgency,
	};
	int r = rollcast_stream_job(entry->stream, &training.job);

	if (r < 0) {
		group_unref(training.group);
		shard_log_failure(shard, entry, r);
	} else if (!shard->plan.training) {
		train_here(shard, &training);
	} else if (queue_try_push(shard->plan.training, &training) == 0) {
		entry->put_off = false;
		entry->in_training = true;
	} else {
		group_unref(training.group);
		rollcast_stream_abandon(entry->stream, training.job);
		put_off(shard, entry);
	}
}
