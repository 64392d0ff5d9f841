/* The table of tensors is laid out once per shape; initial values are drawn tensor by tensor. */
#include "lib/network/params.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/network/random.h"

uint32_t params_gates(enum rollcast_cell cell)
{
	switch (cell) {
	case ROLLCAST_CELL_LSTM:
		return 4;
	case ROLLCAST_CELL_GRU:
		return 3;
	case ROLLCAST_CELL_RNN:
		return 1;
	}
	return 0;
}

uint32_t params_inputs(const struct params *params, uint32_t layer)
{
	return layer == 0 ? params->shape.channels : params->shape.hidden;
}

static bool shape_fits(const struct rollcast_shape *shape)
{
	return params_gates(shape->cell) &&
	       (shape->activation == ROLLCAST_ACTIVATION_TANH ||
		shape->activation == ROLLCAST_ACTIVATION_RELU) &&
	       shape->layers >= 1 && shape->layers <= PARAMS_LAYERS_MAX && shape->hidden >= 1 &&
	       shape->hidden <= PARAMS_HIDDEN_MAX && shape->channels >= 1 &&
	       shape->channels <= PARAMS_WIDTH_MAX && shape->lookback >= 1 &&
	       shape->lookback <= PARAMS_WIDTH_MAX && shape->extras <= PARAMS_WIDTH_MAX &&
	       shape->outputs >= 1 && shape->outputs <= PARAMS_WIDTH_MAX;
}

static void add_tensor(struct params *params, struct tensor *tensor, const char *name, size_t rows,
		       size_t cols)
{
	*tensor = (struct tensor){.offset = params->size, .rows = rows, .cols = cols};
	snprintf(tensor->name, sizeof(tensor->name), "%s", name);
	params->size += rows * cols;
}

static void add_layer(struct params *params, uint32_t layer)
{
	static const char *const names[LAYER_TENSORS] = {"weight_ih_l%u", "weight_hh_l%u",
							 "bias_ih_l%u", "bias_hh_l%u"};
	size_t rows[LAYER_TENSORS] = {params_inputs(params, layer), params->shape.hidden, 1, 1};
	size_t cols = (size_t)params_gates(params->shape.cell) * params->shape.hidden;

	for (int i = 0; i < LAYER_TENSORS; i++) {
		char name[24];

		snprintf(name, sizeof(name), names[i], layer);
		add_tensor(params, &params->layers[layer][i], name, rows[i], cols);
	}
}

int params_init(struct params *params, const struct rollcast_shape *shape)
{
	if (!shape_fits(shape))
		return -EINVAL;
	*params = (struct params){.shape = *shape};
	for (uint32_t layer = 0; layer < shape->layers; layer++)
		add_layer(params, layer);
	size_t lags = shape->skip ? (size_t)shape->lookback * shape->channels : 0;
	if (lags > PARAMS_SIZE_MAX)
		return -EINVAL;
	add_tensor(params, &params->head[HEAD_WEIGHT], "head.weight", shape->hidden,
		   shape->outputs);
	add_tensor(params, &params->head[HEAD_BIAS], "head.bias", 1, shape->outputs);
	add_tensor(params, &params->head[SKIP_WEIGHT], "skip.weight", lags, shape->outputs);
	add_tensor(params, &params->head[EXTRAS_WEIGHT], "extras.weight", shape->extras,
		   shape->outputs);
	return params->size <= PARAMS_SIZE_MAX ? 0 : -EINVAL;
}

const struct tensor *params_tensor(const struct params *params, size_t index)
{
	size_t in_layers = (size_t)params->shape.layers * LAYER_TENSORS;

	if (index < in_layers)
		return &params->layers[index / LAYER_TENSORS][index % LAYER_TENSORS];
	index -= in_layers;
	return index < HEAD_TENSORS ? &params->head[index] : NULL;
}

static void fill_uniform(struct random *random, float *values, size_t count, float bound)
{
	for (size_t i = 0; i < count; i++)
		values[i] = bound * (2 * random_uniform(random) - 1);
}

static float glorot_bound(uint32_t inputs, uint32_t outputs)
{
	return sqrtf(6.0F / ((float)inputs + (float)outputs));
}

/* Gram-Schmidt, twice, on Gaussian rows: orthonormal to rounding. */
static void fill_orthogonal(struct random *random, double *rows, uint32_t order)
{
	for (uint32_t i = 0; i < order; i++) {
		double *row = rows + (size_t)i * order, norm = 0;

		for (uint32_t k = 0; k < order; k++)
			row[k] = random_normal(random);
		for (uint32_t j = 0; j < 2 * i; j++) {
			const double *other = rows + (size_t)(j % i) * order;
			double dot = 0;

			for (uint32_t k = 0; k < order; k++)
				dot += row[k] * other[k];
			for (uint32_t k = 0; k < order; k++)
				row[k] -= dot * other[k];
		}
		for (uint32_t k = 0; k < order; k++)
			norm += row[k] * row[k];
		norm = sqrt(norm);
		for (uint32_t k = 0; k < order; k++)
			row[k] /= norm;
	}
}

/* Each gate's square of the recurrent matrix is orthogonal for itself. */
static int fill_recurrent(struct random *random, const struct tensor *tensor, uint32_t gates,
			  float *values)
{
	uint32_t order = tensor->rows;
	CLEANUP(free) double *square = malloc((size_t)order * order * sizeof(*square));

	if (!square)
		return -ENOMEM;
	for (uint32_t gate = 0; gate < gates; gate++) {
		fill_orthogonal(random, square, order);
		for (uint32_t i = 0; i < order; i++)
			for (uint32_t k = 0; k < order; k++)
				values[(size_t)i * tensor->cols + gate * order + k] =
					(float)square[(size_t)i * order + k];
	}
	return 0;
}

static int fill_layer(const struct params *params, uint32_t layer, struct random *random,
		      float *block)
{
	const struct tensor *tensors = params->layers[layer];
	const struct tensor *input = &tensors[WEIGHT_IH];
	uint32_t hidden = params->shape.hidden;

	fill_uniform(random, block + input->offset, (size_t)input->rows * input->cols,
		     glorot_bound(input->rows, hidden));
	if (params->shape.cell == ROLLCAST_CELL_LSTM)
		for (uint32_t i = 0; i < hidden; i++)
			block[tensors[BIAS_IH].offset + hidden + i] = 1;
	return fill_recurrent(random, &tensors[WEIGHT_HH], params_gates(params->shape.cell),
			      block + tensors[WEIGHT_HH].offset);
}

int params_fill(const struct params *params, uint64_t seed, float *block)
{
	struct random random;
	const struct tensor *head = &params->head[HEAD_WEIGHT];
	float share = params->shape.skip ? 0.1F : 1;

	random_init(&random, seed);
	memset(block, 0, params->size * sizeof(*block));
	for (uint32_t layer = 0; layer < params->shape.layers; layer++) {
		int r = fill_layer(params, layer, &random, block);

		if (r < 0)
			return r;
	}
	fill_uniform(&random, block + head->offset, (size_t)head->rows * head->cols,
		     share * glorot_bound(head->rows, head->cols));
	return 0;
}
