/*
 * The forecaster as a library: a daily pattern in, forecasts with intervals out, the network trained
 * whenever the stream says that it is time. No threads, no sockets; time is the data's own.
 *
 *	cc embed.c $(pkg-config --cflags --libs rollcast) -lm -o embed && ./embed
 */
#include <math.h>
#include <stdio.h>

#include <rollcast/stream.h>

enum { STEPS = 1500, STEPS_A_DAY = 96 };

/* Trains here and now; a program with threads would hand the job to one of them. */
static int train(struct rollcast_stream *stream)
{
	struct rollcast_job *job;
	int r = rollcast_stream_job(stream, &job);

	if (r < 0)
		return r;
	rollcast_job_run(job);
	return rollcast_stream_adopt(stream, job);
}

static void print_forecast(const struct rollcast_forecast *forecast)
{
	uint32_t end = forecast->horizon - 1;
	uint32_t highest = forecast->quantile_count - 1;

	printf("%s at %lld: %.2f, in %u steps %.2f (%.2f to %.2f), by %s, skill %.2f\n",
	       forecast->name, (long long)(forecast->origin_us / 1000000), forecast->last,
	       forecast->horizon, forecast->mean[end], forecast->quantiles[end],
	       forecast->quantiles[highest * forecast->horizon + end], forecast->expert,
	       forecast->skill);
}

int main(void)
{
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	struct rollcast_stream_settings settings;
	const struct rollcast_forecast *forecast;
	int r;

	rollcast_stream_settings_init(&settings);
	settings.grid.step_us = 900 * INT64_C(1000000);
	settings.seasons[0] = (struct rollcast_span){.steps = STEPS_A_DAY};
	settings.season_count = 1;
	if (rollcast_stream_create("load{host=\"a\"}", &settings, &stream) < 0)
		return 1;

	for (int i = 0; i < STEPS; i++) {
		double value = 50 + 30 * sin(i * 2 * M_PI / STEPS_A_DAY) + (i * 7919 % 101) / 20.0;

		if (rollcast_stream_push(stream, i * settings.grid.step_us, value) < 0)
			return 1;
		while ((r = rollcast_stream_step(stream, &forecast)) > 0) {
			if (i % 250 == 249)
				print_forecast(forecast);
			if (rollcast_stream_urgency(stream) >= 1 && train(stream) < 0)
				return 1;
		}
		if (r < 0)
			return 1;
	}
	return 0;
}
