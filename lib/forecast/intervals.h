/*
 * Intervals by split conformal prediction (Vovk et al. 2005; Lei et al. 2018): the quantiles of the
 * forecast's own latest errors, for each step of the horizon apart.
 *
 * The errors of a step are kept twice: in the order they came, to know the oldest, and sorted, so
 * that a new one costs one memmove between the place of the oldest and its own.
 *
 * Errors are no independent draws: when a stream grows wilder, the quantiles of the past are too
 * narrow. So each interval's tail is adapted by how often it missed of late (adaptive conformal
 * inference, Gibbs & Candes 2021), for each third of the horizon apart.
 */
#ifndef LIB_FORECAST_INTERVALS_H
#define LIB_FORECAST_INTERVALS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/series/archive.h"
#include "rollcast/stream.h"

enum {
	INTERVALS_ERRORS = 300, /* kept per step of the horizon */
	INTERVALS_ENOUGH = 8,	/* fewer tell nothing about quantiles */
	INTERVALS_THIRDS = 3,
};

struct intervals {
	uint32_t horizon;
	double *recent; /* [horizon x INTERVALS_ERRORS], rings */
	double *sorted; /* [horizon x INTERVALS_ERRORS], ascending */
	uint64_t *seen; /* [horizon] */
	uint32_t levels;
	double nominal[ROLLCAST_LEVELS_MAX]; /* what may fall outside: 1 - level */
	double outside[ROLLCAST_LEVELS_MAX][INTERVALS_THIRDS]; /* the same, adapted */
};

/* levels [level_count]: of central intervals, such as 0.95. */
int intervals_init(struct intervals *intervals, uint32_t horizon, const double *levels,
		   uint32_t level_count);
void intervals_finish(struct intervals *intervals);

/* An error (actual - forecast, finite) of the forecast `step` steps ahead, from 0. */
void intervals_add(struct intervals *intervals, uint32_t step, double error);

uint32_t intervals_count(const struct intervals *intervals, uint32_t step);

/*
 * The quantile at `level` of the errors at `step`, corrected for their number as split conformal
 * prediction wants it: outwards, to the (n + 1) level-th. There must be INTERVALS_ENOUGH.
 */
double intervals_quantile(const struct intervals *intervals, uint32_t step, double level);

/* Adapts to the share of actual values that an interval missed just now, in one third. */
void intervals_adapt(struct intervals *intervals, uint32_t level, uint32_t third, double missed);

/*
 * The bounds of an interval at `step`, as offsets from the forecast. False while there are too few
 * errors.
 */
bool intervals_bounds(const struct intervals *intervals, uint32_t step, uint32_t level,
		      double *ret_lower, double *ret_upper);

/* The quantile of a standard normal variable; good to 0.01 for levels in 0.0005..0.9995. */
double intervals_normal(double level);

/* Saves, or loads into what intervals_init made for the same horizon. */
void intervals_archive(struct archive *archive, struct intervals *intervals);
/* The same for how often they missed; for the same levels. */
void intervals_tails_archive(struct archive *archive, struct intervals *intervals);

#endif
