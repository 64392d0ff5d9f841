/* Shapes, batches and weights for the tests of the networks. */
#ifndef TESTS_NETWORK_SUPPORT_H
#define TESTS_NETWORK_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/network/kernels.h"
#include "lib/network/random.h"
#include "rollcast/network.h"

static const float test_quantiles[] = {0.1F, 0.5F, 0.95F};

/* A batch that owns its arrays. */
struct test_batch {
	struct rollcast_batch batch;
	float *inputs, *extras, *targets;
};

static inline float *test_values(struct random *random, size_t count)
{
	float *values = malloc((count ? count : 1) * sizeof(*values));

	for (size_t i = 0; i < count; i++)
		values[i] = (float)random_normal(random);
	return values;
}

static inline struct test_batch test_batch_create(const struct rollcast_shape *shape,
						  uint32_t horizon, uint32_t count, uint64_t seed)
{
	struct random random;
	struct test_batch batch;

	random_init(&random, seed);
	batch.inputs = test_values(&random, (size_t)count * shape->lookback * shape->channels);
	batch.extras = test_values(&random, (size_t)count * shape->extras);
	batch.targets = test_values(&random, (size_t)count * horizon);
	batch.batch = (struct rollcast_batch){batch.inputs, batch.extras, batch.targets, count};
	return batch;
}

static inline void test_batch_destroy(struct test_batch *batch)
{
	free(batch->inputs);
	free(batch->extras);
	free(batch->targets);
}

/* Weights in which no tensor is zero, small enough that simple RNNs are not chaotic. */
static inline struct rollcast_weights *test_weights(const struct rollcast_shape *shape,
						    uint64_t seed)
{
	struct rollcast_weights *weights = NULL;
	size_t count = rollcast_shape_parameters(shape);
	struct random random;

	random_init(&random, seed);
	float *block = test_values(&random, count);

	for (size_t i = 0; i < count; i++)
		block[i] *= 0.8F / sqrtf((float)(shape->hidden + shape->channels));
	assert_int_equal(rollcast_weights_load(shape, block, &weights), 0);
	free(block);
	return weights;
}

/* The kernels this machine has, one after the other: for (const char **name = test_kernels; *name; ... */
static const char *const test_kernels[] = {"generic", "avx2", "avx512", NULL};

static inline bool test_select(const char *name)
{
	return kernels_select(name) == 0;
}

#endif
