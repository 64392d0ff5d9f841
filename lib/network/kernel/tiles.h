/*
 * Products on tiles of registers. A tile is `rows` windows by a few vectors; its sums stay in
 * registers while the inner index runs, so each weight loaded serves all rows and each value
 * broadcast serves all vectors. Loops over constants vanish in the compilation.
 */
#ifndef NETWORK_KERNEL_TILES_H
#define NETWORK_KERNEL_TILES_H

#include <stddef.h>

#include "lib/network/kernel/vec.h"
#include "lib/network/kernels.h"

/* Rows of the tiles: as many as the registers hold. */
enum {
	FORWARD_ROWS = REGISTERS == 32 ? 4 : 3,	 /* x 4 vectors */
	BACKWARD_ROWS = REGISTERS == 32 ? 8 : 4, /* x 2 vectors */
	GRADIENT_ROWS = REGISTERS == 32 ? 4 : 3, /* x 4 vectors */
};

/* sums[r][first + g] += values[r][k] * weights[k][g], summed over k < count */
INLINE void add_product(vec (*sums)[SLOTS_MAX], int rows, int first, int gates, const float *values,
			size_t stride, const float *weights, size_t count)
{
	for (size_t k = 0; k < count; k++) {
#pragma GCC unroll 4
		for (int g = 0; g < gates; g++) {
			vec weight = load(weights + (k * gates + g) * WIDTH);
#pragma GCC unroll 8
			for (int r = 0; r < rows; r++)
				sums[r][first + g] += values[r * stride + k] * weight;
		}
	}
}

/* sums[r][v] += deltas[r][n] * back[n][v], summed over n < count */
INLINE void add_run(vec (*sums)[2], int rows, int vectors, const float *deltas, size_t stride,
		    const float *back, size_t count)
{
	for (size_t n = 0; n < count; n++) {
#pragma GCC unroll 2
		for (int v = 0; v < vectors; v++) {
			vec weight = load(back + (n * vectors + v) * WIDTH);
#pragma GCC unroll 16
			for (int r = 0; r < rows; r++)
				sums[r][v] += deltas[r * stride + n] * weight;
		}
	}
}

/* What the deltas of a step give back to `vectors` vectors of units, through one panel of `back`. */
INLINE void add_deltas(vec (*sums)[2], int rows, int vectors, const struct kernel_cell *cell,
		       int first, const struct kernel_weights *weights, const float *deltas,
		       const float *back)
{
	size_t stride = weights->hidden * cell->slots, step = cell->slots * WIDTH;
	size_t full = weights->units / WIDTH, rest = weights->units % WIDTH;

	deltas += first * WIDTH;
	for (size_t block = 0; block < full; block++, deltas += step) {
		add_run(sums, rows, vectors, deltas, stride, back, cell->gates * WIDTH);
		back += cell->gates * WIDTH * vectors * WIDTH;
	}
	for (size_t gate = 0; rest && gate < cell->gates; gate++, deltas += WIDTH) {
		add_run(sums, rows, vectors, deltas, stride, back, rest);
		back += rest * vectors * WIDTH;
	}
}

/* gradient[k][g] += values[r][k] * deltas[r][g], summed over the windows r, for `count` k */
INLINE void add_outer(float *gradient, int count, int gates, const float *values, size_t stride,
		      const float *deltas, size_t deltas_stride, size_t rows)
{
	vec sums[8][SLOTS_MAX];

#pragma GCC unroll 8
	for (int k = 0; k < count; k++)
#pragma GCC unroll 4
		for (int g = 0; g < gates; g++)
			sums[k][g] = load(gradient + (k * gates + g) * WIDTH);
	for (size_t r = 0; r < rows; r++) {
#pragma GCC unroll 4
		for (int g = 0; g < gates; g++) {
			vec delta = load(deltas + r * deltas_stride + g * WIDTH);
#pragma GCC unroll 8
			for (int k = 0; k < count; k++)
				sums[k][g] += values[r * stride + k] * delta;
		}
	}
#pragma GCC unroll 8
	for (int k = 0; k < count; k++)
#pragma GCC unroll 4
		for (int g = 0; g < gates; g++)
			store(gradient + (k * gates + g) * WIDTH, sums[k][g]);
}

#endif
