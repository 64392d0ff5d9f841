/*
 * The state of one stream, for the files that work on it:
 *
 *	stream.c     samples in, forecasts out
 *	life.c       settings, creation and what is made when the step is known
 *	scoring.c    what the truth says about what was forecast
 *	group.c      what it shares with others
 *	training.c   when training is due, jobs out and back
 *	record.c     the whole as bytes, and back
 */
#ifndef LIB_FORECAST_STATE_H
#define LIB_FORECAST_STATE_H

#include "lib/forecast/blend.h"
#include "lib/forecast/channels.h"
#include "lib/forecast/drift.h"
#include "lib/forecast/expert.h"
#include "lib/forecast/intervals.h"
#include "lib/forecast/job.h"
#include "lib/forecast/past.h"
#include "lib/forecast/pending.h"
#include "lib/forecast/score.h"
#include "lib/forecast/shared.h"
#include "lib/series/grid.h"
#include "rollcast/stream.h"

enum { STREAM_WINDOW_MAX = 1 << 20 }; /* steps, whatever the settings' durations come to */

/* What is not made anew from the settings goes into the record: record.c has a line for it. */
struct rollcast_stream {
	char *name;
	const struct rollcast_stream_settings *settings;
	struct grid grid;
	uint64_t samples;
	rollcast_channel_read *read; /* NULL: nobody knows the channels */
	void *read_context;

	/* From here on all is made when the step is known. */
	bool ready;
	struct past past;
	struct channels channels; /* as long as the past */
	struct fit fit;
	struct rollcast_shared *shared; /* what its group shares; NULL: nothing */
	struct fit_scratch scratch;
	double states[ROLLCAST_EXPERTS_MAX][EXPERT_STATES];
	struct blend blend;
	struct intervals intervals;
	struct pending pending;
	struct score score;
	struct drift drift;
	uint64_t drifts; /* how often */

	double *forecasts; /* [(experts + ways) x horizon], of the newest origin */
	double *quantiles; /* [quantiles x horizon]; the middle row is the mean */
	double quantile_levels[ROLLCAST_QUANTILES_MAX];
	struct rollcast_forecast forecast;

	struct past before; /* the window in the step before, until the first of the new ones */
	int64_t before_us;  /* that step */
	bool anew; /* what is replayed after that is no news: only its end is forecast from */

	bool job_out;
	uint64_t due;	    /* index of the step at which training is due */
	uint64_t job_begun; /* steps seen when the job that is out was made */
	uint64_t trainings; /* jobs made: each has its own seed */
};

/* A span in steps. */
uint64_t stream_span_steps(struct rollcast_span span, int64_t step_us);

/* Makes everything that needs the step to be known. 0, -ENOMEM: call it again. */
int stream_make_ready(struct rollcast_stream *stream);

/* The grid has found another step, not `before_us` any more: all begins anew with it, but for the window. */
void stream_begin_anew(struct rollcast_stream *stream, int64_t before_us);

/* Scores all that was said about the step `index`, before anything learns from it. */
void stream_score(struct rollcast_stream *stream, uint64_t index, double value);

/* Steps from one training to the next: fewer at first, while each new one adds much to the window. */
uint64_t stream_retrain_after(const struct rollcast_stream *stream, uint64_t seen);

/* What is known of one expert is about something else: it begins anew. */
void stream_forget_expert(struct rollcast_stream *stream, uint32_t expert);

/* After drift the next training comes sooner. */
void stream_hasten_training(struct rollcast_stream *stream);

#endif
