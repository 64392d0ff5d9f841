/*
 * A group keeps the latest window of each stream as its last job had it, and trains on all of them.
 *
 *	stretches, oldest first   [stream a][stream c][stream b] ...
 *	                              │ by reference
 *	                              ▼
 *	                          group job: a network on all, one more on those with 1, 2, 3 seasons
 *
 * When they come to more than a group may hold, the oldest go: then it learns from the streams that
 * were trained last, and with time from all. Nobody tells when a stream is no more: its window stays
 * until then.
 */
#include "rollcast/group.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/forecast/group_state.h"
#include "lib/forecast/network_expert.h"
#include "lib/forecast/random.h"
#include "lib/forecast/state.h"

enum {
	STRETCHES_MAX = 4096,
	VALUES_MAX = 1 << 22, /* of all stretches: 32 MiB */
	REPEATS = 32,	      /* windows of streams that have brought one already */
};

/* One stream's window. */
struct stretch {
	atomic_uint references;
	uint64_t stream; /* whose */
	uint64_t round;	 /* trainings of the group before it came */
	int64_t time_us; /* of the newest value */
	double *values;
	double *channels[ROLLCAST_CHANNELS_MAX];
	size_t count; /* of values, those of channels too */
	uint32_t *origins;
	uint32_t seasons[ROLLCAST_SEASONS_MAX];
	struct lesson lesson;	    /* of the above */
	struct blend_ratios ratios; /* how its experts did */
};

struct rollcast_group_job {
	struct rollcast_model_settings model;
	struct stretch **stretches; /* [count] */
	uint32_t count;
	uint64_t seed;
	struct network_fit before[SHARED_NETWORKS], after[SHARED_NETWORKS];
	struct stop stop;
	uint32_t steps;
	int result; /* of rollcast_group_job_run; -EAGAIN before it */
};

/* ---- what is shared ---- */

struct rollcast_shared *rollcast_shared_ref(struct rollcast_shared *shared)
{
	atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
	return shared;
}

void rollcast_shared_unref(struct rollcast_shared *shared)
{
	if (!shared || atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) != 1)
		return;
	for (int i = 0; i < SHARED_NETWORKS; i++)
		rollcast_weights_unref(shared->networks[i]);
	free(shared);
}

void rollcast_stream_share(struct rollcast_stream *stream, struct rollcast_shared *shared)
{
	if (stream->shared == shared)
		return;
	rollcast_shared_unref(stream->shared);
	stream->shared = shared ? rollcast_shared_ref(shared) : NULL;
	if (shared && stream->ready)
		blend_expect(&stream->blend, &shared->usual);
}

const struct rollcast_shared *rollcast_stream_shared(const struct rollcast_stream *stream)
{
	return stream->shared;
}

/* The mean of what is known of one expert, as a geometric one: these are ratios. */
static double mean_ratio(const struct rollcast_group_job *job, int root, int third, uint32_t expert)
{
	double sum = 0;
	uint32_t known = 0;

	for (uint32_t i = 0; i < job->count; i++) {
		double ratio = job->stretches[i]->ratios.of[root][third][expert];

		if (!(ratio > 0))
			continue;
		known++;
		sum += log(ratio);
	}
	return known ? exp(sum / known) : 0;
}

static void find_usual(const struct rollcast_group_job *job, struct blend_ratios *ret_usual)
{
	for (int root = 0; root < 2; root++)
		for (int third = 0; third < BLEND_THIRDS; third++)
			for (uint32_t i = 0; i < ROLLCAST_EXPERTS_MAX; i++)
				ret_usual->of[root][third][i] = mean_ratio(job, root, third, i);
}

static int share(const struct rollcast_group_job *job, struct rollcast_shared **ret_shared)
{
	struct rollcast_shared *shared = calloc(1, sizeof(*shared));

	if (!shared)
		return -ENOMEM;
	atomic_init(&shared->references, 1);
	for (int i = 0; i < SHARED_NETWORKS; i++)
		if (job->after[i].weights)
			shared->networks[i] = rollcast_weights_ref(job->after[i].weights);
	for (uint32_t i = 0; i < job->count; i++)
		if (job->stretches[i]->time_us > shared->trained_us)
			shared->trained_us = job->stretches[i]->time_us;
	find_usual(job, &shared->usual);
	*ret_shared = shared;
	return 0;
}

/* ---- stretches ---- */

static struct stretch *stretch_ref(struct stretch *stretch)
{
	atomic_fetch_add_explicit(&stretch->references, 1, memory_order_relaxed);
	return stretch;
}

