/*
 * Linear autoregressions, one for each step of the horizon at once ("direct"), in asinh space.
 *
 *	features [lookback | seasons ago | phase | 1] x coefficients ──► (y(t + h) - anchor) / scale
 *
 * Fitted to least absolute errors, which is what forecasts are measured by: a ridge regression whose
 * lambda is chosen on the last quarter of the window, then reweighted a few times (iteratively
 * reweighted least squares, Schlossmacher 1973), with weights that neighbouring steps share.
 */
#ifndef LIB_FORECAST_REGRESSION_H
#define LIB_FORECAST_REGRESSION_H

#include "lib/forecast/expert.h"
#include "lib/forecast/features.h"

enum {
	REGRESSION_LAGS,	    /* around the last value */
	REGRESSION_SEASONAL,	    /* and what was there seasons ago */
	REGRESSION_MEDIAN,	    /* lags around the median of the last values */
	REGRESSION_LEVELS,	    /* medians over ever longer times instead of lags */
	REGRESSION_LEVELS_SEASONAL, /* and what was there seasons ago */
};

/* Fits regression `which`; an empty *ret_fit if there is too little to learn from. 0, -ENOMEM. */
int regression_fit(const struct lesson *lesson, uint32_t which, struct regression_fit *ret_fit);
void regression_fit_finish(struct regression_fit *fit);

/*
 * Saves, or loads into an empty *fit what was fitted with these settings and seasons. False: with
 * others, and *fit stays empty.
 */
bool regression_fit_archive(struct archive *archive, uint32_t which, uint32_t lookback,
			    uint32_t horizon, uint32_t season_count, struct regression_fit *fit);

/* The same for regressions on `features` features of whatever kind. */
bool regression_coefficients_archive(struct archive *archive, uint32_t features, uint32_t horizon,
				     struct regression_fit *fit);

/* Doubles of scratch that forecasts need. */
size_t regression_scratch(uint32_t horizon);

bool regression_expert_forecast(const struct expert_row *row, const struct expert_view *view,
				const double *state, double *values);

#endif
