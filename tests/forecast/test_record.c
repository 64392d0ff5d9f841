#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/forecast/random.h"
#include "rollcast/stream.h"

#define S INT64_C(1000000)

static const char name[] = "cpu{host=\"a\"}";

static struct rollcast_stream_settings small_settings(void)
{
	struct rollcast_stream_settings settings;

	rollcast_stream_settings_init(&settings);
	settings.grid.step_us = S;
	settings.window = (struct rollcast_span){.steps = 150};
	settings.horizon = 5;
	settings.retrain_every = (struct rollcast_span){.steps = 60};
	settings.model.hidden = 3;
	settings.model.lookback = 10;
	settings.model.batch = 8;
	settings.model.steps_first = 20;
	settings.model.steps_refit = 10;
	return settings;
}

/* A day of 24 steps and noise; now and then a sample is missing. */
static double value_at(uint64_t i)
{
	struct random random = {i};

	return 50 + 10 * sin(2 * M_PI * (double)i / 24) +
	       (double)(random_next(&random) >> 40) / (1 << 22);
}

static void train(struct rollcast_stream *stream)
{
	struct rollcast_job *job;

	if (rollcast_stream_urgency(stream) < 1)
		return;
	assert_int_equal(rollcast_stream_job(stream, &job), 0);
	rollcast_job_run(job);
	assert_true(rollcast_stream_adopt(stream, job) >= 0);
}

/* The newest forecast, as one piece of memory; NULL: none. The caller frees it. */
static struct rollcast_forecast *push(struct rollcast_stream *stream, uint64_t i)
{
	const struct rollcast_forecast *forecast;
	struct rollcast_forecast *copy = NULL;
	int64_t time_us = (int64_t)(i % 4 == 1 ? i + 1 : i % 4 == 2 ? i - 1 : i) * S;

	if (i % 37 == 0)
		return NULL;
	rollcast_stream_push(stream, 1000000 * S + time_us, value_at(i));
	while (rollcast_stream_step(stream, &forecast) > 0) {
		free(copy);
		copy = rollcast_forecast_copy(forecast,
					      aligned_alloc(16, rollcast_forecast_size(forecast)));
		train(stream);
	}
	return copy;
}

static void run(struct rollcast_stream *stream, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++)
		free(push(stream, i));
}

static struct rollcast_stream *stream_after(const struct rollcast_stream_settings *settings,
					    uint64_t samples)
{
	struct rollcast_stream *stream;

	assert_int_equal(rollcast_stream_create(name, settings, &stream), 0);
	run(stream, 0, samples);
	return stream;
}

static unsigned char *save(const struct rollcast_stream *stream, size_t *ret_size)
{
	size_t size = rollcast_stream_save(stream, NULL, 0);
	unsigned char *bytes = malloc(size);

	memset(bytes, 0xaa, size);
	assert_int_equal(rollcast_stream_save(stream, bytes, size), size);
	*ret_size = size;
	return bytes;
}

static struct rollcast_stream *load(const struct rollcast_stream_settings *settings,
				    const struct rollcast_stream *saved, int expected)
{
	struct rollcast_stream *stream;
	size_t size;
	unsigned char *bytes = save(saved, &size);

	assert_int_equal(rollcast_stream_load(settings, bytes, size, &stream), expected);
	free(bytes);
	return stream;
}

static void assert_same_bits(const struct rollcast_forecast *a, const struct rollcast_forecast *b)
{
	assert_int_equal(!a, !b);
	if (!a)
		return;
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->origin_us, b->origin_us);
	assert_int_equal(a->samples, b->samples);
	assert_int_equal(a->trained_us, b->trained_us);
	assert_string_equal(a->expert, b->expert);
	assert_int_equal(a->weight_count, b->weight_count);
	for (uint32_t i = 0; i < a->weight_count; i++) {
		assert_string_equal(a->weights[i].name, b->weights[i].name);
		assert_true(a->weights[i].weight == b->weights[i].weight);
	}
	assert_memory_equal(a->mean, b->mean, a->horizon * sizeof(double));
	assert_memory_equal(a->quantiles, b->quantiles,
			    a->quantile_count * a->horizon * sizeof(double));
	assert_memory_equal(&a->skill, &b->skill, sizeof(double));
	assert_memory_equal(a->coverage, b->coverage, a->level_count * sizeof(double));
}

