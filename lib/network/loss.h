/* Losses: how far outputs are from targets, and which way they should go. */
#ifndef NETWORK_LOSS_H
#define NETWORK_LOSS_H

#include "rollcast/network.h"

/*
 * The sum of losses of `count` outputs, and each output's gradient times `scale`. With the quantile
 * loss a target serves `quantile_count` outputs in a row.
 */
double loss_sum(const struct rollcast_training *training, const float *outputs,
		const float *targets, size_t count, float scale, float *ret_gradients);

#endif
