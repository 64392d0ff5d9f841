/* A stream's settings, its beginning and its end: see state.h. */
#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/forecast/state.h"

/* ---- settings ---- */

void rollcast_stream_settings_init(struct rollcast_stream_settings *settings)
{
	*settings = (struct rollcast_stream_settings){
		.grid = {.aggregate = ROLLCAST_AGGREGATE_MEAN,
			 .gap = ROLLCAST_GAP_LINEAR,
			 .gap_longest = 12},
		.window = {.steps = 2016},
		.horizon = 12,
		.season_auto = true,
		.model = {.cell = ROLLCAST_CELL_LSTM,
			  .activation = ROLLCAST_ACTIVATION_TANH,
			  .hidden = 16,
			  .layers = 1,
			  .lookback = 48,
			  .patch = 1,
			  .batch = 32,
			  .loss = ROLLCAST_LOSS_MAE,
			  .huber_delta = 1,
			  .optimizer = ROLLCAST_OPTIMIZER_ADAM,
			  .rate = 0.005,
			  .clip_norm = 1,
			  .steps_first = 300,
			  .steps_refit = 120,
			  .seed = 1},
		.retrain_every = {.steps = 288},
		.retrain_on_drift = true,
		.levels = {0.8, 0.95},
		.level_count = 2,
	};
}

uint64_t stream_span_steps(struct rollcast_span span, int64_t step_us)
{
	if (span.us == 0)
		return span.steps;
	return span.us < step_us ? 1 : (uint64_t)((span.us + step_us / 2) / step_us);
}

static bool are_settings_good(const struct rollcast_stream_settings *settings)
{
	const struct rollcast_model_settings *model = &settings->model;

	if (settings->horizon == 0 || settings->horizon > ROLLCAST_HORIZON_MAX ||
	    settings->level_count > ROLLCAST_LEVELS_MAX ||
	    settings->season_count > ROLLCAST_SEASONS_MAX ||
	    settings->channel_count > ROLLCAST_CHANNELS_MAX || model->lookback == 0 ||
	    model->patch == 0 || model->lookback % model->patch || model->batch == 0 ||
	    settings->window.us < 0 || (settings->window.us == 0) == (settings->window.steps == 0))
		return false;
	for (uint32_t i = 0; i < settings->level_count; i++)
		if (!(settings->levels[i] > 0 && settings->levels[i] < 1) ||
		    (i > 0 && settings->levels[i] <= settings->levels[i - 1]))
			return false;
	return true;
}

/* ---- life ---- */

int rollcast_stream_create(const char *name, const struct rollcast_stream_settings *settings,
			   struct rollcast_stream **ret_stream)
{
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	int r;

	if (!are_settings_good(settings))
		return -EINVAL;
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return -ENOMEM;
	stream->settings = settings;
	stream->name = strdup(name);
	if (!stream->name)
		return -ENOMEM;
	r = grid_init(&stream->grid, &settings->grid);
	if (r < 0)
		return r;
	*ret_stream = STEAL(stream);
	return 0;
}

void rollcast_stream_destroy(struct rollcast_stream *stream)
{
	if (!stream)
		return;
	grid_finish(&stream->grid);
	past_finish(&stream->past);
	past_finish(&stream->before);
	channels_finish(&stream->channels);
	fit_finish(&stream->fit);
	rollcast_shared_unref(stream->shared);
	fit_scratch_finish(&stream->scratch);
	intervals_finish(&stream->intervals);
	pending_finish(&stream->pending);
	free(stream->forecasts);
	free(stream->quantiles);
	free(stream->name);
	free(stream);
}

size_t rollcast_stream_bytes(const struct rollcast_stream *stream)
{
	const void *const blocks[] = {
		stream,
		stream->name,
		stream->grid.early,
		stream->grid.cells,
		stream->grid.closed,
		stream->past.values.values,
		stream->past.marks,
		stream->scratch.inputs,
		stream->scratch.extras,
		stream->scratch.outputs,
		stream->scratch.network,
		stream->scratch.features,
		stream->intervals.recent,
		stream->intervals.sorted,
		stream->intervals.seen,
		stream->pending.origins,
		stream->pending.rows,
		stream->forecasts,
		stream->quantiles,
	};
	size_t bytes = fit_bytes(&stream->fit) + feature_memory_bytes(&stream->scratch.memory);

	for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++)
		bytes += malloc_usable_size((void *)blocks[i]);
	for (uint32_t i = 0; i < stream->channels.count; i++)
		bytes += malloc_usable_size(stream->channels.values[i].values) +
			 malloc_usable_size(stream->channels.behind[i].values);
	return bytes;
}

const char *rollcast_stream_name(const struct rollcast_stream *stream)
{
	return stream->name;
}