/* Runs one stream that was saved and loaded after `samples` beside one that was not. */
static void check_goes_on(const struct rollcast_stream_settings *settings, uint64_t samples)
{
	CLEANUP(rollcast_stream_destroy)
	struct rollcast_stream *stream = stream_after(settings, samples);
	CLEANUP(rollcast_stream_destroy)
	struct rollcast_stream *loaded = load(settings, stream, 0);

	assert_string_equal(rollcast_stream_name(loaded), name);
	for (uint64_t i = samples; i < samples + 150; i++) {
		struct rollcast_forecast *a = push(stream, i), *b = push(loaded, i);

		assert_same_bits(a, b);
		free(a);
		free(b);
	}
}

static void a_loaded_stream_goes_on_to_the_last_bit(void **state)
{
	static const uint64_t points[] = {0, 1, 2, 5, 9, 40, 100, 175, 260, 431};
	struct rollcast_stream_settings settings = small_settings();

	(void)state;
	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++)
		check_goes_on(&settings, points[i]);
}

static void so_does_one_whose_step_is_found_and_whose_steps_stay_open(void **state)
{
	static const uint64_t points[] = {3, 8, 12, 90, 300};
	struct rollcast_stream_settings settings = small_settings();

	(void)state;
	settings.grid.lateness_us = 3 * S;
	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++)
		check_goes_on(&settings, points[i]);
	settings.grid.step_us = 0;
	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++)
		check_goes_on(&settings, points[i]);
}

static void so_does_every_cell_optimiser_and_list_of_seasons(void **state)
{
	struct rollcast_stream_settings settings = small_settings();

	(void)state;
	for (int cell = 0; cell < 3; cell++) {
		settings.model.cell = cell;
		settings.model.optimizer = cell + 1;
		settings.model.momentum = cell > 0 ? 0.5 : 0;
		settings.season_auto = cell == 0;
		settings.seasons[0].steps = 24;
		settings.season_count = cell == 2;
		check_goes_on(&settings, 200);
	}
}

static void a_record_that_does_not_fit_says_how_long_it_is(void **state)
{
	struct rollcast_stream_settings settings = small_settings();
	CLEANUP(rollcast_stream_destroy)
	struct rollcast_stream *stream = stream_after(&settings, 100);
	unsigned char bytes[101];
	size_t size = rollcast_stream_save(stream, NULL, 0);

	(void)state;
	bytes[100] = 0x55;
	assert_true(size > 1000);
	assert_int_equal(rollcast_stream_save(stream, bytes, 100), size);
	assert_int_equal(bytes[100], 0x55);
}

/* ---- settings that have changed ---- */

static void change_hidden(struct rollcast_stream_settings *settings)
{
	settings->model.hidden = 5;
}

static void change_cell(struct rollcast_stream_settings *settings)
{
	settings->model.cell = ROLLCAST_CELL_GRU;
}

static void change_lookback(struct rollcast_stream_settings *settings)
{
	settings->model.lookback = 20;
}

static void change_horizon(struct rollcast_stream_settings *settings)
{
	settings->horizon = 9;
}

static void change_levels(struct rollcast_stream_settings *settings)
{
	settings->levels[0] = 0.5;
}

static void change_seasons(struct rollcast_stream_settings *settings)
{
	settings->season_auto = false;
	settings->seasons[0].steps = 12;
	settings->season_count = 1;
}

static void change_optimizer(struct rollcast_stream_settings *settings)
{
	settings->model.optimizer = ROLLCAST_OPTIMIZER_SGD;
}

static void change_window(struct rollcast_stream_settings *settings)
{
	settings->window.steps = 90;
}

static void change_lateness(struct rollcast_stream_settings *settings)
{
	settings->grid.lateness_us = 5 * S;
}

static void change_step(struct rollcast_stream_settings *settings)
{
	settings->grid.step_us = 2 * S;
}

static const struct {
	void (*change)(struct rollcast_stream_settings *settings);
	int anew;
} changes[] = {
	{change_hidden, ROLLCAST_ANEW_NETWORKS},
	{change_cell, ROLLCAST_ANEW_NETWORKS},
	{change_lookback, ROLLCAST_ANEW_NETWORKS | ROLLCAST_ANEW_REGRESSIONS},
	{change_horizon, ROLLCAST_ANEW_NETWORKS | ROLLCAST_ANEW_REGRESSIONS | ROLLCAST_ANEW_ERRORS |
				 ROLLCAST_ANEW_SCORES},
	{change_levels, ROLLCAST_ANEW_SCORES},
	{change_seasons,
	 ROLLCAST_ANEW_SEASONS | ROLLCAST_ANEW_NETWORKS | ROLLCAST_ANEW_REGRESSIONS},
	{change_optimizer, 0},
	{change_window, 0},
	{change_lateness, 0},
	{change_step, ROLLCAST_ANEW_ALL},
};

