/* Another step: windows in it, and streams whose rate changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/forecast/resample.h"
#include "tests/forecast/play.h"

#define S INT64_C(1000000)

/*
 * Steps of 10 s from 100 s on with these values, NaN for a hole, in steps of another length that end before
 * `next`, all in seconds: `time=value`, `time~value` if nothing measured lies in it.
 */
struct row {
	double values[8];
	int count, step, next;
	bool sums;
	const char *expected;
};

static void check(const struct row *row)
{
	struct past past;
	uint8_t marks[8];
	char text[512] = "";
	struct resample resample = {.past = &past,
				    .marks = marks,
				    .before_us = 10 * S,
				    .step_us = row->step * S,
				    .sums = row->sums};

	assert_int_equal(past_init(&past, 8), 0);
	for (int i = 0; i < row->count; i++)
		past_push(&past, (100 + 10 * i) * S, row->values[i],
			  isnan(row->values[i]) ? PAST_HOLE : PAST_MEASURED);
	past_marks(&past, marks);
	for (size_t left = resample_count(&resample, row->next * S); left; left--) {
		struct grid_step step =
			resample_step(&resample, row->next * S - (int64_t)left * resample.step_us);

		sprintf(text + strlen(text), "%s%lld%c%g", *text ? " " : "",
			(long long)(step.time_us / S), step.filled ? '~' : '=', step.value);
	}
	assert_string_equal(text, row->expected);
	past_finish(&past);
}

