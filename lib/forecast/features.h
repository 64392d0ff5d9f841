/* What networks and regressions read at an origin: the lookback, and the same phase of seasons ago. */
#ifndef LIB_FORECAST_FEATURES_H
#define LIB_FORECAST_FEATURES_H

#include <stddef.h>
#include <stdint.h>

#include "rollcast/stream.h"

/* A stretch of values to look back from. */
struct feature_view {
	uint32_t lookback, horizon;
	const uint32_t *seasons; /* ascending */
	uint32_t season_count;
	const double *values;			       /* oldest first, no NaN */
	const double *channels[ROLLCAST_CHANNELS_MAX]; /* beside the values; NaN: not known */
	uint32_t channel_count;
	int64_t first_step; /* time of the oldest, in steps since the epoch: tells the phase */
};

/* A stretch to learn from: at which origins, in which scale. */
struct lesson {
	struct feature_view view;
	const uint32_t *origins; /* ascending; each has a lookback before it and a horizon behind */
	uint32_t origin_count;
	double scale;
	double channel_scales[ROLLCAST_CHANNELS_MAX]; /* 0: a channel of which nothing is known */
};

enum feature_anchor {
	FEATURE_ANCHOR_LAST,   /* the value at the origin */
	FEATURE_ANCHOR_MEDIAN, /* of the last 12 values, or of the lookback if that is shorter */
};

double feature_anchor(const struct feature_view *view, enum feature_anchor kind, size_t origin);

/*
 * The value `periods` seasons (or more, to be in the past) before step `ahead` (from 1) of the horizon;
 * NaN if the stretch begins later.
 */
double feature_season_ago(const struct feature_view *view, size_t origin, uint32_t ahead,
			  uint32_t season, uint32_t periods);

/* Mean of up to three such values of the first season; the value at the origin if there is none. */
double feature_season_mean(const struct feature_view *view, size_t origin, uint32_t ahead);

/* The phase of step `index` within the first season, 0..2 pi. */
double feature_phase(const struct feature_view *view, size_t index);

#endif