static void check_change(size_t which)
{
	struct rollcast_stream_settings before = small_settings(), after = before;
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *loaded = NULL;
	struct rollcast_record record;
	unsigned char *bytes;
	size_t size;

	before.grid.lateness_us = after.grid.lateness_us = 2 * S;
	changes[which].change(&after);
	stream = stream_after(&before, 240);
	loaded = load(&after, stream, changes[which].anew);
	bytes = save(loaded, &size);
	assert_int_equal(rollcast_record_read(bytes, size, &record), 0);
	free(bytes);
	assert_true(record.samples > 230);
	assert_int_equal(record.count, changes[which].anew & ROLLCAST_ANEW_ALL ? 0
				       : after.window.steps < 150	       ? 90
									       : 150);
	rollcast_record_finish(&record);
	for (uint64_t i = 240; i < 500; i++) {
		struct rollcast_forecast *forecast = push(loaded, i);

		for (uint32_t h = 0; forecast && h < forecast->horizon; h++)
			assert_true(isfinite(forecast->mean[h]));
		free(forecast);
	}
}

static void settings_that_have_changed_keep_the_window_and_what_still_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		check_change(i);
}

/* ---- bytes that are not what was saved ---- */

static void every_shorter_record_is_refused(void **state)
{
	struct rollcast_stream_settings settings = small_settings();
	CLEANUP(rollcast_stream_destroy)
	struct rollcast_stream *stream = stream_after(&settings, 200);
	struct rollcast_stream *loaded;
	size_t size;
	unsigned char *bytes = save(stream, &size);

	(void)state;
	for (size_t i = 0; i < size; i += i < 300 ? 1 : 97) {
		unsigned char *exact = malloc(i + 1);

		memcpy(exact, bytes, i);
		assert_int_equal(rollcast_stream_load(&settings, exact, i, &loaded), -EINVAL);
		free(exact);
	}
	free(bytes);
}

static void a_record_of_another_format_is_told_from_a_damaged_one(void **state)
{
	struct rollcast_stream_settings settings = small_settings();
	CLEANUP(rollcast_stream_destroy)
	struct rollcast_stream *stream = stream_after(&settings, 20);
	struct rollcast_stream *loaded;
	size_t size;
	unsigned char *bytes = save(stream, &size);

	(void)state;
	bytes[4]++;
	assert_int_equal(rollcast_stream_load(&settings, bytes, size, &loaded), -ENOTSUP);
	bytes[0]++;
	assert_int_equal(rollcast_stream_load(&settings, bytes, size, &loaded), -EINVAL);
	free(bytes);
}

static void mutate(unsigned char *bytes, size_t size, struct random *random)
{
	static const unsigned char extremes[] = {0, 1, 0x7f, 0x80, 0xff};
	uint32_t edits = 1 + random_below(random, 4);
	/* The heads of sections and small fields are rare among weights and values. */
	size_t range = random_below(random, 2) ? size : size < 4000 ? size : 4000;

	while (edits--) {
		size_t place = random_below(random, (uint32_t)range);
		size_t length = 1 + random_below(random, 8);
		unsigned char byte = random_below(random, 2)
					     ? extremes[random_below(random, sizeof(extremes))]
					     : (unsigned char)random_next(random);

		for (size_t i = 0; i < length && place + i < size; i++)
			bytes[place + i] = byte;
	}
}

/* A stream from mutated bytes may be wrong, never dangerous. */
static void mutated_records_are_refused_or_harmless(void **state)
{
	struct rollcast_stream_settings settings = small_settings();
	struct random random = {7};
	int loaded_count = 0;

	(void)state;
	for (int round = 0; round < 1500; round++) {
		CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
		CLEANUP(rollcast_stream_destroy) struct rollcast_stream *loaded = NULL;
		static const uint64_t points[] = {5, 60, 180};
		static unsigned char *saved[3];
		static size_t sizes[3];
		int which = round % 3;
		struct rollcast_record record;
		unsigned char *bytes;
		int r;

		settings.grid.step_us = which == 0 ? 0 : S;
		if (!saved[which]) {
			stream = stream_after(&settings, points[which]);
			saved[which] = save(stream, &sizes[which]);
		}
		bytes = malloc(sizes[which]);
		memcpy(bytes, saved[which], sizes[which]);
		mutate(bytes, sizes[which], &random);
		r = rollcast_stream_load(&settings, bytes, sizes[which], &loaded);
		assert_true(r >= 0 || r == -EINVAL || r == -ENOTSUP);
		if (rollcast_record_read(bytes, sizes[which], &record) == 0)
			rollcast_record_finish(&record);
		free(bytes);
		if (r < 0)
			continue;
		loaded_count++;
		run(loaded, points[which], points[which] + 30);
	}
	assert_true(loaded_count > 100);
}

