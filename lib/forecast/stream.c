/*
 * What one stream does with a sample. Read rollcast_stream_step first: it is the table of contents.
 */
#include "rollcast/stream.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/forecast/blend.h"
#include "lib/forecast/drift.h"
#include "lib/forecast/expert.h"
#include "lib/forecast/past.h"
#include "lib/forecast/intervals.h"
#include "lib/forecast/job.h"
#include "lib/forecast/pending.h"
#include "lib/forecast/random.h"
#include "lib/forecast/score.h"
#include "lib/series/grid.h"

enum {
	WINDOW_MAX = 1 << 20,  /* steps, whatever the settings' durations come to */
	RETRAIN_LEAST = 32,    /* steps between the first trainings, which come sooner */
	THIN_FROM = 100,       /* errors, from which on neighbours are left out */
	THIN_LEAST = 2,
	DRIFT_SHARE = 8,       /* drift brings a training forward to an eighth of the usual time */
};

struct rollcast_stream {
	char *name;
	const struct rollcast_stream_settings *settings;
	struct grid grid;
	uint64_t samples;

	/* From here on all is made when the step is known. */
	bool ready;
	struct past past;
	struct fit fit;
	struct fit_scratch scratch;
	double states[ROLLCAST_EXPERTS_MAX][EXPERT_STATES];
	struct blend blend;
	struct intervals intervals;
	struct pending pending;
	struct score score;
	struct drift drift;

	double *forecasts;       /* [(experts + ways) x horizon], of the newest origin */
	double *quantiles;       /* [quantiles x horizon]; the middle row is the mean */
	double quantile_levels[ROLLCAST_QUANTILES_MAX];
	struct rollcast_forecast forecast;

	bool job_out;
	uint64_t due;            /* index of the step at which training is due */
	uint64_t job_begun;      /* steps seen when the job that is out was made */
	uint64_t trainings;      /* jobs made: each has its own seed */
};

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

static uint64_t span_steps(struct rollcast_span span, int64_t step_us)
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
	    settings->season_count > ROLLCAST_SEASONS_MAX || model->lookback == 0 ||
	    model->batch == 0 || settings->window.us < 0 ||
	    (settings->window.us == 0) == (settings->window.steps == 0))
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
	fit_finish(&stream->fit);
	fit_scratch_finish(&stream->scratch);
	intervals_finish(&stream->intervals);
	pending_finish(&stream->pending);
	free(stream->forecasts);
	free(stream->quantiles);
	free(stream->name);
	free(stream);
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
		uint64_t season = span_steps(stream->settings->seasons[i], step_us);
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

/* Makes everything that needs the step to be known. */
static int make_ready(struct rollcast_stream *stream)
{
	const struct rollcast_stream_settings *settings = stream->settings;
	int64_t step_us = grid_step_us(&stream->grid);
	uint64_t window = span_steps(settings->window, step_us);
	uint32_t quantiles = 2 * settings->level_count + 1;
	size_t least = job_least_count(settings);
	int r;

	window = window > WINDOW_MAX ? WINDOW_MAX : window;
	if (!stream->forecasts)
		stream->forecasts = malloc((size_t)(expert_count + BLEND_WAYS) * settings->horizon *
					   sizeof(double));
	if (!stream->quantiles)
		stream->quantiles = malloc((size_t)quantiles * settings->horizon * sizeof(double));
	if (!stream->forecasts || !stream->quantiles)
		return -ENOMEM;
	if (!stream->past.marks && (r = past_init(&stream->past, window)) < 0)
		return r;
	if (!stream->scratch.network &&
	    (r = fit_scratch_init(&stream->scratch, &settings->model, settings->horizon)) < 0)
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
	return 0;
}

/* ---- score ---- */

static void score_members(struct rollcast_stream *stream, const double *row, uint32_t step,
			  double value, struct blend_errors *errors)
{
	uint32_t third = blend_third(step, stream->settings->horizon);
	double naive = fabs(value - row[EXPERT_NAIVE]);

	for (uint32_t i = 0; i < expert_count + BLEND_WAYS; i++) {
		double error = fabs(value - row[i]);
		bool there = isfinite(error);

		errors->own[third][i] += there ? error : 0;
		errors->naive[third][i] += there ? naive : 0;
		errors->cells[third][i] += there;
	}
}

/*
 * Of many errors not all are kept: neighbours say nearly the same, and what is kept should reach back
 * over a season.
 */
static void keep_error(struct rollcast_stream *stream, uint64_t index, uint32_t step, double error)
{
	const struct fit *fit = &stream->fit;
	uint32_t longest = fit->season_count ? fit->seasons[fit->season_count - 1] : 0;
	uint32_t thin = (longest + INTERVALS_ERRORS - 1) / INTERVALS_ERRORS;

	thin = thin > THIN_LEAST ? thin : THIN_LEAST;
	if (intervals_count(&stream->intervals, step) < THIN_FROM || (index + step) % thin == 0)
		intervals_add(&stream->intervals, step, error);
}

