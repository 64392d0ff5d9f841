/*
 * Which experts count, and how much: by what was measured on this very stream.
 *
 *	experts ─┬─► even  (nearly all count, their median)     ─┐
 *	         ├─► usual (the better count more)              ─┼─► the best of the ways ─► forecast
 *	         └─► bold  (the best count, their mean)         ─┘
 *
 * The horizon has three thirds, each with weights of its own. For every expert and third a running
 * mean of its absolute errors is kept, and one of the naive forecast's on the same cells, so that
 * experts that joined late, or skip a step, are compared fairly. What counts is the ratio r of the
 * two:
 *
 *	weight ~ exp(-sharpness (r / min r - 1))
 *
 * the exponentially weighted average forecaster (Cesa-Bianchi & Lugosi 2006, 2.2) on relative,
 * forgetting losses. There are two memories, a short one that is quick to notice a change and a long
 * one that is hard to fool; their weights are averaged. Where errors count by their roots, what an
 * expert does on most days weighs more than how it met one burst.
 *
 * How sharp to be depends on the stream: noise wants many voices, a clear pattern the one that has
 * it. So there are three ways to weigh, and the same rule, applied to their errors, weighs them.
 */
#ifndef LIB_FORECAST_BLEND_H
#define LIB_FORECAST_BLEND_H

#include <stdint.h>

#include "lib/forecast/roll.h"
#include "rollcast/stream.h"

enum {
	BLEND_THIRDS = 3,
	BLEND_MEMORIES = 2,
	BLEND_WAYS = 3,
	BLEND_MEMBERS_MAX = ROLLCAST_EXPERTS_MAX + BLEND_WAYS,
};

/* What one step of truth says: filled cell by cell, then learned from. Members: experts, then ways. */
struct blend_errors {
	double own[BLEND_THIRDS][BLEND_MEMBERS_MAX];
	double naive[BLEND_THIRDS][BLEND_MEMBERS_MAX]; /* on the member's cells */
	double cells[BLEND_THIRDS][BLEND_MEMBERS_MAX];
};

/* Sums over the steps that one memory still knows, of one third; of errors and of their roots. */
struct blend_memory {
	double own[2][BLEND_MEMBERS_MAX];
	double naive[2][BLEND_MEMBERS_MAX];
	double count[BLEND_MEMBERS_MAX]; /* steps */
};

/* Mean errors relative to naive, of experts, in the two ways that errors count; 0: not known. */
struct blend_ratios {
	double of[2][BLEND_THIRDS][ROLLCAST_EXPERTS_MAX];
};

struct blend {
	uint32_t experts; /* of which the first is naive */
	uint32_t off;	  /* bit i: expert i gets no weight */
	uint32_t silent;  /* bit i: expert i had nothing to say when last asked */
	struct blend_memory memories[BLEND_THIRDS][BLEND_MEMORIES];
	double weights[BLEND_WAYS][BLEND_THIRDS][ROLLCAST_EXPERTS_MAX];
	double ways[BLEND_THIRDS][BLEND_WAYS]; /* weights of the ways */
	struct blend_ratios expected;	       /* while little is measured */
};

void blend_init(struct blend *blend, uint32_t experts, uint32_t off);

static inline uint32_t blend_members(const struct blend *blend)
{
	return blend->experts + BLEND_WAYS;
}

/* The third of `step` (from 0) of a horizon. */
static inline uint32_t blend_third(uint32_t step, uint32_t horizon)
{
	return step * BLEND_THIRDS / horizon;
}

/* Learns the errors of one step and sets the weights anew. */
void blend_learn(struct blend *blend, const struct blend_errors *errors);

/*
 * What is to be expected of experts while little is known of them, from other streams. It does not
 * speak for one that is silent and was never measured.
 */
void blend_expect(struct blend *blend, const struct blend_ratios *expected);
/* What is known of them by now. */
void blend_ratios(const struct blend *blend, struct blend_ratios *ret_ratios);

/* Forgets what is known of one expert: it has become another one. */
void blend_forget(struct blend *blend, uint32_t expert);

/*
 * forecasts [(experts + ways) x horizon]: the experts', NaN where one has nothing to say; those of the
 * ways are filled in. mean [horizon]. An expert that is silent hands its weight to the others.
 */
void blend_mix(struct blend *blend, double *forecasts, uint32_t horizon, double *mean);

/* An expert's weight over the whole horizon. */
double blend_weight(const struct blend *blend, uint32_t expert, uint32_t horizon);

/* Saves, or loads into what blend_init made, what is known of each expert of the roll. */
void blend_archive(struct archive *archive, const struct roll *roll, struct blend *blend);

#endif
