/* Small streams, whose records are short, for the fuzzer of records and for its seeds. */
#ifndef TESTS_FUZZ_STREAM_H
#define TESTS_FUZZ_STREAM_H

#include "rollcast/stream.h"
#include "tests/fuzz/fuzz.h"

#define STEP_US INT64_C(1000000)

enum { STREAM_KINDS = 4 };

static inline const struct rollcast_stream_settings *stream_settings(unsigned kind)
{
	static struct rollcast_stream_settings all[STREAM_KINDS];
	struct rollcast_stream_settings *settings = &all[kind % STREAM_KINDS];

	if (settings->horizon)
		return settings;
	rollcast_stream_settings_init(settings);
	settings->grid.step_us = kind % STREAM_KINDS == 1 ? 0 : STEP_US;
	settings->grid.lateness_us = kind % STREAM_KINDS == 1 ? 2 * STEP_US : 0;
	settings->window = (struct rollcast_span){.steps = kind % STREAM_KINDS == 3 ? 30 : 50};
	settings->horizon = kind % STREAM_KINDS == 2 ? 3 : 2;
	settings->retrain_every = (struct rollcast_span){.steps = 20};
	settings->model.cell = kind % STREAM_KINDS == 2 ? ROLLCAST_CELL_GRU : ROLLCAST_CELL_LSTM;
	settings->model.hidden = 2;
	settings->model.lookback = 4;
	settings->model.batch = 4;
	settings->model.steps_first = 3;
	settings->model.steps_refit = 2;
	return settings;
}

/* Samples a step apart, trained when it is due. What a loaded stream refuses does no harm. */
static inline void stream_feed(struct rollcast_stream *stream, int64_t from_us, unsigned count)
{
	const struct rollcast_forecast *forecast;
	struct rollcast_job *job;

	for (unsigned i = 0; i < count; i++) {
		must(rollcast_stream_push(stream, from_us + i * STEP_US, (double)(i * i % 7)) >= 0);
		while (rollcast_stream_step(stream, &forecast) > 0) {
			must(forecast->horizon >= 1);
			if (rollcast_stream_urgency(stream) < 1)
				continue;
			must(!rollcast_stream_job(stream, &job));
			must(rollcast_job_run(job) >= 0);
			must(rollcast_stream_adopt(stream, job) >= 0);
		}
	}
}

#endif
