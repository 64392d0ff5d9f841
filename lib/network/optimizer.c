#include "lib/network/optimizer.h"

#include <math.h>

/* Counted in a float when saved; by then Adam's corrections have long been 1. */
enum { STEPS_MAX = 1 << 24 };

uint32_t optimizer_moments(enum rollcast_optimizer kind)
{
	return kind == ROLLCAST_OPTIMIZER_SGD ? 1 : 2;
}

void optimizer_lay_out(struct optimizer *optimizer, struct memory *memory)
{
	optimizer->first = memory_take(memory, optimizer->size);
	if (optimizer_moments(optimizer->training->optimizer) == 2)
		optimizer->second = memory_take(memory, optimizer->size);
}

/* As PyTorch clips: to a hair below the norm asked for. */
static float clip_scale(float norm, float limit)
{
	if (limit <= 0 || norm + 1e-6F <= limit)
		return 1;
	return limit / (norm + 1e-6F);
}

static void run(const struct optimizer *optimizer, const struct update *update)
{
	switch (optimizer->training->optimizer) {
	case ROLLCAST_OPTIMIZER_ADAM:
		optimizer->kernels->adam(update);
		return;
	case ROLLCAST_OPTIMIZER_ADAMW:
		optimizer->kernels->adamw(update);
		return;
	case ROLLCAST_OPTIMIZER_RMSPROP:
		optimizer->kernels->rmsprop(update);
		return;
	case ROLLCAST_OPTIMIZER_SGD:
		optimizer->kernels->sgd(update);
		return;
	}
}

int optimizer_step(struct optimizer *optimizer, const float *weights, const float *gradient,
		   float rate, float *next_weights)
{
	const struct rollcast_training *training = optimizer->training;
	float squares = optimizer->kernels->squares(gradient, optimizer->size);

	if (!isfinite(squares))
		return ROLLCAST_NETWORK_DIVERGED;
	if (optimizer->steps < STEPS_MAX)
		optimizer->steps++;
	struct update update = {
		.count = optimizer->size,
		.weights = weights,
		.gradient = gradient,
		.next_weights = next_weights,
		.first = optimizer->first,
		.second = optimizer->second,
		.scale = clip_scale(sqrtf(squares), training->clip_norm),
		.rate = rate,
		.weight_decay = training->weight_decay,
		.momentum = training->momentum,
		.first_correction = (float)(1 - pow(0.9, optimizer->steps)),
		.second_correction = (float)(1 - pow(0.999, optimizer->steps)),
	};
	run(optimizer, &update);
	if (!optimizer->kernels->all_finite(next_weights, optimizer->size))
		return ROLLCAST_NETWORK_DIVERGED;
	return 0;
}