/* What one absurd value does to fits, scales and errors must not cost the stream its record. */
static void a_stream_of_huge_values_is_kept_like_any_other(void **state)
{
	static const double values[] = {1e300, -1e300, 1e-300, 1.7e150};
	struct rollcast_stream_settings settings = small_settings();

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		CLEANUP(rollcast_stream_destroy)
		struct rollcast_stream *stream = stream_after(&settings, 100);

		rollcast_stream_push(stream, 1000000 * S + 101 * S, values[i]);
		run(stream, 102, 240);
		rollcast_stream_destroy(load(&settings, stream, 0));
	}
}

/* ---- what a record tells ---- */

static void a_record_tells_its_window_without_settings(void **state)
{
	struct rollcast_stream_settings settings = small_settings();
	CLEANUP(rollcast_stream_destroy)
	struct rollcast_stream *stream = stream_after(&settings, 260);
	struct rollcast_record record;
	size_t size, measured = 0;
	unsigned char *bytes = save(stream, &size);

	(void)state;
	assert_int_equal(rollcast_record_read(bytes, size, &record), 0);
	free(bytes);
	assert_string_equal(record.name, name);
	assert_int_equal(record.step_us, S);
	assert_int_equal(record.count, 150);
	assert_int_equal(record.horizon, 5);
	assert_true(record.trained_us > 1000000 * S);
	assert_true(record.time_us >= 1000258 * S);
	for (size_t i = 0; i < record.count; i++)
		measured += isfinite(record.values[i]);
	assert_true(measured > 70 && measured < 150);
	rollcast_record_finish(&record);
}

/* As other settings come while everything runs. */
static void a_stream_passes_over_to_other_settings_as_a_record_would(void **state)
{
	(void)state;
	struct rollcast_stream_settings before = small_settings(), equal = before, other = before;
	struct rollcast_stream *stream = stream_after(&before, 300), *same = stream;
	struct rollcast_stream *never = stream_after(&before, 300);
	struct rollcast_job *job;
	double window[150], window_then[150];
	int64_t time_us, time_then_us;

	/* Equal ones: the very stream, and bit for bit what it would have been. */
	assert_int_equal(rollcast_stream_change(&stream, &equal), 0);
	assert_ptr_equal(stream, same);
	for (uint64_t i = 300; i < 330; i++) {
		struct rollcast_forecast *a = push(stream, i), *b = push(never, i);

		assert_same_bits(a, b);
		free(a);
		free(b);
	}
	/* Another network: the window stays, a job that is out is the other stream's. */
	size_t count = rollcast_stream_recent(stream, window_then, 150, &time_then_us);

	assert_int_equal(rollcast_stream_job(stream, &job), 0);
	other.model.hidden = 5;
	assert_int_equal(rollcast_stream_change(&stream, &other), ROLLCAST_ANEW_NETWORKS);
	rollcast_job_destroy(job);
	assert_int_equal(rollcast_stream_recent(stream, window, 150, &time_us), count);
	assert_memory_equal(window, window_then, count * sizeof(*window));
	assert_int_equal(time_us, time_then_us);
	assert_true(rollcast_stream_urgency(stream) >= 1);
	run(stream, 330, 400);
	/* Settings that make no sense change nothing. */
	same = stream;
	equal.horizon = 0;
	assert_int_equal(rollcast_stream_change(&stream, &equal), -EINVAL);
	assert_ptr_equal(stream, same);
	run(stream, 400, 410);
	rollcast_stream_destroy(stream);
	rollcast_stream_destroy(never);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loaded_stream_goes_on_to_the_last_bit),
		cmocka_unit_test(so_does_one_whose_step_is_found_and_whose_steps_stay_open),
		cmocka_unit_test(so_does_every_cell_optimiser_and_list_of_seasons),
		cmocka_unit_test(a_record_that_does_not_fit_says_how_long_it_is),
		cmocka_unit_test(settings_that_have_changed_keep_the_window_and_what_still_fits),
		cmocka_unit_test(every_shorter_record_is_refused),
		cmocka_unit_test(a_record_of_another_format_is_told_from_a_damaged_one),
		cmocka_unit_test(mutated_records_are_refused_or_harmless),
		cmocka_unit_test(a_stream_of_huge_values_is_kept_like_any_other),
		cmocka_unit_test(a_record_tells_its_window_without_settings),
		cmocka_unit_test(a_stream_passes_over_to_other_settings_as_a_record_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