static void windows_in_another_step(void **state)
{
	static const struct row rows[] = {
		{{1, 2, 3, 4, 5, 6}, 6, 20, 160, false, "100=1 120=2.5 140=4.5"},
		{{1, 2, 3, 4, 5, 6}, 6, 30, 160, false, "100=1.5 130=4"},
		{{1, 2, 3}, 3, 5, 125, false, "100=1 105~1.5 110=2 115~2.5 120=3"},
		/* the last one is carried on for a while */
		{{1, 2}, 2, 10, 160, false, "100=1 110=2 120~2 130~2 140~2 150~nan"},
		/* another phase */
		{{1, 2, 3, 4}, 4, 10, 134, false, "104=1 114=2 124=3"},
		/* holes */
		{{1, NAN, 3, 4}, 4, 20, 160, false, "100=1 120=3 140=4"},
		{{1, NAN, NAN, 4}, 4, 20, 160, false, "100=1 120~nan 140=4"},
		{{1, NAN, 3}, 3, 5, 125, false, "100=1 105~nan 110~nan 115~nan 120=3"},
		/* sums over steps */
		{{1, 2, 3, 4}, 4, 20, 160, true, "100=2 120=5 140=8"},
		{{4, 8}, 2, 5, 115, true, "100=2 105~3 110=4"},
		/* nothing */
		{{0}, 0, 20, 160, false, ""},
		{{1, 2}, 2, 20, 90, false, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check(&rows[i]);
}

/* ---- streams ---- */

static double wave(int64_t time_us)
{
	return 100 + 20 * sin((double)time_us / 1e6 * 2 * M_PI / 3600);
}

static struct rollcast_stream_settings settings_for(void)
{
	struct rollcast_stream_settings settings = play_settings();

	settings.grid.step_us = 0;
	return settings;
}

struct seen {
	int64_t step_us, origin_us;
	double error;
	int count, back;
};

static void note(void *context, const struct rollcast_forecast *forecast)
{
	struct seen *seen = context;

	seen->back += forecast->origin_us < seen->origin_us - 2 * forecast->step_us;
	seen->step_us = forecast->step_us;
	seen->origin_us = forecast->origin_us;
	seen->error = fabs(forecast->mean[5] - wave(forecast->origin_us + 6 * forecast->step_us));
	seen->count++;
}

static int64_t feed(struct rollcast_stream *stream, int64_t from_us, int64_t every_us, int count,
		    struct seen *seen)
{
	for (int i = 0; i < count; i++, from_us += every_us) {
		assert_true(rollcast_stream_push(stream, from_us, wave(from_us)) >= 0);
		assert_true(play_steps(stream, note, seen) >= 0);
	}
	return from_us;
}

static void a_stream_keeps_its_window_when_its_rate_changes(void **state)
{
	static const int64_t rates[][2] = {{60 * S, 20 * S}, {20 * S, 60 * S}, {10 * S, 15 * S}};
	const struct rollcast_stream_settings settings = settings_for();

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
		struct seen seen = {0};
		double recent[1000];
		int64_t now_us = PLAY_BEGIN_US, last_us;
		size_t count;

		assert_int_equal(rollcast_stream_create("s", &settings, &stream), 0);
		now_us = feed(stream, now_us, rates[i][0], 400, &seen);
		assert_int_equal(seen.step_us, rates[i][0]);
		while (seen.step_us != rates[i][1])
			now_us = feed(stream, now_us, rates[i][1], 1, &seen);
		assert_true(now_us - PLAY_BEGIN_US < 400 * rates[i][0] + 100 * rates[i][1]);
		assert_int_equal(seen.origin_us, now_us - rates[i][1]);
		assert_int_equal(seen.back, 0); /* what is replayed is no news */
		count = rollcast_stream_recent(stream, recent, 1000, &last_us);
		assert_true(count >= 130);
		for (size_t j = 0; j < count; j++)
			assert_true(fabs(recent[count - 1 - j] -
					 wave(last_us - (int64_t)j * rates[i][1])) < 1);
		now_us = feed(stream, now_us, rates[i][1], 150, &seen);
		assert_int_equal(seen.origin_us, now_us - rates[i][1]);
		assert_true(seen.error < 8);
	}
}

static void a_training_from_before_is_of_no_use(void **state)
{
	const struct rollcast_stream_settings settings = settings_for();
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	const struct rollcast_forecast *forecast;
	struct rollcast_job *job;
	struct seen seen = {0};
	int64_t now_us;

	(void)state;
	assert_int_equal(rollcast_stream_create("s", &settings, &stream), 0);
	now_us = feed(stream, PLAY_BEGIN_US, 60 * S, 300, &seen);
	assert_int_equal(rollcast_stream_job(stream, &job), 0);
	assert_int_equal(rollcast_job_run(job), 0);
	for (int i = 0; i < 100; i++, now_us += 20 * S) {
		assert_true(rollcast_stream_push(stream, now_us, wave(now_us)) >= 0);
		while (rollcast_stream_step(stream, &forecast) > 0)
			;
	}
	assert_int_equal(rollcast_stream_step_us(stream), 20 * S);
	assert_int_equal(rollcast_stream_adopt(stream, job), 0);
	assert_int_equal(rollcast_stream_latest(stream)->trained_us, 0);
	assert_true(rollcast_stream_urgency(stream) >= 1);
	feed(stream, now_us, 20 * S, 2, &seen);
	assert_true(rollcast_stream_latest(stream)->trained_us > 0);
}

/* At any moment of the change. */
static void a_stream_goes_on_from_its_record_to_the_last_bit(void **state)
{
	const struct rollcast_stream_settings settings = settings_for();
	struct seen seen[2] = {{0}};

	(void)state;
	for (int saved_at = 0; saved_at < 90; saved_at += 7) {
		struct rollcast_stream *streams[2] = {NULL};
		int64_t now_us, next_us = 0;
		CLEANUP(free) void *bytes = NULL;
		size_t size;

		assert_int_equal(rollcast_stream_create("s", &settings, &streams[0]), 0);
		now_us = feed(streams[0], PLAY_BEGIN_US, 60 * S, 150, &seen[0]);
		now_us = feed(streams[0], now_us, 20 * S, saved_at, &seen[0]);
		size = rollcast_stream_save(streams[0], NULL, 0);
		bytes = malloc(size);
		assert_non_null(bytes);
		rollcast_stream_save(streams[0], bytes, size);
		assert_int_equal(rollcast_stream_load(&settings, bytes, size, &streams[1]), 0);
		for (int i = 0; i < 2; i++)
			next_us = feed(streams[i], now_us, 20 * S, 100, &seen[i]);
		assert_int_equal(seen[0].step_us, 20 * S);
		assert_int_equal(seen[1].origin_us, next_us - 20 * S);
		assert_memory_equal(&seen[0].error, &seen[1].error, sizeof(double));
		rollcast_stream_destroy(streams[0]);
		rollcast_stream_destroy(streams[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_in_another_step),
		cmocka_unit_test(a_stream_keeps_its_window_when_its_rate_changes),
		cmocka_unit_test(a_training_from_before_is_of_no_use),
		cmocka_unit_test(a_stream_goes_on_from_its_record_to_the_last_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
