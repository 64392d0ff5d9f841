#include "lib/network/pass.h"

#include <string.h>

#include "lib/network/packing.h"

enum {
	/*
	 * Groups are as large as what they keep fits the second cache, within bounds: smaller ones
	 * reload the weights too often, larger ones gain nothing.
	 */
	GROUP_FLOATS = 192 * 1024,
	GROUP_MIN = 16,
	GROUP_MAX = 48,
	GROUP_UNIT = 8,
};

static size_t group_rows(const struct pass *pass, size_t slots)
{
	size_t per_row = pass->params->shape.lookback * pass->hidden * (slots + 3);
	size_t rows = GROUP_FLOATS / per_row / GROUP_UNIT * GROUP_UNIT;

	if (rows < GROUP_MIN)
		return GROUP_MIN;
	return rows < GROUP_MAX ? rows : GROUP_MAX;
}

void pass_lay_out(struct pass *pass, struct memory *memory)
{
	const struct rollcast_shape *shape = &pass->params->shape;
	size_t slots = kernel_cells[shape->cell].slots;
	bool lstm = shape->cell == ROLLCAST_CELL_LSTM;

	pass->hidden = packing_padded(shape->hidden, pass->kernels);
	pass->rows_max = group_rows(pass, slots);
	size_t step = pass->rows_max * pass->hidden, all = step * shape->lookback;

	for (uint32_t i = 0; i < shape->layers; i++) {
		struct pass_layer *layer = &pass->layers[i];
		bool drops = pass->dropout > 0 && i + 1 < shape->layers;

		layer->state = memory_take(memory, all);
		layer->cell = memory_take(memory, lstm ? all : 0);
		layer->cell_output = memory_take(memory, lstm ? all : 0);
		layer->kept = memory_take(memory, all * slots);
		layer->dropped = memory_take(memory, drops ? all : 0);
		layer->mask = memory_take(memory, drops ? all : 0);
	}
	pass->no_cell = memory_take(memory, step);
	pass->carry = memory_take(memory, step);
	pass->head_gradient = memory_take(memory, step);
	pass->input_gradient = memory_take(memory, shape->layers > 1 ? all : 0);
}

/* Step `t` of layer `index` as the kernels want it; the windows' rows lie rows_max apart in time. */
static struct forward_step step_of(const struct pass *pass, const struct head_inputs *in,
				   uint32_t index, size_t t, bool dropped)
{
	const struct rollcast_shape *shape = &pass->params->shape;
	const struct pass_layer *layer = &pass->layers[index];
	bool lstm = shape->cell == ROLLCAST_CELL_LSTM;
	size_t size = pass->rows_max * pass->hidden, at = t * size;
	size_t slots = kernel_cells[shape->cell].slots;
	struct forward_step step = {
		.rows = in->rows,
		.state = t ? layer->state + at - size : NULL,
		.next_state = layer->state + at,
		.kept = layer->kept + at * slots,
	};

	if (lstm) {
		step.cell = t ? layer->cell + at - size : pass->no_cell;
		step.next_cell = layer->cell + at;
		step.cell_output = layer->cell_output + at;
	}
	if (index == 0) {
		step.input = in->inputs + t * shape->channels;
		step.input_stride = (size_t)shape->lookback * shape->channels;
	} else {
		const struct pass_layer *below = &pass->layers[index - 1];

		step.input = (dropped ? below->dropped : below->state) + at;
		step.input_stride = pass->hidden;
	}
	return step;
}

/* Inverted dropout (Srivastava et al. 2014): units that stay grow, so that forecasts need no scale. */
static void drop_units(const struct pass *pass, const struct pass_layer *layer, size_t rows,
		       struct random *random)
{
	size_t size = pass->rows_max * pass->hidden;
	float grown = 1 / (1 - pass->dropout);

	for (size_t t = 0; t < pass->params->shape.lookback; t++)
		for (size_t i = t * size; i < t * size + rows * pass->hidden; i++) {
			layer->mask[i] = random_uniform(random) < pass->dropout ? 0 : grown;
			layer->dropped[i] = layer->mask[i] * layer->state[i];
		}
}

void pass_forward(struct pass *pass, const struct kernel_weights *weights, struct random *random,
		  struct head_inputs *in)
{
	const struct rollcast_shape *shape = &pass->params->shape;
	bool drops = random && pass->dropout > 0;

	for (uint32_t i = 0; i < shape->layers; i++) {
		for (size_t t = 0; t < shape->lookback; t++) {
			struct forward_step step = step_of(pass, in, i, t, drops);

			pass->kernels->forward[shape->cell][shape->activation](&weights[i], &step);
		}
		if (drops && i + 1 < shape->layers)
			drop_units(pass, &pass->layers[i], in->rows, random);
	}
	in->state = pass->layers[shape->layers - 1].state +
		    (shape->lookback - 1) * pass->rows_max * pass->hidden;
	in->state_stride = pass->hidden;
}

static void multiply(float *values, const float *factors, size_t count)
{
	for (size_t i = 0; i < count; i++)
		values[i] *= factors[i];
}

static const float *gradient_from_above(const struct pass *pass, uint32_t index, size_t t)
{
	const struct rollcast_shape *shape = &pass->params->shape;

	if (index + 1 < shape->layers)
		return pass->input_gradient + t * pass->rows_max * pass->hidden;
	return t + 1 == shape->lookback ? pass->head_gradient : NULL;
}

static void layer_backward(struct pass *pass, const struct kernel_weights *weights,
			   const struct head_inputs *in, uint32_t index, bool dropped,
			   struct kernel_gradient *gradient)
{
	const struct rollcast_shape *shape = &pass->params->shape;
	const struct pass_layer *below = index ? &pass->layers[index - 1] : NULL;
	size_t size = pass->rows_max * pass->hidden;
	const float *next_deltas = NULL;

	memset(pass->carry, 0, in->rows * pass->hidden * sizeof(float));
	for (size_t t = shape->lookback; t-- > 0;) {
		struct forward_step forward = step_of(pass, in, index, t, dropped);
		struct backward_step backward = {
			.rows = in->rows,
			.state_gradient = gradient_from_above(pass, index, t),
			.next_deltas = next_deltas,
			.kept = forward.kept,
			.state = forward.state,
			.next_state = forward.next_state,
			.cell = forward.cell,
			.cell_output = forward.cell_output,
			.carry = pass->carry,
		};

		pass->kernels->backward[shape->cell][shape->activation](weights, &backward);
		pass->kernels->gradient[shape->cell](weights, &forward, gradient);
		next_deltas = forward.kept;
		if (!below)
			continue;
		pass->kernels->input_gradient[shape->cell](weights, in->rows, forward.kept,
							   pass->input_gradient + t * size);
		if (dropped)
			multiply(pass->input_gradient + t * size, below->mask + t * size,
				 in->rows * pass->hidden);
	}
}

void pass_backward(struct pass *pass, const struct kernel_weights *weights,
		   const struct head_inputs *in, bool dropped, struct kernel_gradient *gradient)
{
	for (uint32_t i = pass->params->shape.layers; i-- > 0;)
		layer_backward(pass, &weights[i], in, i, dropped, &gradient[i]);
}
