/*
 * What tests and benchmarks see of a trainer besides rollcast/network.h.
 */
#ifndef NETWORK_TRAINER_H
#define NETWORK_TRAINER_H

#include "rollcast/network.h"

/*
 * The derivatives of a batch's mean loss by all parameters, before clipping and weight decay, in the
 * order of the block; changes no weights. 0 or ROLLCAST_NETWORK_DIVERGED.
 */
int trainer_gradient(struct rollcast_trainer *trainer, const struct rollcast_batch *batch,
		     float *ret_gradient, float *ret_loss);

#endif
