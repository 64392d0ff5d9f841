/*
 * OpenBLAS's kernels for small matrices need no packing and no padding to vectors, which suits products
 * of any shape that happen once per window: the head is 1 % of a training step at hidden 32, lookback
 * 48, with a skip. In the layers, where a product happens at every step, it is the other way round.
 */
#include "lib/network/head.h"

#include <string.h>

#include "lib/network/blas.h"

void head_forward(const struct params *params, const float *block, const struct head_inputs *in,
		  float *outputs)
{
	const struct tensor *state = &params->head[HEAD_WEIGHT], *skip = &params->head[SKIP_WEIGHT];
	const struct tensor *extras = &params->head[EXTRAS_WEIGHT];
	size_t cols = params->shape.outputs;

	for (size_t row = 0; row < in->rows; row++)
		memcpy(outputs + row * cols, block + params->head[HEAD_BIAS].offset,
		       cols * sizeof(*outputs));
	blas_add_product(in->rows, cols, state->rows, in->state, in->state_stride,
			 block + state->offset, cols, outputs, cols);
	if (skip->rows)
		blas_add_product(in->rows, cols, skip->rows, in->inputs, skip->rows,
				 block + skip->offset, cols, outputs, cols);
	if (extras->rows)
		blas_add_product(in->rows, cols, extras->rows, in->extras, extras->rows,
				 block + extras->offset, cols, outputs, cols);
}

void head_backward(const struct params *params, const float *block, const struct head_inputs *in,
		   const float *errors, float *gradient, float *state_gradient)
{
	const struct tensor *state = &params->head[HEAD_WEIGHT], *skip = &params->head[SKIP_WEIGHT];
	const struct tensor *extras = &params->head[EXTRAS_WEIGHT];
	float *bias = gradient + params->head[HEAD_BIAS].offset;
	size_t cols = params->shape.outputs;

	for (size_t row = 0; row < in->rows; row++)
		for (size_t i = 0; i < cols; i++)
			bias[i] += errors[row * cols + i];
	blas_add_outer(state->rows, cols, in->rows, in->state, in->state_stride, errors, cols,
		       gradient + state->offset, cols);
	if (skip->rows)
		blas_add_outer(skip->rows, cols, in->rows, in->inputs, skip->rows, errors, cols,
			       gradient + skip->offset, cols);
	if (extras->rows)
		blas_add_outer(extras->rows, cols, in->rows, in->extras, extras->rows, errors, cols,
			       gradient + extras->offset, cols);
	blas_product_transposed(in->rows, state->rows, cols, errors, cols, block + state->offset,
				cols, state_gradient, in->state_stride);
}
