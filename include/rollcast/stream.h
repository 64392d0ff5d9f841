/*
 * One stream: what it does with a sample, from the grid to the forecast.
 *
 *	push ─► grid ─► step: score what matured ─► window ─► experts ─► blend ─► intervals ─► forecast
 *	                                              │  ▲
 *	                                          job │  │ adopt          (any other thread runs the job)
 *	                                              ▼  │
 *	                                            training
 *
 * A stream belongs to one thread. It reads no clock: time is the data's own. Only a job may run
 * elsewhere, on a copy. So a backtest is this file in a loop, and gives what the daemon gives.
 */
#ifndef ROLLCAST_STREAM_H
#define ROLLCAST_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rollcast/cleanup.h"
#include "rollcast/network.h"

enum {
	ROLLCAST_SEASONS_MAX = 3,
	ROLLCAST_LEVELS_MAX = 8,
	ROLLCAST_QUANTILES_MAX = 2 * ROLLCAST_LEVELS_MAX + 1,
	ROLLCAST_EXPERTS_MAX = 24,
	ROLLCAST_THIRDS = 3, /* of a horizon */
	ROLLCAST_HORIZON_MAX = 1024,
	ROLLCAST_THRESHOLDS_MAX = 16, /* that one stream is watched for */
	ROLLCAST_CHANNELS_MAX = 8,    /* other streams that one stream's network reads */
	ROLLCAST_CHANNEL_STEPS = 16,  /* asked of a channel at a time */
	ROLLCAST_NAME_MAX = 1024,     /* bytes of a canonical stream name */
};

enum rollcast_aggregate {
	ROLLCAST_AGGREGATE_MEAN,
	ROLLCAST_AGGREGATE_LAST,
	ROLLCAST_AGGREGATE_SUM,
	ROLLCAST_AGGREGATE_MIN,
	ROLLCAST_AGGREGATE_MAX,
	ROLLCAST_AGGREGATE_RATE, /* of a counter: its increase per second, from step to step */
};
enum rollcast_gap { ROLLCAST_GAP_LINEAR, ROLLCAST_GAP_LAST, ROLLCAST_GAP_NONE };

/* A length of time: microseconds, or steps of the grid. Exactly one of the two is set. */
struct rollcast_span {
	int64_t us;
	uint32_t steps;
};

struct rollcast_grid_settings {
	int64_t step_us; /* 0: found from the first samples */
	enum rollcast_aggregate aggregate;
	int64_t lateness_us; /* how long a step stays open behind the newest sample */
	enum rollcast_gap gap;
	uint32_t gap_longest; /* steps bridged at most; a longer gap is a hole */
};

/* Who learns together: each stream by itself, or all streams with the same settings (group.h). */
enum rollcast_scope { ROLLCAST_SCOPE_STREAM, ROLLCAST_SCOPE_GROUP };

struct rollcast_model_settings {
	enum rollcast_scope scope;
	enum rollcast_cell cell;
	enum rollcast_activation activation;
	uint32_t hidden, layers, lookback, batch;
	uint32_t patch; /* steps of the lookback that the network reads at once; divides it */
	enum rollcast_loss loss;
	double huber_delta;
	enum rollcast_optimizer optimizer;
	double rate, momentum, weight_decay, clip_norm;
	uint32_t steps_first, steps_refit; /* optimiser steps of the first and of later trainings */
	uint64_t seed;
};

struct rollcast_stream_settings {
	struct rollcast_grid_settings grid;
	struct rollcast_span window;
	uint32_t horizon; /* steps, 1..ROLLCAST_HORIZON_MAX */
	struct rollcast_span seasons[ROLLCAST_SEASONS_MAX];
	uint32_t season_count;
	bool season_auto; /* seasons are found in the window, and looked for again at each training */
	struct rollcast_model_settings model;
	/* Other streams of the same step that the networks read: names, which the stream only
	 * compares with those of a record. Borrowed like the settings. */
	char *const *channels;
	uint32_t channel_count;
	struct rollcast_span retrain_every;
	bool retrain_on_drift; /* errors that have grown for good bring the next training forward */
	double levels[ROLLCAST_LEVELS_MAX]; /* of the central intervals, ascending, in (0, 1) */
	uint32_t level_count;
	uint32_t experts_off; /* bit i: expert i gets no weight, for comparisons */
};

