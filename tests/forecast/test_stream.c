/* What one stream does with samples, from outside. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/forecast/play.h"

enum { STEPS_MAX = 4000 };

/* What came out, by the index of the origin. */
struct record {
	double last[STEPS_MAX];
	double mean[STEPS_MAX][16];
	bool there[STEPS_MAX];
	size_t count;
	double skill, coverage[ROLLCAST_LEVELS_MAX];
	char expert[32];
};

static void check_forecast(const struct rollcast_forecast *forecast)
{
	double sum = 0;

	for (uint32_t h = 0; h < forecast->horizon; h++) {
		assert_true(isfinite(forecast->mean[h]));
		for (uint32_t q = 0; q < forecast->quantile_count; q++) {
			const double *row = forecast->quantiles + (size_t)q * forecast->horizon;

			assert_true(isfinite(row[h]));
			if (q > 0)
				assert_true(row[h] >= (row - forecast->horizon)[h]);
		}
	}
	for (uint32_t i = 0; i < forecast->weight_count; i++)
		sum += forecast->weights[i].weight;
	assert_true(fabs(sum - 1) < 1e-9);
	assert_non_null(forecast->expert);
}

static void keep(void *context, const struct rollcast_forecast *forecast)
{
	struct record *record = context;
	size_t index =
		(size_t)((forecast->origin_us - PLAY_BEGIN_US + PLAY_STEP_US / 2) / PLAY_STEP_US);

	check_forecast(forecast);
	assert_true(index < STEPS_MAX);
	assert_false(record->there[index]);
	record->there[index] = true;
	record->last[index] = forecast->last;
	memcpy(record->mean[index], forecast->mean, forecast->horizon * sizeof(double));
	record->count++;
	record->skill = forecast->skill;
	memcpy(record->coverage, forecast->coverage, sizeof(record->coverage));
	snprintf(record->expert, sizeof(record->expert), "%s", forecast->expert);
}

static struct record *play(const struct rollcast_stream_settings *settings, const double *values,
			   size_t count)
{
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	struct record *record = calloc(1, sizeof(*record));

	assert_non_null(record);
	assert_int_equal(rollcast_stream_create("test", settings, &stream), 0);
	for (size_t i = 0; i < count; i++)
		assert_true(play_value(stream, i, values[i], keep, record) >= 0);
	rollcast_stream_flush(stream);
	assert_true(play_steps(stream, keep, record) >= 0);
	return record;
}

/* Mean absolute errors of the forecasts made from `first` on, and of naive. */
static double errors_from(const struct record *record, const double *values, size_t count,
			  uint32_t horizon, size_t first, double *ret_naive)
{
	double own = 0, naive = 0;
	size_t cells = 0;

	for (size_t i = first; i + horizon < count; i++)
		for (uint32_t h = 0; h < horizon && record->there[i]; h++) {
			if (isnan(values[i + 1 + h]))
				continue;
			own += fabs(values[i + 1 + h] - record->mean[i][h]);
			naive += fabs(values[i + 1 + h] - values[i]);
			cells++;
		}
	*ret_naive = naive / (double)cells;
	return own / (double)cells;
}

static uint32_t all_but(const char *name)
{
	uint32_t bits = 0;
	const char *expert;

	for (uint32_t i = 0; (expert = rollcast_expert_name(i, ROLLCAST_CELL_LSTM)); i++)
		if (strcmp(expert, name) != 0)
			bits |= UINT32_C(1) << i;
	return bits;
}

static void fill_sine(double *values, size_t count, double period, double noise)
{
	for (size_t i = 0; i < count; i++)
		values[i] = 10 + sin(2 * M_PI * (double)i / period) + noise * play_normal(i);
}

/* ---- what is promised ---- */

static void earlier_forecasts_do_not_know_later_values(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	double values[500];
	size_t changed = 450;

	(void)state;
	settings.seasons[0].steps = 24;
	settings.season_count = 1;
	fill_sine(values, 500, 24, 0.3);
	struct record *one = play(&settings, values, 500);

	for (size_t i = changed; i < 500; i++)
		values[i] += 1000;
	struct record *other = play(&settings, values, 500);

	for (size_t i = 0; i < changed; i++) {
		assert_true(one->there[i] && other->there[i]);
		assert_memory_equal(one->mean[i], other->mean[i], 6 * sizeof(double));
	}
	assert_memory_not_equal(one->mean[changed], other->mean[changed], 6 * sizeof(double));
	free(one);
	free(other);
}

