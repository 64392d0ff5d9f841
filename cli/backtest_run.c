/* Simulated time: see backtest_run.h. */
#include "cli/backtest_run.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/base/values.h"
#include "rollcast/group.h"
#include "rollcast/name.h"

enum { REPORTED = 256 }; /* samples, between reports of progress */

struct run {
	const struct backtest_plan *plan;
	const struct backtest_series *series;
	const struct rollcast_stream_settings *settings;
	struct rollcast_stream *stream;
	struct rollcast_group *group; /* NULL: no group */
	bool leads;		      /* it is the first of its group */
	struct values *channels;      /* what streams read of each other; NULL: nothing */
	struct backtest_result *result;
	double *latest; /* [quantiles x horizon] of the newest forecast */
	uint64_t latest_origin;
	bool has_latest;
	size_t next; /* sample; one beyond the last: the end of the series, then nothing */
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

/* What one call of backtest_run plays: one stream, or all that have to do with each other. */
struct runs {
	struct run *items; /* [count] */
	size_t count;
	struct values channels;
};

static void read_channel(void *context, uint32_t channel, int64_t time_us, int64_t step_us,
			 double *values, size_t count)
{
	const struct run *run = context;
	struct rollcast_text reader = {run->series->name, strlen(run->series->name)};
	char name[ROLLCAST_NAME_MAX];
	size_t length =
		rollcast_name_beside(run->settings->channels[channel], reader, name, sizeof(name));

	if (length)
		values_at_steps(run->channels,
				rollcast_name_hash((struct rollcast_text){name, length}), name,
				length, time_us, step_us, values, count);
}

static void share_step(const struct run *run, const struct rollcast_forecast *forecast)
{
	struct rollcast_text name = {run->series->name, strlen(run->series->name)};

	if (run->channels)
		values_put(run->channels, rollcast_name_hash(name), name.bytes, name.length,
			   forecast->origin_us, forecast->last, 0);
}

static int train(struct run *run)
{
	struct rollcast_group *group = run->group;
	struct rollcast_job *job;
	int r = rollcast_stream_job(run->stream, &job), learned = 0;

	if (r < 0)
		return r;
	rollcast_job_run(job);
	if (group)
		learned = rollcast_group_learn(group, job);
	r = rollcast_stream_adopt(run->stream, job);
	run->result->trainings++;
	if (r == ROLLCAST_NETWORK_DIVERGED)
		run->result->diverged++;
	return r < 0 ? r : learned;
}

static int take_steps(struct run *run)
{
	struct rollcast_group *group = run->group;
	const struct rollcast_forecast *forecast;
	int r;

	if (group)
		rollcast_stream_share(run->stream, rollcast_group_shared(group));
	while ((r = rollcast_stream_step(run->stream, &forecast)) > 0) {
		share_step(run, forecast);
		r = take_forecast(run, forecast);
		if (r == 0 && rollcast_stream_urgency(run->stream) >= 1)
			r = train(run);
		if (r < 0)
			break;
	}
	return r;
}

static double processor_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The next sample of a series, or its end. */
static int advance(struct run *run)
{
	const struct backtest_series *series = run->series;
	double started = processor_seconds();
	size_t i = run->next++;
	int r = 0;

	if (i < series->count) {
		r = rollcast_stream_push(run->stream, series->times_us[i], series->values[i]);
		if ((i + 1) % REPORTED == 0 || i + 1 == series->count)
			atomic_fetch_add_explicit(run->plan->done, i % REPORTED + 1,
						  memory_order_relaxed);
	} else {
		rollcast_stream_flush(run->stream);
	}
	if (r >= 0)
		r = take_steps(run);
	run->result->seconds += processor_seconds() - started;
	return r;
}

/* The time goes on: what the streams of a group have brought up to now is learned from. */
static int train_group(struct runs *runs, struct rollcast_group *group)
{
	double started = processor_seconds(), seconds, members = 0;
	struct rollcast_group_job *job;
	int r;

	if (!rollcast_group_is_due(group))
		return 0;
	r = rollcast_group_job(group, &job);
	if (r < 0)
		return r;
	rollcast_group_job_run(job);
	r = rollcast_group_adopt(group, job);
	seconds = processor_seconds() - started;
	for (size_t i = 0; i < runs->count; i++)
		members += runs->items[i].group == group;
	for (size_t i = 0; i < runs->count; i++)
		if (runs->items[i].group == group)
			runs->items[i].result->seconds += seconds / members;
	return r < 0 ? r : 0;
}

static int train_groups(struct runs *runs)
{
	int r = 0;

	for (size_t i = 0; i < runs->count && r >= 0; i++)
		if (runs->items[i].leads)
			r = train_group(runs, runs->items[i].group);
	return r;
}

static int64_t next_time(const struct run *run)
{
	if (run->next > run->series->count)
		return INT64_MAX;
	return run->next < run->series->count ? run->series->times_us[run->next] : INT64_MAX - 1;
}

static size_t earliest(const struct runs *runs)
{
	size_t first = 0;

	for (size_t i = 1; i < runs->count; i++)
		if (next_time(&runs->items[i]) < next_time(&runs->items[first]))
			first = i;
	return first;
}

/* All samples in the order of their times, those of one time in the order of the series. */
static int play(struct runs *runs)
{
	int64_t now_us = INT64_MIN;
	int r = 0;

	while (r >= 0) {
		struct run *run = &runs->items[earliest(runs)];
		int64_t time_us = next_time(run);

		if (time_us == INT64_MAX)
			return 0;
		if (time_us > now_us)
			r = train_groups(runs);
		now_us = time_us;
		if (r >= 0)
			r = advance(run);
	}
	return r;
}

/* ---- from beginning to end ---- */

static int prepare(struct run *run, const struct backtest_plan *plan,
		   const struct backtest_task *task)
{
	*run = (struct run){
		.plan = plan,
		.series = task->series,
		.settings = task->settings,
		.result = task->result,
	};
	*task->result = (struct backtest_result){0};
	return rollcast_stream_create(task->series->name, task->settings, &run->stream);
}

static int conclude(struct run *run)
{
	struct backtest_result *result = run->result;
	int r = run->has_latest ? keep_missing(run, result->step_count) : 0;

	for (uint32_t i = 0; i < ROLLCAST_EXPERTS_MAX && result->forecasts; i++)
		result->shares[i] /= (double)result->forecasts;
	if (r == 0)
		backtest_measure(run->plan, run->settings, result);
	return r;
}

static void runs_finish(struct runs *runs)
{
	for (size_t i = 0; runs->items && i < runs->count; i++) {
		rollcast_stream_destroy(runs->items[i].stream);
		if (runs->items[i].leads)
			rollcast_group_destroy(runs->items[i].group);
		free(runs->items[i].latest);
	}
	free(runs->items);
	values_finish(&runs->channels);
}

static void runs_finish_at_scope_end(struct runs *runs)
{
	runs_finish(runs);
}

/* The group of tasks[index], which the first of its streams makes. */
static int join_group(struct runs *runs, const struct backtest_task *tasks, size_t index)
{
	struct run *run = &runs->items[index];
	int r;

	for (size_t i = 0; i < index && !run->group && tasks[index].group; i++)
		if (tasks[i].group == tasks[index].group)
			run->group = runs->items[i].group;
	if (run->group || !tasks[index].group)
		return 0;
	r = rollcast_group_create(tasks[index].settings, &run->group);
	run->leads = r == 0;
	return r;
}

static void open_channels(struct runs *runs)
{
	bool any = false;

	for (size_t i = 0; i < runs->count; i++)
		any |= runs->items[i].settings->channel_count > 0;
	for (size_t i = 0; i < runs->count && any; i++) {
		runs->items[i].channels = &runs->channels;
		rollcast_stream_read_channels(runs->items[i].stream, read_channel, &runs->items[i]);
	}
}

int backtest_run(const struct backtest_plan *plan, const struct backtest_task *tasks, size_t count)
{
	CLEANUP(runs_finish) struct runs runs = {.count = count};
	int r = 0;

	values_init(&runs.channels, count, ROLLCAST_CHANNEL_STEPS, 0);
	runs.items = calloc(count, sizeof(*runs.items));
	if (!runs.items)
		return -ENOMEM;
	for (size_t i = 0; i < count && r == 0; i++)
		r = prepare(&runs.items[i], plan, &tasks[i]);
	for (size_t i = 0; i < count && r == 0; i++)
		r = join_group(&runs, tasks, i);
	if (r < 0)
		return r;
	open_channels(&runs);
	r = play(&runs);
	for (size_t i = 0; i < count && r == 0; i++)
		r = conclude(&runs.items[i]);
	return r;
}

void backtest_result_finish(struct backtest_result *result)
{
	free(result->steps);
	free(result->origins);
	free(result->quantiles);
	*result = (struct backtest_result){0};
}