/* The experts that a stream has, in their order; NULL from `expert` = their number on. Static. */
const char *rollcast_expert_name(uint32_t expert, enum rollcast_cell cell);

/* The defaults of every field above. */
void rollcast_stream_settings_init(struct rollcast_stream_settings *settings);

struct rollcast_expert_weight {
	const char *name; /* static */
	double weight;	  /* 0..1; they add up to 1 */
};

/* How close a stream comes to a threshold within the horizon. */
struct rollcast_breach {
	const char *name; /* of the threshold; static, or with the settings */
	double limit;
	double probability; /* of a breach */
	double seconds;	    /* from the origin to the expected first breach; NaN: none is likely */
	bool raised;	    /* an alert stands */
	bool changed;	    /* it has been raised or cleared with this forecast */
};

/*
 * A forecast. Everything it points to belongs to the stream and is borrowed until the stream's next
 * call; rollcast_forecast_copy makes one that stands alone.
 */
struct rollcast_forecast {
	const char *name; /* canonical stream name */
	int64_t origin_us;
	int64_t step_us;
	uint32_t horizon;
	uint32_t quantile_count;
	const double *mean;	       /* [horizon] */
	const double *quantile_levels; /* [quantile_count], ascending; static or with the stream */
	const double *quantiles;       /* [quantile_count x horizon], never crossing */
	double last;		       /* the value at the origin */
	const char *expert; /* static: the one that counts most; the cell's name for a network */
	struct rollcast_expert_weight weights[ROLLCAST_EXPERTS_MAX];
	uint32_t weight_count; /* experts with a weight above 0 */
	double skill; /* 1 - MAE/MAE(best of naive and seasonal naive); NaN: not known yet */
	double levels[ROLLCAST_LEVELS_MAX];
	double coverage[ROLLCAST_LEVELS_MAX]; /* measured, per level; NaN: not known yet */
	double third_coverage[ROLLCAST_THIRDS][ROLLCAST_LEVELS_MAX]; /* of a third of the horizon */
	uint32_t level_count;
	int64_t trained_us; /* origin of the newest data the weights saw; 0: untrained */
	uint64_t samples;   /* accepted by the stream so far */
	uint64_t drifts;    /* times that errors were found to have grown, since the start */
	bool snapshot;
	/* Left empty by the stream: who watches thresholds puts them into a copy. */
	struct rollcast_breach thresholds[ROLLCAST_THRESHOLDS_MAX];
	uint32_t threshold_count;
};

/*
 * The probability that values go above (or below) `limit` within the horizon, and the expected time to
 * it in seconds (NaN if the probability is 0), from the forecast's quantiles.
 *
 *	p(h) = P(y(h) > limit)	1 - the level of the limit among the quantiles of step h: linear
 *				between two of them; beyond the outermost an exponential tail that
 *				begins with the density between the last two
 *	F(h) = max p(1..h)	the least that the probability of a breach up to step h can be,
 *				whatever the steps' dependence, and near it when they depend strongly
 *	probability = F(H)	seconds = step * sum h (F(h) - F(h - 1)) / F(H)
 *
 * Both are continuous in the limit where the quantiles differ, and a farther limit is never more
 * likely. A last value beyond the limit is a breach now: 1 and 0 s.
 */
void rollcast_forecast_breach(const struct rollcast_forecast *forecast, double limit, bool above,
			      double *ret_probability, double *ret_seconds);

/* Bytes of memory, 16-aligned, that a copy takes. */
size_t rollcast_forecast_size(const struct rollcast_forecast *forecast);
/* A copy that stands alone in `memory` (16-aligned, rollcast_forecast_size bytes). Returns memory. */
struct rollcast_forecast *rollcast_forecast_copy(const struct rollcast_forecast *forecast,
						 void *memory);

struct rollcast_stream;

/*
 * A stream without samples. `name` is copied; `settings` are borrowed for the stream's life.
 * -ENOMEM, -EINVAL.
 */
int rollcast_stream_create(const char *name, const struct rollcast_stream_settings *settings,
			   struct rollcast_stream **ret_stream);