static void the_network_alone_learns_a_sine(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	double values[700], naive, own;

	(void)state;
	settings.experts_off = all_but("lstm");
	fill_sine(values, 700, 20, 0.02);
	struct record *record = play(&settings, values, 700);

	own = errors_from(record, values, 700, 6, 300, &naive);
	assert_string_equal(record->expert, "lstm");
	assert_true(own < 0.15 * naive);
	free(record);
}

static void every_cell_learns_a_sine(void **state)
{
	static const char *const names[] = {"lstm", "gru", "rnn"};
	double values[500], naive, own;

	(void)state;
	fill_sine(values, 500, 20, 0.02);
	for (int cell = 0; cell < 3; cell++) {
		struct rollcast_stream_settings settings = play_settings();

		settings.model.cell = (enum rollcast_cell)cell;
		settings.experts_off = all_but("lstm");
		struct record *record = play(&settings, values, 500);

		own = errors_from(record, values, 500, 6, 300, &naive);
		assert_string_equal(record->expert, names[cell]);
		assert_true(own < 0.25 * naive);
		free(record);
	}
}

/* A sawtooth with a sharp edge a day: what a lookback of half a day cannot see coming. */
static void a_given_season_is_used(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	double values[1200], naive, own;

	(void)state;
	settings.window.steps = 800;
	settings.seasons[0].us = 120 * PLAY_STEP_US;
	settings.season_count = 1;
	for (size_t i = 0; i < 1200; i++)
		values[i] = (i % 120 > 80 ? 50 : 10) + (double)(i * i % 120) / 40 +
			    0.1 * play_normal(i);
	struct record *record = play(&settings, values, 1200);

	own = errors_from(record, values, 1200, 6, 600, &naive);
	assert_true(own < 0.2 * naive);
	assert_true(record->skill > -0.1);
	free(record);
}

static void a_season_is_found(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	double values[1200], naive, own;

	(void)state;
	settings.window.steps = 800;
	settings.season_auto = true;
	for (size_t i = 0; i < 1200; i++)
		values[i] = (i % 60 > 40 ? 50 : 10) + 0.5 * play_normal(i);
	struct record *record = play(&settings, values, 1200);

	own = errors_from(record, values, 1200, 6, 700, &naive);
	assert_true(own < 0.25 * naive);
	free(record);
}

static void a_constant_stream_is_forecast_exactly(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	double values[400];

	(void)state;
	settings.season_auto = true;
	for (size_t i = 0; i < 400; i++)
		values[i] = 42.5;
	struct record *record = play(&settings, values, 400);

	for (size_t i = 0; i < 400; i++)
		for (int h = 0; h < 6; h++)
			assert_true(fabs(record->mean[i][h] - 42.5) < 1e-9);
	assert_true(record->skill == 0);
	assert_true(record->coverage[0] == 1);
	free(record);
}

static void zeros_and_giants_yield_numbers(void **state)
{
	static const double scales[] = {0, 1e-300, 1e-9, 1e12, 1e290};
	double values[300];

	(void)state;
	for (size_t k = 0; k < sizeof(scales) / sizeof(*scales); k++) {
		struct rollcast_stream_settings settings = play_settings();

		for (size_t i = 0; i < 300; i++)
			values[i] = scales[k] * (i % 50 == 0 ? 1000 : play_noise(i));
		free(play(&settings, values, 300)); /* keep() checks every number */
	}
}

static void every_measured_step_is_an_origin_and_no_other(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	double values[600];
	size_t measured = 0;

	(void)state;
	fill_sine(values, 600, 24, 0.1);
	for (size_t i = 150; i < 155; i++)
		values[i] = NAN; /* bridged */
	for (size_t i = 300; i < 350; i++)
		values[i] = NAN; /* a hole */
	struct record *record = play(&settings, values, 600);

	for (size_t i = 0; i < 600; i++) {
		assert_int_equal(record->there[i], !isnan(values[i]));
		if (record->there[i])
			assert_true(record->last[i] == values[i]);
		measured += !isnan(values[i]);
	}
	assert_int_equal(record->count, measured);
	free(record);
}

static void a_window_shorter_than_a_lookback_still_forecasts(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	double values[200];

	(void)state;
	settings.window.steps = 10;
	fill_sine(values, 200, 24, 0.1);
	struct record *record = play(&settings, values, 200);

	assert_int_equal(record->count, 200);
	assert_string_not_equal(record->expert, "lstm");
	free(record);
}

static void the_longest_horizon_works(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;

	(void)state;
	settings.horizon = ROLLCAST_HORIZON_MAX;
	settings.window.steps = 1500;
	settings.model.steps_first = 2;
	settings.model.steps_refit = 1;
	assert_int_equal(rollcast_stream_create("long", &settings, &stream), 0);
	for (size_t i = 0; i < 1300; i++)
		assert_true(play_value(stream, i, play_noise(i), NULL, NULL) >= 0);
}