/* The seasons that the settings give: ascending, each once, and short enough to be seen. */
static void take_seasons(struct rollcast_stream *stream, int64_t step_us, size_t window)
{
	struct fit *fit = &stream->fit;

	for (uint32_t i = 0; i < stream->settings->season_count; i++) {
		uint64_t season = stream_span_steps(stream->settings->seasons[i], step_us);
		uint32_t place = 0;

		while (place < fit->season_count && fit->seasons[place] < season)
			place++;
		if (season < 2 || season >= window ||
		    (place < fit->season_count && fit->seasons[place] == season))
			continue;
		memmove(fit->seasons + place + 1, fit->seasons + place,
			(fit->season_count - place) * sizeof(*fit->seasons));
		fit->seasons[place] = (uint32_t)season;
		fit->season_count++;
	}
}

/* Ascending: the lower bounds from the widest interval on, the median, the upper bounds. */
static void set_quantile_levels(struct rollcast_stream *stream)
{
	uint32_t middle = stream->settings->level_count;

	stream->quantile_levels[middle] = 0.5;
	for (uint32_t i = 0; i < middle; i++) {
		double tail = (1 - stream->settings->levels[i]) / 2;

		stream->quantile_levels[middle - 1 - i] = tail;
		stream->quantile_levels[middle + 1 + i] = 1 - tail;
	}
}

/* What does not change from forecast to forecast. */
static void begin_forecast(struct rollcast_stream *stream)
{
	const struct rollcast_stream_settings *settings = stream->settings;

	set_quantile_levels(stream);
	stream->forecast = (struct rollcast_forecast){
		.name = stream->name,
		.step_us = grid_step_us(&stream->grid),
		.horizon = settings->horizon,
		.quantile_count = 2 * settings->level_count + 1,
		.mean = stream->quantiles + (size_t)settings->level_count * settings->horizon,
		.quantile_levels = stream->quantile_levels,
		.quantiles = stream->quantiles,
		.level_count = settings->level_count,
	};
	memcpy(stream->forecast.levels, settings->levels, sizeof(settings->levels));
}

int stream_make_ready(struct rollcast_stream *stream)
{
	const struct rollcast_stream_settings *settings = stream->settings;
	int64_t step_us = grid_step_us(&stream->grid);
	uint64_t window = stream_span_steps(settings->window, step_us);
	uint32_t quantiles = 2 * settings->level_count + 1;
	size_t least = job_least_count(settings);
	int r;

	window = window > STREAM_WINDOW_MAX ? STREAM_WINDOW_MAX : window;
	if (!stream->forecasts)
		stream->forecasts = malloc((size_t)(expert_count + BLEND_WAYS) * settings->horizon *
					   sizeof(double));
	if (!stream->quantiles)
		stream->quantiles = malloc((size_t)quantiles * settings->horizon * sizeof(double));
	if (!stream->forecasts || !stream->quantiles)
		return -ENOMEM;
	if (!stream->past.marks && (r = past_init(&stream->past, window)) < 0)
		return r;
	if (stream->channels.count < settings->channel_count) {
		channels_finish(&stream->channels);
		r = channels_init(&stream->channels, settings->channel_count, window);
		if (r < 0)
			return r;
	}
	if (!stream->scratch.network && (r = fit_scratch_init(&stream->scratch, settings)) < 0)
		return r;
	if (!stream->intervals.seen &&
	    (r = intervals_init(&stream->intervals, settings->horizon, settings->levels,
				settings->level_count)) < 0)
		return r;
	if (!stream->pending.origins &&
	    (r = pending_init(&stream->pending, expert_count + BLEND_WAYS, quantiles,
			      settings->horizon)) < 0)
		return r;
	blend_init(&stream->blend, expert_count, settings->experts_off);
	stream->score.levels = settings->level_count;
	stream->fit.low = -INFINITY;
	stream->fit.high = INFINITY;
	take_seasons(stream, step_us, window);
	begin_forecast(stream);
	stream->due = least < window ? least : window;
	stream->ready = true;
	if (stream->shared)
		blend_expect(&stream->blend, &stream->shared->usual);
	return 0;
}

void stream_begin_anew(struct rollcast_stream *stream, int64_t before_us)
{
	if (past_count(&stream->past) && !stream->before.marks) {
		stream->before = stream->past;
		stream->before_us = before_us;
		stream->past = (struct past){0};
	}
	past_finish(&stream->past);
	channels_finish(&stream->channels);
	fit_finish(&stream->fit);
	intervals_finish(&stream->intervals);
	pending_finish(&stream->pending);
	stream->fit = (struct fit){0};
	stream->score = (struct score){0};
	stream->drift = (struct drift){0};
	stream->forecast = (struct rollcast_forecast){0};
	memset(stream->states, 0, sizeof(stream->states));
	stream->job_begun = 0;
	stream->anew = true;
	stream->ready = false;
}
