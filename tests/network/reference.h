/*
 * The networks once more, in double and as plainly as the papers write them: what the library's
 * results and gradients are checked against. It shares nothing with the library but the order of the
 * parameters.
 */
#ifndef TESTS_NETWORK_REFERENCE_H
#define TESTS_NETWORK_REFERENCE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rollcast/network.h"

struct reference {
	const struct rollcast_shape *shape;
	const double *next; /* parameters not yet read */
	double *sequence; /* [lookback x width] what the current layer reads, then what it gives */
};

static inline double reference_activate(const struct rollcast_shape *shape, double x)
{
	return shape->activation == ROLLCAST_ACTIVATION_RELU ? (x > 0 ? x : 0) : tanh(x);
}

static inline double reference_sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

/* row vector times matrix [rows x cols], plus bias */
static inline void reference_affine(const double *x, const double *matrix, const double *bias,
				    size_t rows, size_t cols, double *result)
{
	for (size_t col = 0; col < cols; col++) {
		result[col] = bias[col];
		for (size_t row = 0; row < rows; row++)
			result[col] += x[row] * matrix[row * cols + col];
	}
}

/* One step of a cell, from what the inputs (a) and the state (b) give: h and c are replaced. */
static inline void reference_cell(const struct rollcast_shape *shape, const double *a,
				  const double *b, double *h, double *c)
{
	size_t n = shape->hidden;

	for (size_t i = 0; i < n; i++) {
		if (shape->cell == ROLLCAST_CELL_LSTM) {
			double in = reference_sigmoid(a[i] + b[i]);
			double forget = reference_sigmoid(a[n + i] + b[n + i]);
			double candidate = reference_activate(shape, a[2 * n + i] + b[2 * n + i]);
			double out = reference_sigmoid(a[3 * n + i] + b[3 * n + i]);

			c[i] = forget * c[i] + in * candidate;
			h[i] = out * reference_activate(shape, c[i]);
		} else if (shape->cell == ROLLCAST_CELL_GRU) {
			double reset = reference_sigmoid(a[i] + b[i]);
			double update = reference_sigmoid(a[n + i] + b[n + i]);
			double candidate =
				reference_activate(shape, a[2 * n + i] + reset * b[2 * n + i]);

			h[i] = (1 - update) * candidate + update * h[i];
		} else {
			h[i] = reference_activate(shape, a[i] + b[i]);
		}
	}
}

static inline void reference_layer(struct reference *reference, size_t inputs)
{
	static const size_t gates_of[] = {4, 3, 1};
	const struct rollcast_shape *shape = reference->shape;
	size_t n = shape->hidden, cols = gates_of[shape->cell] * n;
	const double *weight_ih = reference->next, *weight_hh = weight_ih + inputs * cols;
	const double *bias_ih = weight_hh + n * cols, *bias_hh = bias_ih + cols;
	size_t width = n > shape->channels ? n : shape->channels;
	double *h = calloc(2 * n + 2 * cols, sizeof(*h)), *c = h + n, *a = c + n, *b = a + cols;

	for (size_t t = 0; t < shape->lookback; t++) {
		double *x = reference->sequence + t * width;

		reference_affine(x, weight_ih, bias_ih, inputs, cols, a);
		reference_affine(h, weight_hh, bias_hh, n, cols, b);
		reference_cell(shape, a, b, h, c);
		memcpy(x, h, n * sizeof(*h));
	}
	free(h);
	reference->next = bias_hh + cols;
}

/* The outputs of one window. */
static inline void reference_forecast(const struct rollcast_shape *shape, const double *block,
				      const float *inputs, const float *extras, double *outputs)
{
	size_t width = shape->hidden > shape->channels ? shape->hidden : shape->channels;
	size_t window = (size_t)shape->lookback * shape->channels, cols = shape->outputs;
	struct reference reference = {
		.shape = shape,
		.next = block,
		.sequence = calloc(shape->lookback * width, sizeof(double)),
	};

	for (size_t i = 0; i < window; i++)
		reference.sequence[i / shape->channels * width + i % shape->channels] =
			(double)inputs[i];
	for (size_t layer = 0; layer < shape->layers; layer++)
		reference_layer(&reference, layer ? shape->hidden : shape->channels);

	const double *weight = reference.next, *bias = weight + shape->hidden * cols;
	const double *skip = bias + cols, *extra = skip + (shape->skip ? window * cols : 0);

	reference_affine(reference.sequence + (shape->lookback - 1) * width, weight, bias,
			 shape->hidden, cols, outputs);
	for (size_t col = 0; col < cols; col++) {
		for (size_t i = 0; shape->skip && i < window; i++)
			outputs[col] += (double)inputs[i] * skip[i * cols + col];
		for (size_t i = 0; i < shape->extras; i++)
			outputs[col] += (double)extras[i] * extra[i * cols + col];
	}
	free(reference.sequence);
}

static inline double reference_error_loss(const struct rollcast_training *training, double error,
					  size_t output)
{
	double delta = (double)training->huber_delta, level;

	switch (training->loss) {
	case ROLLCAST_LOSS_MAE:
		return fabs(error);
	case ROLLCAST_LOSS_MSE:
		return error * error;
	case ROLLCAST_LOSS_HUBER:
		return fabs(error) <= delta ? error * error / 2 : delta * (fabs(error) - delta / 2);
	case ROLLCAST_LOSS_QUANTILE:
		break;
	}
	level = (double)training->quantiles[output % training->quantile_count];
	return fmax(level * -error, (level - 1) * -error);
}

/* The mean loss of a batch. */
static inline double reference_loss(const struct rollcast_shape *shape,
				    const struct rollcast_training *training, const double *block,
				    const struct rollcast_batch *batch)
{
	size_t levels = training->loss == ROLLCAST_LOSS_QUANTILE ? training->quantile_count : 1;
	size_t cols = shape->outputs, window = (size_t)shape->lookback * shape->channels;
	double *outputs = calloc(cols, sizeof(*outputs)), sum = 0;

	for (size_t row = 0; row < batch->count; row++) {
		reference_forecast(shape, block, batch->inputs + row * window,
				   batch->extras + row * shape->extras, outputs);
		for (size_t i = 0; i < cols; i++) {
			double target = (double)batch->targets[(row * cols + i) / levels];

			sum += reference_error_loss(training, outputs[i] - target, i);
		}
	}
	free(outputs);
	return sum / batch->count / (double)cols;
}

#endif
