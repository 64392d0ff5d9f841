/*
 * Blocks of weights: made once, never changed, counted by reference.
 *
 * Initial values: Glorot uniform where values come in, orthogonal where the state feeds back on
 * itself, forget bias 1. With a skip the head starts small and all linear paths at zero, so that
 * training first finds the linear forecast and the network learns what that leaves over.
 */
#include "lib/network/weights.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/network/random.h"

static const float HEAD_BESIDE_SKIP = 0.1f; /* of Glorot's range */

static void fill_glorot(float *at, const struct tensor *tensor, uint32_t fan_out, float scale,
			uint64_t *random)
{
	size_t size = (size_t)tensor->rows * tensor->columns;
	float range = scale * sqrtf(6.0f / ((float)tensor->rows + (float)fan_out));

	for (size_t i = 0; i < size; i++)
		at[i] = range * (2 * random_unit(random) - 1);
}

/* A standard normal value (Box & Muller 1958). */
static float random_normal(uint64_t *random)
{
	float radius = sqrtf(-2 * logf(1 - random_unit(random)));

	return radius * cosf(6.28318531f * random_unit(random));
}

static float dot(const float *a, const float *b, uint32_t n)
{
	float sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* Takes out of row `k` what points along the rows before it. */
static void orthogonalise(float *rows, uint32_t k, uint32_t n)
{
	float *row = rows + (size_t)k * n;

	for (uint32_t before = 0; before < k; before++) {
		const float *other = rows + (size_t)before * n;
		float along = dot(row, other, n);

		for (uint32_t i = 0; i < n; i++)
			row[i] -= along * other[i];
	}
}

/* Random orthonormal rows: Gram and Schmidt, twice, because once is not enough in floats. */
static void fill_orthogonal(float *rows, uint32_t n, uint64_t *random)
{
	for (uint32_t k = 0; k < n; k++) {
		float *row = rows + (size_t)k * n;
		float length;

		do {
			for (uint32_t i = 0; i < n; i++)
				row[i] = random_normal(random);
			orthogonalise(rows, k, n);
			length = sqrtf(dot(row, row, n));
		} while (length < 1e-3f); /* nearly in the span of the others: draw again */
		for (uint32_t i = 0; i < n; i++)
			row[i] /= length;
		orthogonalise(rows, k, n);
		length = sqrtf(dot(row, row, n));
		for (uint32_t i = 0; i < n; i++)
			row[i] /= length;
	}
}

/* One orthogonal matrix per gate, side by side. `square` has room for one. */
static void fill_recurrent(float *at, uint32_t hidden, uint32_t gates, float *square,
			   uint64_t *random)
{
	for (uint32_t gate = 0; gate < gates; gate++) {
		fill_orthogonal(square, hidden, random);
		for (uint32_t row = 0; row < hidden; row++)
			memcpy(at + ((size_t)row * gates + gate) * hidden,
			       square + (size_t)row * hidden, hidden * sizeof(*at));
	}
}

static void fill_initial(struct rollcast_weights *weights, float *square, uint64_t seed)
{
	const struct rollcast_shape *shape = &weights->shape;
	const struct tensor *head = weights->table.head;
	uint32_t hidden = shape->hidden;
	uint64_t random = seed;

	for (uint32_t l = 0; l < shape->layers; l++) {
		const struct tensor *layer = weights->table.layers[l];

		fill_glorot(weights->block + layer[TENSOR_INPUT].offset, &layer[TENSOR_INPUT],
			    hidden, 1, &random);
		fill_recurrent(weights->block + layer[TENSOR_RECURRENT].offset, hidden,
			       cell_gates(shape->cell), square, &random);
		if (shape->cell != ROLLCAST_CELL_LSTM)
			continue;
		for (uint32_t j = 0; j < hidden; j++)
			weights->block[layer[TENSOR_BIAS].offset + hidden + j] = 1;
	}
	fill_glorot(weights->block + head[TENSOR_HEAD].offset, &head[TENSOR_HEAD], shape->outputs,
		    shape->skip ? HEAD_BESIDE_SKIP : 1, &random);
}

/* A block of zeros with one reference. */
static int weights_alloc(const struct rollcast_shape *shape, struct rollcast_weights **ret_weights)
{
	struct tensor_table table;
	int r = tensor_table_init(&table, shape);

	if (r)
		return r;

	struct rollcast_weights *weights =
		calloc(1, sizeof(*weights) + table.parameters * sizeof(float));

	if (!weights)
		return -ENOMEM;
	atomic_init(&weights->references, 1);
	weights->shape = *shape;
	weights->table = table;
	*ret_weights = weights;
	return 0;
}

int rollcast_weights_create(const struct rollcast_shape *shape, uint64_t seed,
			    struct rollcast_weights **ret_weights)
{
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
	int r = weights_alloc(shape, &weights);

	if (r)
		return r;

	CLEANUP(free) float *square = malloc((size_t)shape->hidden * shape->hidden * sizeof(float));

	if (!square)
		return -ENOMEM;
	fill_initial(weights, square, seed);
	*ret_weights = STEAL(weights);
	return 0;
}

int rollcast_weights_load(const struct rollcast_shape *shape, const float *block,
			  struct rollcast_weights **ret_weights)
{
	size_t parameters = rollcast_shape_parameters(shape);

	for (size_t i = 0; i < parameters; i++)
		if (!isfinite(block[i]))
			return -EINVAL;

	struct rollcast_weights *weights;
	int r = weights_alloc(shape, &weights);

	if (r)
		return r;
	memcpy(weights->block, block, parameters * sizeof(*block));
	*ret_weights = weights;
	return 0;
}

struct rollcast_weights *rollcast_weights_ref(struct rollcast_weights *weights)
{
	atomic_fetch_add_explicit(&weights->references, 1, memory_order_relaxed);
	return weights;
}

void rollcast_weights_unref(struct rollcast_weights *weights)
{
	if (weights &&
	    atomic_fetch_sub_explicit(&weights->references, 1, memory_order_acq_rel) == 1)
		free(weights);
}

const struct rollcast_shape *rollcast_weights_shape(const struct rollcast_weights *weights)
{
	return &weights->shape;
}

const float *rollcast_weights_block(const struct rollcast_weights *weights)
{
	return weights->block;
}
