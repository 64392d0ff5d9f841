/* Streams and networks when there is no memory. */
#include "tests/memory/failing.h"

#include <math.h>

#include "rollcast/group.h"
#include "rollcast/safetensors.h"
#include "rollcast/stream.h"

#define STEP_US INT64_C(1000000)

enum { SAMPLES = 90 };

static struct rollcast_stream_settings small_settings(int64_t step_us)
{
	struct rollcast_stream_settings settings;

	rollcast_stream_settings_init(&settings);
	settings.grid.step_us = step_us;
	settings.window = (struct rollcast_span){.steps = 60};
	settings.horizon = 3;
	settings.retrain_every = (struct rollcast_span){.steps = 40};
	settings.model.hidden = 2;
	settings.model.lookback = 4;
	settings.model.batch = 4;
	settings.model.steps_first = 3;
	settings.model.steps_refit = 2;
	return settings;
}

static int train(struct rollcast_stream *stream)
{
	struct rollcast_job *job;
	int r, run;

	if (rollcast_stream_urgency(stream) < 1)
		return 0;
	r = rollcast_stream_job(stream, &job);
	if (r < 0)
		return r;
	run = rollcast_job_run(job);
	r = rollcast_stream_adopt(stream, job);
	assert_true(run >= 0 || r == run);
	return r < 0 ? r : 0;
}

/* Returns the first error, but goes on after it, as the daemon does. */
static int feed(struct rollcast_stream *stream, unsigned from, unsigned to)
{
	const struct rollcast_forecast *forecast;
	int first = 0, r;

	for (unsigned i = from; i < to; i++) {
		r = rollcast_stream_push(stream, (1700000000 + i) * STEP_US, (double)(i * i % 11));
		first = r < 0 && !first ? r : first;
		while ((r = rollcast_stream_step(stream, &forecast)) > 0) {
			assert_true(isfinite(forecast->mean[forecast->horizon - 1]));
			r = train(stream);
			first = r < 0 && !first ? r : first;
		}
		first = r < 0 && !first ? r : first;
	}
	return first;
}

static int live_stream(void *context)
{
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	int r = rollcast_stream_create("x{a=\"b\"}", context, &stream), again;

	if (r < 0)
		return r;
	r = feed(stream, 0, SAMPLES);
	again = feed(stream, SAMPLES, SAMPLES + 20);
	assert_non_null(rollcast_stream_latest(stream));
	assert_int_equal(rollcast_stream_latest(stream)->origin_us,
			 (1700000000 + SAMPLES + 19) * STEP_US);
	return r < 0 ? r : again;
}

static void a_stream_goes_on_after_any_allocation_has_failed(void **state)
{
	struct rollcast_stream_settings settings = small_settings(STEP_US);

	(void)state;
	settings.grid.aggregate = ROLLCAST_AGGREGATE_LAST;
	fail_each("stream", live_stream, &settings, false, 1);
}

static void so_does_one_that_looks_for_its_step(void **state)
{
	struct rollcast_stream_settings settings = small_settings(0);

	(void)state;
	settings.season_auto = true;
	fail_each("stream, step: auto", live_stream, &settings, false, 3);
}

static void read_squares(void *context, uint32_t channel, int64_t time_us, int64_t step_us,
			 double *values, size_t count)
{
	(void)context;
	for (size_t i = 0; i < count; i++) {
		int64_t step = time_us / step_us - (int64_t)(count - 1 - i);

		values[i] = (double)(step * step % (7 + channel));
	}
}

static int live_reader(void *context)
{
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	int r = rollcast_stream_create("x", context, &stream), again;

	if (r < 0)
		return r;
	rollcast_stream_read_channels(stream, read_squares, NULL);
	r = feed(stream, 0, SAMPLES);
	again = feed(stream, SAMPLES, SAMPLES + 20);
	assert_non_null(rollcast_stream_latest(stream));
	return r < 0 ? r : again;
}

static void so_does_one_that_reads_others(void **state)
{
	static char *const names[] = {"a", "b"};
	struct rollcast_stream_settings settings = small_settings(STEP_US);

	(void)state;
	settings.channels = names;
	settings.channel_count = 2;
	fail_each("stream, channels", live_reader, &settings, false, 1);
}

/* One sample in three from some time on. */
static int change_rate(void *context)
{
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	int r = rollcast_stream_create("x", context, &stream), first;

	if (r < 0)
		return r;
	first = feed(stream, 0, SAMPLES);
	for (unsigned i = SAMPLES; i < SAMPLES + 300; i += 3) {
		r = feed(stream, i, i + 1);
		first = r < 0 && !first ? r : first;
	}
	assert_int_equal(rollcast_stream_step_us(stream), 3 * STEP_US);
	assert_non_null(rollcast_stream_latest(stream));
	return first;
}

