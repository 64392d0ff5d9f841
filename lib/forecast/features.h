/* What networks and regressions read at an origin: the lookback, and the same phase of seasons ago. */
#ifndef LIB_FORECAST_FEATURES_H
#define LIB_FORECAST_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rollcast/stream.h"

/* A stretch of values to look back from. */
struct feature_view {
	uint32_t lookback, horizon;
	const uint32_t *seasons; /* ascending */
	uint32_t season_count;
	const double *values; /* oldest first, no NaN */
	/* Beside the values; NaN: not known. How many of the newest were not, at each step. */
	const double *channels[ROLLCAST_CHANNELS_MAX], *behind[ROLLCAST_CHANNELS_MAX];
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

enum { FEATURE_WAVES = 4 }; /* sine and cosine of the first season, and of half of it */

/* What several experts read at the newest origin, made once a step. */
struct feature_memory {
	double *lags[2];  /* by anchor, [lookback] each: the lookback around it */
	double scales[2]; /* that they are in; 0: not made yet */
	double anchors[2];
	double *waves; /* [horizon x FEATURE_WAVES] */
	bool has_waves;
	double *angles, *sines; /* scratch: [2 x horizon] each */
};

int feature_memory_init(struct feature_memory *memory, uint32_t lookback, uint32_t horizon);
void feature_memory_finish(struct feature_memory *memory);
size_t feature_memory_bytes(const struct feature_memory *memory);
/* A new step: nothing is made yet. */
void feature_memory_forget(struct feature_memory *memory);

/* The lookback up to the view's `origin` in model units [lookback]; the anchor in *ret_anchor. */
const double *feature_lags(struct feature_memory *memory, const struct feature_view *view,
			   enum feature_anchor kind, size_t origin, double scale,
			   double *ret_anchor);
/* The waves of each step ahead [horizon x FEATURE_WAVES]. */
const double *feature_waves(struct feature_memory *memory, const struct feature_view *view,
			    size_t origin);

#endif
