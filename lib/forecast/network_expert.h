/*
 * Networks as experts: how a window becomes their input, their training and their forecast.
 *
 * Two networks, both with a linear skip from the lookback to the horizon; beside the stream's own values
 * both read those of its channels (channels.h):
 *
 *	local      anchor: the median of the last 12 values
 *	seasonal   anchor: the last value; the head also sees what was there a season ago, for each step
 *	           of the horizon and each season, the mean of three periods, and the phase
 */
#ifndef LIB_FORECAST_NETWORK_EXPERT_H
#define LIB_FORECAST_NETWORK_EXPERT_H

#include "lib/forecast/expert.h"
#include "lib/forecast/features.h"
#include "lib/forecast/fit.h"

enum { NETWORK_LOCAL, NETWORK_SEASONAL };

/* Who may end a training before its time, and how. */
struct stop {
	bool (*asked)(const void *context); /* NULL: nobody */
	const void *context;
};

/* What one training of one network needs. */
struct network_job {
	const struct rollcast_model_settings *model;
	const struct lesson *lessons; /* one or more, of the same lookback, horizon, season_count */
	uint32_t lesson_count;
	uint64_t seed;
	struct stop stop;
};

/* Floats of scratch that forecasts need, with any seasons, and how many extras there may be. */
size_t network_scratch(const struct rollcast_stream_settings *settings, size_t *ret_extras);

/*
 * Trains network `which` from `before` (NULL or of another shape: anew) into *ret_fit, which the
 * caller owns; its scale is that of the first lesson. 0, ROLLCAST_NETWORK_DIVERGED, -ENOMEM, -ECANCELED
 * (it was stopped). Adds the optimiser steps done to *steps.
 */
int network_train(const struct network_job *job, uint32_t which, const struct network_fit *before,
		  struct network_fit *ret_fit, uint32_t *steps);
void network_fit_finish(struct network_fit *fit);
/* A copy that shares the weights; -ENOMEM. */
int network_fit_copy(const struct network_fit *fit, struct network_fit *ret_copy);

/*
 * Saves, or loads into an empty *fit, a network of the shape that the settings and seasons make. False:
 * it had another one, and *fit stays empty. Of another optimiser only the weights are kept.
 */
bool network_fit_archive(struct archive *archive, uint32_t which,
			 const struct rollcast_stream_settings *settings, uint32_t season_count,
			 struct network_fit *fit);

bool network_expert_forecast(const struct expert_row *row, const struct expert_view *view,
			     const double *state, double *values);

#endif
