/*
 * Ridge regressions on a whole season of lags, in spaces where a season's swing that grows with the
 * level stays the same: the root and the logarithm of values that are never negative.
 *
 *	the last season, around its mean [lags | 1] x coefficients ──► the horizon, around that mean
 *
 * One system serves all steps of the horizon, so these are cheap; lambda is chosen on the last quarter
 * of the window. They are silent without a season, or with one longer than RIDGE_LAGS_MAX steps.
 */
#ifndef LIB_FORECAST_RIDGE_H
#define LIB_FORECAST_RIDGE_H

#include "lib/forecast/expert.h"
#include "lib/forecast/features.h"
#include "lib/forecast/regression.h"

enum {
	RIDGE_ROOT = REGRESSION_LEVELS_SEASONAL + 1, /* further regressions of a fit */
	RIDGE_LOG,

	RIDGE_LAGS_MAX = 336,
};

/* Fits ridge `which`; an empty *ret_fit if there is nothing to learn from. 0, -ENOMEM. */
int ridge_fit(const struct lesson *lesson, size_t count, uint32_t which,
	      struct regression_fit *ret_fit);

/* As regression_fit_archive. */
bool ridge_fit_archive(struct archive *archive, const uint32_t *seasons, uint32_t season_count,
		       uint32_t horizon, struct regression_fit *fit);

bool ridge_expert_forecast(const struct expert_row *row, const struct expert_view *view,
			   const double *state, double *values);

#endif
