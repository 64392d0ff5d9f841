/* The chance of a breach from a forecast's quantiles: the formulas are in rollcast/stream.h. */
#include <math.h>

#include "rollcast/stream.h"

/* The quantiles of one step, ascending. */
struct column {
	const double *first; /* the next one is `horizon` further */
	size_t horizon;
	const double *levels;
	uint32_t count;
};

static double value_at(const struct column *column, uint32_t i)
{
	return column->first[i * column->horizon];
}

/* The scale of an exponential tail that goes on as densely as the outermost two quantiles end. */
static double tail_scale(const struct column *column, uint32_t inner, double mass)
{
	double width = value_at(column, inner + 1) - value_at(column, inner);

	return mass * width / (column->levels[inner + 1] - column->levels[inner]);
}

static double tail(const struct column *column, uint32_t inner, double mass, double distance)
{
	double scale = column->count > 1 ? tail_scale(column, inner, mass) : 0;

	return scale > 0 ? mass * exp(-distance / scale) : 0;
}

/* P(value < limit), or P(value <= limit). */
static double probability_below(const struct column *column, double limit, bool or_equal)
{
	uint32_t count = column->count, i = 0;

	while (i < count &&
	       (value_at(column, i) < limit || (or_equal && value_at(column, i) <= limit)))
		i++;
	if (i == 0)
		return tail(column, 0, column->levels[0], value_at(column, 0) - limit);
	if (i == count)
		return 1 - tail(column, count - 2, 1 - column->levels[count - 1],
				limit - value_at(column, count - 1));

	double before = value_at(column, i - 1), after = value_at(column, i);
	double share = (limit - before) / (after - before);

	return column->levels[i - 1] + share * (column->levels[i] - column->levels[i - 1]);
}

static bool is_finite(const struct column *column)
{
	for (uint32_t i = 0; i < column->count; i++)
		if (!isfinite(value_at(column, i)))
			return false;
	return column->count > 0;
}

static double probability_at(const struct rollcast_forecast *forecast, uint32_t step, double limit,
			     bool above)
{
	const struct column column = {forecast->quantiles + step, forecast->horizon,
				      forecast->quantile_levels, forecast->quantile_count};

	if (!is_finite(&column))
		return 0;
	return above ? 1 - probability_below(&column, limit, true)
		     : probability_below(&column, limit, false);
}

void rollcast_forecast_breach(const struct rollcast_forecast *forecast, double limit, bool above,
			      double *ret_probability, double *ret_seconds)
{
	double reached = 0, weighted = 0;

	if (above ? forecast->last > limit : forecast->last < limit) {
		*ret_probability = 1;
		*ret_seconds = 0;
		return;
	}
	for (uint32_t step = 0; step < forecast->horizon; step++) {
		double probability = probability_at(forecast, step, limit, above);

		if (!(probability > reached)) /* NaN is none */
			continue;
		weighted += (probability - reached) * (step + 1);
		reached = probability;
	}
	*ret_probability = reached;
	*ret_seconds = reached > 0 ? weighted / reached * (double)forecast->step_us / 1e6 : NAN;
}
