/*
 * What all cells share: tiles of windows and blocks of units around three functions that the file of
 * a cell defines. Gates are a loop of their own over the tile's windows, so that their long chains of
 * dependent instructions, one window's beside the other's, keep the processor busy.
 *
 *	forward    sums = bias + inputs x weights + state x weights, then the cell's equations
 *	backward   sums = gradient from above + next deltas x transposed weights, then their derivatives
 */
#ifndef NETWORK_KERNEL_CELLS_H
#define NETWORK_KERNEL_CELLS_H

#include "lib/network/kernel/table.h"
#include "lib/network/kernel/tiles.h"

INLINE void forward_gates(vec *sums, int relu);
INLINE void forward_unit(const vec *gates, int relu, size_t at, size_t kept_at,
			 const struct forward_step *step);
INLINE void backward_unit(vec dh, int relu, size_t at, size_t kept_at,
			  const struct backward_step *step);

INLINE void forward_tile(const struct kernel_cell *cell, const struct kernel_weights *weights,
			 const struct forward_step *step, int relu, size_t block, size_t row,
			 int rows)
{
	size_t hidden = weights->hidden, slots = cell->slots, gates = cell->gates;
	vec sums[FORWARD_ROWS][SLOTS_MAX];

#pragma GCC unroll 8
	for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
		for (size_t s = 0; s < slots; s++)
			sums[r][s] = load(weights->bias + (block * slots + s) * WIDTH);
	add_product(sums, rows, cell->first_input, gates, step->input + row * step->input_stride,
		    step->input_stride, weights->input + block * weights->inputs * gates * WIDTH,
		    weights->inputs);
	if (step->state)
		add_product(sums, rows, cell->first_recurrent, gates, step->state + row * hidden,
			    hidden, weights->recurrent + block * weights->units * gates * WIDTH,
			    weights->units);
#pragma GCC unroll 8
	for (int r = 0; r < rows; r++)
		forward_gates(sums[r], relu);
#pragma GCC unroll 8
	for (int r = 0; r < rows; r++)
		forward_unit(sums[r], relu, (row + r) * hidden + block * WIDTH,
			     ((row + r) * hidden + block * WIDTH) * slots, step);
}

INLINE void forward_layer(const struct kernel_cell *cell, const struct kernel_weights *weights,
			  const struct forward_step *step, int relu)
{
	for (size_t block = 0; block < weights->hidden / WIDTH; block++) {
		size_t row = 0;

		for (; row + FORWARD_ROWS <= step->rows; row += FORWARD_ROWS)
			forward_tile(cell, weights, step, relu, block, row, FORWARD_ROWS);
		for (; row < step->rows; row++)
			forward_tile(cell, weights, step, relu, block, row, 1);
	}
}

INLINE void backward_tile(const struct kernel_cell *cell, const struct kernel_weights *weights,
			  const struct backward_step *step, int relu, size_t block, int vectors,
			  size_t row, int rows)
{
	size_t hidden = weights->hidden, slots = cell->slots;
	vec sums[BACKWARD_ROWS][2];

#pragma GCC unroll 8
	for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
		for (int v = 0; v < vectors; v++)
			sums[r][v] = step->state_gradient
					     ? load(step->state_gradient + (row + r) * hidden +
						    (block + v) * WIDTH)
					     : (vec){0};
	if (step->next_deltas)
		add_deltas(sums, rows, vectors, cell, cell->first_recurrent, weights,
			   step->next_deltas + row * hidden * slots,
			   weights->recurrent_back + block * WIDTH * weights->units * cell->gates);
#pragma GCC unroll 8
	for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
		for (int v = 0; v < vectors; v++) {
			size_t at = (row + r) * hidden + (block + v) * WIDTH;

			backward_unit(sums[r][v], relu, at, at * slots, step);
		}
}

INLINE void backward_panel(const struct kernel_cell *cell, const struct kernel_weights *weights,
			   const struct backward_step *step, int relu, size_t block, int vectors)
{
	size_t row = 0;

	for (; row + BACKWARD_ROWS <= step->rows; row += BACKWARD_ROWS)
		backward_tile(cell, weights, step, relu, block, vectors, row, BACKWARD_ROWS);
	for (; row < step->rows; row++)
		backward_tile(cell, weights, step, relu, block, vectors, row, 1);
}

INLINE void backward_layer(const struct kernel_cell *cell, const struct kernel_weights *weights,
			   const struct backward_step *step, int relu)
{
	size_t blocks = weights->hidden / WIDTH, block = 0;

	for (; block + 2 <= blocks; block += 2)
		backward_panel(cell, weights, step, relu, block, 2);
	if (block < blocks)
		backward_panel(cell, weights, step, relu, block, 1);
}

INLINE void input_tile(const struct kernel_cell *cell, const struct kernel_weights *weights,
		       const float *deltas, float *gradient, size_t block, int vectors, size_t row,
		       int rows)
{
	size_t hidden = weights->hidden;
	vec sums[BACKWARD_ROWS][2] = {0};

	add_deltas(sums, rows, vectors, cell, cell->first_input, weights,
		   deltas + row * hidden * cell->slots,
		   weights->input_back + block * WIDTH * weights->units * cell->gates);
#pragma GCC unroll 8
	for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
		for (int v = 0; v < vectors; v++)
			store(gradient + (row + r) * hidden + (block + v) * WIDTH, sums[r][v]);
}