/* After drift: not at once, so that there is something new to learn from. */
static void bring_training_forward(struct rollcast_stream *stream)
{
	uint64_t every = span_steps(stream->settings->retrain_every, grid_step_us(&stream->grid));
	uint64_t soon = stream->past.steps + stream->settings->horizon;
	uint64_t earliest = stream->job_begun + every / DRIFT_SHARE;

	soon = soon > earliest ? soon : earliest;
	stream->due = stream->due < soon ? stream->due : soon;
}

/* What one step of truth says about the published forecasts. */
struct verdict {
	struct score_step sums;
	uint32_t missed[ROLLCAST_LEVELS_MAX][INTERVALS_THIRDS], rows[INTERVALS_THIRDS];
};

static void judge(const struct rollcast_stream *stream, const double *quantiles, uint32_t step,
		  double value, struct verdict *verdict)
{
	uint32_t middle = stream->settings->level_count;
	uint32_t third = step * INTERVALS_THIRDS / stream->settings->horizon;

	verdict->rows[third]++;
	verdict->sums.own += fabs(value - quantiles[middle]);
	for (uint32_t i = 0; i < middle; i++) {
		bool inside = value >= quantiles[middle - 1 - i] &&
			      value <= quantiles[middle + 1 + i];

		verdict->sums.inside[i] += inside;
		verdict->missed[i][third] += !inside;
	}
}

static void learn_verdict(struct rollcast_stream *stream, struct verdict *verdict)
{
	struct score_step *sums = &verdict->sums;
	uint32_t rows = 0;

	for (uint32_t third = 0; third < INTERVALS_THIRDS; third++) {
		rows += verdict->rows[third];
		for (uint32_t i = 0; i < stream->settings->level_count && verdict->rows[third]; i++)
			intervals_adapt(&stream->intervals, i, third,
					(double)verdict->missed[i][third] / verdict->rows[third]);
	}
	sums->own /= rows;
	for (uint32_t i = 0; i < SCORE_BASELINES; i++)
		sums->baselines[i] /= rows;
	for (uint32_t i = 0; i < stream->settings->level_count; i++)
		sums->inside[i] /= rows;
	score_learn(&stream->score, sums);
	if (stream->settings->retrain_on_drift && drift_learn(&stream->drift, sums->own))
		bring_training_forward(stream);
}

/* Scores all that was said about the step `index`, before anything learns from it. */
static void score(struct rollcast_stream *stream, uint64_t index, double value)
{
	struct blend_errors errors = {0};
	struct verdict verdict = {.rows = {0}};
	uint32_t rows = 0, step;

	for (uint32_t slot = 0; slot < stream->pending.slots; slot++) {
		const double *row = pending_row(&stream->pending, slot, index, &step);

		if (!row)
			continue;
		rows++;
		score_members(stream, row, step, value, &errors);
		judge(stream, row + expert_count + BLEND_WAYS, step, value, &verdict);
		for (uint32_t i = 0; i < SCORE_BASELINES; i++)
			verdict.sums.baselines[i] += fabs(value - row[EXPERT_NAIVE + i]);
		keep_error(stream, index, step,
			   value - row[expert_count + BLEND_WAYS + stream->settings->level_count]);
	}
	if (rows == 0)
		return;
	blend_learn(&stream->blend, &errors);
	learn_verdict(stream, &verdict);
}

/* ---- forecast ---- */

static struct expert_view view_of(struct rollcast_stream *stream)
{
	return (struct expert_view){
		.past = &stream->past,
		.fit = &stream->fit,
		.model = &stream->settings->model,
		.horizon = stream->settings->horizon,
		.step_us = grid_step_us(&stream->grid),
		.scratch = &stream->scratch,
	};
}

static void learn(struct rollcast_stream *stream, const struct grid_step *step)
{
	struct expert_view view;
	enum past_mark mark = isnan(step->value) ? PAST_HOLE
				 : step->filled     ? PAST_FILLED
						    : PAST_MEASURED;

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

	for (uint32_t h = 0; h < stream->settings->horizon; h++)
		if (isfinite(values[h])) /* fmin would turn NaN into a bound */
			values[h] = fmin(fmax(values[h], low), high);
}

