/*
 * Losses and their derivatives, as PyTorch defines them: absolute and squared error, Huber's loss,
 * and the quantile (pinball) loss of Koenker & Bassett 1978.
 */
#ifndef NETWORK_LOSS_H
#define NETWORK_LOSS_H

#include "rollcast/network.h"

/* Targets per window: the horizon. */
uint32_t loss_targets(const struct rollcast_training *training, uint32_t outputs);

/*
 * The sum of the losses of `rows` windows: outputs [rows x outputs], targets [rows x horizon]. If
 * ret_errors is not NULL it receives the derivatives of the sum times `scale`.
 */
double loss_sum(const struct rollcast_training *training, const float *outputs,
		const float *targets, size_t rows, size_t count, float scale, float *ret_errors);

#endif