INLINE void input_panel(const struct kernel_cell *cell, const struct kernel_weights *weights,
			size_t rows, const float *deltas, float *gradient, size_t block,
			int vectors)
{
	size_t row = 0;

	for (; row + BACKWARD_ROWS <= rows; row += BACKWARD_ROWS)
		input_tile(cell, weights, deltas, gradient, block, vectors, row, BACKWARD_ROWS);
	for (; row < rows; row++)
		input_tile(cell, weights, deltas, gradient, block, vectors, row, 1);
}

INLINE void input_layer(const struct kernel_cell *cell, const struct kernel_weights *weights,
			size_t rows, const float *deltas, float *gradient)
{
	size_t blocks = weights->hidden / WIDTH, block = 0;

	for (; block + 2 <= blocks; block += 2)
		input_panel(cell, weights, rows, deltas, gradient, block, 2);
	if (block < blocks)
		input_panel(cell, weights, rows, deltas, gradient, block, 1);
}

/* gradient[k] += values[.][k] * deltas, over `count` inputs of one block */
INLINE void gradient_block(int gates, float *gradient, const float *values, size_t stride,
			   size_t count, const float *deltas, size_t deltas_stride, size_t rows)
{
	size_t k = 0;

	for (; k + GRADIENT_ROWS <= count; k += GRADIENT_ROWS)
		add_outer(gradient + k * gates * WIDTH, GRADIENT_ROWS, gates, values + k, stride,
			  deltas, deltas_stride, rows);
	for (; k + 2 <= count; k += 2)
		add_outer(gradient + k * gates * WIDTH, 2, gates, values + k, stride, deltas,
			  deltas_stride, rows);
	if (k < count)
		add_outer(gradient + k * gates * WIDTH, 1, gates, values + k, stride, deltas,
			  deltas_stride, rows);
}

INLINE void bias_block(int slots, float *gradient, const float *deltas, size_t stride, size_t rows)
{
	vec sums[SLOTS_MAX];

#pragma GCC unroll 4
	for (int s = 0; s < slots; s++)
		sums[s] = load(gradient + s * WIDTH);
	for (size_t r = 0; r < rows; r++)
#pragma GCC unroll 4
		for (int s = 0; s < slots; s++)
			sums[s] += load(deltas + r * stride + s * WIDTH);
#pragma GCC unroll 4
	for (int s = 0; s < slots; s++)
		store(gradient + s * WIDTH, sums[s]);
}

INLINE void gradient_layer(const struct kernel_cell *cell, const struct kernel_weights *weights,
			   const struct forward_step *step, struct kernel_gradient *gradient)
{
	size_t hidden = weights->hidden, units = weights->units;
	size_t rows = step->rows, slots = cell->slots, gates = cell->gates, stride = hidden * slots;

	for (size_t block = 0; block < hidden / WIDTH; block++) {
		const float *deltas = step->kept + block * slots * WIDTH;

		bias_block(slots, gradient->bias + block * slots * WIDTH, deltas, stride, rows);
		gradient_block(gates, gradient->input + block * weights->inputs * gates * WIDTH,
			       step->input, step->input_stride, weights->inputs,
			       deltas + cell->first_input * WIDTH, stride, rows);
		if (step->state)
			gradient_block(gates, gradient->recurrent + block * units * gates * WIDTH,
				       step->state, hidden, units,
				       deltas + cell->first_recurrent * WIDTH, stride, rows);
	}
}

/* The functions of struct kernels for a cell, each one compiled for both activations. */
#define DEFINE_CELL(name, index)                                                              \
	void KERNEL(name##_forward_tanh)(const struct kernel_weights *weights,                \
					 const struct forward_step *step)                     \
	{                                                                                     \
		forward_layer(&kernel_cells[index], weights, step, 0);                        \
	}                                                                                     \
	void KERNEL(name##_forward_relu)(const struct kernel_weights *weights,                \
					 const struct forward_step *step)                     \
	{                                                                                     \
		forward_layer(&kernel_cells[index], weights, step, 1);                        \
	}                                                                                     \
	void KERNEL(name##_backward_tanh)(const struct kernel_weights *weights,               \
					  const struct backward_step *step)                   \
	{                                                                                     \
		backward_layer(&kernel_cells[index], weights, step, 0);                       \
	}                                                                                     \
	void KERNEL(name##_backward_relu)(const struct kernel_weights *weights,               \
					  const struct backward_step *step)                   \
	{                                                                                     \
		backward_layer(&kernel_cells[index], weights, step, 1);                       \
	}                                                                                     \
	void KERNEL(name##_gradient)(const struct kernel_weights *weights,                    \
				     const struct forward_step *step,                         \
				     struct kernel_gradient *gradient)                        \
	{                                                                                     \
		gradient_layer(&kernel_cells[index], weights, step, gradient);                \
	}                                                                                     \
	void KERNEL(name##_input_gradient)(const struct kernel_weights *weights, size_t rows, \
					   const float *deltas, float *gradient)              \
	{                                                                                     \
		input_layer(&kernel_cells[index], weights, rows, deltas, gradient);           \
	}

#endif