static void so_does_one_whose_rate_changes(void **state)
{
	struct rollcast_stream_settings settings = small_settings(0);

	(void)state;
	fail_each("stream, another step", change_rate, &settings, false, 1);
}

struct saved {
	const struct rollcast_stream_settings *settings;
	void *bytes;
	size_t size;
};

static int load_stream(void *context)
{
	const struct saved *saved = context;
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;

	return rollcast_stream_load(saved->settings, saved->bytes, saved->size, &stream);
}

static int read_record(void *context)
{
	const struct saved *saved = context;
	struct rollcast_record record;
	int r = rollcast_record_read(saved->bytes, saved->size, &record);

	if (r == 0)
		rollcast_record_finish(&record);
	return r;
}

static void a_record_is_loaded_whole_or_not_at_all(void **state)
{
	struct rollcast_stream_settings settings = small_settings(STEP_US);
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	struct saved saved = {&settings, NULL, 0};

	(void)state;
	assert_int_equal(rollcast_stream_create("x", &settings, &stream), 0);
	assert_int_equal(feed(stream, 0, SAMPLES), 0);
	saved.size = rollcast_stream_save(stream, NULL, 0);
	saved.bytes = malloc(saved.size);
	rollcast_stream_save(stream, saved.bytes, saved.size);
	fail_each("load", load_stream, &saved, false, 1);
	fail_each("record", read_record, &saved, false, 1);
	free(saved.bytes);
}

/* One group that learns from one stream's job. */
static int group(void *context)
{
	CLEANUP(rollcast_group_destroy) struct rollcast_group *group = NULL;
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	struct rollcast_group_job *teaching;
	struct rollcast_job *job;
	int r = rollcast_group_create(context, &group);

	if (r == 0)
		r = rollcast_stream_create("x", context, &stream);
	if (r == 0)
		r = feed(stream, 0, SAMPLES);
	if (r == 0)
		r = rollcast_stream_job(stream, &job);
	if (r < 0)
		return r;
	r = rollcast_group_learn(group, job);
	rollcast_stream_abandon(stream, job);
	if (r < 0 || !rollcast_group_is_due(group))
		return r < 0 ? r : 0;
	r = rollcast_group_job(group, &teaching);
	if (r < 0)
		return r;
	int run = rollcast_group_job_run(teaching);

	r = rollcast_group_adopt(group, teaching);
	rollcast_stream_share(stream, rollcast_group_shared(group));
	return run < 0 ? run : r < 0 ? r : feed(stream, SAMPLES, SAMPLES + 5);
}

static void a_group_learns_or_says_that_it_cannot(void **state)
{
	struct rollcast_stream_settings settings = small_settings(STEP_US);

	(void)state;
	settings.model.scope = ROLLCAST_SCOPE_GROUP;
	fail_each("group", group, &settings, false, 2);
}

static int weights(void *context)
{
	const struct rollcast_metadata metadata = {"title", "a long \"title\""};
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL, *again = NULL;
	CLEANUP(rollcast_trainer_destroy) struct rollcast_trainer *trainer = NULL;
	const struct rollcast_training training = {.loss = ROLLCAST_LOSS_MAE, .seed = 1};
	CLEANUP(free) void *bytes = NULL;
	size_t size;
	int r = rollcast_weights_create(context, 1, &weights);

	if (r == 0)
		r = rollcast_trainer_create(weights, &training, &trainer);
	if (r == 0)
		r = rollcast_safetensors_write(weights, &metadata, 1, &bytes, &size);
	return r ? r : rollcast_safetensors_read(bytes, size, &again);
}

static void weights_are_made_written_and_read_or_not_at_all(void **state)
{
	struct rollcast_shape shape = {.cell = ROLLCAST_CELL_GRU,
				       .layers = 2,
				       .hidden = 3,
				       .channels = 2,
				       .lookback = 5,
				       .extras = 1,
				       .outputs = 2,
				       .skip = true};

	(void)state;
	fail_each("weights", weights, &shape, false, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_goes_on_after_any_allocation_has_failed),
		cmocka_unit_test(so_does_one_that_looks_for_its_step),
		cmocka_unit_test(a_record_is_loaded_whole_or_not_at_all),
		cmocka_unit_test(a_group_learns_or_says_that_it_cannot),
		cmocka_unit_test(weights_are_made_written_and_read_or_not_at_all),
		cmocka_unit_test(so_does_one_that_reads_others),
		cmocka_unit_test(so_does_one_whose_rate_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
