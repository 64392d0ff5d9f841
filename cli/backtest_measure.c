/* How good the forecasts of a played series were: see backtest_run.h. */
#include <math.h>

#include "cli/backtest_run.h"
#include "lib/series/accuracy.h"

static double last_known(const struct backtest_result *result, uint64_t index)
{
	while (index > 0 && isnan(result->steps[index]))
		index--;
	return result->steps[index];
}

static double seasonal_naive(const struct backtest_result *result, uint64_t origin, uint32_t ahead,
			     uint64_t season)
{
	uint64_t back = (ahead + season - 1) / season * season;

	return last_known(result, origin + ahead < back ? origin : origin + ahead - back);
}

void backtest_measure(const struct backtest_plan *plan,
		      const struct rollcast_stream_settings *settings,
		      struct backtest_result *result)
{
	struct backtest_measures *measures = &result->measures;
	struct accuracy own = {0}, naive = {0}, seasonal = {0};
	struct accuracy intervals[ROLLCAST_LEVELS_MAX] = {{0}};
	uint32_t middle = result->quantile_count / 2;
	uint64_t season = 0, warm;
	double scale;

	if (settings->season_count)
		season = settings->seasons[0].us
				 ? (uint64_t)(settings->seasons[0].us / result->step_us)
				 : settings->seasons[0].steps;
	for (size_t i = 0; i < result->origin_count; i++) {
		uint64_t origin = result->origins[i];

		/* Only origins of which the whole horizon came count. */
		if (origin + result->horizon >= result->step_count)
			break;
		measures->origins++;
		for (uint32_t h = 0; h < result->horizon; h++) {
			double actual = result->steps[origin + 1 + h];

			accuracy_add(&own, actual, backtest_quantile(result, i, middle)[h]);
			accuracy_add(&naive, actual, last_known(result, origin));
			if (season)
				accuracy_add(&seasonal, actual,
					     seasonal_naive(result, origin, h + 1, season));
			for (uint32_t k = 0; k < middle; k++)
				accuracy_add_interval(
					&intervals[k], actual,
					backtest_quantile(result, i, middle - 1 - k)[h],
					backtest_quantile(result, i, middle + 1 + k)[h],
					settings->levels[k]);
		}
	}
	warm = plan->start + 1 < result->step_count ? plan->start + 1 : result->step_count;
	scale = accuracy_scale(result->steps, warm, 1);
	if (!(scale > 0))
		scale = accuracy_scale(result->steps, result->step_count, 1);
	measures->cells = own.points;
	measures->mae = accuracy_mae(&own);
	measures->mase = accuracy_mase(&own, scale);
	measures->ratio = measures->mae / fmin(accuracy_mae(&naive), accuracy_mae(&seasonal));
	for (uint32_t k = 0; k < middle; k++)
		measures->coverage[k] = accuracy_coverage(&intervals[k]);
	measures->msis = middle ? accuracy_msis(&intervals[middle - 1], scale) : NAN;
}
