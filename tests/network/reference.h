/*
 * The networks written down a second time, in double precision and as slowly as the formulas are
 * printed: one window, one unit at a time. What the tests of gradients measure against.
 */
#ifndef TESTS_NETWORK_REFERENCE_H
#define TESTS_NETWORK_REFERENCE_H

#include <math.h>
#include <string.h>

#include "lib/network/table.h"

enum { REFERENCE_MAX = 128 }; /* more than units, channels or outputs of any network tested */

static inline double reference_sum(const double *block, const struct tensor *matrix,
				   uint32_t column, const double *x)
{
	double sum = 0;

	for (uint32_t i = 0; i < matrix->rows; i++)
		sum += x[i] * block[matrix->offset + (size_t)i * matrix->columns + column];
	return sum;
}

static inline double reference_sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

static inline double reference_activate(const struct rollcast_shape *shape, double x)
{
	return shape->activation == ROLLCAST_ACTIVATION_RELU ? fmax(x, 0) : tanh(x);
}

/* One step of one layer: `h` and `c` go from the state before to the state after. */
static inline void reference_step(const struct rollcast_shape *shape, const struct tensor *layer,
				  const double *block, const double *x, double *h, double *c)
{
	uint32_t n = shape->hidden;
	double before[REFERENCE_MAX];

	memcpy(before, h, n * sizeof(*h));
	for (uint32_t j = 0; j < n; j++) {
		double in[4], back[4];

		for (uint32_t gate = 0; gate < cell_gates(shape->cell); gate++) {
			in[gate] = block[layer[TENSOR_BIAS].offset + gate * n + j] +
				   reference_sum(block, &layer[TENSOR_INPUT], gate * n + j, x);
			back[gate] = reference_sum(block, &layer[TENSOR_RECURRENT], gate * n + j,
						   before);
		}
		if (shape->cell == ROLLCAST_CELL_LSTM) {
			c[j] = reference_sigmoid(in[1] + back[1]) * c[j] +
			       reference_sigmoid(in[0] + back[0]) *
				       reference_activate(shape, in[2] + back[2]);
			h[j] = reference_sigmoid(in[3] + back[3]) * reference_activate(shape, c[j]);
		} else if (shape->cell == ROLLCAST_CELL_GRU) {
			double r = reference_sigmoid(in[0] + back[0]);
			double z = reference_sigmoid(in[1] + back[1]);
			double bias = block[layer[TENSOR_CANDIDATE_BIAS].offset + j];
			double m = reference_activate(shape, in[2] + r * (back[2] + bias));

			h[j] = (1 - z) * m + z * before[j];
		} else {
			h[j] = reference_activate(shape, in[0] + back[0]);
		}
	}
}

/* The outputs of one window. */
static inline void reference_forecast(const struct rollcast_shape *shape,
				      const struct tensor_table *table, const double *block,
				      const double *inputs, const double *extras, double *outputs)
{
	double h[MAX_LAYERS][REFERENCE_MAX] = {0}, c[MAX_LAYERS][REFERENCE_MAX] = {0};

	for (uint32_t t = 0; t < shape->lookback; t++)
		for (uint32_t l = 0; l < shape->layers; l++)
			reference_step(shape, table->layers[l], block,
				       l ? h[l - 1] : inputs + t * shape->channels, h[l], c[l]);
	for (uint32_t o = 0; o < shape->outputs; o++)
		outputs[o] =
			block[table->head[TENSOR_HEAD_BIAS].offset + o] +
			reference_sum(block, &table->head[TENSOR_HEAD], o, h[shape->layers - 1]) +
			reference_sum(block, &table->head[TENSOR_EXTRAS], o, extras) +
			reference_sum(block, &table->head[TENSOR_SKIP], o, inputs);
}

static inline double reference_loss(const struct rollcast_training *training, double output,
				    double target, double level)
{
	double error = target - output;

	switch (training->loss) {
	case ROLLCAST_LOSS_MAE:
		return fabs(error);
	case ROLLCAST_LOSS_MSE:
		return error * error;
	case ROLLCAST_LOSS_HUBER:
		if (fabs(error) <= training->huber_delta)
			return error * error / 2;
		return training->huber_delta * (fabs(error) - training->huber_delta / 2);
	case ROLLCAST_LOSS_QUANTILE:
		break;
	}
	return fmax(level * error, (level - 1) * error);
}

#endif
