/*
 * What one stream does with a sample. Read rollcast_stream_take first: it is the table of contents.
 */
#include "rollcast/stream.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "lib/forecast/resample.h"
#include "lib/forecast/state.h"
#include "lib/forecast/vectors.h"

/* ---- forecast ---- */

static struct expert_view view_of(struct rollcast_stream *stream)
{
	return (struct expert_view){
		.past = &stream->past,
		.channels = &stream->channels,
		.fit = &stream->fit,
		.shared = stream->shared,
		.model = &stream->settings->model,
		.horizon = stream->settings->horizon,
		.step_us = grid_step_us(&stream->grid),
		.scratch = &stream->scratch,
	};
}

/* Whether a step does not follow the one before. */
static bool is_jump(const struct rollcast_stream *stream, int64_t time_us)
{
	return past_count(&stream->past) &&
	       time_us != stream->past.time_us + grid_step_us(&stream->grid);
}

static void look_at_channels(struct rollcast_stream *stream, int64_t time_us)
{
	if (!stream->channels.count)
		return;
	channels_push(&stream->channels, is_jump(stream, time_us));
	if (stream->read)
		channels_look(&stream->channels, stream->read, stream->read_context, time_us,
			      grid_step_us(&stream->grid));
}

static void learn(struct rollcast_stream *stream, const struct grid_step *step)
{
	struct expert_view view;
	enum past_mark mark = isnan(step->value) ? PAST_HOLE
			      : step->filled	 ? PAST_FILLED
						 : PAST_MEASURED;

	look_at_channels(stream, step->time_us);
	past_push(&stream->past, step->time_us, step->value, mark);
	view = view_of(stream);
	for (uint32_t i = 0; i < expert_count; i++)
		if (expert_rows[i].update && mark != PAST_HOLE)
			expert_rows[i].update(&expert_rows[i], &view, stream->states[i]);
}

/* Not beyond what the window makes plausible, which the last value always is. */
static void clamp(const struct rollcast_stream *stream, double *values)
{
	double last = past_last(&stream->past);
	double low = fmin(stream->fit.low, last), high = fmax(stream->fit.high, last);

	vectors()->clamp(values, stream->settings->horizon, low, high);
}

static void ask_experts(struct rollcast_stream *stream)
{
	struct expert_view view = view_of(stream);
	uint32_t horizon = stream->settings->horizon;

	feature_memory_forget(&stream->scratch.memory);
	for (uint32_t i = 0; i < expert_count; i++) {
		double *values = stream->forecasts + (size_t)i * horizon;
		bool asked = i < SCORE_BASELINES || !(stream->settings->experts_off >> i & 1);

		if (asked &&
		    expert_rows[i].forecast(&expert_rows[i], &view, stream->states[i], values))
			clamp(stream, values);
		else
			for (uint32_t h = 0; h < horizon; h++)
				values[h] = NAN;
	}
}

/* The bounds of an interval as offsets from the mean; before there are errors, a random walk's. */
static void find_bounds(const struct rollcast_stream *stream, uint32_t step, uint32_t level,
			double *ret_lower, double *ret_upper)
{
	double upper = stream->quantile_levels[stream->settings->level_count + 1 + level];
	double spread = 1.5 * stream->past.change * sqrt(step + 1.0);

	if (intervals_bounds(&stream->intervals, step, level, ret_lower, ret_upper))
		return;
	*ret_upper = spread * intervals_normal(upper);
	*ret_lower = -*ret_upper;
}

/* Quantiles around the mean, from the middle outwards so that they never cross. */
static void spread_quantiles(struct rollcast_stream *stream)
{
	uint32_t horizon = stream->settings->horizon, middle = stream->settings->level_count;
	double *mean = stream->quantiles + (size_t)middle * horizon;
	double floor = stream->past.lowest >= 0 ? 0 : -INFINITY;

	for (uint32_t h = 0; h < horizon; h++) {
		for (uint32_t i = 1; i <= middle; i++) {
			double *lower = mean + h - (ptrdiff_t)i * horizon;
			double *upper = mean + h + (ptrdiff_t)i * horizon;

			find_bounds(stream, h, i - 1, lower, upper);
			*lower = fmin(fmax(mean[h] + *lower, floor), *(lower + horizon));
			*upper = fmax(mean[h] + *upper, *(upper - horizon));
		}
	}
}

/* An expert's weight in the newest forecast; none if it was silent. */
static double weight_of(const struct rollcast_stream *stream, uint32_t expert)
{
	uint32_t horizon = stream->settings->horizon;

	return isfinite(stream->forecasts[(size_t)expert * horizon])
		       ? blend_weight(&stream->blend, expert, horizon)
		       : 0;
}

static void set_weights(struct rollcast_stream *stream)
{
	struct rollcast_forecast *forecast = &stream->forecast;
	enum rollcast_cell cell = stream->settings->model.cell;
	double largest = 0, mass = 0;

	forecast->weight_count = 0;
	for (uint32_t i = 0; i < expert_count; i++) {
		double weight = weight_of(stream, i);
		const char *name = rollcast_expert_name(i, cell);

		if (!(weight > 0))
			continue;
		mass += weight;
		forecast->weights[forecast->weight_count++] =
			(struct rollcast_expert_weight){name, weight};
		if (weight > largest) {
			largest = weight;
			forecast->expert = name;
		}
	}
	if (forecast->weight_count == 0) {
		forecast->expert = rollcast_expert_name(EXPERT_NAIVE, cell);
		forecast->weights[forecast->weight_count++] =
			(struct rollcast_expert_weight){forecast->expert, mass = 1};
	}
	for (uint32_t i = 0; i < forecast->weight_count; i++)
		forecast->weights[i].weight /= mass;
}

