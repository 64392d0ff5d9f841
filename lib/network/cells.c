/*
 * The cells' arithmetic. Each loop is written once, inlined for tanh and for relu, so that the
 * choice is made outside of it and the compiler can turn it into vector code.
 */
#include "lib/network/cells.h"
#include "lib/network/vectorised.h"

/*
 * tanh as x P(x^2) / Q(x^2), fitted to the least relative error over |x| <= 9 (2e-8 before
 * rounding, 4e-7 after); beyond, float tanh is 1. All coefficients are positive: nothing cancels.
 * The comparisons are false for NaN, which therefore passes through. Only one comparison per
 * value, or gcc makes branches of them and no vectors.
 */
INLINED float fast_tanh(float x)
{
	float u = x * x;

	u = u > 81 ? 81 : u;

	float p = 1.33545559e-8f;
	float q = 7.77651416e-7f;

	p = p * u + 2.06090032e-5f;
	p = p * u + 3.49558325e-3f;
	p = p * u + 0.133810215f;
	p = p * u + 0.999999979f;
	q = q * u + 3.28562688e-4f;
	q = q * u + 2.58769636e-2f;
	q = q * u + 0.467143371f;
	q = q * u + 1;

	float size = __builtin_fabsf(x) * (p / q);

	return __builtin_copysignf(size > 1 ? 1 : size, x);
}

INLINED float sigmoid(float x)
{
	return 0.5f + 0.5f * fast_tanh(0.5f * x);
}

INLINED float activate(float x, bool relu)
{
	return relu ? (x < 0 ? 0 : x) : fast_tanh(x);
}

/* The activation's slope, from the activated value. */
INLINED float slope(float y, bool relu)
{
	return relu ? (y > 0 ? 1 : 0) : 1 - y * y;
}

INLINED void lstm_forward_row(size_t n, bool relu, float *restrict gates,
			      const float *restrict before, float *restrict cell,
			      float *restrict squashed, float *restrict hidden)
{
	float *restrict input = gates, *restrict forget = gates + n;
	float *restrict candidate = gates + 2 * n, *restrict output = gates + 3 * n;

	for (size_t j = 0; j < n; j++) {
		float i = sigmoid(input[j]), f = sigmoid(forget[j]);
		float g = activate(candidate[j], relu), o = sigmoid(output[j]);
		float c = f * before[j] + i * g;
		float s = activate(c, relu);

		input[j] = i;
		forget[j] = f;
		candidate[j] = g;
		output[j] = o;
		cell[j] = c;
		squashed[j] = s;
		hidden[j] = o * s;
	}
}

VECTORISED void lstm_forward(size_t rows, size_t units, enum rollcast_activation activation,
			     float *gates, const float *cell_before, float *cell, float *squashed,
			     float *hidden)
{
	for (size_t row = 0; row < rows; row++) {
		size_t at = row * units;

		if (activation == ROLLCAST_ACTIVATION_RELU)
			lstm_forward_row(units, true, gates + 4 * at, cell_before + at, cell + at,
					 squashed + at, hidden + at);
		else
			lstm_forward_row(units, false, gates + 4 * at, cell_before + at, cell + at,
					 squashed + at, hidden + at);
	}
}

INLINED void lstm_backward_row(size_t n, bool relu, float *restrict gates,
			       const float *restrict before, const float *restrict squashed,
			       const float *restrict upstream, float *restrict carry,
			       float *restrict carry_cell)
{
	float *restrict input = gates, *restrict forget = gates + n;
	float *restrict candidate = gates + 2 * n, *restrict output = gates + 3 * n;

	for (size_t j = 0; j < n; j++) {
		float i = input[j], f = forget[j], g = candidate[j], o = output[j], s = squashed[j];
		float dh = upstream[j] + carry[j];
		float dc = carry_cell[j] + dh * o * slope(s, relu);

		input[j] = dc * g * i * (1 - i);
		forget[j] = dc * before[j] * f * (1 - f);
		candidate[j] = dc * i * slope(g, relu);
		output[j] = dh * s * o * (1 - o);
		carry[j] = 0;
		carry_cell[j] = dc * f;
	}
}

