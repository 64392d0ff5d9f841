/*
 * One step in time of each cell, element by element: what is left when the matrix products are
 * done. All arrays are row-major, `rows` windows of `units` values, or of `gates` times as many
 * where gates lie side by side.
 *
 * Forward, `gates` holds sums on entry and activated gates on return. Backward, `gates` holds
 * activated gates on entry and the gradients of the sums on return; `upstream` is the gradient of
 * the step's hidden state that comes from above, `carry` the one that comes from the step after;
 * on return `carry` has what goes to the step before *without* passing the recurrent matrix.
 */
#ifndef NETWORK_CELLS_H
#define NETWORK_CELLS_H

#include <stddef.h>

#include "rollcast/network.h"

/* Hochreiter & Schmidhuber 1997 with forget gates; `squashed` keeps the activated cell state. */
void lstm_forward(size_t rows, size_t units, enum rollcast_activation activation, float *gates,
		  const float *cell_before, float *cell, float *squashed, float *hidden);
void lstm_backward(size_t rows, size_t units, enum rollcast_activation activation, float *gates,
		   const float *cell_before, const float *squashed, const float *upstream,
		   float *carry, float *carry_cell);

/*
 * Cho et al. 2014 in PyTorch's variant: the reset gate scales `inner`, the candidate's recurrent
 * sum with its own bias. Backward leaves the gradient of that sum in `inner`.
 */
void gru_forward(size_t rows, size_t units, enum rollcast_activation activation, float *gates,
		 const float *inner, const float *hidden_before, float *hidden);
void gru_backward(size_t rows, size_t units, enum rollcast_activation activation, float *gates,
		  float *inner, const float *hidden_before, const float *upstream, float *carry);

/* Elman 1990: the hidden state is the activated sum. */
void rnn_forward(size_t rows, size_t units, enum rollcast_activation activation, float *gates,
		 float *hidden);
void rnn_backward(size_t rows, size_t units, enum rollcast_activation activation, float *gates,
		  const float *upstream, float *carry);

#endif
