/* Optimisers: from weights and gradient to the next weights. Definitions: lib/network/kernel/update.c. */
#ifndef NETWORK_OPTIMIZER_H
#define NETWORK_OPTIMIZER_H

#include "lib/network/kernels.h"
#include "lib/network/memory.h"

struct optimizer {
	const struct rollcast_training *training;
	const struct kernels *kernels;
	size_t size; /* parameters, rounded up to whole lines: blocks end in zeros */
	uint32_t steps;
	float *first, *second; /* moments */
};

/* Takes the moments' memory; the other fields are set. */
void optimizer_lay_out(struct optimizer *optimizer, struct memory *memory);

/*
 * One step at learning rate `rate`, with the gradient clipped: `next_weights` from `weights`.
 * ROLLCAST_NETWORK_DIVERGED if the gradient, and then nothing has changed, or the result is not finite.
 */
int optimizer_step(struct optimizer *optimizer, const float *weights, const float *gradient,
		   float rate, float *next_weights);

/* Arrays of moments an optimiser keeps: 1 or 2. */
uint32_t optimizer_moments(enum rollcast_optimizer kind);

#endif
