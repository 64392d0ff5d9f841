/* A series played through a stream as the daemon does, with trainings run at once. */
#ifndef TESTS_FORECAST_PLAY_H
#define TESTS_FORECAST_PLAY_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "rollcast/stream.h"

#define PLAY_STEP_US  INT64_C(60000000)
#define PLAY_BEGIN_US (INT64_C(1700000040) * 1000000)

/* Small and quick; a season of 24 steps. */
static inline struct rollcast_stream_settings play_settings(void)
{
	struct rollcast_stream_settings settings;

	rollcast_stream_settings_init(&settings);
	settings.grid.step_us = PLAY_STEP_US;
	settings.window.steps = 400;
	settings.horizon = 6;
	settings.season_auto = false;
	settings.model.hidden = 8;
	settings.model.lookback = 24;
	settings.model.steps_first = 150;
	settings.model.steps_refit = 50;
	settings.retrain_every.steps = 100;
	return settings;
}

typedef void play_forecast(void *context, const struct rollcast_forecast *forecast);

/* Takes what is ready; returns how many forecasts came, or a negative errno. */
static inline int play_steps(struct rollcast_stream *stream, play_forecast *take, void *context)
{
	const struct rollcast_forecast *forecast;
	struct rollcast_job *job;
	int count = 0, r;

	while ((r = rollcast_stream_step(stream, &forecast)) > 0) {
		count++;
		if (take)
			take(context, forecast);
		if (rollcast_stream_urgency(stream) < 1)
			continue;
		r = rollcast_stream_job(stream, &job);
		if (r < 0)
			return r;
		rollcast_job_run(job);
		r = rollcast_stream_adopt(stream, job);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : count;
}

/* Step `index` with `value`; NaN: it is left out. */
static inline int play_value(struct rollcast_stream *stream, uint64_t index, double value,
			     play_forecast *take, void *context)
{
	if (!isnan(value)) {
		int r = rollcast_stream_push(stream, PLAY_BEGIN_US + (int64_t)index * PLAY_STEP_US,
					     value);

		if (r != ROLLCAST_PUSH_ACCEPTED)
			return -1;
	}
	return play_steps(stream, take, context);
}

/* Noise that every run repeats: -1..1, uniform. */
static inline double play_noise(uint64_t index)
{
	uint64_t z = (index + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (double)((z ^ z >> 31) >> 11) / (double)(UINT64_C(1) << 52) - 1;
}

/* About normal, deviation 1. */
static inline double play_normal(uint64_t index)
{
	double sum = 0;

	for (uint64_t i = 0; i < 12; i++)
		sum += play_noise(12 * index + i);
	return sum / 2;
}

#endif
