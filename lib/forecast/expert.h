/*
 * Experts: the methods of a stream's pool. A row each in expert.c; a new one is a function and a row.
 *
 * An expert sees the window up to the origin and what the last training found; it knows nothing of
 * the others, of errors or of weights. The simple ones cost nothing and are there from the first
 * step; the fitted ones are silent until a training gave them something to work with.
 */
#ifndef LIB_FORECAST_EXPERT_H
#define LIB_FORECAST_EXPERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/forecast/channels.h"
#include "lib/forecast/fit.h"
#include "lib/forecast/past.h"

/* What every expert may look at. */
struct expert_view {
	const struct past *past;
	const struct channels *channels; /* beside it */
	const struct fit *fit;		 /* what training found; all zero before the first one */
	const struct rollcast_shared *shared; /* what the group shares; NULL: nothing */
	const struct rollcast_model_settings *model;
	uint32_t horizon;
	int64_t step_us;
	struct fit_scratch *scratch;
};

enum { EXPERT_STATES = 4 };

struct expert_row {
	const char *name;
	/* Forecasts into values[horizon]; false: it has nothing to say. */
	bool (*forecast)(const struct expert_row *row, const struct expert_view *view,
			 const double *state, double *values);
	/* Takes the newest value into `state` [EXPERT_STATES]; NULL if there is no state. */
	void (*update)(const struct expert_row *row, const struct expert_view *view, double *state);
	/* True if its forecast uses season `season`, so that another one makes it another expert. */
	bool seasonal;
	uint32_t season;	      /* which */
	uint32_t width;		      /* steps looked at, one of medians_widths */
	double smoothing;	      /* 0..1 */
	uint32_t network, regression; /* which */
};

/* The pool. The first row is naive, and the next ROLLCAST_SEASONS_MAX are seasonal naive. */
extern const struct expert_row expert_rows[];
extern const uint32_t expert_count;

enum {
	EXPERT_NAIVE = 0,
	EXPERT_SEASONAL = 1,
};

#endif
