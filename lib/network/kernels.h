/*
 * Kernels: the loops that take the time, compiled once per instruction set from lib/network/kernel/
 * and chosen when the program runs.
 *
 * A layer's `units` are padded to a multiple of the vector `width`, `hidden`, and stand in blocks of one
 * vector each; padded units have zero weights and stay zero, and where units are summed over they are
 * left out. Per block and step a cell keeps `slots`
 * vectors. Forward they hold its activated gates, backward overwrites them with `deltas`, the
 * derivatives of the loss by what went into each gate.
 *
 *	cell   slots                      fed by the inputs   fed by the state
 *	LSTM   input forget candid output all four            all four
 *	GRU    candid reset update recur  candid reset update reset update recur
 *	RNN    state                      state               state
 *
 * (GRU: candid = tanh(what the inputs give + reset * recur), recur = what the state gives.) The slots
 * that a source feeds always follow one another: first_slot and gates of a struct kernel_cell.
 *
 * Packed weights, where w is the width and G the gates:
 *	input      [blocks][inputs][G][w]      forward: one row holds what one input gives a block
 *	recurrent  [blocks][units][G][w]
 *	bias       [blocks][slots][w]
 *	recurrent_back [panels][blocks][G][w][2w]  backward: the transpose, in panels of two vectors of
 *	input_back     the same                    units (the last has one if their number is odd); the
 *	                                           last block has as many rows per gate as real units
 * All floats are 64-byte aligned where a block begins.
 */
#ifndef NETWORK_KERNELS_H
#define NETWORK_KERNELS_H

#include "rollcast/network.h"

enum { CELLS = 3, ACTIVATIONS = 2 };

enum { SLOTS_MAX = 4 };

/* How many vectors a cell keeps per block, which of them inputs and state feed, and with which gate. */
struct kernel_cell {
	uint32_t slots, gates;
	uint32_t first_input, first_recurrent;
	uint32_t gate_of_slot[SLOTS_MAX];
};

static const struct kernel_cell kernel_cells[CELLS] = {
	[ROLLCAST_CELL_LSTM] = {.slots = 4, .gates = 4, .gate_of_slot = {0, 1, 2, 3}},
	[ROLLCAST_CELL_GRU] = {.slots = 4,
			       .gates = 3,
			       .first_recurrent = 1,
			       .gate_of_slot = {2, 0, 1, 2}},
	[ROLLCAST_CELL_RNN] = {.slots = 1, .gates = 1},
};

struct kernel_weights {
	size_t inputs, units;
	size_t hidden; /* units, padded */
	float *input, *recurrent, *bias;
	float *recurrent_back;
	float *input_back; /* not for the first layer */
};

/* Shaped like the weights of the same names. */
struct kernel_gradient {
	float *input, *recurrent, *bias;
};

/* One step of one layer, forward, for `rows` windows. */
struct forward_step {
	size_t rows;
	const float *input; /* [rows x inputs], a row every `input_stride` floats */
	size_t input_stride;
	const float *state; /* [rows x hidden] of the step before, or NULL for zeros */
	const float *cell;  /* LSTM: [rows x hidden] of the step before */
	float *next_state;  /* [rows x hidden]; not `state` */
	float *next_cell;   /* LSTM: [rows x hidden]; may be `cell` */
	float *kept;	    /* [rows x slots*hidden], or NULL: nothing will go backward */
	float *cell_output; /* LSTM, if kept: [rows x hidden], the activated cell */
};

/* One step of one layer, backward; steps run from the last to the first. */
struct backward_step {
	size_t rows;
	const float *state_gradient; /* [rows x hidden] from above, or NULL for zeros */
	const float *next_deltas;    /* of the step after, or NULL at the last step */
	float *kept;		     /* in: what forward kept; out: deltas */
	const float *state;	     /* [rows x hidden] of the step before, or NULL for zeros */
	const float *next_state;     /* [rows x hidden] of this step */
	const float *cell;	     /* LSTM: of the step before */
	const float *cell_output;    /* LSTM: of this step */
	float *carry;		     /* LSTM, GRU: [rows x hidden], zero at the last step */
};

/* One optimiser step over `count` parameters, a multiple of 16. */
struct update {
	size_t count;
	const float *weights, *gradient;
	float *next_weights;   /* not `weights` */
	float *first, *second; /* moments, as many as the optimiser has */
	float scale;	       /* of the gradient: clipping */
	float rate, weight_decay, momentum;
	float first_correction, second_correction; /* Adam: 1 - beta^step */
};

struct kernels {
	const char *name;
	uint32_t width; /* floats in a vector */

	void (*forward[CELLS][ACTIVATIONS])(const struct kernel_weights *weights,
					    const struct forward_step *step);
	void (*backward[CELLS][ACTIVATIONS])(const struct kernel_weights *weights,
					     const struct backward_step *step);
	/* Adds the step's share to `gradient`; input and state as they went forward. */
	void (*gradient[CELLS])(const struct kernel_weights *weights,
				const struct forward_step *step, struct kernel_gradient *gradient);
	/* The derivative by the inputs of a layer above the first, [rows x hidden]. */
	void (*input_gradient[CELLS])(const struct kernel_weights *weights, size_t rows,
				      const float *deltas, float *ret_gradient);

	void (*adam)(const struct update *update);
	void (*adamw)(const struct update *update);
	void (*rmsprop)(const struct update *update);
	void (*sgd)(const struct update *update);
	/* Sum of squares of `count` floats, a multiple of 16; not finite if one of them is not. */
	float (*squares)(const float *values, size_t count);
	bool (*all_finite)(const float *values, size_t count);
};

/* The fastest kernels of this processor for layers of `hidden` units, or those selected. */
const struct kernels *kernels_for(uint32_t hidden);

/*
 * For tests and benchmarks: from now on use the kernels of this name ("generic", "avx2", "avx512"),
 * with NULL the fastest. -ENOTSUP if this processor or this build has none. What exists already keeps
 * its own. Not for use while other threads create networks.
 */
int kernels_select(const char *name);

#endif
