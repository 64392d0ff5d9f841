/*
 * Forward and backward through time. The products with all inputs of a layer are one; the
 * products with the state before are one per step. The sums of a GRU's candidate are kept apart,
 * because the reset gate stands between them.
 */
#include "lib/network/pass.h"

#include <string.h>

#include "lib/network/blas.h"
#include "lib/network/cells.h"
#include "lib/network/random.h"
#include "lib/network/vectorised.h"

static float *carve(float *memory, size_t *used, size_t size)
{
	float *at = memory ? memory + *used : NULL;

	*used += size;
	return at;
}

size_t pass_init(struct pass *pass, const struct rollcast_shape *shape,
		 const struct tensor_table *table, uint32_t windows, enum pass_use use,
		 float *memory)
{
	size_t steps = shape->lookback, state = (size_t)windows * shape->hidden;
	size_t columns = (size_t)cell_gates(shape->cell) * shape->hidden, used = 0;

	*pass = (struct pass){.shape = shape, .table = table};
	pass->inputs = carve(memory, &used, steps * windows * shape->channels);
	for (uint32_t l = 0; l < shape->layers; l++) {
		struct layer_memory *layer = &pass->layers[l];

		layer->gates = carve(memory, &used, steps * windows * columns);
		layer->hidden = carve(memory, &used, (steps + 1) * state);
		if (shape->cell == ROLLCAST_CELL_LSTM) {
			layer->cells = carve(memory, &used, (steps + 1) * state);
			layer->squashed = carve(memory, &used, steps * state);
		}
		if (shape->cell == ROLLCAST_CELL_GRU)
			layer->inner = carve(memory, &used, steps * state);
		if (use == PASS_TRAINING_DROPOUT && l + 1 < shape->layers) {
			layer->dropout = carve(memory, &used, steps * state);
			layer->dropped = carve(memory, &used, steps * state);
		}
	}
	if (use == PASS_FORECAST)
		return used;
	pass->upstream = carve(memory, &used, steps * state);
	pass->carry = carve(memory, &used, state);
	pass->carry_cell = carve(memory, &used, state);
	pass->transposed = carve(memory, &used, columns * shape->hidden);
	return used;
}

/* [windows x steps x channels] to [steps x windows x channels]. */
static void turn_time_major(const float *inputs, uint32_t windows, uint32_t steps,
			    uint32_t channels, float *ret_turned)
{
	for (uint32_t t = 0; t < steps; t++)
		for (uint32_t w = 0; w < windows; w++)
			for (uint32_t c = 0; c < channels; c++)
				*ret_turned++ = inputs[((size_t)w * steps + t) * channels + c];
}

static void fill_rows(float *matrix, size_t rows, const float *row, size_t columns)
{
	for (size_t i = 0; i < rows; i++)
		memcpy(matrix + i * columns, row, columns * sizeof(*row));
}

VECTORISED static void add_rows(const float *restrict matrix, size_t rows, size_t columns,
				float *restrict sum)
{
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < columns; j++)
			sum[j] += matrix[i * columns + j];
}

VECTORISED static void multiply(const float *a, const float *b, size_t size, float *product)
{
	for (size_t i = 0; i < size; i++)
		product[i] = a[i] * b[i];
}

static void transpose(const float *matrix, size_t rows, size_t columns, float *restrict transposed)
{
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < columns; j++)
			transposed[j * rows + i] = matrix[i * columns + j];
}

/* What layer `l` reads, time-major: the inputs, or the hidden states of the layer below. */
static const float *layer_inputs(const struct pass *pass, uint32_t l, uint32_t windows)
{
	if (l == 0)
		return pass->inputs;

	const struct layer_memory *below = &pass->layers[l - 1];

	return pass->dropping ? below->dropped
			      : below->hidden + (size_t)windows * pass->shape->hidden;
}

static void layer_step(const struct pass *pass, uint32_t l, const float *block, uint32_t windows,
		       uint32_t t)
{
	const struct rollcast_shape *shape = pass->shape;
	const struct layer_memory *layer = &pass->layers[l];
	const struct tensor *tensors = pass->table->layers[l];
	const float *recurrent = block + tensors[TENSOR_RECURRENT].offset;
	size_t units = shape->hidden, state = windows * units, columns = tensors->columns;
	float *gates = layer->gates + t * windows * columns;
	float *before = layer->hidden + t * state, *hidden = before + state;

	/* The GRU's last gate is the candidate; its sum goes to `inner`. */
	size_t joined = shape->cell == ROLLCAST_CELL_GRU ? 2 * units : columns;

	product_add(windows, joined, units, before, units, recurrent, columns, gates, columns);
	switch (shape->cell) {
	case ROLLCAST_CELL_LSTM:
		lstm_forward(windows, units, shape->activation, gates, layer->cells + t * state,
			     layer->cells + (t + 1) * state, layer->squashed + t * state, hidden);
		break;
	case ROLLCAST_CELL_GRU:
		product_add(windows, units, units, before, units, recurrent + joined, columns,
			    layer->inner + t * state, units);
		gru_forward(windows, units, shape->activation, gates, layer->inner + t * state,
			    before, hidden);
		break;
	case ROLLCAST_CELL_RNN:
		rnn_forward(windows, units, shape->activation, gates, hidden);
		break;
	}
}

