/* Copies in runs of one vector; the transposes, one column at a time. */
#include "lib/network/packing.h"

size_t packing_padded(uint32_t hidden, const struct kernels *kernels)
{
	return ((size_t)hidden + kernels->width - 1) / kernels->width * kernels->width;
}

/* What packing and unpacking a layer have in common. */
struct view {
	const struct kernel_cell *cell;
	const struct tensor *tensors;
	size_t width, hidden, blocks;
};

static struct view view_of(const struct params *params, const struct kernels *kernels,
			   uint32_t layer)
{
	size_t padded = packing_padded(params->shape.hidden, kernels);

	return (struct view){
		.cell = &kernel_cells[params->shape.cell],
		.tensors = params->layers[layer],
		.width = kernels->width,
		.hidden = params->shape.hidden,
		.blocks = padded / kernels->width,
	};
}

/* Units of a block that are real. */
static size_t run_of(const struct view *view, size_t block)
{
	size_t left = view->hidden - block * view->width;

	return left < view->width ? left : view->width;
}

/* Where gate `slot` of a block begins in a row of the tensor. */
static size_t column_of(const struct view *view, size_t block, size_t slot)
{
	return view->cell->gate_of_slot[slot] * view->hidden + block * view->width;
}

void packing_lay_out_weights(const struct params *params, const struct kernels *kernels,
			     bool backward, struct memory *memory, struct kernel_weights *layers)
{
	for (uint32_t layer = 0; layer < params->shape.layers; layer++) {
		struct view view = view_of(params, kernels, layer);
		size_t padded = view.blocks * view.width, row = padded * view.cell->gates;
		struct kernel_weights *weights = &layers[layer];

		*weights = (struct kernel_weights){.inputs = view.tensors[WEIGHT_IH].rows,
						   .units = view.hidden,
						   .hidden = padded};
		weights->input = memory_take(memory, weights->inputs * row);
		weights->recurrent = memory_take(memory, view.hidden * row);
		weights->bias = memory_take(memory, padded * view.cell->slots);
		if (!backward)
			continue;
		weights->recurrent_back = memory_take(memory, padded * row);
		if (layer > 0)
			weights->input_back = memory_take(memory, padded * row);
	}
}

static void pack_matrix(const struct view *view, const struct tensor *tensor, size_t first,
			const float *block_of_floats, float *packed)
{
	const float *from = block_of_floats + tensor->offset;
	size_t gates = view->cell->gates, width = view->width;

	for (size_t block = 0; block < view->blocks; block++)
		for (size_t row = 0; row < tensor->rows; row++)
			for (size_t gate = 0; gate < gates; gate++)
				memcpy(packed + ((block * tensor->rows + row) * gates + gate) *
							width,
				       from + row * tensor->cols +
					       column_of(view, block, first + gate),
				       run_of(view, block) * sizeof(*from));
}

/* Rows become columns: panels of up to two vectors of rows, in each a run per column. */
static void pack_transpose(const struct view *view, const struct tensor *tensor, size_t first,
			   const float *block_of_floats, float *packed)
{
	const float *from = block_of_floats + tensor->offset;
	size_t width = view->width, padded = view->blocks * width;

	for (size_t begin = 0; begin < padded; begin += 2 * width) {
		size_t panel = padded - begin < 2 * width ? width : 2 * width;
		size_t end = begin + panel < tensor->rows ? begin + panel : tensor->rows;

		for (size_t block = 0; block < view->blocks; block++)
			for (size_t gate = 0; gate < view->cell->gates; gate++) {
				const float *column = from + column_of(view, block, first + gate);

				for (size_t i = 0; i < run_of(view, block); i++, packed += panel)
					for (size_t row = begin; row < end; row++)
						packed[row - begin] =
							column[row * tensor->cols + i];
			}
	}
}

static bool is_fed(const struct kernel_cell *cell, size_t first, size_t slot)
{
	return slot >= first && slot < first + cell->gates;
}

