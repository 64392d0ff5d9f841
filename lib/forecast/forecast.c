/* Forecasts that stand alone: one piece of memory, [forecast][mean][levels][quantiles][name]. */
#include <string.h>

#include "rollcast/stream.h"

enum { ALIGNMENT = 16 };

static size_t doubles_of(const struct rollcast_forecast *forecast)
{
	size_t horizon = forecast->horizon, quantiles = forecast->quantile_count;

	return horizon + quantiles + quantiles * horizon;
}

size_t rollcast_forecast_size(const struct rollcast_forecast *forecast)
{
	size_t size = sizeof(*forecast) + doubles_of(forecast) * sizeof(double) +
		      strlen(forecast->name) + 1;

	return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static const double *append(double **end, const double *values, size_t count)
{
	double *begin = *end;

	if (count) /* without levels there need be no array */
		memcpy(begin, values, count * sizeof(*values));
	*end += count;
	return begin;
}

struct rollcast_forecast *rollcast_forecast_copy(const struct rollcast_forecast *forecast,
						 void *memory)
{
	struct rollcast_forecast *copy = memory;
	size_t horizon = forecast->horizon, quantiles = forecast->quantile_count;
	double *end = (double *)(copy + 1);

	*copy = *forecast;
	copy->mean = append(&end, forecast->mean, horizon);
	copy->quantile_levels = append(&end, forecast->quantile_levels, quantiles);
	copy->quantiles = append(&end, forecast->quantiles, quantiles * horizon);
	copy->name = memcpy(end, forecast->name, strlen(forecast->name) + 1);
	return copy;
}