static int64_t trained_us(const struct rollcast_stream *stream)
{
	if (stream->shared && stream->shared->trained_us > stream->fit.trained_us)
		return stream->shared->trained_us;
	return stream->fit.trained_us;
}

static void make_forecast(struct rollcast_stream *stream)
{
	struct rollcast_forecast *forecast = &stream->forecast;

	ask_experts(stream);
	blend_mix(&stream->blend, stream->forecasts, forecast->horizon,
		  stream->quantiles + (size_t)forecast->level_count * forecast->horizon);
	spread_quantiles(stream);
	pending_put(&stream->pending, stream->past.steps - 1, stream->forecasts, stream->quantiles);

	set_weights(stream);
	forecast->origin_us = stream->past.time_us;
	forecast->last = past_last(&stream->past);
	forecast->skill = score_skill(&stream->score);
	for (uint32_t i = 0; i < forecast->level_count; i++) {
		forecast->coverage[i] = score_coverage(&stream->score, i);
		for (uint32_t third = 0; third < ROLLCAST_THIRDS; third++)
			forecast->third_coverage[third][i] =
				score_third_coverage(&stream->score, third, i);
	}
	forecast->drifts = stream->drifts;
	forecast->trained_us = trained_us(stream);
	forecast->samples = stream->samples;
}

/* ---- samples in, forecasts out ---- */

int rollcast_stream_push(struct rollcast_stream *stream, int64_t time_us, double value)
{
	int64_t before_us = grid_step_us(&stream->grid);
	int r = grid_push(&stream->grid, time_us, value);

	if (r == ROLLCAST_PUSH_ACCEPTED)
		stream->samples++;
	if (stream->ready && grid_step_us(&stream->grid) != before_us)
		stream_begin_anew(stream, before_us);
	return r;
}

void rollcast_stream_flush(struct rollcast_stream *stream)
{
	grid_flush(&stream->grid);
}

int64_t rollcast_stream_step_us(const struct rollcast_stream *stream)
{
	return grid_step_us(&stream->grid);
}

void rollcast_stream_read_channels(struct rollcast_stream *stream, rollcast_channel_read *read,
				   void *context)
{
	stream->read = read;
	stream->read_context = context;
}

/* The window of the step before, in the step that there is now, up to the first of the new ones. */
static int take_over(struct rollcast_stream *stream, int64_t next_us)
{
	size_t count = past_count(&stream->before), most = stream->past.values.capacity;
	CLEANUP(free) uint8_t *marks = malloc(count + 1);
	const struct resample resample = {
		.past = &stream->before,
		.marks = marks,
		.before_us = stream->before_us,
		.step_us = grid_step_us(&stream->grid),
		.sums = stream->settings->grid.aggregate == ROLLCAST_AGGREGATE_SUM,
	};

	if (!marks)
		return -ENOMEM;
	past_marks(&stream->before, marks);
	count = resample_count(&resample, next_us);
	for (count = count < most ? count : most; count; count--) {
		struct grid_step step =
			resample_step(&resample, next_us - (int64_t)count * resample.step_us);

		learn(stream, &step);
	}
	past_finish(&stream->before);
	return 0;
}

int rollcast_stream_take(struct rollcast_stream *stream)
{
	struct grid_step step;
	int r;

	if (!stream->ready && grid_step_us(&stream->grid) && (r = stream_make_ready(stream)) < 0)
		return r;
	while (grid_pop(&stream->grid, &step)) {
		if (stream->before.marks && (r = take_over(stream, step.time_us)) < 0)
			return r;
		if (is_jump(stream, step.time_us)) /* what was said is about other times */
			pending_clear(&stream->pending);
		if (step.filled || isnan(step.value)) {
			learn(stream, &step);
			continue;
		}
		/* Score before learning: afterwards the experts have seen the answer. */
		stream_score(stream, stream->past.steps, step.value);
		learn(stream, &step);
		if (stream->anew && grid_is_ready(&stream->grid))
			continue;
		stream->anew = false;
		return 1;
	}
	return 0;
}

int rollcast_stream_step(struct rollcast_stream *stream,
			 const struct rollcast_forecast **ret_forecast)
{
	int r = rollcast_stream_take(stream);

	if (r <= 0)
		return r;
	make_forecast(stream);
	*ret_forecast = &stream->forecast;
	return 1;
}

const struct rollcast_forecast *rollcast_stream_forecast(struct rollcast_stream *stream)
{
	bool is_made =
		stream->forecast.samples && stream->forecast.origin_us == stream->past.time_us;

	if (!stream->ready || !past_count(&stream->past) || is_made ||
	    past_newest_mark(&stream->past) != PAST_MEASURED)
		return NULL;
	make_forecast(stream);
	return &stream->forecast;
}

const struct rollcast_forecast *rollcast_stream_latest(const struct rollcast_stream *stream)
{
	return stream->forecast.samples ? &stream->forecast : NULL;
}

size_t rollcast_stream_recent(const struct rollcast_stream *stream, double *ret_values, size_t most,
			      int64_t *ret_time_us)
{
	size_t count = stream->ready ? past_count(&stream->past) : 0;

	if (count > most)
		count = most;
	if (count == 0)
		return 0;
	past_recent(&stream->past, ret_values, count);
	*ret_time_us = stream->past.time_us;
	return count;
}