static void ask_experts(struct rollcast_stream *stream)
{
	struct expert_view view = view_of(stream);
	uint32_t horizon = stream->settings->horizon;

	for (uint32_t i = 0; i < expert_count; i++) {
		double *values = stream->forecasts + (size_t)i * horizon;
		bool asked = i < SCORE_BASELINES || !(stream->settings->experts_off >> i & 1);

		if (asked && expert_rows[i].forecast(&expert_rows[i], &view, stream->states[i],
						     values))
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

static void set_weights(struct rollcast_stream *stream)
{
	struct rollcast_forecast *forecast = &stream->forecast;
	enum rollcast_cell cell = stream->settings->model.cell;
	double largest = -1;

	forecast->weight_count = 0;
	for (uint32_t i = 0; i < expert_count; i++) {
		double weight = blend_weight(&stream->blend, i, forecast->horizon);
		const char *name = rollcast_expert_name(i, cell);

		if (!(weight > 0))
			continue;
		forecast->weights[forecast->weight_count++] =
			(struct rollcast_expert_weight){name, weight};
		if (weight > largest) {
			largest = weight;
			forecast->expert = name;
		}
	}
}

static void make_forecast(struct rollcast_stream *stream)
{
	struct rollcast_forecast *forecast = &stream->forecast;

	ask_experts(stream);
	blend_mix(&stream->blend, stream->forecasts, forecast->horizon,
		  stream->quantiles + (size_t)forecast->level_count * forecast->horizon);
	spread_quantiles(stream);
	pending_put(&stream->pending, stream->past.steps - 1, stream->forecasts,
		    stream->quantiles);

	set_weights(stream);
	forecast->origin_us = stream->past.time_us;
	forecast->last = past_last(&stream->past);
	forecast->skill = score_skill(&stream->score);
	for (uint32_t i = 0; i < forecast->level_count; i++)
		forecast->coverage[i] = score_coverage(&stream->score, i);
	forecast->trained_us = stream->fit.trained_us;
	forecast->samples = stream->samples;
}

/* ---- samples in, forecasts out ---- */

int rollcast_stream_push(struct rollcast_stream *stream, int64_t time_us, double value)
{
	int r = grid_push(&stream->grid, time_us, value);

	if (r == ROLLCAST_PUSH_ACCEPTED)
		stream->samples++;
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

/* A step that does not follow the one before: what was said is about other times. */
static void notice_jump(struct rollcast_stream *stream, const struct grid_step *step)
{
	if (past_count(&stream->past) &&
	    step->time_us != stream->past.time_us + grid_step_us(&stream->grid))
		pending_clear(&stream->pending);
}

int rollcast_stream_step(struct rollcast_stream *stream,
			 const struct rollcast_forecast **ret_forecast)
{
	struct grid_step step;
	int r;

	if (!stream->ready && grid_step_us(&stream->grid) && (r = make_ready(stream)) < 0)
		return r;
	while (grid_pop(&stream->grid, &step)) {
		notice_jump(stream, &step);
		if (step.filled || isnan(step.value)) {
			learn(stream, &step);
			continue;
		}
		/* Score before learning: afterwards the experts have seen the answer. */
		score(stream, stream->past.steps, step.value);
		learn(stream, &step);
		make_forecast(stream);
		*ret_forecast = &stream->forecast;
		return 1;
	}
	return 0;
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

/* ---- training ---- */

/* Steps from one training to the next: fewer at first, while each new one adds much to the window. */
static uint64_t retrain_after(const struct rollcast_stream *stream, uint64_t seen)
{
	uint64_t every = span_steps(stream->settings->retrain_every, grid_step_us(&stream->grid));
	uint64_t early = seen / 2 > RETRAIN_LEAST ? seen / 2 : RETRAIN_LEAST;

	every = every ? every : 1;
	return early < every ? early : every;
}

double rollcast_stream_urgency(const struct rollcast_stream *stream)
{
	uint64_t steps = stream->past.steps;
	double overdue, growth;

	if (!stream->ready || stream->job_out || steps < stream->due)
		return 0;
	overdue = (double)(steps - stream->due) / (double)retrain_after(stream, steps);
	growth = fmax(score_growth(&stream->score), 1);
	return (1 + overdue) * growth;
}

static uint64_t seed_of(const struct rollcast_stream *stream)
{
	uint64_t seed = stream->settings->model.seed;

	for (const char *c = stream->name; *c; c++)
		seed = random_mix(seed, (unsigned char)*c);
	return random_mix(seed, stream->trainings);
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
	job->seed = seed_of(stream);
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

/* Experts whose season has become another one begin anew. */
static void forget_seasons(struct rollcast_stream *stream, const struct fit *fit)
{
	for (uint32_t i = 0; i < expert_count; i++) {
		uint32_t season = expert_rows[i].season;
		bool was = season < stream->fit.season_count, is = season < fit->season_count;

		if (!expert_rows[i].seasonal ||
		    (was == is && (!was || stream->fit.seasons[season] == fit->seasons[season])))
			continue;
		blend_forget(&stream->blend, i);
		pending_forget(&stream->pending, i);
		memset(stream->states[i], 0, sizeof(stream->states[i]));
		if (i < SCORE_BASELINES)
			score_forget(&stream->score, i);
	}
}

int rollcast_stream_adopt(struct rollcast_stream *stream, struct rollcast_job *job)
{
	int result = job->result;

	stream->job_out = false;
	stream->due = stream->job_begun + retrain_after(stream, stream->job_begun);
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
