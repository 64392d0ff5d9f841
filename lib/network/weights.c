/* Weights are filled once, before anyone else knows them; then only their references are counted. */
#include "lib/network/weights.h"

#include <malloc.h>

#include "lib/network/packing.h"

size_t rollcast_shape_parameters(const struct rollcast_shape *shape)
{
	struct params params;

	return params_init(&params, shape) < 0 ? 0 : params.size;
}

static void lay_out(struct rollcast_weights *weights, struct memory *memory)
{
	weights->block = memory_take(memory, weights->params.size);
	packing_lay_out_weights(&weights->params, weights->kernels, false, memory, weights->layers);
	weights->memory = memory->floats;
}

static int allocate(const struct rollcast_shape *shape, struct rollcast_weights **ret_weights)
{
	CLEANUP(rollcast_weights_unref)
	struct rollcast_weights *weights = calloc(1, sizeof(*weights));
	struct memory memory = {0};
	int r;

	if (!weights)
		return -ENOMEM;
	atomic_init(&weights->references, 1);
	r = params_init(&weights->params, shape);
	if (r < 0)
		return r;
	weights->kernels = kernels_for(shape->hidden);
	lay_out(weights, &memory);
	r = memory_allocate(&memory);
	if (r < 0)
		return r;
	lay_out(weights, &memory);
	*ret_weights = STEAL(weights);
	return 0;
}

int rollcast_weights_create(const struct rollcast_shape *shape, uint64_t seed,
			    struct rollcast_weights **ret_weights)
{
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
	int r = allocate(shape, &weights);

	if (r < 0)
		return r;
	r = params_fill(&weights->params, seed, weights->block);
	if (r < 0)
		return r;
	packing_fill_weights(&weights->params, weights->kernels, weights->block, weights->layers);
	*ret_weights = STEAL(weights);
	return 0;
}

int rollcast_weights_load(const struct rollcast_shape *shape, const float *block,
			  struct rollcast_weights **ret_weights)
{
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
	int r = allocate(shape, &weights);

	if (r < 0)
		return r;
	if (!weights->kernels->all_finite(block, weights->params.size))
		return -EINVAL;
	memcpy(weights->block, block, weights->params.size * sizeof(*block));
	packing_fill_weights(&weights->params, weights->kernels, weights->block, weights->layers);
	*ret_weights = STEAL(weights);
	return 0;
}

struct rollcast_weights *rollcast_weights_ref(struct rollcast_weights *weights)
{
	atomic_fetch_add_explicit(&weights->references, 1, memory_order_relaxed);
	return weights;
}

void rollcast_weights_unref(struct rollcast_weights *weights)
{
	if (!weights ||
	    atomic_fetch_sub_explicit(&weights->references, 1, memory_order_acq_rel) != 1)
		return;
	free(weights->memory);
	free(weights);
}

size_t rollcast_weights_bytes(const struct rollcast_weights *weights)
{
	return malloc_usable_size((void *)weights) + malloc_usable_size(weights->memory);
}

const struct rollcast_shape *rollcast_weights_shape(const struct rollcast_weights *weights)
{
	return &weights->params.shape;
}

const float *rollcast_weights_block(const struct rollcast_weights *weights)
{
	return weights->block;
}
