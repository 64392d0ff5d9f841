/*
 * Streams in simulated time, through the code of the daemon: push, step, and trainings as soon as they
 * are due.
 */
#ifndef CLI_BACKTEST_RUN_H
#define CLI_BACKTEST_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rollcast/stream.h"

/* Samples of one stream, in the order of the file. */
struct backtest_series {
	char *name;
	int64_t *times_us;
	double *values;
	size_t count, room;
};

int backtest_series_add(struct backtest_series *series, int64_t time_us, double value);
void backtest_series_finish(struct backtest_series *series);

struct backtest_plan {
	uint64_t start;	     /* index of the first origin; the first step has 0 */
	uint64_t stride;     /* steps from origin to origin */
	atomic_size_t *done; /* samples, of all streams; for a progress bar */
};

struct backtest_measures {
	uint64_t origins, cells;
	double mae, mase,
		ratio; /* ratio: MAE over that of the better of naive and seasonal naive */
	double coverage[ROLLCAST_LEVELS_MAX];
	double msis; /* of the widest interval */
};

struct backtest_result {
	int64_t first_us, step_us;
	int64_t file_us; /* time of the first step, as the file has it */
	double *steps;	 /* [step_count], NaN: not measured */
	size_t step_count, step_room;
	uint64_t *origins; /* [origin_count], indexes of steps */
	double *quantiles; /* [origin_count x quantile_count x horizon]; the middle row is the mean */
	size_t origin_count, origin_room;
	uint32_t horizon, quantile_count;
	double quantile_levels[ROLLCAST_QUANTILES_MAX];
	double shares[ROLLCAST_EXPERTS_MAX]; /* mean weight of every expert */
	uint64_t forecasts;
	uint32_t trainings, diverged;
	double seconds; /* of processor time */
	struct backtest_measures measures;
};

/* One series to play. */
struct backtest_task {
	const struct backtest_series *series;
	const struct rollcast_stream_settings *settings;
	const void *group;		/* the same for all tasks of a group; NULL: no group */
	struct backtest_result *result; /* owned by the caller, whatever backtest_run returns */
};

/*
 * Plays the series of the tasks: one, or those that have to do with each other in lockstep, in the order
 * of time, those of one time in their order here. A stream reads its channels from the others. An
 * origin at a step without a measured value forecasts what the one before it did, moved on. 0 or a
 * negative errno.
 */
int backtest_run(const struct backtest_plan *plan, const struct backtest_task *tasks, size_t count);
/* Fills result->measures; what backtest_run does in the end. */
void backtest_measure(const struct backtest_plan *plan,
		      const struct rollcast_stream_settings *settings,
		      struct backtest_result *result);
void backtest_result_finish(struct backtest_result *result);

/* The quantile row of one origin. */
static inline const double *backtest_quantile(const struct backtest_result *result, size_t origin,
					      uint32_t quantile)
{
	return result->quantiles + (origin * result->quantile_count + quantile) * result->horizon;
}

#endif
