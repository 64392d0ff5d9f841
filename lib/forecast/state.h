/*
 * The state of one stream, for the files that work on it:
 *
 *	stream.c     samples in, forecasts out
 *	life.c       settings, creation and what is made when the step is known
 *	scoring.c    what the truth says about what was forecast
 *	training.c   when training is due, jobs out and back
 */
#ifndef LIB_FORECAST_STATE_H
#define LIB_FORECAST_STATE_H

#include "lib/forecast/blend.h"
#include "lib/forecast/drift.h"
#include "lib/forecast/expert.h"
#include "lib/forecast/intervals.h"
#include "lib/forecast/job.h"
#include "lib/forecast/past.h"
#include "lib/forecast/pending.h"
#include "lib/forecast/score.h"
#include "lib/series/grid.h"
#include "rollcast/stream.h"

struct rollcast_stream {
	char *name;
	const struct rollcast_stream_settings *settings;
	struct grid grid;
	uint64_t samples;

	/* From here on all is made when the step is known. */
	bool ready;
	struct past past;
	struct fit fit;
	struct fit_scratch scratch;
	double states[ROLLCAST_EXPERTS_MAX][EXPERT_STATES];
	struct blend blend;
	struct intervals intervals;
	struct pending pending;
	struct score score;
	struct drift drift;

	double *forecasts; /* [(experts + ways) x horizon], of the newest origin */
	double *quantiles; /* [quantiles x horizon]; the middle row is the mean */
	double quantile_levels[ROLLCAST_QUANTILES_MAX];
	struct rollcast_forecast forecast;

	bool job_out;
	uint64_t due;	    /* index of the step at which training is due */
	uint64_t job_begun; /* steps seen when the job that is out was made */
	uint64_t trainings; /* jobs made: each has its own seed */
};

/* A span in steps. */
uint64_t stream_span_steps(struct rollcast_span span, int64_t step_us);

/* Makes everything that needs the step to be known. 0, -ENOMEM: call it again. */
int stream_make_ready(struct rollcast_stream *stream);

/* Scores all that was said about the step `index`, before anything learns from it. */
void stream_score(struct rollcast_stream *stream, uint64_t index, double value);

/* After drift the next training comes sooner. */
void stream_hasten_training(struct rollcast_stream *stream);

#endif
