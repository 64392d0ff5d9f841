/*
 * How good forecasts were: the measures of the field, summed up pair by pair.
 *
 *	MAE, RMSE     mean absolute error, root of the mean squared error
 *	sMAPE         mean of 200 |y - f| / (|y| + |f|), in per cent; 0 where both are 0
 *	              (Makridakis 1993, as in the M4 competition)
 *	MASE          MAE over the in-sample MAE of the (seasonal) naive forecast
 *	              (Hyndman & Koehler 2006)
 *	pinball       (y - q) level if y is above the quantile q, else (q - y) (1 - level)
 *	              (Koenker & Bassett 1978)
 *	coverage      share of y inside an interval, bounds included
 *	MSIS          mean interval score: width + 2/a x what y lies outside, a = 1 - level
 *	              (Gneiting & Raftery 2007), over the same scale as MASE (M4)
 *
 * A measure of nothing, or over a scale of 0, is NaN: leave it out of a mean over streams.
 */
#ifndef LIB_SERIES_ACCURACY_H
#define LIB_SERIES_ACCURACY_H

#include <stddef.h>
#include <stdint.h>

/* Sums over what was scored; all zero at first. One for all levels of intervals would mix them. */
struct accuracy {
	uint64_t points, intervals, inside;
	double absolute, square, percentage, interval_score;
};

/* One forecast and what came. An actual value of NaN (a hole) does not count. */
void accuracy_add(struct accuracy *accuracy, double actual, double forecast);
/* One central interval of `level` (0.9: nine of ten) and what came; likewise. */
void accuracy_add_interval(struct accuracy *accuracy, double actual, double lower, double upper,
			   double level);

double accuracy_mae(const struct accuracy *accuracy);
double accuracy_rmse(const struct accuracy *accuracy);
double accuracy_smape(const struct accuracy *accuracy);
double accuracy_mase(const struct accuracy *accuracy, double scale);
double accuracy_coverage(const struct accuracy *accuracy);
double accuracy_msis(const struct accuracy *accuracy, double scale);

/* The pinball loss of one quantile forecast. */
double accuracy_pinball(double actual, double quantile, double level);

/*
 * The scale of MASE and MSIS: mean |y(t) - y(t - season)| over pairs of which neither is NaN;
 * season 1 for naive. NaN if there is no pair.
 */
double accuracy_scale(const double *values, size_t count, size_t season);

#endif
