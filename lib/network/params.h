/*
 * The table of tensors: where each matrix of a network lies in its block of parameters.
 *
 *	for each layer n:  weight_ih_l<n>  [inputs x gates*hidden]
 *	                   weight_hh_l<n>  [hidden x gates*hidden]
 *	                   bias_ih_l<n>    [1 x gates*hidden]
 *	                   bias_hh_l<n>    [1 x gates*hidden]
 *	the head:          head.weight     [hidden x outputs]
 *	                   head.bias       [1 x outputs]
 *	                   skip.weight     [lookback*channels x outputs], no rows without a skip
 *	                   extras.weight   [extras x outputs]
 *
 * Row-major, without padding, one after the other: a row is what one input gives to each result, so
 * these are PyTorch's matrices transposed. Gates stand in PyTorch's order: LSTM input, forget,
 * candidate, output; GRU reset, update, candidate. As in PyTorch each layer has two biases; only a
 * GRU's candidate tells them apart.
 */
#ifndef NETWORK_PARAMS_H
#define NETWORK_PARAMS_H

#include "rollcast/network.h"

enum {
	PARAMS_LAYERS_MAX = 8,
	PARAMS_HIDDEN_MAX = 1024,
	PARAMS_WIDTH_MAX = 1 << 16, /* channels, lookback, extras, outputs */
	PARAMS_SIZE_MAX = 1 << 28,  /* floats in a block */
};

enum layer_tensor { WEIGHT_IH, WEIGHT_HH, BIAS_IH, BIAS_HH, LAYER_TENSORS };
enum head_tensor { HEAD_WEIGHT, HEAD_BIAS, SKIP_WEIGHT, EXTRAS_WEIGHT, HEAD_TENSORS };

struct tensor {
	char name[24];
	size_t offset; /* in floats */
	uint32_t rows, cols;
};

struct params {
	struct rollcast_shape shape;
	struct tensor layers[PARAMS_LAYERS_MAX][LAYER_TENSORS];
	struct tensor head[HEAD_TENSORS];
	size_t size; /* floats in the block */
};

/* The table of `shape`. -EINVAL when it has no layers, units, inputs or outputs, or too many. */
int params_init(struct params *params, const struct rollcast_shape *shape);

/* Gates of a cell: the column blocks of its matrices. */
uint32_t params_gates(enum rollcast_cell cell);

/* Inputs of a layer: the channels, or the hidden units of the layer below. */
uint32_t params_inputs(const struct params *params, uint32_t layer);

/* Tensors in block order, for loops over all: `index` from 0 until NULL. */
const struct tensor *params_tensor(const struct params *params, size_t index);

/* Initial values, as rollcast_weights_create promises. -ENOMEM. */
int params_fill(const struct params *params, uint64_t seed, float *block);

#endif
