/* One function per loss gives value and derivative of one error; loss_sum goes through the batch. */
#include "lib/network/loss.h"

#include <math.h>

struct point {
	float loss, slope;
};

static float sign(float x)
{
	return (float)((x > 0) - (x < 0));
}

static struct point absolute(float error)
{
	return (struct point){fabsf(error), sign(error)};
}

static struct point squared(float error)
{
	return (struct point){error * error, 2 * error};
}

static struct point huber(float error, float delta)
{
	float size = fabsf(error);

	if (size > delta)
		return (struct point){delta * (size - 0.5F * delta), delta * sign(error)};
	return (struct point){0.5F * error * error, error};
}

/* The error is output minus target: too low an output costs `level`, too high one 1 - level. */
static struct point pinball(float error, float level)
{
	if (error < 0)
		return (struct point){-level * error, -level};
	return (struct point){(1 - level) * error, error > 0 ? 1 - level : 0};
}

static struct point loss_at(const struct rollcast_training *training, float error, size_t output)
{
	switch (training->loss) {
	case ROLLCAST_LOSS_MAE:
		return absolute(error);
	case ROLLCAST_LOSS_MSE:
		return squared(error);
	case ROLLCAST_LOSS_HUBER:
		return huber(error, training->huber_delta);
	case ROLLCAST_LOSS_QUANTILE:
		break;
	}
	return pinball(error, training->quantiles[output % training->quantile_count]);
}

static uint32_t levels_of(const struct rollcast_training *training)
{
	return training->loss == ROLLCAST_LOSS_QUANTILE ? training->quantile_count : 1;
}

uint32_t loss_targets(const struct rollcast_training *training, uint32_t outputs)
{
	return outputs / levels_of(training);
}

double loss_sum(const struct rollcast_training *training, const float *outputs,
		const float *targets, size_t rows, size_t count, float scale, float *ret_errors)
{
	size_t levels = levels_of(training);
	double sum = 0;

	for (size_t i = 0; i < rows * count; i++) {
		float error = outputs[i] - targets[i / levels];
		struct point point = loss_at(training, error, i % count);

		sum += (double)point.loss;
		if (ret_errors)
			ret_errors[i] = scale * point.slope;
	}
	return sum;
}
