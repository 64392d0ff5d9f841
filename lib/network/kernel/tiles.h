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
	FORWARD_ROWS = REGISTERS == 32 ? 4 : 2,	 /* x 4 vectors */
	BACKWARD_ROWS = REGISTERS == 32 ? 8 : 4, /* x 2 vectors */
	GRADIENT_ROWS = REGISTERS == 32 ? 4 : 2, /* x 4 vectors */
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

/*
 * sums[r][v] += deltas[r][n] * back[n][v], n running over the gates of all blocks: what the deltas of
 * a step give back to `vectors` vectors of its inputs or its state.
 */
INLINE void add_deltas(vec (*sums)[2], int rows, int vectors, const struct kernel_cell *cell,
		       int first, const float *deltas, size_t hidden, const float *back)
{
	size_t stride = hidden * cell->slots, run = cell->gates * WIDTH;

	for (size_t block = 0; block < hidden / WIDTH; block++) {
		const float *from = deltas + (block * cell->slots + first) * WIDTH;

		for (size_t n = 0; n < run; n++, back += vectors * WIDTH) {
#pragma GCC unroll 2
			for (int v = 0; v < vectors; v++) {
				vec weight = load(back + v * WIDTH);
#pragma GCC unroll 16
				for (int r = 0; r < rows; r++)
					sums[r][v] += from[r * stride + n] * weight;
			}
		}
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