static void stretch_unref(struct stretch *stretch)
{
	if (!stretch ||
	    atomic_fetch_sub_explicit(&stretch->references, 1, memory_order_acq_rel) != 1)
		return;
	free(stretch->values);
	for (uint32_t i = 0; i < ROLLCAST_CHANNELS_MAX; i++)
		free(stretch->channels[i]);
	free(stretch->origins);
	free(stretch);
}
DEFINE_CLEANUP(struct stretch *, stretch_unref);

/* Takes the job's values. */
static int stretch_create(struct rollcast_job *job, struct stretch **ret_stretch)
{
	CLEANUP(stretch_unref) struct stretch *stretch = calloc(1, sizeof(*stretch));

	if (!stretch)
		return -ENOMEM;
	atomic_init(&stretch->references, 1);
	stretch->origins = malloc((job->count + 1) * sizeof(*stretch->origins));
	if (!stretch->origins)
		return -ENOMEM;
	stretch->stream = job->stream;
	stretch->time_us = job->time_us;
	stretch->ratios = job->ratios;
	stretch->count = job->count * (1 + 2 * job->settings.channel_count);
	stretch->lesson = job_lesson(job, stretch->origins);
	stretch->values = STEAL(job->values);
	for (uint32_t i = 0; i < job->settings.channel_count; i++)
		stretch->channels[i] = STEAL(job->channels[i]);
	memcpy(stretch->seasons, job->fit.seasons, sizeof(stretch->seasons));
	stretch->lesson.view.seasons = stretch->seasons;
	job->count = 0;
	*ret_stretch = STEAL(stretch);
	return 0;
}

static void drop_stretch(struct rollcast_group *group, uint32_t index)
{
	struct stretch *stretch = group->stretches[index];

	group->values -= stretch->count;
	group->origins -= stretch->lesson.origin_count;
	group->count--;
	memmove(group->stretches + index, group->stretches + index + 1,
		(group->count - index) * sizeof(*group->stretches));
	stretch_unref(stretch);
}

static void add_stretch(struct rollcast_group *group, struct stretch *stretch)
{
	bool fresh = true;

	for (uint32_t i = 0; i < group->count; i++) {
		if (group->stretches[i]->stream == stretch->stream) {
			fresh = group->stretches[i]->round != group->trainings;
			drop_stretch(group, i);
			break;
		}
	}
	stretch->round = group->trainings;
	while (group->count &&
	       (group->count == STRETCHES_MAX || group->values + stretch->count > VALUES_MAX))
		drop_stretch(group, 0);
	group->stretches[group->count++] = stretch;
	group->values += stretch->count;
	group->origins += stretch->lesson.origin_count;
	group->learned++;
	group->fresh += fresh;
}

/* ---- the group ---- */

int rollcast_group_create(const struct rollcast_stream_settings *settings,
			  struct rollcast_group **ret_group)
{
	CLEANUP(rollcast_group_destroy) struct rollcast_group *group = calloc(1, sizeof(*group));

	if (!group)
		return -ENOMEM;
	group->settings = *settings;
	group->stretches = malloc(STRETCHES_MAX * sizeof(*group->stretches));
	if (!group->stretches)
		return -ENOMEM;
	*ret_group = STEAL(group);
	return 0;
}

void rollcast_group_destroy(struct rollcast_group *group)
{
	if (!group)
		return;
	for (uint32_t i = 0; i < group->count; i++)
		stretch_unref(group->stretches[i]);
	for (int i = 0; i < SHARED_NETWORKS; i++)
		network_fit_finish(&group->networks[i]);
	rollcast_shared_unref(group->shared);
	free(group->stretches);
	free(group);
}

int rollcast_group_learn(struct rollcast_group *group, struct rollcast_job *job)
{
	struct stretch *stretch;
	int r;

	if (job->result < 0 || job->count == 0)
		return 0;
	r = stretch_create(job, &stretch);
	if (r < 0)
		return r;
	if (stretch->lesson.origin_count)
		add_stretch(group, stretch);
	else
		stretch_unref(stretch);
	return 0;
}

/*
 * There is twice as much to learn from, or about every stream has brought something new: as many windows
 * came as there are streams, or were before a restart, or those that still come have brought two.
 */
bool rollcast_group_is_due(const struct rollcast_group *group)
{
	return !group->job_out && group->origins >= 2 * (uint64_t)group->settings.model.batch &&
	       (group->origins >= 2 * group->origins_trained ||
		(group->learned >= group->count && group->learned >= group->before) ||
		group->learned >= 2 * group->fresh + REPEATS);
}

struct rollcast_shared *rollcast_group_shared(const struct rollcast_group *group)
{
	return group->shared;
}

