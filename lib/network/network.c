/*
 * Forecasting: all layers advance one step at a time, so that a window needs no more memory than the
 * states of one step, and windows go through in groups small enough for the first cache.
 */
#include <math.h>

#include "lib/network/head.h"
#include "lib/network/packing.h"
#include "lib/network/weights.h"

enum { GROUP = 32 }; /* windows that go through the layers together */

/* The running state of one layer for a group of windows. */
struct state {
	float *now, *next; /* [rows x hidden] */
	float *cell;	   /* LSTM */
};

static uint32_t group_of(uint32_t count)
{
	return count < GROUP ? count : GROUP;
}

static void lay_out(size_t padded, uint32_t layers, uint32_t rows, struct memory *memory,
		    struct state *states)
{
	for (uint32_t layer = 0; layer < layers; layer++) {
		states[layer].now = memory_take(memory, rows * padded);
		states[layer].next = memory_take(memory, rows * padded);
		states[layer].cell = memory_take(memory, rows * padded);
	}
}

size_t rollcast_network_scratch(const struct rollcast_shape *shape, uint32_t count)
{
	struct state states[PARAMS_LAYERS_MAX] = {{0}};
	struct memory memory = {0};

	if (rollcast_shape_parameters(shape) == 0)
		return 0;
	/* Room to align, and for the widest vectors, whatever kernels the weights will use. */
	lay_out(memory_round(shape->hidden), shape->layers, group_of(count), &memory, states);
	return memory.used + MEMORY_ALIGN;
}

static float *align(float *scratch)
{
	uintptr_t bytes = MEMORY_ALIGN * sizeof(float);

	return (float *)(((uintptr_t)scratch + bytes - 1) / bytes * bytes);
}

static void advance(const struct rollcast_weights *weights, struct state *states,
		    const float *inputs, uint32_t step, size_t rows)
{
	const struct rollcast_shape *shape = &weights->params.shape;

	for (uint32_t layer = 0; layer < shape->layers; layer++) {
		const struct kernel_weights *own = &weights->layers[layer];
		struct state *state = &states[layer];
		struct forward_step forward = {
			.rows = rows,
			.input = layer ? states[layer - 1].now : inputs + step * shape->channels,
			.input_stride =
				layer ? own->hidden : (size_t)shape->lookback * shape->channels,
			.state = step ? state->now : NULL,
			.cell = state->cell,
			.next_state = state->next,
			.next_cell = state->cell,
		};

		weights->kernels->forward[shape->cell][shape->activation](own, &forward);
		state->next = state->now;
		state->now = forward.next_state;
	}
}

/* Gates saturate, so an infinite input need not show in the outputs by itself. */
static void mark_not_finite(const struct rollcast_weights *weights, const float *inputs,
			    uint32_t count, float *outputs)
{
	const struct rollcast_shape *shape = &weights->params.shape;
	size_t window = (size_t)shape->lookback * shape->channels;

	for (uint32_t row = 0; row < count; row++)
		if (!weights->kernels->all_finite(inputs + row * window, window))
			for (uint32_t i = 0; i < shape->outputs; i++)
				outputs[(size_t)row * shape->outputs + i] = NAN;
}

static void forecast_group(const struct rollcast_weights *weights, const float *inputs,
			   const float *extras, uint32_t rows, float *scratch, float *outputs)
{
	const struct rollcast_shape *shape = &weights->params.shape;
	struct memory memory = {.floats = scratch};
	struct state states[PARAMS_LAYERS_MAX] = {{0}};
	size_t padded = weights->layers[0].hidden;

	lay_out(padded, shape->layers, rows, &memory, states);
	for (uint32_t layer = 0; layer < shape->layers; layer++)
		memset(states[layer].cell, 0, rows * padded * sizeof(float));
	for (uint32_t step = 0; step < shape->lookback; step++)
		advance(weights, states, inputs, step, rows);

	struct head_inputs in = {.rows = rows,
				 .state = states[shape->layers - 1].now,
				 .state_stride = padded,
				 .inputs = inputs,
				 .extras = extras};

	head_forward(&weights->params, weights->block, &in, outputs);
	mark_not_finite(weights, inputs, rows, outputs);
}

void rollcast_network_forecast(const struct rollcast_weights *weights, const float *inputs,
			       const float *extras, uint32_t count, float *scratch, float *outputs)
{
	const struct rollcast_shape *shape = &weights->params.shape;
	size_t window = (size_t)shape->lookback * shape->channels;

	for (uint32_t begin = 0; begin < count; begin += GROUP) {
		uint32_t rows = group_of(count - begin);

		forecast_group(weights, inputs + begin * window,
			       extras ? extras + (size_t)begin * shape->extras : NULL, rows,
			       align(scratch), outputs + (size_t)begin * shape->outputs);
	}
}
