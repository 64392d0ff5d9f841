/*
 * A pass: working memory for a few windows at a time, and what is computed in it.
 *
 *	        x[0] ─► x[1] ─► ... ─► x[steps-1]      time-major: [steps x windows x channels]
 *	layer 1  h[0] = 0 ─► h[1] ─► ... ─► h[steps]   [steps + 1 x windows x hidden]
 *	layer 2  ...                     └─► head
 *
 * Windows are worked on in groups small enough for the cache; a trainer adds up the gradients.
 */
#ifndef NETWORK_PASS_H
#define NETWORK_PASS_H

#include "lib/network/table.h"

enum { PASS_WINDOWS = 32 }; /* windows at a time */

/* [steps x windows x ...], hidden and cells with one more step: the state before the first. */
struct layer_memory {
	float *gates; /* sums, then activated gates, then gradients of the sums */
	float *hidden;
	float *cells;	 /* LSTM */
	float *squashed; /* LSTM: activated cells */
	float *inner;	 /* GRU: the candidate's recurrent sum */
	float *dropout;	 /* training: what each unit is multiplied by; NULL without */
	float *dropped;	 /* training: hidden times dropout; NULL without */
};

struct pass {
	const struct rollcast_shape *shape;
	const struct tensor_table *table;
	struct layer_memory layers[MAX_LAYERS];
	float *inputs; /* time-major */
	bool dropping; /* in this pass units are dropped between layers */

	/* Backward only. */
	float *upstream; /* gradient of a layer's hidden states [steps x windows x hidden] */
	float *carry;	 /* from the step after [windows x hidden] */
	float *carry_cell;
	float *transposed; /* a weight matrix [gates * hidden x hidden] */
};

enum pass_use { PASS_FORECAST, PASS_TRAINING, PASS_TRAINING_DROPOUT };

/*
 * Lays out a pass of up to `windows` windows in `memory`; returns the floats it needs. With NULL
 * for memory it only counts. `shape` and `table` are borrowed.
 */
size_t pass_init(struct pass *pass, const struct rollcast_shape *shape,
		 const struct tensor_table *table, uint32_t windows, enum pass_use use,
		 float *memory);

/*
 * Outputs [windows x outputs] for inputs [windows x lookback x channels]. `random` draws the
 * dropout at share `dropout`; NULL for none.
 */
void pass_forward(struct pass *pass, const float *block, const float *inputs, const float *extras,
		  uint32_t windows, float dropout, uint64_t *random, float *outputs);

/*
 * After pass_forward with the same arguments: adds to `gradients` (a block) what the gradient of
 * the outputs [windows x outputs] means for each parameter.
 */
void pass_backward(struct pass *pass, const float *block, const float *inputs, const float *extras,
		   uint32_t windows, const float *output_gradients, float *gradients);

#endif