/* ---- trainings ---- */

int rollcast_group_job(struct rollcast_group *group, struct rollcast_group_job **ret_job)
{
	CLEANUP(rollcast_group_job_destroy) struct rollcast_group_job *job = NULL;
	int r;

	if (group->job_out)
		return -EBUSY;
	job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	job->model = group->settings.model;
	job->seed = random_mix(group->settings.model.seed, group->trainings);
	job->result = -EAGAIN;
	job->stretches = malloc((group->count + 1) * sizeof(*job->stretches));
	if (!job->stretches)
		return -ENOMEM;
	for (; job->count < group->count; job->count++)
		job->stretches[job->count] = stretch_ref(group->stretches[job->count]);
	for (int i = 0; i < SHARED_NETWORKS; i++) {
		r = network_fit_copy(&group->networks[i], &job->before[i]);
		if (r < 0)
			return r;
	}
	group->job_out = true;
	group->trainings++;
	group->learned = group->fresh = group->before = 0;
	group->origins_trained = group->origins;
	*ret_job = STEAL(job);
	return 0;
}

/* The lessons for network `which` into lessons[count]; how many, and their windows. */
static uint32_t find_lessons(const struct rollcast_group_job *job, uint32_t which,
			     struct lesson *lessons, uint64_t *ret_windows)
{
	uint32_t count = 0;

	*ret_windows = 0;
	for (uint32_t i = 0; i < job->count; i++) {
		const struct lesson *lesson = &job->stretches[i]->lesson;

		if (which && lesson->view.season_count != which)
			continue;
		lessons[count++] = *lesson;
		*ret_windows += lesson->origin_count;
	}
	return count;
}

static void keep_network(struct rollcast_group_job *job, uint32_t which)
{
	job->after[which] = job->before[which];
	job->before[which] = (struct network_fit){0};
}

static int train_network(struct rollcast_group_job *job, uint32_t which, struct lesson *lessons)
{
	struct network_job task = {
		.model = &job->model,
		.lessons = lessons,
		.seed = random_mix(job->seed, which),
		.stop = job->stop,
	};
	uint64_t windows;
	int r;

	task.lesson_count = find_lessons(job, which, lessons, &windows);
	if (windows < job->model.batch) {
		keep_network(job, which);
		return 0;
	}
	r = network_train(&task, which ? NETWORK_SEASONAL : NETWORK_LOCAL, &job->before[which],
			  &job->after[which], &job->steps);
	if (r == ROLLCAST_NETWORK_DIVERGED) {
		keep_network(job, which);
		job->after[which].afresh = true;
	}
	return r;
}

static int run(struct rollcast_group_job *job)
{
	CLEANUP(free) struct lesson *lessons = malloc((job->count + 1) * sizeof(*lessons));
	int result = 0;

	if (!lessons)
		return -ENOMEM;
	for (uint32_t i = 0; i < SHARED_NETWORKS; i++) {
		int r = train_network(job, i, lessons);

		if (r < 0)
			return r;
		if (r)
			result = r;
	}
	return result;
}

int rollcast_group_job_run(struct rollcast_group_job *job)
{
	job->result = run(job);
	return job->result;
}

void rollcast_group_job_stop_if(struct rollcast_group_job *job, bool (*stop)(const void *context),
				const void *context)
{
	job->stop = (struct stop){stop, context};
}

uint32_t rollcast_group_job_steps(const struct rollcast_group_job *job)
{
	return job->steps;
}

void rollcast_group_job_destroy(struct rollcast_group_job *job)
{
	if (!job)
		return;
	for (uint32_t i = 0; i < job->count; i++)
		stretch_unref(job->stretches[i]);
	for (int i = 0; i < SHARED_NETWORKS; i++) {
		network_fit_finish(&job->before[i]);
		network_fit_finish(&job->after[i]);
	}
	free(job->stretches);
	free(job);
}

int rollcast_group_adopt(struct rollcast_group *group, struct rollcast_group_job *job)
{
	CLEANUP(rollcast_group_job_destroy) struct rollcast_group_job *owned = job;
	struct rollcast_shared *shared;
	int r;

	group->job_out = false;
	if (job->result < 0)
		return job->result;
	r = share(job, &shared);
	if (r < 0)
		return r;
	for (int i = 0; i < SHARED_NETWORKS; i++) {
		network_fit_finish(&group->networks[i]);
		group->networks[i] = job->after[i];
		job->after[i] = (struct network_fit){0};
	}
	rollcast_shared_unref(group->shared);
	group->shared = shared;
	return owned->result;
}
