/* When training is due, and what a job takes from the stream and gives back. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/forecast/random.h"
#include "lib/forecast/state.h"

enum {
	RETRAIN_LEAST = 32, /* steps between the first trainings, which come sooner */
	DRIFT_SHARE = 8,    /* drift brings a training forward to an eighth of the usual time */
};

uint64_t stream_retrain_after(const struct rollcast_stream *stream, uint64_t seen)
{
	uint64_t every =
		stream_span_steps(stream->settings->retrain_every, grid_step_us(&stream->grid));
	uint64_t early = seen / 2 > RETRAIN_LEAST ? seen / 2 : RETRAIN_LEAST;

	every = every ? every : 1;
	return early < every ? early : every;
}

/* After drift: not at once, so that there is something new to learn from. */
void stream_hasten_training(struct rollcast_stream *stream)
{
	uint64_t every =
		stream_span_steps(stream->settings->retrain_every, grid_step_us(&stream->grid));
	uint64_t soon = stream->past.steps + stream->settings->horizon;
	uint64_t earliest = stream->job_begun + every / DRIFT_SHARE;

	soon = soon > earliest ? soon : earliest;
	stream->due = stream->due < soon ? stream->due : soon;
}

double rollcast_stream_urgency(const struct rollcast_stream *stream)
{
	uint64_t steps = stream->past.steps;
	double overdue, growth;

	if (!stream->ready || stream->job_out || steps < stream->due)
		return 0;
	overdue = (double)(steps - stream->due) / (double)stream_retrain_after(stream, steps);
	growth = fmax(score_growth(&stream->score), 1);
	return (1 + overdue) * growth;
}

static uint64_t hash_of(const struct rollcast_stream *stream)
{
	uint64_t seed = stream->settings->model.seed;

	for (const char *c = stream->name; *c; c++)
		seed = random_mix(seed, (unsigned char)*c);
	return seed;
}

static int copy_window(const struct rollcast_stream *stream, struct rollcast_job *job)
{
	size_t count = past_count(&stream->past);

	job->values = malloc((count + 1) * sizeof(*job->values));
	job->marks = malloc(count + 1);
	if (!job->values || !job->marks)
		return -ENOMEM;
	memcpy(job->values, past_values(&stream->past), count * sizeof(*job->values));
	past_marks(&stream->past, job->marks);
	for (uint32_t i = 0; i < stream->channels.count; i++) {
		job->channels[i] = malloc((2 * count + 1) * sizeof(double));
		if (!job->channels[i])
			return -ENOMEM;
		memcpy(job->channels[i], window_values(&stream->channels.values[i]),
		       count * sizeof(double));
		memcpy(job->channels[i] + count, window_values(&stream->channels.behind[i]),
		       count * sizeof(double));
	}
	job->count = count;
	return 0;
}

int rollcast_stream_job(struct rollcast_stream *stream, struct rollcast_job **ret_job)
{
	CLEANUP(rollcast_job_destroy) struct rollcast_job *job = NULL;
	int r;

	if (stream->job_out || !stream->ready)
		return -EBUSY;
	job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	job->settings = *stream->settings;
	job->step_us = grid_step_us(&stream->grid);
	job->time_us = stream->past.time_us;
	job->stream = hash_of(stream);
	job->seed = random_mix(job->stream, stream->trainings);
	blend_ratios(&stream->blend, &job->ratios);
	job->result = -EAGAIN;
	r = copy_window(stream, job);
	if (r == 0)
		r = fit_copy(&stream->fit, &job->before);
	if (r < 0)
		return r;
	stream->job_out = true;
	stream->job_begun = stream->past.steps;
	stream->trainings++;
	*ret_job = STEAL(job);
	return 0;
}

void stream_forget_expert(struct rollcast_stream *stream, uint32_t expert)
{
	blend_forget(&stream->blend, expert);
	pending_forget(&stream->pending, expert);
	memset(stream->states[expert], 0, sizeof(stream->states[expert]));
	if (expert < SCORE_BASELINES)
		score_forget(&stream->score, expert);
}

/* Experts whose season has become another one begin anew. */
static void forget_seasons(struct rollcast_stream *stream, const struct fit *fit)
{
	for (uint32_t i = 0; i < expert_count; i++) {
		uint32_t season = expert_rows[i].season;
		bool was = season < stream->fit.season_count, is = season < fit->season_count;

		if (!expert_rows[i].seasonal ||
		    (was == is && (!was || stream->fit.seasons[season] == fit->seasons[season])))
			continue;
		stream_forget_expert(stream, i);
	}
}

int rollcast_stream_adopt(struct rollcast_stream *stream, struct rollcast_job *job)
{
	int result = job->result;

	stream->job_out = false;
	if (job->step_us != grid_step_us(&stream->grid)) { /* another one was found meanwhile */
		rollcast_job_destroy(job);
		return 0;
	}
	stream->due = stream->job_begun + stream_retrain_after(stream, stream->job_begun);
	if (result >= 0) {
		forget_seasons(stream, &job->fit);
		fit_finish(&stream->fit);
		stream->fit = job->fit;
		job->fit = (struct fit){0};
	}
	rollcast_job_destroy(job);
	return result;
}

void rollcast_stream_abandon(struct rollcast_stream *stream, struct rollcast_job *job)
{
	stream->job_out = false;
	rollcast_job_destroy(job);
}