static void errors_after_a_level_shift_fall_again(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	double values[700], before, after, naive;

	(void)state;
	for (size_t i = 0; i < 700; i++)
		values[i] = (i < 400 ? 10 : 200) + play_normal(i);
	struct record *record = play(&settings, values, 700);

	before = errors_from(record, values, 394, 6, 250, &naive);
	after = errors_from(record, values, 700, 6, 500, &naive);
	assert_true(after < 1.25 * before);
	free(record);
}

/* Ten sigma, of several kinds, at step `at`. */
static double shifted(int kind, size_t i, size_t at)
{
	const double sigma = 0.577; /* of play_noise */
	double size = 10 * sigma, since = i < at ? 0 : (double)(i - at) + 1;
	double noise = play_noise(i), wave = 4 * sin(2 * M_PI * (double)i / 24);

	switch (kind) {
	case 0: /* up */
		return 50 + noise + (since > 0 ? size : 0);
	case 1: /* down, to a lower half of the range */
		return 50 + noise - (since > 0 ? size : 0);
	case 2: /* up within a few steps */
		return 50 + noise + size * fmin(since / 6, 1);
	case 3: /* under a wave */
		return 50 + noise + wave + (since > 0 ? size : 0);
	default: /* up, and halfway back after a while */
		return 50 + noise + (since > 0 ? size : 0) - (since > 12 ? size / 2 : 0);
	}
}

static void two_lookbacks_after_a_shift_of_ten_sigma_errors_are_as_before(void **state)
{
	enum { AT = 400, COUNT = 700, KINDS = 5 };
	struct rollcast_stream_settings settings = play_settings();

	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		double values[COUNT], before, after, naive;

		for (size_t i = 0; i < COUNT; i++)
			values[i] = shifted(kind, i, AT);
		struct record *record = play(&settings, values, COUNT);

		before = errors_from(record, values, AT, 6, 200, &naive);
		after = errors_from(record, values, COUNT, 6, AT + 2 * settings.model.lookback,
				    &naive);
		assert_true(after < 1.5 * before);
		after = errors_from(record, values, AT + 3 * settings.model.lookback, 6,
				    AT + 2 * settings.model.lookback, &naive);
		assert_true(after < 1.5 * before);
		free(record);
	}
}

/* Independent noise: nine tenths of an interval of nine tenths. */
static void coverage_is_near_nominal(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	double *values = malloc(3000 * sizeof(*values));

	(void)state;
	assert_non_null(values);
	settings.retrain_every.steps = 1000;
	settings.model.steps_first = 20;
	settings.model.steps_refit = 20;
	for (size_t i = 0; i < 3000; i++)
		values[i] = 50 + play_normal(i);
	struct record *record = play(&settings, values, 3000);

	assert_true(fabs(record->coverage[0] - 0.8) < 0.03);
	assert_true(fabs(record->coverage[1] - 0.95) < 0.02);
	free(record);
	free(values);
}

static void noise_is_forecast_better_than_naive(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	double values[800];

	(void)state;
	for (size_t i = 0; i < 800; i++)
		values[i] = 50 + play_normal(i);
	struct record *record = play(&settings, values, 800);

	/* Naive errs by the difference of two, the mean by one: 1 - 1/sqrt(2) = 0.29. */
	assert_true(record->skill > 0.22 && record->skill < 0.32);
	free(record);
}

static void a_random_walk_is_forecast_as_well_as_by_naive(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	double values[1000], naive, own;

	(void)state;
	values[0] = 100;
	for (size_t i = 1; i < 1000; i++)
		values[i] = values[i - 1] + play_normal(i);
	struct record *record = play(&settings, values, 1000);

	own = errors_from(record, values, 1000, 6, 200, &naive);
	assert_true(own < 1.05 * naive);
	free(record);
}

/* ---- jobs ---- */

static struct rollcast_stream *stream_with(const struct rollcast_stream_settings *settings,
					   size_t steps)
{
	struct rollcast_stream *stream = NULL;
	const struct rollcast_forecast *forecast;

	assert_int_equal(rollcast_stream_create("jobs", settings, &stream), 0);
	for (size_t i = 0; i < steps; i++) {
		assert_int_equal(rollcast_stream_push(stream,
						      PLAY_BEGIN_US + (int64_t)i * PLAY_STEP_US,
						      10 + sin((double)i / 3) + play_noise(i)),
				 0);
		while (rollcast_stream_step(stream, &forecast) > 0)
			;
	}
	return stream;
}

