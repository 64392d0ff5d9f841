/*
 * The head: outputs = bias + last state x head.weight + lookback x skip.weight + extras x
 * extras.weight. Its products are few and plain, so OpenBLAS does them.
 */
#ifndef NETWORK_HEAD_H
#define NETWORK_HEAD_H

#include "lib/network/params.h"

/* What the head reads, for `rows` windows. */
struct head_inputs {
	size_t rows;
	const float *state; /* [rows x hidden], a row every `state_stride` floats */
	size_t state_stride;
	const float *inputs; /* [rows x lookback*channels] */
	const float *extras; /* [rows x extras], or NULL */
};

/* outputs [rows x outputs] */
void head_forward(const struct params *params, const float *block, const struct head_inputs *in,
		  float *outputs);

/*
 * From `errors`, the derivatives of the loss by the outputs: adds to the head's tensors in `gradient`
 * and sets state_gradient [rows x hidden], a row every `in->state_stride` floats.
 */
void head_backward(const struct params *params, const float *block, const struct head_inputs *in,
		   const float *errors, float *gradient, float *state_gradient);

#endif
