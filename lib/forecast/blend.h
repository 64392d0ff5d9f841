/*
 * Which experts count, and how much: by what was measured on this very stream.
 *
 * The horizon has three thirds, each with weights of its own. For every expert and third a running
 * mean of its absolute errors is kept, and one of the naive forecast's on the same cells, so that
 * experts that joined late, or skip a step, are compared fairly. What counts is the ratio r of the
 * two:
 *
 *	weight ~ exp(-SHARPNESS (r / min r - 1))
 *
 * the exponentially weighted average forecaster (Cesa-Bianchi & Lugosi 2006, 2.2) on relative,
 * forgetting losses. Errors count by a power below 1, so that what an expert does on most days
 * weighs more than how it met one burst. There are two memories, a short one that is quick to
 * notice a change and a long one that is hard to fool; their weights are averaged.
 *
 * The forecast lies half way between the weighted mean of the experts and their weighted median: the
 * one is more precise where they err alike, the other stands one that is far off.
 */
#ifndef LIB_FORECAST_BLEND_H
#define LIB_FORECAST_BLEND_H

#include <stdint.h>

#include "rollcast/stream.h"

enum { BLEND_THIRDS = 3, BLEND_MEMORIES = 2 };

/* What one step of truth says: filled cell by cell, then learned from. */
struct blend_errors {
	double own[BLEND_THIRDS][ROLLCAST_EXPERTS_MAX];
	double naive[BLEND_THIRDS][ROLLCAST_EXPERTS_MAX]; /* on the expert's cells */
	uint32_t cells[BLEND_THIRDS][ROLLCAST_EXPERTS_MAX];
};

/* Sums over the steps that one memory still knows, of one third. */
struct blend_memory {
	double own[ROLLCAST_EXPERTS_MAX];
	double naive[ROLLCAST_EXPERTS_MAX];
	double count[ROLLCAST_EXPERTS_MAX]; /* steps */
};

struct blend {
	uint32_t experts; /* of which the first is naive */
	uint32_t off;     /* bit i: expert i gets no weight */
	struct blend_memory memories[BLEND_THIRDS][BLEND_MEMORIES];
	double weights[BLEND_THIRDS][ROLLCAST_EXPERTS_MAX];
};

void blend_init(struct blend *blend, uint32_t experts, uint32_t off);

/* The third of `step` (from 0) of a horizon. */
static inline uint32_t blend_third(uint32_t step, uint32_t horizon)
{
	return step * BLEND_THIRDS / horizon;
}

/* Learns the errors of one step and sets the weights anew. */
void blend_learn(struct blend *blend, const struct blend_errors *errors);

/* Forgets what is known of one expert: it has become another one. */
void blend_forget(struct blend *blend, uint32_t expert);

/*
 * forecasts [experts x horizon], NaN where an expert has nothing to say; mean [horizon]. An expert that
 * is silent hands its weight to the others.
 */
void blend_mix(const struct blend *blend, const double *forecasts, uint32_t horizon, double *mean);

/* An expert's weight over the whole horizon. */
double blend_weight(const struct blend *blend, uint32_t expert, uint32_t horizon);

#endif