static void one_job_is_out_at_a_time(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	CLEANUP(rollcast_stream_destroy)
	struct rollcast_stream *stream = stream_with(&settings, 200);
	struct rollcast_job *job, *second = NULL;

	(void)state;
	assert_true(rollcast_stream_urgency(stream) >= 1);
	assert_int_equal(rollcast_stream_job(stream, &job), 0);
	assert_true(rollcast_stream_urgency(stream) == 0);
	assert_int_equal(rollcast_stream_job(stream, &second), -EBUSY);
	assert_null(second);
	rollcast_stream_abandon(stream, job);
	assert_true(rollcast_stream_urgency(stream) >= 1);
	assert_int_equal(rollcast_stream_job(stream, &job), 0);
	assert_int_equal(rollcast_job_run(job), 0);
	assert_int_equal(rollcast_job_steps(job), settings.model.steps_first);
	assert_int_equal(rollcast_stream_adopt(stream, job), 0);
	assert_true(rollcast_stream_urgency(stream) == 0);
}

static void training_is_due_when_there_is_enough_to_learn_from(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	size_t least = 24 + 6 + 2 * 32;
	struct rollcast_stream *early = stream_with(&settings, least - 10);
	struct rollcast_stream *ready = stream_with(&settings, least + 2);

	(void)state;
	assert_true(rollcast_stream_urgency(early) == 0);
	assert_true(rollcast_stream_urgency(ready) >= 1);
	rollcast_stream_destroy(early);
	rollcast_stream_destroy(ready);
}

static void a_diverged_training_changes_no_network(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	const struct rollcast_forecast *forecast;
	struct rollcast_job *job;
	uint32_t diverged = 0, trained = 0;

	(void)state;
	settings.model.optimizer = ROLLCAST_OPTIMIZER_SGD;
	settings.model.loss = ROLLCAST_LOSS_MSE;
	settings.model.clip_norm = 0;
	settings.model.rate = 1e6;
	assert_int_equal(rollcast_stream_create("wild", &settings, &stream), 0);
	for (size_t i = 0; i < 500; i++) {
		rollcast_stream_push(stream, PLAY_BEGIN_US + (int64_t)i * PLAY_STEP_US,
				     10 + play_normal(i));
		while (rollcast_stream_step(stream, &forecast) > 0)
			check_forecast(forecast);
		if (rollcast_stream_urgency(stream) < 1)
			continue;
		assert_int_equal(rollcast_stream_job(stream, &job), 0);
		assert_int_equal(rollcast_job_run(job), ROLLCAST_NETWORK_DIVERGED);
		assert_int_equal(rollcast_stream_adopt(stream, job), ROLLCAST_NETWORK_DIVERGED);
		diverged++;
		trained += !strcmp(forecast->expert, "lstm");
	}
	assert_true(diverged >= 3);
	assert_int_equal(trained, 0);
}

static void the_seed_and_the_name_tell_the_forecasts(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	double values[300];

	(void)state;
	settings.experts_off = all_but("lstm");
	fill_sine(values, 300, 24, 0.3);
	struct record *one = play(&settings, values, 300);
	struct record *same = play(&settings, values, 300);

	settings.model.seed = 2;
	struct record *other = play(&settings, values, 300);

	assert_memory_equal(one->mean[290], same->mean[290], 6 * sizeof(double));
	assert_memory_not_equal(one->mean[290], other->mean[290], 6 * sizeof(double));
	free(one);
	free(same);
	free(other);
}

/* ---- forecasts and settings ---- */

static void a_copy_stands_alone(void **state)
{
	struct rollcast_stream_settings settings = play_settings();
	struct rollcast_stream *stream = NULL;
	const struct rollcast_forecast *forecast = NULL;
	double quantiles[5 * 6];

	(void)state;
	assert_int_equal(rollcast_stream_create("copy{a=\"b\"}", &settings, &stream), 0);
	for (size_t i = 0; i < 30; i++) {
		rollcast_stream_push(stream, PLAY_BEGIN_US + (int64_t)i * PLAY_STEP_US,
				     play_noise(i));
		while (rollcast_stream_step(stream, &forecast) > 0)
			;
	}
	assert_non_null(forecast);
	size_t size = rollcast_forecast_size(forecast);
	void *memory = aligned_alloc(16, size);
	struct rollcast_forecast *copy = rollcast_forecast_copy(forecast, memory);

	assert_int_equal(size % 16, 0);
	memcpy(quantiles, forecast->quantiles, sizeof(quantiles));
	rollcast_stream_destroy(stream);
	assert_ptr_equal(copy, memory);
	assert_string_equal(copy->name, "copy{a=\"b\"}");
	assert_int_equal(copy->quantile_count, 5);
	assert_true(copy->quantile_levels[0] < 0.0251 && copy->quantile_levels[2] == 0.5);
	assert_memory_equal(copy->quantiles, quantiles, sizeof(quantiles));
	assert_memory_equal(copy->mean, quantiles + 2 * 6, 6 * sizeof(double));
	free(memory);
}