static void layer_forward(const struct pass *pass, uint32_t l, const float *block, uint32_t windows)
{
	const struct rollcast_shape *shape = pass->shape;
	const struct layer_memory *layer = &pass->layers[l];
	const struct tensor *tensors = pass->table->layers[l];
	const struct tensor *input = &tensors[TENSOR_INPUT];
	size_t state = (size_t)windows * shape->hidden, rows = (size_t)shape->lookback * windows;

	fill_rows(layer->gates, rows, block + tensors[TENSOR_BIAS].offset, input->columns);
	if (layer->inner)
		fill_rows(layer->inner, rows, block + tensors[TENSOR_CANDIDATE_BIAS].offset,
			  shape->hidden);
	product_add(rows, input->columns, input->rows, layer_inputs(pass, l, windows), input->rows,
		    block + input->offset, input->columns, layer->gates, input->columns);
	memset(layer->hidden, 0, state * sizeof(float));
	if (layer->cells)
		memset(layer->cells, 0, state * sizeof(float));
	for (uint32_t t = 0; t < shape->lookback; t++)
		layer_step(pass, l, block, windows, t);
}

/* Srivastava et al. 2014, scaled in training, so that forecasts need nothing. */
static void layer_drop(const struct pass *pass, uint32_t l, uint32_t windows, float share,
		       uint64_t *random)
{
	const struct layer_memory *layer = &pass->layers[l];
	size_t state = (size_t)windows * pass->shape->hidden;
	size_t size = pass->shape->lookback * state;

	for (size_t i = 0; i < size; i++)
		layer->dropout[i] = random_unit(random) < share ? 0 : 1 / (1 - share);
	multiply(layer->hidden + state, layer->dropout, size, layer->dropped);
}

static const float *last_hidden(const struct pass *pass, uint32_t windows)
{
	const struct rollcast_shape *shape = pass->shape;

	return pass->layers[shape->layers - 1].hidden +
	       (size_t)shape->lookback * windows * shape->hidden;
}

static void head_forward(const struct pass *pass, const float *block, const float *inputs,
			 const float *extras, uint32_t windows, float *outputs)
{
	const float *read[] = {last_hidden(pass, windows), extras, inputs};
	size_t columns = pass->shape->outputs;

	fill_rows(outputs, windows, block + pass->table->head[TENSOR_HEAD_BIAS].offset, columns);
	for (int i = TENSOR_HEAD; i <= TENSOR_SKIP; i++) {
		const struct tensor *tensor = &pass->table->head[i];

		if (tensor->rows)
			product_add(windows, columns, tensor->rows, read[i], tensor->rows,
				    block + tensor->offset, columns, outputs, columns);
	}
}

void pass_forward(struct pass *pass, const float *block, const float *inputs, const float *extras,
		  uint32_t windows, float dropout, uint64_t *random, float *outputs)
{
	const struct rollcast_shape *shape = pass->shape;

	pass->dropping = random && dropout > 0;
	turn_time_major(inputs, windows, shape->lookback, shape->channels, pass->inputs);
	for (uint32_t l = 0; l < shape->layers; l++) {
		layer_forward(pass, l, block, windows);
		if (pass->dropping && pass->layers[l].dropout)
			layer_drop(pass, l, windows, dropout, random);
	}
	head_forward(pass, block, inputs, extras, windows, outputs);
}

/* Gradients of the head; leaves that of the last hidden states in the last step of upstream. */
static void head_backward(const struct pass *pass, const float *block, const float *inputs,
			  const float *extras, uint32_t windows, const float *output_gradients,
			  float *gradients)
{
	const struct rollcast_shape *shape = pass->shape;
	const struct tensor *head = pass->table->head;
	const float *read[] = {last_hidden(pass, windows), extras, inputs};
	size_t columns = shape->outputs, units = shape->hidden, state = windows * units;
	size_t earlier = (shape->lookback - 1) * state;

	for (int i = TENSOR_HEAD; i <= TENSOR_SKIP; i++)
		if (head[i].rows)
			product_add_transposed(head[i].rows, columns, windows, read[i],
					       head[i].rows, output_gradients, columns,
					       gradients + head[i].offset, columns);
	add_rows(output_gradients, windows, columns, gradients + head[TENSOR_HEAD_BIAS].offset);

	memset(pass->upstream, 0, earlier * sizeof(float));
	product_set_transposed(windows, units, columns, output_gradients, columns,
			       block + head[TENSOR_HEAD].offset, columns, pass->upstream + earlier,
			       units);
}