void rollcast_stream_destroy(struct rollcast_stream *stream);
DEFINE_CLEANUP(struct rollcast_stream *, rollcast_stream_destroy);
const char *rollcast_stream_name(const struct rollcast_stream *stream);

enum rollcast_push {
	ROLLCAST_PUSH_ACCEPTED = 0,
	ROLLCAST_PUSH_LATE,	  /* its step is closed already */
	ROLLCAST_PUSH_NOT_FINITE, /* NaN or infinite value */
	ROLLCAST_PUSH_TIME,	  /* a time that the grid cannot hold */
	ROLLCAST_PUSH_RESULTS,	  /* how many results there are, for tables of counters */
};

/*
 * One sample into the grid. Returns an enum rollcast_push, or -ENOMEM. Allocates nothing once the
 * step is known. May make steps ready: call rollcast_stream_step until it returns 0.
 */
int rollcast_stream_push(struct rollcast_stream *stream, int64_t time_us, double value);

/*
 * Whom a stream with channels asks for them: `values`, all NaN, takes what is known of a channel at the
 * `count` steps (ROLLCAST_CHANNEL_STEPS at most) that end with the one at `time_us`, oldest first.
 * Times are where steps begin, or lie in the middle of them if `step: auto` found the step. A value is
 * of that time or less than a step before it, never of a later one. What is not known stays NaN, and is
 * asked for again with the next steps.
 */
typedef void rollcast_channel_read(void *context, uint32_t channel, int64_t time_us,
				   int64_t step_us, double *values, size_t count);

/* From now on with every step; NULL: nothing is known, as at first. */
void rollcast_stream_read_channels(struct rollcast_stream *stream, rollcast_channel_read *read,
				   void *context);

/* Closes all open steps that have a sample, for a stream that fell silent. */
void rollcast_stream_flush(struct rollcast_stream *stream);

/*
 * The step in use; 0 while `step: auto` has not found one. When it finds another one, because the stream's
 * rate has changed for good, the stream begins anew with its window in that step: with the push, and the
 * next forecast is of that step.
 */
int64_t rollcast_stream_step_us(const struct rollcast_stream *stream);

/*
 * Takes the oldest closed step: scores what matured with it, learns, forecasts. Returns 1 and the
 * forecast from that step (borrowed until the next call), 0 if no step is ready, -ENOMEM. A step
 * that was filled rather than measured is learned from but is no origin: it yields no forecast and
 * the next ready step is taken.
 */
int rollcast_stream_step(struct rollcast_stream *stream,
			 const struct rollcast_forecast **ret_forecast);

/*
 * For who has no time for a forecast from each step: the same without one. Returns 1 for a step that one
 * could be made from, 0, -ENOMEM.
 */
int rollcast_stream_take(struct rollcast_stream *stream);
/*
 * Then, when there is time, the forecast from the newest step; borrowed until the next call. NULL: it has
 * been made, or that step is no origin.
 */
const struct rollcast_forecast *rollcast_stream_forecast(struct rollcast_stream *stream);

/* The newest forecast, borrowed until the stream's next call; NULL before the first. */
const struct rollcast_forecast *rollcast_stream_latest(const struct rollcast_stream *stream);

/*
 * The newest values of the window, `most` at most, oldest first, into `ret_values`; NaN where nothing
 * is known. Returns how many; *ret_time_us is then the time of the last one.
 */
size_t rollcast_stream_recent(const struct rollcast_stream *stream, double *ret_values, size_t most,
			      int64_t *ret_time_us);

/*
 * Bytes of memory that the allocator gave to the stream. They grow when the step is found and with the
 * first trainings, and then hardly change. A job under way is not counted.
 */
size_t rollcast_stream_bytes(const struct rollcast_stream *stream);

/*
 * How urgent a training is: 0 not due; 1 due just now; more the longer it is overdue and the more
 * the error has grown. 0 while a job is out.
 */
double rollcast_stream_urgency(const struct rollcast_stream *stream);

struct rollcast_job;

/*
 * A training job on copies of window, weights and settings; the stream has at most one out.
 * The caller owns the job and returns it with rollcast_stream_adopt or gives up with
 * rollcast_stream_abandon. -ENOMEM, -EBUSY (one is out).
 */
