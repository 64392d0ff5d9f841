/*
 * Any bytes as samples: whatever values come at whatever times, forecasts are finite and in order, and the
 * stream's record loads. The first byte chooses the settings; then a byte says what comes:
 *
 *	0xff	8 bytes of time and 8 of value, as they are
 *	0xfe	8 bytes of value, a step later
 *	other	a small value, a step later; now and then one or several steps are left out
 */
#include <math.h>

#include "tests/fuzz/stream.h"

struct input {
	const uint8_t *at, *end;
};

static bool take(struct input *input, void *value, size_t size)
{
	if ((size_t)(input->end - input->at) < size)
		return false;
	memcpy(value, input->at, size);
	input->at += size;
	return true;
}

static bool take_sample(struct input *input, int64_t *time_us, double *value)
{
	uint8_t what;

	if (!take(input, &what, 1))
		return false;
	if (what == 0xff)
		return take(input, time_us, sizeof(*time_us)) && take(input, value, sizeof(*value));
	if (__builtin_add_overflow(*time_us, (1 + (what >= 0xf0 ? what & 7 : 0)) * STEP_US,
				   time_us))
		return false;
	if (what == 0xfe)
		return take(input, value, sizeof(*value));
	*value = what;
	return true;
}

static void check(const struct rollcast_forecast *forecast)
{
	size_t count = (size_t)forecast->horizon * forecast->quantile_count;

	must(isfinite(forecast->last));
	for (uint32_t h = 0; h < forecast->horizon; h++)
		must(isfinite(forecast->mean[h]));
	for (size_t i = 0; i < count; i++)
		must(isfinite(forecast->quantiles[i]) &&
		     (i < forecast->horizon ||
		      forecast->quantiles[i] >= forecast->quantiles[i - forecast->horizon]));
}

static void run_steps(struct rollcast_stream *stream)
{
	const struct rollcast_forecast *forecast;
	struct rollcast_job *job;

	while (rollcast_stream_step(stream, &forecast) > 0) {
		check(forecast);
		if (rollcast_stream_urgency(stream) < 1)
			continue;
		must(!rollcast_stream_job(stream, &job));
		must(rollcast_job_run(job) >= 0);
		must(rollcast_stream_adopt(stream, job) >= 0);
	}
}

static void save_and_load(const struct rollcast_stream *stream,
			  const struct rollcast_stream_settings *settings)
{
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *again = NULL;
	size_t size = rollcast_stream_save(stream, NULL, 0);
	CLEANUP(free) void *record = malloc(size);

	must(record && rollcast_stream_save(stream, record, size) == size);
	must(rollcast_stream_load(settings, record, size, &again) == 0);
}

enum { SAMPLES_MAX = 300 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	struct input input = {bytes + 1, bytes + size};
	int64_t time_us = 1700000000 * STEP_US;
	double value;

	if (size == 0)
		return 0;
	const struct rollcast_stream_settings *settings = stream_settings(bytes[0]);

	must(!rollcast_stream_create("x", settings, &stream));
	for (int i = 0; i < SAMPLES_MAX && take_sample(&input, &time_us, &value); i++) {
		must(rollcast_stream_push(stream, time_us, value) >= 0);
		run_steps(stream);
	}
	save_and_load(stream, settings);
	return 0;
}
