/* The pool, and its simple members: see expert.h. */
#include "lib/forecast/expert.h"

#include <math.h>

#include "lib/forecast/network_expert.h"
#include "lib/forecast/regression.h"
#include "lib/forecast/ridge.h"

enum { PERIODS_MEANT = 3 };

#define TREND_DAMPING	0.9
#define TREND_SMOOTHING 0.2

static void fill(double *values, uint32_t count, double value)
{
	for (uint32_t i = 0; i < count; i++)
		values[i] = value;
}

/* ---- the last value, and those of seasons ago ---- */

static bool naive(const struct expert_row *row, const struct expert_view *view, const double *state,
		  double *values)
{
	(void)row;
	(void)state;
	fill(values, view->horizon, past_last(view->past));
	return true;
}

/* Steps from the end of the window back to the same phase as `ahead`, at least one season. */
static size_t steps_back(uint32_t ahead, uint32_t season)
{
	return (size_t)((ahead + season - 1) / season) * season - ahead;
}

static bool seasonal_naive(const struct expert_row *row, const struct expert_view *view,
			   const double *state, double *values)
{
	size_t count = past_count(view->past);
	const double *last = past_values(view->past) + count - 1;

	(void)state;
	if (row->season >= view->fit->season_count || view->fit->seasons[row->season] > count)
		return false;
	for (uint32_t h = 0; h < view->horizon; h++)
		values[h] = last[-(ptrdiff_t)steps_back(h + 1, view->fit->seasons[row->season])];
	return true;
}

static bool seasonal_mean(const struct expert_row *row, const struct expert_view *view,
			  const double *state, double *values)
{
	size_t count = past_count(view->past);
	const double *last = past_values(view->past) + count - 1;
	size_t season;

	(void)state;
	if (row->season >= view->fit->season_count)
		return false;
	season = view->fit->seasons[row->season];
	if (PERIODS_MEANT * season > count)
		return false;
	for (uint32_t h = 0; h < view->horizon; h++) {
		size_t back = steps_back(h + 1, (uint32_t)season);
		double sum = 0;

		for (uint32_t i = 0; i < PERIODS_MEANT && back < count; i++, back += season)
			sum += last[-(ptrdiff_t)back];
		values[h] = back < count + season ? sum / PERIODS_MEANT : NAN;
	}
	return true;
}

/* ---- levels ---- */

static bool rolling_median(const struct expert_row *row, const struct expert_view *view,
			   const double *state, double *values)
{
	size_t count = past_count(view->past);

	(void)state;
	if (count < row->width)
		return false;
	for (uint32_t i = 0; i < MEDIANS; i++)
		if (medians_widths[i] == row->width)
			fill(values, view->horizon, past_median(view->past, i));
	return true;
}

/* Simple exponential smoothing (Brown 1959): state[0] is the level, state[1] whether there is one. */
static void smooth(const struct expert_row *row, const struct expert_view *view, double *state)
{
	double value = past_last(view->past);

	state[0] = state[1] ? state[0] + row->smoothing * (value - state[0]) : value;
	state[1] = 1;
}

static bool smoothed(const struct expert_row *row, const struct expert_view *view,
		     const double *state, double *values)
{
	(void)row;
	fill(values, view->horizon, state[0]);
	return state[1] != 0;
}

/*
 * Exponential smoothing with a damped trend (Gardner & McKenzie 1985): state[0] is the level, state[2]
 * the trend.
 */
static void follow_trend(const struct expert_row *row, const struct expert_view *view,
			 double *state)
{
	double value = past_last(view->past), level = state[0] + TREND_DAMPING * state[2];

	if (state[1]) {
		state[0] = level + row->smoothing * (value - level);
		state[2] = TREND_DAMPING * state[2] +
			   row->smoothing * TREND_SMOOTHING * (value - level);
	} else {
		state[0] = value;
	}
	state[1] = 1;
}

static bool trended(const struct expert_row *row, const struct expert_view *view,
		    const double *state, double *values)
{
	double value = state[0], trend = state[2];

	(void)row;
	for (uint32_t h = 0; h < view->horizon; h++) {
		trend *= TREND_DAMPING;
		value += trend;
		values[h] = value;
	}
	return state[1] != 0;
}

/* ---- the pool ---- */

const struct expert_row expert_rows[] = {
	{.name = "naive", .forecast = naive},
	{.name = "seasonal_naive", .forecast = seasonal_naive, .seasonal = true, .season = 0},
	{.name = "seasonal_naive_2", .forecast = seasonal_naive, .seasonal = true, .season = 1},
	{.name = "seasonal_naive_3", .forecast = seasonal_naive, .seasonal = true, .season = 2},
	{.name = "seasonal_mean", .forecast = seasonal_mean, .seasonal = true, .season = 0},
	{.name = "median_12", .forecast = rolling_median, .width = 12},
	{.name = "median_48", .forecast = rolling_median, .width = 48},
	{.name = "smoothing_10", .forecast = smoothed, .update = smooth, .smoothing = 0.1},
	{.name = "smoothing_30", .forecast = smoothed, .update = smooth, .smoothing = 0.3},
	{.name = "damped_trend", .forecast = trended, .update = follow_trend, .smoothing = 0.3},
	{.name = "regression",
	 .forecast = regression_expert_forecast,
	 .regression = REGRESSION_LAGS},
	{.name = "regression_seasonal",
	 .forecast = regression_expert_forecast,
	 .regression = REGRESSION_SEASONAL,
	 .seasonal = true},
	{.name = "regression_median",
	 .forecast = regression_expert_forecast,
	 .regression = REGRESSION_MEDIAN},
	{.name = "levels", .forecast = regression_expert_forecast, .regression = REGRESSION_LEVELS},
	{.name = "levels_seasonal",
	 .forecast = regression_expert_forecast,
	 .regression = REGRESSION_LEVELS_SEASONAL,
	 .seasonal = true},
	{.name = "ridge_root",
	 .forecast = ridge_expert_forecast,
	 .regression = RIDGE_ROOT,
	 .seasonal = true},
	{.name = "ridge_log",
	 .forecast = ridge_expert_forecast,
	 .regression = RIDGE_LOG,
	 .seasonal = true},
	{.name = "network", .forecast = network_expert_forecast, .network = NETWORK_LOCAL},
	{.name = "network_seasonal",
	 .forecast = network_expert_forecast,
	 .network = NETWORK_SEASONAL,
	 .seasonal = true},
};
const uint32_t expert_count = sizeof(expert_rows) / sizeof(*expert_rows);

/* A network is called by its cell. */
const char *rollcast_expert_name(uint32_t expert, enum rollcast_cell cell)
{
	static const char *const networks[][FIT_NETWORKS] = {
		[ROLLCAST_CELL_LSTM] = {"lstm", "lstm_seasonal"},
		[ROLLCAST_CELL_GRU] = {"gru", "gru_seasonal"},
		[ROLLCAST_CELL_RNN] = {"rnn", "rnn_seasonal"},
	};

	const struct expert_row *row = expert_rows + expert;

	if (expert >= expert_count)
		return NULL;
	return row->forecast == network_expert_forecast ? networks[cell][row->network] : row->name;
}