static void cell_backward(const struct pass *pass, const struct layer_memory *layer,
			  uint32_t windows, uint32_t t, float *gates)
{
	const struct rollcast_shape *shape = pass->shape;
	size_t units = shape->hidden, at = (size_t)t * windows * units;
	const float *upstream = pass->upstream + at;

	switch (shape->cell) {
	case ROLLCAST_CELL_LSTM:
		lstm_backward(windows, units, shape->activation, gates, layer->cells + at,
			      layer->squashed + at, upstream, pass->carry, pass->carry_cell);
		break;
	case ROLLCAST_CELL_GRU:
		gru_backward(windows, units, shape->activation, gates, layer->inner + at,
			     layer->hidden + at, upstream, pass->carry);
		break;
	case ROLLCAST_CELL_RNN:
		rnn_backward(windows, units, shape->activation, gates, upstream, pass->carry);
		break;
	}
}

/* One step back in time; pass->transposed holds the recurrent matrix. */
static void layer_step_back(const struct pass *pass, uint32_t l, uint32_t windows, uint32_t t,
			    float *gradients)
{
	const struct layer_memory *layer = &pass->layers[l];
	const struct tensor *tensors = pass->table->layers[l];
	float *recurrent = gradients + tensors[TENSOR_RECURRENT].offset;
	size_t units = pass->shape->hidden, columns = tensors->columns;
	size_t joined = layer->inner ? 2 * units : columns;
	const float *before = layer->hidden + t * windows * units;
	float *gates = layer->gates + t * windows * columns;

	cell_backward(pass, layer, windows, t, gates);
	if (t == 0)
		return; /* the state before is zero and nobody's */
	product_add(windows, units, joined, gates, columns, pass->transposed, units, pass->carry,
		    units);
	product_add_transposed(units, joined, windows, before, units, gates, columns, recurrent,
			       columns);
	if (!layer->inner)
		return;

	const float *inner = layer->inner + t * windows * units;

	product_add(windows, units, units, inner, units, pass->transposed + joined * units, units,
		    pass->carry, units);
	product_add_transposed(units, units, windows, before, units, inner, units,
			       recurrent + joined, columns);
}

/* Gradients of layer `l`; leaves those of the hidden states below in upstream. */
static void layer_backward(struct pass *pass, uint32_t l, const float *block, uint32_t windows,
			   float *gradients)
{
	const struct rollcast_shape *shape = pass->shape;
	const struct layer_memory *layer = &pass->layers[l];
	const struct tensor *tensors = pass->table->layers[l];
	const struct tensor *input = &tensors[TENSOR_INPUT];
	size_t units = shape->hidden, state = windows * units, columns = input->columns;
	size_t rows = (size_t)shape->lookback * windows;

	memset(pass->carry, 0, state * sizeof(float));
	memset(pass->carry_cell, 0, state * sizeof(float));
	transpose(block + tensors[TENSOR_RECURRENT].offset, units, columns, pass->transposed);
	for (uint32_t t = shape->lookback; t-- > 0;)
		layer_step_back(pass, l, windows, t, gradients);

	product_add_transposed(input->rows, columns, rows, layer_inputs(pass, l, windows),
			       input->rows, layer->gates, columns, gradients + input->offset,
			       columns);
	add_rows(layer->gates, rows, columns, gradients + tensors[TENSOR_BIAS].offset);
	if (layer->inner)
		add_rows(layer->inner, rows, units,
			 gradients + tensors[TENSOR_CANDIDATE_BIAS].offset);
	if (l == 0)
		return;
	transpose(block + input->offset, units, columns, pass->transposed);
	product_set(rows, units, columns, layer->gates, columns, pass->transposed, units,
		    pass->upstream, units);
	if (pass->dropping)
		multiply(pass->upstream, pass->layers[l - 1].dropout, rows * units, pass->upstream);
}

void pass_backward(struct pass *pass, const float *block, const float *inputs, const float *extras,
		   uint32_t windows, const float *output_gradients, float *gradients)
{
	head_backward(pass, block, inputs, extras, windows, output_gradients, gradients);
	for (uint32_t l = pass->shape->layers; l-- > 0;)
		layer_backward(pass, l, block, windows, gradients);
}