VECTORISED void lstm_backward(size_t rows, size_t units, enum rollcast_activation activation,
			      float *gates, const float *cell_before, const float *squashed,
			      const float *upstream, float *carry, float *carry_cell)
{
	for (size_t row = 0; row < rows; row++) {
		size_t at = row * units;

		if (activation == ROLLCAST_ACTIVATION_RELU)
			lstm_backward_row(units, true, gates + 4 * at, cell_before + at,
					  squashed + at, upstream + at, carry + at,
					  carry_cell + at);
		else
			lstm_backward_row(units, false, gates + 4 * at, cell_before + at,
					  squashed + at, upstream + at, carry + at,
					  carry_cell + at);
	}
}

INLINED void gru_forward_row(size_t n, bool relu, float *restrict gates,
			     const float *restrict inner, const float *restrict before,
			     float *restrict hidden)
{
	float *restrict reset = gates, *restrict update = gates + n;
	float *restrict candidate = gates + 2 * n;

	for (size_t j = 0; j < n; j++) {
		float r = sigmoid(reset[j]), z = sigmoid(update[j]);
		float c = activate(candidate[j] + r * inner[j], relu);

		reset[j] = r;
		update[j] = z;
		candidate[j] = c;
		hidden[j] = c + z * (before[j] - c);
	}
}

VECTORISED void gru_forward(size_t rows, size_t units, enum rollcast_activation activation,
			    float *gates, const float *inner, const float *hidden_before,
			    float *hidden)
{
	for (size_t row = 0; row < rows; row++) {
		size_t at = row * units;

		if (activation == ROLLCAST_ACTIVATION_RELU)
			gru_forward_row(units, true, gates + 3 * at, inner + at, hidden_before + at,
					hidden + at);
		else
			gru_forward_row(units, false, gates + 3 * at, inner + at,
					hidden_before + at, hidden + at);
	}
}

INLINED void gru_backward_row(size_t n, bool relu, float *restrict gates, float *restrict inner,
			      const float *restrict before, const float *restrict upstream,
			      float *restrict carry)
{
	float *restrict reset = gates, *restrict update = gates + n;
	float *restrict candidate = gates + 2 * n;

	for (size_t j = 0; j < n; j++) {
		float r = reset[j], z = update[j], c = candidate[j];
		float dh = upstream[j] + carry[j];
		float dc = dh * (1 - z) * slope(c, relu);

		reset[j] = dc * inner[j] * r * (1 - r);
		update[j] = dh * (before[j] - c) * z * (1 - z);
		candidate[j] = dc;
		inner[j] = dc * r;
		carry[j] = dh * z;
	}
}

VECTORISED void gru_backward(size_t rows, size_t units, enum rollcast_activation activation,
			     float *gates, float *inner, const float *hidden_before,
			     const float *upstream, float *carry)
{
	for (size_t row = 0; row < rows; row++) {
		size_t at = row * units;

		if (activation == ROLLCAST_ACTIVATION_RELU)
			gru_backward_row(units, true, gates + 3 * at, inner + at,
					 hidden_before + at, upstream + at, carry + at);
		else
			gru_backward_row(units, false, gates + 3 * at, inner + at,
					 hidden_before + at, upstream + at, carry + at);
	}
}

INLINED void rnn_forward_all(size_t n, bool relu, float *restrict gates, float *restrict hidden)
{
	for (size_t j = 0; j < n; j++)
		gates[j] = hidden[j] = activate(gates[j], relu);
}

VECTORISED void rnn_forward(size_t rows, size_t units, enum rollcast_activation activation,
			    float *gates, float *hidden)
{
	if (activation == ROLLCAST_ACTIVATION_RELU)
		rnn_forward_all(rows * units, true, gates, hidden);
	else
		rnn_forward_all(rows * units, false, gates, hidden);
}

INLINED void rnn_backward_all(size_t n, bool relu, float *restrict gates,
			      const float *restrict upstream, float *restrict carry)
{
	for (size_t j = 0; j < n; j++) {
		gates[j] = (upstream[j] + carry[j]) * slope(gates[j], relu);
		carry[j] = 0;
	}
}

VECTORISED void rnn_backward(size_t rows, size_t units, enum rollcast_activation activation,
			     float *gates, const float *upstream, float *carry)
{
	if (activation == ROLLCAST_ACTIVATION_RELU)
		rnn_backward_all(rows * units, true, gates, upstream, carry);
	else
		rnn_backward_all(rows * units, false, gates, upstream, carry);
}