static void pack_bias(const struct view *view, const float *block_of_floats, float *packed)
{
	const struct kernel_cell *cell = view->cell;
	const float *input = block_of_floats + view->tensors[BIAS_IH].offset;
	const float *recurrent = block_of_floats + view->tensors[BIAS_HH].offset;

	for (size_t block = 0; block < view->blocks; block++)
		for (size_t slot = 0; slot < cell->slots; slot++, packed += view->width)
			for (size_t i = 0; i < run_of(view, block); i++) {
				size_t column = column_of(view, block, slot) + i;
				float sum = 0;

				if (is_fed(cell, cell->first_input, slot))
					sum += input[column];
				if (is_fed(cell, cell->first_recurrent, slot))
					sum += recurrent[column];
				packed[i] = sum;
			}
}

void packing_fill_weights(const struct params *params, const struct kernels *kernels,
			  const float *block, struct kernel_weights *layers)
{
	for (uint32_t layer = 0; layer < params->shape.layers; layer++) {
		struct view view = view_of(params, kernels, layer);
		const struct tensor *input = &view.tensors[WEIGHT_IH];
		const struct tensor *recurrent = &view.tensors[WEIGHT_HH];
		struct kernel_weights *weights = &layers[layer];
		size_t first_input = view.cell->first_input;
		size_t first_recurrent = view.cell->first_recurrent;

		pack_matrix(&view, input, first_input, block, weights->input);
		pack_matrix(&view, recurrent, first_recurrent, block, weights->recurrent);
		pack_bias(&view, block, weights->bias);
		if (weights->recurrent_back)
			pack_transpose(&view, recurrent, first_recurrent, block,
				       weights->recurrent_back);
		if (weights->input_back)
			pack_transpose(&view, input, first_input, block, weights->input_back);
	}
}

void packing_lay_out_gradient(const struct params *params, const struct kernels *kernels,
			      struct memory *memory, struct kernel_gradient *layers)
{
	for (uint32_t layer = 0; layer < params->shape.layers; layer++) {
		struct view view = view_of(params, kernels, layer);
		size_t padded = view.blocks * view.width, row = padded * view.cell->gates;

		layers[layer].input = memory_take(memory, view.tensors[WEIGHT_IH].rows * row);
		layers[layer].recurrent = memory_take(memory, view.hidden * row);
		layers[layer].bias = memory_take(memory, padded * view.cell->slots);
	}
}

static void read_matrix(const struct view *view, const struct tensor *tensor, size_t first,
			const float *packed, float *block_of_floats)
{
	float *to = block_of_floats + tensor->offset;
	size_t gates = view->cell->gates, width = view->width;

	for (size_t block = 0; block < view->blocks; block++)
		for (size_t row = 0; row < tensor->rows; row++)
			for (size_t gate = 0; gate < gates; gate++)
				memcpy(to + row * tensor->cols +
					       column_of(view, block, first + gate),
				       packed + ((block * tensor->rows + row) * gates + gate) *
							width,
				       run_of(view, block) * sizeof(*to));
}

static void read_bias(const struct view *view, const struct tensor *tensor, size_t first,
		      const float *packed, float *block_of_floats)
{
	const struct kernel_cell *cell = view->cell;

	for (size_t block = 0; block < view->blocks; block++)
		for (size_t gate = 0; gate < cell->gates; gate++)
			memcpy(block_of_floats + tensor->offset +
				       column_of(view, block, first + gate),
			       packed + (block * cell->slots + first + gate) * view->width,
			       run_of(view, block) * sizeof(*packed));
}

void packing_read_gradient(const struct params *params, const struct kernels *kernels,
			   const struct kernel_gradient *layers, float *block)
{
	for (uint32_t layer = 0; layer < params->shape.layers; layer++) {
		struct view view = view_of(params, kernels, layer);
		const struct kernel_gradient *gradient = &layers[layer];
		size_t first_input = view.cell->first_input;
		size_t first_recurrent = view.cell->first_recurrent;

		read_matrix(&view, &view.tensors[WEIGHT_IH], first_input, gradient->input, block);
		read_matrix(&view, &view.tensors[WEIGHT_HH], first_recurrent, gradient->recurrent,
			    block);
		read_bias(&view, &view.tensors[BIAS_IH], first_input, gradient->bias, block);
		read_bias(&view, &view.tensors[BIAS_HH], first_recurrent, gradient->bias, block);
	}
}
