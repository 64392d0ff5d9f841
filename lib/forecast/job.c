/* Trainings: see job.h. */
#include "lib/forecast/job.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/forecast/channels.h"
#include "lib/forecast/expert.h"
#include "lib/forecast/past.h"
#include "lib/forecast/network_expert.h"
#include "lib/forecast/random.h"
#include "lib/forecast/regression.h"
#include "lib/forecast/ridge.h"
#include "lib/forecast/transform.h"
#include "lib/series/season.h"

/* Of each short stream, as the group has others. */
enum { GROUP_ORIGINS = 8 };

size_t job_least_count(const struct rollcast_stream_settings *settings)
{
	if (settings->model.scope == ROLLCAST_SCOPE_GROUP)
		return settings->model.lookback + settings->horizon + GROUP_ORIGINS;
	return settings->model.lookback + settings->horizon + 2 * (size_t)settings->model.batch;
}

/* ---- what is looked at first ---- */

static int find_seasons(struct rollcast_job *job)
{
	CLEANUP(free) double *known = malloc(job->count * sizeof(*known));
	int found;

	if (!known)
		return -ENOMEM;
	if (!job->settings.season_auto) {
		memcpy(job->fit.seasons, job->before.seasons, sizeof(job->fit.seasons));
		job->fit.season_count = job->before.season_count;
		return 0;
	}
	for (size_t i = 0; i < job->count; i++)
		known[i] = job->marks[i] == PAST_HOLE ? NAN : job->values[i];
	found = season_find(known, job->count, job->step_us, job->fit.seasons);
	if (found < 0)
		return found;
	job->fit.season_count = (uint32_t)found;
	return 0;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Half the range of nine tenths of the values beyond them: it stops the echo of spikes. */
static int find_clamp(struct rollcast_job *job)
{
	CLEANUP(free) double *sorted = malloc(job->count * sizeof(*sorted));
	double low, high;

	if (!sorted)
		return -ENOMEM;
	memcpy(sorted, job->values, job->count * sizeof(*sorted));
	qsort(sorted, job->count, sizeof(*sorted), compare_doubles);
	low = sorted[(size_t)(0.05 * (double)(job->count - 1))];
	high = sorted[(size_t)(0.95 * (double)(job->count - 1))];
	job->fit.low = low - 0.5 * (high - low);
	if (sorted[0] >= 0)
		job->fit.low = fmax(job->fit.low, 0);
	job->fit.high = high + 0.5 * (high - low);
	return 0;
}

/* ---- windows ---- */

struct feature_view job_view(const struct rollcast_job *job)
{
	struct feature_view view = {
		.lookback = job->settings.model.lookback,
		.horizon = job->settings.horizon,
		.seasons = job->fit.seasons,
		.season_count = job->fit.season_count,
		.values = job->values,
		.first_step = job->time_us / job->step_us - (int64_t)job->count + 1,
		.channel_count = job->settings.channel_count,
	};

	for (uint32_t i = 0; i < view.channel_count; i++) {
		view.channels[i] = job->channels[i];
		view.behind[i] = job->channels[i] + job->count;
	}
	return view;
}

uint32_t job_origins(const struct rollcast_job *job, uint32_t *origins)
{
	uint32_t lookback = job->settings.model.lookback, horizon = job->settings.horizon;
	size_t known = 0;
	uint32_t count = 0;

	for (size_t i = 0; i < job->count; i++) {
		known = job->marks[i] == PAST_HOLE ? 0 : known + 1;
		if (known >= lookback + horizon)
			origins[count++] = (uint32_t)(i - horizon);
	}
	return count;
}

struct lesson job_lesson(const struct rollcast_job *job, uint32_t *origins)
{
	struct lesson lesson = {
		.view = job_view(job),
		.origins = origins,
		.origin_count = job_origins(job, origins),
		.scale = job->fit.scale,
	};

	memcpy(lesson.channel_scales, job->fit.channel_scales, sizeof(lesson.channel_scales));
	return lesson;
}

static bool same_seasons(const struct fit *a, const struct fit *b)
{
	return a->season_count == b->season_count &&
	       !memcmp(a->seasons, b->seasons, a->season_count * sizeof(*a->seasons));
}

/* The network before stays in use, if it still fits. */
static void keep_network(struct rollcast_job *job, uint32_t which)
{
	struct network_fit *before = &job->before.networks[which];

	if (which == NETWORK_SEASONAL && !same_seasons(&job->before, &job->fit))
		return;
	job->fit.networks[which] = *before;
	*before = (struct network_fit){0};
}

static int train_network(struct rollcast_job *job, const struct network_job *task, uint32_t which)
{
	const struct network_fit *before = &job->before.networks[which];
	int r;

	if (which == NETWORK_SEASONAL && job->fit.season_count == 0)
		return 0;
	if (task->lessons->origin_count < job->settings.model.batch) {
		keep_network(job, which);
		return 0;
	}
	if (which == NETWORK_SEASONAL && !same_seasons(&job->before, &job->fit))
		before = NULL;
	r = network_train(task, which, before, &job->fit.networks[which], &job->steps);
	if (r == ROLLCAST_NETWORK_DIVERGED) {
		keep_network(job, which);
		job->fit.networks[which].afresh = true;
	}
	return r;
}

static int train_networks(struct rollcast_job *job, const struct lesson *lesson)
{
	struct network_job task = {
		.model = &job->settings.model,
		.lessons = lesson,
		.lesson_count = 1,
		.stop = job->stop,
	};
	int result = 0;

	for (uint32_t i = 0; i < FIT_NETWORKS; i++) {
		task.seed = random_mix(job->seed, i);
		int r = train_network(job, &task, i);

		if (r < 0)
			return r;
		if (r)
			result = r;
	}
	return result;
}

/* A regression that no forecast will count is not worth its time. */
static bool is_off(const struct rollcast_job *job, const struct expert_row *row)
{
	return job->settings.experts_off >> (row - expert_rows) & 1;
}

static int fit_regressions(struct rollcast_job *job, const struct lesson *lesson)
{
	int r = 0;

	for (uint32_t i = 0; i < expert_count && r == 0; i++) {
		const struct expert_row *row = &expert_rows[i];

		if (is_off(job, row))
			continue;
		if (row->forecast == regression_expert_forecast)
			r = regression_fit(lesson, row->regression,
					   &job->fit.regressions[row->regression]);
		else if (row->forecast == ridge_expert_forecast)
			r = ridge_fit(lesson, job->count, row->regression,
				      &job->fit.regressions[row->regression]);
	}
	return r;
}

static int learn(struct rollcast_job *job)
{
	CLEANUP(free) uint32_t *origins = malloc(job->count * sizeof(*origins));
	struct lesson lesson;
	int r;

	if (!origins)
		return -ENOMEM;
	lesson = job_lesson(job, origins);
	r = fit_regressions(job, &lesson);
	if (r == 0 && job->settings.model.scope == ROLLCAST_SCOPE_STREAM)
		r = train_networks(job, &lesson);
	return r;
}

static int run(struct rollcast_job *job)
{
	int r = find_seasons(job);

	job->fit.scale = transform_scale(job->values, job->count, job->settings.horizon);
	for (uint32_t i = 0; i < job->settings.channel_count; i++)
		job->fit.channel_scales[i] =
			channel_scale(job->channels[i], job->count, job->settings.horizon);
	if (r == 0)
		r = find_clamp(job);
	if (r == 0)
		r = learn(job);
	return r;
}

int rollcast_job_run(struct rollcast_job *job)
{
	job->fit.trained_us = job->time_us;
	job->result = run(job);
	return job->result;
}

void rollcast_job_stop_if(struct rollcast_job *job, bool (*stop)(const void *context),
			  const void *context)
{
	job->stop = (struct stop){stop, context};
}

uint32_t rollcast_job_steps(const struct rollcast_job *job)
{
	return job->steps;
}

void rollcast_job_destroy(struct rollcast_job *job)
{
	if (!job)
		return;
	free(job->values);
	free(job->marks);
	for (uint32_t i = 0; i < ROLLCAST_CHANNELS_MAX; i++)
		free(job->channels[i]);
	fit_finish(&job->before);
	fit_finish(&job->fit);
	free(job);
}
