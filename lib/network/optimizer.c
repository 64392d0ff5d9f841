/*
 * Adam (Kingma & Ba 2015, algorithm 1), AdamW (Loshchilov & Hutter 2019), RMSprop (Hinton 2012)
 * and gradient descent with momentum (Polyak 1964), with the usual constants.
 */
#include "lib/network/optimizer.h"

#include <math.h>
#include <string.h>

#include "lib/network/vectorised.h"

static const float ADAM_FIRST = 0.9f, ADAM_SECOND = 0.999f, RMSPROP_SECOND = 0.99f;
static const float EPSILON = 1e-8f;

uint32_t optimizer_moments(const struct rollcast_training *training)
{
	switch (training->optimizer) {
	case ROLLCAST_OPTIMIZER_ADAM:
	case ROLLCAST_OPTIMIZER_ADAMW:
		return 2;
	case ROLLCAST_OPTIMIZER_RMSPROP:
		return training->momentum > 0 ? 2 : 1;
	case ROLLCAST_OPTIMIZER_SGD:
		break;
	}
	return training->momentum > 0;
}

/* `l2` is added to the gradient, `decay` shrinks the weights apart from it. */
VECTORISED static void update_adam(size_t size, float rate, double step, float l2, float decay,
				   const float *restrict gradients, float *restrict first,
				   float *restrict second, const float *restrict block,
				   float *restrict ret_block)
{
	/* Both corrections for the moments' start at zero. */
	float root = (float)sqrt(1 - pow((double)ADAM_SECOND, step));
	float pace = rate / (float)(1 - pow((double)ADAM_FIRST, step));

	for (size_t i = 0; i < size; i++) {
		float g = gradients[i] + l2 * block[i];

		first[i] = ADAM_FIRST * first[i] + (1 - ADAM_FIRST) * g;
		second[i] = ADAM_SECOND * second[i] + (1 - ADAM_SECOND) * g * g;
		ret_block[i] = block[i] - rate * decay * block[i] -
			       pace * first[i] / (__builtin_sqrtf(second[i]) / root + EPSILON);
	}
}

VECTORISED static void update_rmsprop(size_t size, float rate, float l2,
				      const float *restrict gradients, float *restrict second,
				      const float *restrict block, float *restrict ret_block)
{
	for (size_t i = 0; i < size; i++) {
		float g = gradients[i] + l2 * block[i];

		second[i] = RMSPROP_SECOND * second[i] + (1 - RMSPROP_SECOND) * g * g;
		ret_block[i] = block[i] - rate * g / (__builtin_sqrtf(second[i]) + EPSILON);
	}
}

VECTORISED static void update_rmsprop_momentum(size_t size, float rate, float l2, float momentum,
					       const float *restrict gradients,
					       float *restrict second, float *restrict velocity,
					       const float *restrict block,
					       float *restrict ret_block)
{
	for (size_t i = 0; i < size; i++) {
		float g = gradients[i] + l2 * block[i];

		second[i] = RMSPROP_SECOND * second[i] + (1 - RMSPROP_SECOND) * g * g;
		velocity[i] = momentum * velocity[i] + g / (__builtin_sqrtf(second[i]) + EPSILON);
		ret_block[i] = block[i] - rate * velocity[i];
	}
}

VECTORISED static void update_sgd(size_t size, float rate, float l2,
				  const float *restrict gradients, const float *restrict block,
				  float *restrict ret_block)
{
	for (size_t i = 0; i < size; i++)
		ret_block[i] = block[i] - rate * (gradients[i] + l2 * block[i]);
}

VECTORISED static void update_sgd_momentum(size_t size, float rate, float l2, float momentum,
					   const float *restrict gradients,
					   float *restrict velocity, const float *restrict block,
					   float *restrict ret_block)
{
	for (size_t i = 0; i < size; i++) {
		velocity[i] = momentum * velocity[i] + gradients[i] + l2 * block[i];
		ret_block[i] = block[i] - rate * velocity[i];
	}
}

void optimizer_update(const struct rollcast_training *training, float rate, double step,
		      size_t size, const float *gradients, float *moments, const float *block,
		      float *ret_block)
{
	float decay = training->weight_decay, momentum = training->momentum;

	switch (training->optimizer) {
	case ROLLCAST_OPTIMIZER_ADAM:
		update_adam(size, rate, step, decay, 0, gradients, moments, moments + size, block,
			    ret_block);
		break;
	case ROLLCAST_OPTIMIZER_ADAMW:
		update_adam(size, rate, step, 0, decay, gradients, moments, moments + size, block,
			    ret_block);
		break;
	case ROLLCAST_OPTIMIZER_RMSPROP:
		if (momentum > 0)
			update_rmsprop_momentum(size, rate, decay, momentum, gradients, moments,
						moments + size, block, ret_block);
		else
			update_rmsprop(size, rate, decay, gradients, moments, block, ret_block);
		break;
	case ROLLCAST_OPTIMIZER_SGD:
		if (momentum > 0)
			update_sgd_momentum(size, rate, decay, momentum, gradients, moments, block,
					    ret_block);
		else
			update_sgd(size, rate, decay, gradients, block, ret_block);
		break;
	}
}
