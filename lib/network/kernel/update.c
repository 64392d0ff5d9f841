/*
 * One step of an optimiser: plain loops for the compiler to vectorise. Definitions are PyTorch's:
 * Adam (Kingma & Ba 2015), AdamW (Loshchilov & Hutter 2019), RMSprop (Tieleman & Hinton 2012) with
 * momentum after the division, SGD with momentum that starts at the first gradient.
 */
#include <math.h>

#include "lib/network/kernel/table.h"
#include "lib/network/kernel/vec.h"

#define BETA1	0.9F
#define BETA2	0.999F
#define ALPHA	0.99F
#define EPSILON 1e-8F

INLINE void adam(const struct update *u, float shrink, float decay)
{
	const float *restrict weights = u->weights, *restrict gradient = u->gradient;
	float *restrict next = u->next_weights, *restrict first = u->first;
	float *restrict second = u->second;
	float rate = u->rate / u->first_correction, scale = u->scale;
	float root = 1 / sqrtf(u->second_correction);

	for (size_t i = 0; i < u->count; i++) {
		float g = scale * gradient[i] + decay * weights[i];
		float m = BETA1 * first[i] + (1 - BETA1) * g;
		float v = BETA2 * second[i] + (1 - BETA2) * g * g;

		first[i] = m;
		second[i] = v;
		next[i] = shrink * weights[i] - rate * m / (sqrtf(v) * root + EPSILON);
	}
}

void KERNEL(adam)(const struct update *update)
{
	adam(update, 1, update->weight_decay);
}

void KERNEL(adamw)(const struct update *update)
{
	adam(update, 1 - update->rate * update->weight_decay, 0);
}

void KERNEL(rmsprop)(const struct update *u)
{
	const float *restrict weights = u->weights, *restrict gradient = u->gradient;
	float *restrict next = u->next_weights, *restrict mean = u->first;
	float *restrict velocity = u->second;
	float rate = u->rate, scale = u->scale, decay = u->weight_decay, momentum = u->momentum;

	for (size_t i = 0; i < u->count; i++) {
		float g = scale * gradient[i] + decay * weights[i];
		float square = ALPHA * mean[i] + (1 - ALPHA) * g * g;
		float v = momentum * velocity[i] + g / (sqrtf(square) + EPSILON);

		mean[i] = square;
		velocity[i] = v;
		next[i] = weights[i] - rate * v;
	}
}

void KERNEL(sgd)(const struct update *u)
{
	const float *restrict weights = u->weights, *restrict gradient = u->gradient;
	float *restrict next = u->next_weights, *restrict velocity = u->first;
	float rate = u->rate, scale = u->scale, decay = u->weight_decay, momentum = u->momentum;

	for (size_t i = 0; i < u->count; i++) {
		float v = momentum * velocity[i] + scale * gradient[i] + decay * weights[i];

		velocity[i] = v;
		next[i] = weights[i] - rate * v;
	}
}

float KERNEL(squares)(const float *values, size_t count)
{
	vec sums[2] = {0};
	float sum = 0;

	for (size_t i = 0; i < count; i += 16)
#pragma GCC unroll 4
		for (size_t k = 0; k < 16; k += WIDTH) {
			vec x = load(values + i + k);

			sums[k / WIDTH % 2] += x * x;
		}
	sums[0] += sums[1];
	for (int k = 0; k < WIDTH; k++)
		sum += sums[0][k];
	return sum;
}

bool KERNEL(all_finite)(const float *values, size_t count)
{
	/* An exponent of ones is an infinity or NaN; in integers the compiler can vectorise it. */
	const uint32_t exponent = 0x7F800000;
	uint32_t found = 0;

	for (size_t i = 0; i < count; i++) {
		union {
			float value;
			uint32_t bits;
		} it = {values[i]};

		found |= (it.bits & exponent) == exponent;
	}
	return !found;
}