int rollcast_stream_job(struct rollcast_stream *stream, struct rollcast_job **ret_job);
/* Trains. Any thread; needs no stream. 0, ROLLCAST_NETWORK_DIVERGED, -ENOMEM; adopt it in any case. */
int rollcast_job_run(struct rollcast_job *job);
/*
 * For rollcast_job_run: between optimiser steps it asks `stop`, in its thread, and once that is true ends
 * with -ECANCELED. Both are borrowed while it runs.
 */
void rollcast_job_stop_if(struct rollcast_job *job, bool (*stop)(const void *context),
			  const void *context);
/* Optimiser steps done by the job, for counters. */
uint32_t rollcast_job_steps(const struct rollcast_job *job);
void rollcast_job_destroy(struct rollcast_job *job);
DEFINE_CLEANUP(struct rollcast_job *, rollcast_job_destroy);

/*
 * Takes what the job found into use. Returns 0, or ROLLCAST_NETWORK_DIVERGED: the old weights stay
 * and the next training starts afresh, or a negative errno if the job could not run: all stays. What it
 * found for a step that is not in use any more is of no use: 0, and all stays.
 * Consumes the job.
 */
int rollcast_stream_adopt(struct rollcast_stream *stream, struct rollcast_job *job);
/* The job is not run: training is due again. Consumes the job. */
void rollcast_stream_abandon(struct rollcast_stream *stream, struct rollcast_job *job);

/*
 * The whole stream as one record, for another process or another day: open steps, window, weights and
 * optimiser, what is known of every expert, forecasts not yet scored. A job that is out is not in it:
 * its training is due again. Writes the record if it fits in `size` bytes and returns how many it
 * takes in any case. A record is for little-endian machines.
 */
size_t rollcast_stream_save(const struct rollcast_stream *stream, void *bytes, size_t size);

/* What a loaded stream begins anew, because settings or experts are not those of the record. */
enum {
	ROLLCAST_ANEW_ALL = 1,	       /* another step or aggregate: all but the count of samples */
	ROLLCAST_ANEW_SEASONS = 2,     /* other seasons: what looks at them */
	ROLLCAST_ANEW_NETWORKS = 4,    /* another shape, lookback or horizon */
	ROLLCAST_ANEW_REGRESSIONS = 8, /* another lookback or horizon */
	ROLLCAST_ANEW_ERRORS = 16,     /* another horizon: weights of the experts, intervals */
	ROLLCAST_ANEW_SCORES = 32,     /* another horizon or other levels: skill and coverage */
};

/*
 * A stream from a record, named as there; `settings` are borrowed for the stream's life. If they are
 * those of the record, the stream goes on as if nothing had been, to the last bit. Otherwise what fits
 * is kept, the window first of all. Returns 0, or ROLLCAST_ANEW_... added up; -EINVAL: the bytes are
 * no record, or damaged; -ENOTSUP: of another format; -ENOMEM. The bytes are not trusted.
 */
int rollcast_stream_load(const struct rollcast_stream_settings *settings, const void *bytes,
			 size_t size, struct rollcast_stream **ret_stream);

/*
 * Puts a stream under other settings, borrowed from here on in place of those before: as if it had been
 * saved, and loaded under them. Equal settings change nothing else. Returns as rollcast_stream_load; below
 * 0 all stays. If *stream is another one afterwards, a job that is out was for the one before: it is to
 * be destroyed.
 */
int rollcast_stream_change(struct rollcast_stream **stream,
			   const struct rollcast_stream_settings *settings);

/* What a record holds, as far as it can be told without settings. */
struct rollcast_record {
	char *name;
	uint64_t samples;
	int64_t step_us;    /* 0: not found yet, and nothing below */
	int64_t time_us;    /* of the newest step of the window */
	int64_t trained_us; /* 0: untrained */
	uint32_t horizon, season_count;
	uint32_t seasons[ROLLCAST_SEASONS_MAX]; /* steps */
	size_t count;
	double *values; /* [count], oldest first; NaN: not measured */
};

/* -EINVAL, -ENOTSUP, -ENOMEM; on 0 the caller calls rollcast_record_finish. */
int rollcast_record_read(const void *bytes, size_t size, struct rollcast_record *ret_record);
void rollcast_record_finish(struct rollcast_record *record);

#endif
