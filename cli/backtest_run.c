/* Simulated time: see backtest_run.h. */
#include "cli/backtest_run.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/series/accuracy.h"

enum { REPORTED = 256 }; /* samples, between reports of progress */

struct run {
	const struct backtest_plan *plan;
	const struct backtest_series *series;
	const struct rollcast_stream_settings *settings;
	struct rollcast_stream *stream;
	struct backtest_result *result;
	double *latest; /* [quantiles x horizon] of the newest forecast */
	uint64_t latest_origin;
	bool has_latest;
};

/* ---- series ---- */

int backtest_series_add(struct backtest_series *series, int64_t time_us, double value)
{
	if (series->count == series->room) {
		size_t room = series->room ? 2 * series->room : 1024;
		int64_t *times = reallocarray(series->times_us, room, sizeof(*times));
		double *values;

		if (!times)
			return -ENOMEM;
		series->times_us = times;
		values = reallocarray(series->values, room, sizeof(*values));
		if (!values)
			return -ENOMEM;
		series->values = values;
		series->room = room;
	}
	series->times_us[series->count] = time_us;
	series->values[series->count++] = value;
	return 0;
}

void backtest_series_finish(struct backtest_series *series)
{
	free(series->name);
	free(series->times_us);
	free(series->values);
	*series = (struct backtest_series){0};
}

/* ---- what is kept ---- */

static bool is_wanted(const struct backtest_plan *plan, uint64_t origin)
{
	return origin >= plan->start && (origin - plan->start) % plan->stride == 0;
}

/* Keeps a measured step; steps in between were not measured. */
static int keep_step(struct backtest_result *result, uint64_t index, double value)
{
	if (index >= result->step_room) {
		size_t room = 2 * (index + 512);
		double *steps = reallocarray(result->steps, room, sizeof(*steps));

		if (!steps)
			return -ENOMEM;
		result->steps = steps;
		result->step_room = room;
	}
	while (result->step_count <= index)
		result->steps[result->step_count++] = NAN;
	result->steps[index] = value;
	return 0;
}

/* Keeps the newest forecast as that of `origin`, some steps later than it was made. */
static int keep_forecast(struct run *run, uint64_t origin)
{
	struct backtest_result *result = run->result;
	size_t horizon = result->horizon, width = result->quantile_count * horizon;
	size_t shift = origin - run->latest_origin;
	double *to;

	if (result->origin_count == result->origin_room) {
		size_t room = result->origin_room ? 2 * result->origin_room : 256;
		uint64_t *origins = reallocarray(result->origins, room, sizeof(*origins));
		double *quantiles;

		if (!origins)
			return -ENOMEM;
		result->origins = origins;
		quantiles = reallocarray(result->quantiles, room * width, sizeof(*quantiles));
		if (!quantiles)
			return -ENOMEM;
		result->quantiles = quantiles;
		result->origin_room = room;
	}
	result->origins[result->origin_count] = origin;
	to = result->quantiles + result->origin_count++ * width;
	for (size_t i = 0; i < result->quantile_count; i++)
		for (size_t h = 0; h < horizon; h++)
			*to++ = run->latest[i * horizon +
					    (h + shift < horizon ? h + shift : horizon - 1)];
	return 0;
}

/* Origins up to `end` that had no measured value. */
static int keep_missing(struct run *run, uint64_t end)
{
	uint64_t origin = run->latest_origin + 1;
	int r = 0;

	for (; run->has_latest && origin < end && r == 0; origin++)
		if (is_wanted(run->plan, origin))
			r = keep_forecast(run, origin);
	return r;
}

static void keep_shares(struct run *run, const struct rollcast_forecast *forecast)
{
	enum rollcast_cell cell = run->settings->model.cell;
	const char *name;
	uint32_t next = 0;

	for (uint32_t i = 0; (name = rollcast_expert_name(i, cell)); i++) {
		if (next == forecast->weight_count || strcmp(forecast->weights[next].name, name))
			continue;
		run->result->shares[i] += forecast->weights[next++].weight;
	}
	run->result->forecasts++;
}

static int begin(struct run *run, const struct rollcast_forecast *forecast)
{
	struct backtest_result *result = run->result;

	result->first_us = forecast->origin_us;
	/* What the grid calls a step by its begin, the file calls by its own times. */
	result->file_us = run->series->times_us[0];
	if (llabs(result->file_us - result->first_us) >= forecast->step_us)
		result->file_us = result->first_us;
	result->step_us = forecast->step_us;
	result->horizon = forecast->horizon;
	result->quantile_count = forecast->quantile_count;
	memcpy(result->quantile_levels, forecast->quantile_levels,
	       forecast->quantile_count * sizeof(double));
	run->latest = malloc((size_t)forecast->quantile_count * forecast->horizon * sizeof(double));
	return run->latest ? 0 : -ENOMEM;
}

static int take_forecast(struct run *run, const struct rollcast_forecast *forecast)
{
	struct backtest_result *result = run->result;
	uint64_t origin;
	int r = run->latest ? 0 : begin(run, forecast);

	if (r < 0)
		return r;
	if (forecast->origin_us < result->first_us)
		return 0;
	origin = (uint64_t)((forecast->origin_us - result->first_us) / result->step_us);
	r = keep_step(result, origin, forecast->last);
	if (r == 0)
		r = keep_missing(run, origin);
	if (r < 0)
		return r;
	memcpy(run->latest, forecast->quantiles,
	       (size_t)forecast->quantile_count * forecast->horizon * sizeof(double));
	run->latest_origin = origin;
	run->has_latest = true;
	if (!is_wanted(run->plan, origin))
		return 0;
	keep_shares(run, forecast);
	return keep_forecast(run, origin);
}

