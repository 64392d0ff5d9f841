/*
 * The table of tensors: where in the one block of parameters each tensor lies.
 *
 * Every layer has the same four slots and the head has four more, so that a tensor is found by its
 * index; a tensor that the shape does not need has no rows.
 */
#ifndef NETWORK_TABLE_H
#define NETWORK_TABLE_H

#include "rollcast/network.h"

enum { MAX_LAYERS = 8 };

enum layer_tensor {
	TENSOR_INPUT,	       /* [layer inputs x gates * hidden] */
	TENSOR_RECURRENT,      /* [hidden x gates * hidden] */
	TENSOR_BIAS,	       /* [1 x gates * hidden] */
	TENSOR_CANDIDATE_BIAS, /* [1 x hidden], GRU: the candidate's bias inside the reset gate */
	LAYER_TENSORS,
};

enum head_tensor {
	TENSOR_HEAD,	  /* [hidden x outputs] */
	TENSOR_EXTRAS,	  /* [extras x outputs] */
	TENSOR_SKIP,	  /* [lookback * channels x outputs] */
	TENSOR_HEAD_BIAS, /* [1 x outputs] */
	HEAD_TENSORS,
};

struct tensor {
	size_t offset; /* into the block */
	uint32_t rows, columns;
};

struct tensor_table {
	struct tensor layers[MAX_LAYERS][LAYER_TENSORS];
	struct tensor head[HEAD_TENSORS];
	size_t parameters;
};

/* The table of `shape`, or -EINVAL when the library cannot hold such a network. */
int tensor_table_init(struct tensor_table *table, const struct rollcast_shape *shape);

/* Gates of a cell, side by side in the columns: LSTM i f g o, GRU r z n, RNN one. */
uint32_t cell_gates(enum rollcast_cell cell);

#endif
