/* Optimisers: from a block of gradients to new weights, one loop over the block each. */
#ifndef NETWORK_OPTIMIZER_H
#define NETWORK_OPTIMIZER_H

#include "rollcast/network.h"

/* Blocks of moments the optimiser keeps: none, one or two, each as long as the weights. */
uint32_t optimizer_moments(const struct rollcast_training *training);

/*
 * One update: writes new weights [size] to `ret_block`, which must not be `block`. `moments` holds
 * optimizer_moments() blocks, `step` counts from 1.
 */
void optimizer_update(const struct rollcast_training *training, float rate, double step,
		      size_t size, const float *gradients, float *moments, const float *block,
		      float *ret_block);

#endif
