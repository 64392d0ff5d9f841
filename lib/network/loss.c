/*
 * Mean absolute and squared error, Huber 1964, and the pinball loss (Koenker & Bassett 1978), in
 * terms of the error, output - target. Where a loss has a corner its slope is taken as 0.
 */
#include "lib/network/loss.h"

#include <math.h>

static float sign(float x)
{
	return (float)((x > 0) - (x < 0));
}

static float huber(float error, float delta, float *ret_slope)
{
	if (fabsf(error) > delta) {
		*ret_slope = delta * sign(error);
		return delta * (fabsf(error) - 0.5f * delta);
	}
	*ret_slope = error;
	return 0.5f * error * error;
}

static float pinball(float error, float level, float *ret_slope)
{
	*ret_slope = error > 0 ? 1 - level : error < 0 ? -level : 0;
	return error > 0 ? (1 - level) * error : -level * error;
}

static float loss_of(const struct rollcast_training *training, float error, size_t output,
		     float *ret_slope)
{
	switch (training->loss) {
	case ROLLCAST_LOSS_MAE:
		*ret_slope = sign(error);
		return fabsf(error);
	case ROLLCAST_LOSS_MSE:
		*ret_slope = 2 * error;
		return error * error;
	case ROLLCAST_LOSS_HUBER:
		return huber(error, training->huber_delta, ret_slope);
	case ROLLCAST_LOSS_QUANTILE:
		break;
	}
	return pinball(error, training->quantiles[output % training->quantile_count], ret_slope);
}

double loss_sum(const struct rollcast_training *training, const float *outputs,
		const float *targets, size_t count, float scale, float *ret_gradients)
{
	size_t each = training->loss == ROLLCAST_LOSS_QUANTILE ? training->quantile_count : 1;
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		float slope;

		sum += loss_of(training, outputs[i] - targets[i / each], i, &slope);
		ret_gradients[i] = scale * slope;
	}
	return sum;
}
