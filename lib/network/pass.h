/*
 * One pass of a group of windows: forward through all steps of a layer, then the next layer; the head;
 * and backward in the opposite order, which is truncated backpropagation through time over the whole
 * lookback.
 *
 *	layer 1:  t = 0 ──► t = 1 ──► ... ──► t = T-1
 *	             │         │                 │      (dropout)
 *	layer 2:  t = 0 ──► t = 1 ──► ... ──► t = T-1 ──► head ──► outputs
 *
 * What forward leaves, backward turns into deltas in place.
 */
#ifndef NETWORK_PASS_H
#define NETWORK_PASS_H

#include "lib/network/head.h"
#include "lib/network/kernels.h"
#include "lib/network/memory.h"
#include "lib/network/params.h"
#include "lib/network/random.h"

/* One layer's memory, over all steps: [lookback x rows x ...]. */
struct pass_layer {
	float *state;	    /* hidden */
	float *cell;	    /* hidden; LSTM */
	float *cell_output; /* hidden; LSTM */
	float *kept;	    /* slots*hidden */
	float *dropped;	    /* hidden: what the layer above sees, if there is dropout */
	float *mask;	    /* hidden: 0, or what a unit that stays is multiplied by */
};

struct pass {
	const struct params *params;
	const struct kernels *kernels;
	size_t hidden; /* padded */
	size_t rows_max;
	float dropout; /* 0 for none */
	struct pass_layer layers[PARAMS_LAYERS_MAX];
	float *no_cell;	      /* [rows x hidden] zeros */
	float *carry;	      /* [rows x hidden] */
	float *head_gradient; /* [rows x hidden]: from the head to the last step of the last layer */
	float *input_gradient; /* [lookback x rows x hidden]: from a layer to the one below */
};

/* Sets the size of the groups and takes the memory for them; `pass->params` to `dropout` are set. */
void pass_lay_out(struct pass *pass, struct memory *memory);

/*
 * The states of all layers from the windows of `in`, at most rows_max; sets in->state. `random` is for
 * dropout, NULL for a pass without.
 */
void pass_forward(struct pass *pass, const struct kernel_weights *weights, struct random *random,
		  struct head_inputs *in);

/* Adds to the layers' gradients, from pass->head_gradient, after pass_forward on the same windows. */
void pass_backward(struct pass *pass, const struct kernel_weights *weights,
		   const struct head_inputs *in, bool dropped, struct kernel_gradient *gradient);

#endif
