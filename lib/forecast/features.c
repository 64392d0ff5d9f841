/* Looking back from an origin: see features.h. */
#include "lib/forecast/features.h"

#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <stdlib.h>

#include "lib/forecast/transform.h"
#include "lib/forecast/vectors.h"

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

/* ---- what experts share ---- */

int feature_memory_init(struct feature_memory *memory, uint32_t lookback, uint32_t horizon)
{
	*memory = (struct feature_memory){
		.lags = {malloc(lookback * sizeof(double)), malloc(lookback * sizeof(double))},
		.waves = malloc((size_t)horizon * FEATURE_WAVES * sizeof(double)),
		.angles = malloc(2 * (size_t)horizon * sizeof(double)),
		.sines = malloc((size_t)horizon * FEATURE_WAVES * sizeof(double)),
	};
	if (memory->lags[0] && memory->lags[1] && memory->waves && memory->angles && memory->sines)
		return 0;
	feature_memory_finish(memory);
	return -ENOMEM;
}

void feature_memory_finish(struct feature_memory *memory)
{
	free(memory->lags[0]);
	free(memory->lags[1]);
	free(memory->waves);
	free(memory->angles);
	free(memory->sines);
	*memory = (struct feature_memory){0};
}

size_t feature_memory_bytes(const struct feature_memory *memory)
{
	return malloc_usable_size(memory->lags[0]) + malloc_usable_size(memory->lags[1]) +
	       malloc_usable_size(memory->waves) + malloc_usable_size(memory->angles) +
	       malloc_usable_size(memory->sines);
}

void feature_memory_forget(struct feature_memory *memory)
{
	memory->scales[0] = memory->scales[1] = 0;
	memory->has_waves = false;
}

const double *feature_lags(struct feature_memory *memory, const struct feature_view *view,
			   enum feature_anchor kind, size_t origin, double scale,
			   double *ret_anchor)
{
	if (memory->scales[kind] != scale) {
		memory->anchors[kind] = feature_anchor(view, kind, origin);
		memory->scales[kind] = scale;
		vectors()->there(view->values + origin + 1 - view->lookback, view->lookback,
				 memory->anchors[kind], scale, memory->lags[kind]);
	}
	*ret_anchor = memory->anchors[kind];
	return memory->lags[kind];
}

const double *feature_waves(struct feature_memory *memory, const struct feature_view *view,
			    size_t origin)
{
	uint32_t horizon = view->horizon;
	const double *sines = memory->sines, *cosines = memory->sines + 2 * (size_t)horizon;

	if (memory->has_waves)
		return memory->waves;
	memory->has_waves = true;
	for (uint32_t h = 0; h < horizon; h++) {
		memory->angles[h] = feature_phase(view, origin + 1 + h);
		memory->angles[horizon + h] = 2 * memory->angles[h];
	}
	vectors()->waves(memory->angles, 2 * (size_t)horizon, memory->sines,
			 memory->sines + 2 * (size_t)horizon);
	for (uint32_t h = 0; h < horizon; h++)
		for (uint32_t i = 0; i < 2; i++) {
			double *wave = memory->waves + ((size_t)h * 2 + i) * 2;

			wave[0] = sines[(size_t)i * horizon + h];
			wave[1] = cosines[(size_t)i * horizon + h];
		}
	return memory->waves;
}
