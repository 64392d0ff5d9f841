/* Looking back from an origin: see features.h. */
#include "lib/forecast/features.h"

#include <math.h>

#include "lib/forecast/transform.h"

enum {
	ANCHOR_WIDTH = 12,
	PERIODS_MEANT = 3,
};

double feature_anchor(const struct feature_view *view, enum feature_anchor kind, size_t origin)
{
	uint32_t width = view->lookback < ANCHOR_WIDTH ? view->lookback : ANCHOR_WIDTH;

	if (kind == FEATURE_ANCHOR_LAST)
		return view->values[origin];
	return transform_median(view->values + origin + 1, origin + 1, width);
}

double feature_season_ago(const struct feature_view *view, size_t origin, uint32_t ahead,
			  uint32_t season, uint32_t periods)
{
	size_t back = ((size_t)((ahead + season - 1) / season) + periods - 1) * season;

	return origin + ahead >= back ? view->values[origin + ahead - back] : NAN;
}

double feature_season_mean(const struct feature_view *view, size_t origin, uint32_t ahead)
{
	double sum = 0;
	uint32_t count = 0;

	for (uint32_t periods = 1; periods <= PERIODS_MEANT; periods++) {
		double value = feature_season_ago(view, origin, ahead, view->seasons[0], periods);

		if (isnan(value))
			break;
		sum += value;
		count++;
	}
	return count ? sum / count : view->values[origin];
}

double feature_phase(const struct feature_view *view, size_t index)
{
	int64_t season = view->seasons[0];
	int64_t step = (view->first_step + (int64_t)index) % season;

	return 2 * M_PI * (double)(step < 0 ? step + season : step) / (double)season;
}