/* ---- the loop ---- */

static int train(struct run *run)
{
	struct rollcast_job *job;
	int r = rollcast_stream_job(run->stream, &job);

	if (r < 0)
		return r;
	rollcast_job_run(job);
	r = rollcast_stream_adopt(run->stream, job);
	run->result->trainings++;
	if (r == ROLLCAST_NETWORK_DIVERGED)
		run->result->diverged++;
	return r < 0 ? r : 0;
}

static int take_steps(struct run *run)
{
	const struct rollcast_forecast *forecast;
	int r;

	while ((r = rollcast_stream_step(run->stream, &forecast)) > 0) {
		r = take_forecast(run, forecast);
		if (r == 0 && rollcast_stream_urgency(run->stream) >= 1)
			r = train(run);
		if (r < 0)
			break;
	}
	return r;
}

static int play(struct run *run, const struct backtest_series *series)
{
	int r = 0;

	for (size_t i = 0; i < series->count && r == 0; i++) {
		r = rollcast_stream_push(run->stream, series->times_us[i], series->values[i]);
		if (r >= 0)
			r = take_steps(run);
		if ((i + 1) % REPORTED == 0 || i + 1 == series->count)
			atomic_fetch_add_explicit(run->plan->done, i % REPORTED + 1,
						  memory_order_relaxed);
	}
	if (r == 0) {
		rollcast_stream_flush(run->stream);
		r = take_steps(run);
	}
	return r;
}

/* ---- measures ---- */

static double last_known(const struct backtest_result *result, uint64_t index)
{
	while (index > 0 && isnan(result->steps[index]))
		index--;
	return result->steps[index];
}

static double seasonal_naive(const struct backtest_result *result, uint64_t origin, uint32_t ahead,
			     uint64_t season)
{
	uint64_t back = (ahead + season - 1) / season * season;

	return last_known(result, origin + ahead < back ? origin : origin + ahead - back);
}

static void measure(struct run *run)
{
	struct backtest_result *result = run->result;
	const struct rollcast_stream_settings *settings = run->settings;
	struct backtest_measures *measures = &result->measures;
	struct accuracy own = {0}, naive = {0}, seasonal = {0};
	struct accuracy intervals[ROLLCAST_LEVELS_MAX] = {{0}};
	uint32_t middle = result->quantile_count / 2;
	uint64_t season = 0, warm;
	double scale;

	if (settings->season_count)
		season = settings->seasons[0].us
				 ? (uint64_t)(settings->seasons[0].us / result->step_us)
				 : settings->seasons[0].steps;
	for (size_t i = 0; i < result->origin_count; i++) {
		uint64_t origin = result->origins[i];

		/* Only origins of which the whole horizon came count. */
		if (origin + result->horizon >= result->step_count)
			break;
		measures->origins++;
		for (uint32_t h = 0; h < result->horizon; h++) {
			double actual = result->steps[origin + 1 + h];

			accuracy_add(&own, actual, backtest_quantile(result, i, middle)[h]);
			accuracy_add(&naive, actual, last_known(result, origin));
			if (season)
				accuracy_add(&seasonal, actual,
					     seasonal_naive(result, origin, h + 1, season));
			for (uint32_t k = 0; k < middle; k++)
				accuracy_add_interval(
					&intervals[k], actual,
					backtest_quantile(result, i, middle - 1 - k)[h],
					backtest_quantile(result, i, middle + 1 + k)[h],
					settings->levels[k]);
		}
	}
	warm = run->plan->start + 1 < result->step_count ? run->plan->start + 1
							 : result->step_count;
	scale = accuracy_scale(result->steps, warm, 1);
	if (!(scale > 0))
		scale = accuracy_scale(result->steps, result->step_count, 1);
	measures->cells = own.points;
	measures->mae = accuracy_mae(&own);
	measures->mase = accuracy_mase(&own, scale);
	measures->ratio = measures->mae / fmin(accuracy_mae(&naive), accuracy_mae(&seasonal));
	for (uint32_t k = 0; k < middle; k++)
		measures->coverage[k] = accuracy_coverage(&intervals[k]);
	measures->msis = middle ? accuracy_msis(&intervals[middle - 1], scale) : NAN;
}

static double processor_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int backtest_run(const struct backtest_plan *plan, const struct backtest_series *series,
		 const struct rollcast_stream_settings *settings,
		 struct backtest_result *ret_result)
{
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	struct run run = {
		.plan = plan, .series = series, .settings = settings, .result = ret_result};
	double started = processor_seconds();
	int r;

	*ret_result = (struct backtest_result){0};
	r = rollcast_stream_create(series->name, settings, &stream);
	if (r < 0)
		return r;
	run.stream = stream;
	r = play(&run, series);
	if (r == 0 && run.has_latest)
		r = keep_missing(&run, ret_result->step_count);
	free(run.latest);
	for (uint32_t i = 0; i < ROLLCAST_EXPERTS_MAX && ret_result->forecasts; i++)
		ret_result->shares[i] /= (double)ret_result->forecasts;
	ret_result->seconds = processor_seconds() - started;
	if (r == 0)
		measure(&run);
	return r;
}

void backtest_result_finish(struct backtest_result *result)
{
	free(result->steps);
	free(result->origins);
	free(result->quantiles);
	*result = (struct backtest_result){0};
}
