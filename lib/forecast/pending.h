/*
 * Forecasts that wait for the truth: a ring of origins with all that was said there, by each expert
 * and in each quantile.
 *
 * When a step is measured, every origin of the ring has one row to be scored: [experts][quantiles] of
 * that step of its horizon, contiguous. Long horizons keep only some of their origins, so that memory
 * grows with the horizon, not with its square.
 */
#ifndef LIB_FORECAST_PENDING_H
#define LIB_FORECAST_PENDING_H

#include <stdint.h>

#include "lib/forecast/roll.h"

enum { PENDING_ORIGINS_MAX = 64 };
#define PENDING_NONE UINT64_MAX

struct pending {
	uint32_t experts, quantiles, horizon;
	uint32_t every; /* each how manieth origin is kept */
	uint32_t slots;
	uint64_t *origins; /* [slots], index of the step; PENDING_NONE: empty */
	double *rows;	   /* [slots x horizon x (experts + quantiles)] */
};

int pending_init(struct pending *pending, uint32_t experts, uint32_t quantiles, uint32_t horizon);
void pending_finish(struct pending *pending);

/* forecasts [experts x horizon] (members of a blend, ways included), quantiles [quantiles x horizon], made at step `origin`. */
void pending_put(struct pending *pending, uint64_t origin, const double *forecasts,
		 const double *quantiles);

/*
 * The row that slot's origin has for step `index`: its experts, then its quantiles; and in *ret_step
 * which step of the horizon that is, from 0. NULL if it has none.
 */
const double *pending_row(const struct pending *pending, uint32_t slot, uint64_t index,
			  uint32_t *ret_step);

/* Takes back what one expert said. */
void pending_forget(struct pending *pending, uint32_t expert);
/* Takes back everything: the time has jumped. */
void pending_clear(struct pending *pending);

/*
 * Saves, or loads into what pending_init made for the same quantiles and horizon, all before step
 * `index`. Experts that are not on the roll have said nothing.
 */
void pending_archive(struct archive *archive, const struct roll *roll, uint64_t index,
		     struct pending *pending);

#endif