static void settings_that_make_no_sense_are_refused(void **state)
{
	struct rollcast_stream_settings good = play_settings(), bad;
	struct rollcast_stream *stream = NULL;

	(void)state;
	bad = good;
	bad.horizon = 0;
	assert_int_equal(rollcast_stream_create("bad", &bad, &stream), -EINVAL);
	bad = good;
	bad.horizon = ROLLCAST_HORIZON_MAX + 1;
	assert_int_equal(rollcast_stream_create("bad", &bad, &stream), -EINVAL);
	bad = good;
	bad.window = (struct rollcast_span){0};
	assert_int_equal(rollcast_stream_create("bad", &bad, &stream), -EINVAL);
	bad = good;
	bad.levels[1] = bad.levels[0];
	assert_int_equal(rollcast_stream_create("bad", &bad, &stream), -EINVAL);
	bad = good;
	bad.model.batch = 0;
	assert_int_equal(rollcast_stream_create("bad", &bad, &stream), -EINVAL);
	assert_null(stream);
}

/* Steps that are only taken are learned from all the same, and the newest one can be forecast from later. */
static void steps_without_forecasts_are_learned_from(void **state)
{
	(void)state;
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	struct rollcast_stream_settings settings;
	const struct rollcast_forecast *forecast;
	double recent[64];
	int64_t time_us;
	int taken = 0;

	rollcast_stream_settings_init(&settings);
	settings.grid.step_us = PLAY_STEP_US;
	assert_int_equal(rollcast_stream_create("test", &settings, &stream), 0);
	assert_null(rollcast_stream_forecast(stream));
	for (int64_t i = 0; i < 60; i++) {
		assert_int_equal(rollcast_stream_push(stream, PLAY_BEGIN_US + i * PLAY_STEP_US,
						      (double)(i % 6)),
				 0);
		taken += rollcast_stream_take(stream);
	}
	rollcast_stream_flush(stream);
	taken += rollcast_stream_take(stream);
	assert_int_equal(taken, 60);
	assert_null(rollcast_stream_latest(stream));
	assert_int_equal(rollcast_stream_recent(stream, recent, 64, &time_us), 60);
	forecast = rollcast_stream_forecast(stream);
	assert_non_null(forecast);
	check_forecast(forecast);
	assert_int_equal(forecast->origin_us, time_us);
	assert_int_equal(forecast->samples, 60);
	assert_true(forecast->last == 5);
	assert_null(rollcast_stream_forecast(stream));
	assert_ptr_equal(rollcast_stream_latest(stream), forecast);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(earlier_forecasts_do_not_know_later_values),
		cmocka_unit_test(the_network_alone_learns_a_sine),
		cmocka_unit_test(every_cell_learns_a_sine),
		cmocka_unit_test(a_given_season_is_used),
		cmocka_unit_test(a_season_is_found),
		cmocka_unit_test(a_constant_stream_is_forecast_exactly),
		cmocka_unit_test(zeros_and_giants_yield_numbers),
		cmocka_unit_test(every_measured_step_is_an_origin_and_no_other),
		cmocka_unit_test(a_window_shorter_than_a_lookback_still_forecasts),
		cmocka_unit_test(the_longest_horizon_works),
		cmocka_unit_test(errors_after_a_level_shift_fall_again),
		cmocka_unit_test(two_lookbacks_after_a_shift_of_ten_sigma_errors_are_as_before),
		cmocka_unit_test(coverage_is_near_nominal),
		cmocka_unit_test(noise_is_forecast_better_than_naive),
		cmocka_unit_test(a_random_walk_is_forecast_as_well_as_by_naive),
		cmocka_unit_test(one_job_is_out_at_a_time),
		cmocka_unit_test(training_is_due_when_there_is_enough_to_learn_from),
		cmocka_unit_test(a_diverged_training_changes_no_network),
		cmocka_unit_test(the_seed_and_the_name_tell_the_forecasts),
		cmocka_unit_test(a_copy_stands_alone),
		cmocka_unit_test(steps_without_forecasts_are_learned_from),
		cmocka_unit_test(settings_that_make_no_sense_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
