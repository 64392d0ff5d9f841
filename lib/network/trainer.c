/*
 * A batch goes through in groups of windows (see pass.h) whose gradients add up; then one optimiser
 * step writes the next weights beside the old ones, which change places only if all is finite.
 */
#include "lib/network/trainer.h"

#include <math.h>

#include "lib/network/loss.h"
#include "lib/network/optimizer.h"
#include "lib/network/packing.h"
#include "lib/network/pass.h"
#include "lib/network/weights.h"

struct rollcast_trainer {
	struct params params;
	const struct kernels *kernels;
	struct rollcast_training training;
	float *quantiles; /* our copy */
	struct random random;
	struct optimizer optimizer;
	struct pass pass;
	struct kernel_weights weights[PARAMS_LAYERS_MAX];
	struct kernel_gradient gradients[PARAMS_LAYERS_MAX];
	float *packed_gradients; /* all of them, to be cleared at once */
	size_t packed_gradients_size;
	float *block, *next_block, *gradient; /* in the order of the block */
	float *outputs, *errors;	      /* [rows x outputs] */
	float *memory;
};

static bool training_fits(const struct rollcast_shape *shape,
			  const struct rollcast_training *training)
{
	if (!(training->momentum >= 0 && training->momentum < 1) ||
	    !(training->weight_decay >= 0) || !isfinite(training->weight_decay) ||
	    !(training->clip_norm >= 0) || !(training->dropout >= 0 && training->dropout < 1))
		return false;
	if (training->loss == ROLLCAST_LOSS_HUBER)
		return training->huber_delta > 0;
	if (training->loss != ROLLCAST_LOSS_QUANTILE)
		return true;
	for (uint32_t i = 0; i < training->quantile_count; i++)
		if (!(training->quantiles[i] > 0 && training->quantiles[i] < 1))
			return false;
	return training->quantile_count > 0 && shape->outputs % training->quantile_count == 0;
}

static int copy_training(struct rollcast_trainer *trainer, const struct rollcast_training *training)
{
	trainer->training = *training;
	trainer->training.quantiles = NULL;
	if (training->loss != ROLLCAST_LOSS_QUANTILE)
		return 0;
	size_t size = training->quantile_count * sizeof(*training->quantiles);

	trainer->quantiles = malloc(size);
	if (!trainer->quantiles)
		return -ENOMEM;
	memcpy(trainer->quantiles, training->quantiles, size);
	trainer->training.quantiles = trainer->quantiles;
	return 0;
}

static void lay_out(struct rollcast_trainer *trainer, struct memory *memory)
{
	const struct params *params = &trainer->params;

	packing_lay_out_weights(params, trainer->kernels, true, memory, trainer->weights);
	size_t before = memory->used;

	packing_lay_out_gradient(params, trainer->kernels, memory, trainer->gradients);
	trainer->packed_gradients = trainer->gradients[0].input;
	trainer->packed_gradients_size = memory->used - before;
	trainer->block = memory_take(memory, params->size);
	trainer->next_block = memory_take(memory, params->size);
	trainer->gradient = memory_take(memory, params->size);
	optimizer_lay_out(&trainer->optimizer, memory);
	pass_lay_out(&trainer->pass, memory);
	trainer->outputs = memory_take(memory, trainer->pass.rows_max * params->shape.outputs);
	trainer->errors = memory_take(memory, trainer->pass.rows_max * params->shape.outputs);
	trainer->memory = memory->floats;
}

static int allocate(struct rollcast_trainer *trainer)
{
	struct memory memory = {0};

	trainer->optimizer = (struct optimizer){.training = &trainer->training,
						.kernels = trainer->kernels,
						.size = memory_round(trainer->params.size)};
	trainer->pass = (struct pass){.params = &trainer->params,
				      .kernels = trainer->kernels,
				      .dropout = trainer->training.dropout};
	lay_out(trainer, &memory);
	int r = memory_allocate(&memory);

	if (r < 0)
		return r;
	lay_out(trainer, &memory);
	return 0;
}

int rollcast_trainer_create(const struct rollcast_weights *weights,
			    const struct rollcast_training *training,
			    struct rollcast_trainer **ret_trainer)
{
	CLEANUP(rollcast_trainer_destroy) struct rollcast_trainer *trainer = NULL;
	int r;

	if (!training_fits(&weights->params.shape, training))
		return -EINVAL;
	trainer = calloc(1, sizeof(*trainer));
	if (!trainer)
		return -ENOMEM;
	trainer->params = weights->params;
	trainer->kernels = weights->kernels;
	random_init(&trainer->random, training->seed);
	r = copy_training(trainer, training);
	if (r < 0)
		return r;
	r = allocate(trainer);
	if (r < 0)
		return r;
	memcpy(trainer->block, weights->block, weights->params.size * sizeof(float));
	packing_fill_weights(&trainer->params, trainer->kernels, trainer->block, trainer->weights);
	*ret_trainer = STEAL(trainer);
	return 0;
}

void rollcast_trainer_destroy(struct rollcast_trainer *trainer)
{
	if (!trainer)
		return;
	free(trainer->quantiles);
	free(trainer->memory);
	free(trainer);
}

static bool batch_is_finite(const struct rollcast_trainer *trainer,
			    const struct rollcast_batch *batch)
{
	const struct rollcast_shape *shape = &trainer->params.shape;
	size_t count = batch->count, window = (size_t)shape->lookback * shape->channels;
	bool (*all_finite)(const float *, size_t) = trainer->kernels->all_finite;

	return all_finite(batch->inputs, count * window) &&
	       all_finite(batch->targets,
			  count * loss_targets(&trainer->training, shape->outputs)) &&
	       (!shape->extras || all_finite(batch->extras, count * shape->extras));
}

/* The windows of a batch from `begin` on, as many as one group takes. */
static struct head_inputs group_of(const struct rollcast_trainer *trainer,
				   const struct rollcast_batch *batch, size_t begin)
{
	const struct rollcast_shape *shape = &trainer->params.shape;
	size_t left = batch->count - begin;

	return (struct head_inputs){
		.rows = left < trainer->pass.rows_max ? left : trainer->pass.rows_max,
		.inputs = batch->inputs + begin * shape->lookback * shape->channels,
		.extras = shape->extras ? batch->extras + begin * shape->extras : NULL,
	};
}

/* The summed loss of one group; with `learn`, its gradients are added. */
static double run_group(struct rollcast_trainer *trainer, const struct rollcast_batch *batch,
			size_t begin, bool learn)
{
	struct head_inputs in = group_of(trainer, batch, begin);
	struct pass *pass = &trainer->pass;
	size_t outputs = trainer->params.shape.outputs;
	const float *targets = batch->targets + begin * loss_targets(&trainer->training, outputs);
	float scale = 1.0F / ((float)batch->count * (float)outputs);
	bool drops = learn && pass->dropout > 0;

	pass_forward(pass, trainer->weights, drops ? &trainer->random : NULL, &in);
	head_forward(&trainer->params, trainer->block, &in, trainer->outputs);
	double sum = loss_sum(&trainer->training, trainer->outputs, targets, in.rows, outputs,
			      scale, learn ? trainer->errors : NULL);

	if (!learn)
		return sum;
	head_backward(&trainer->params, trainer->block, &in, trainer->errors, trainer->gradient,
		      pass->head_gradient);
	pass_backward(pass, trainer->weights, &in, drops, trainer->gradients);
	return sum;
}

/* The mean loss of a batch and, with `learn`, its derivatives in trainer->gradient. */
static int run_batch(struct rollcast_trainer *trainer, const struct rollcast_batch *batch,
		     bool learn, float *ret_loss)
{
	double sum = 0;

	if (batch->count == 0 || (trainer->params.shape.extras && !batch->extras))
		return -EINVAL;
	if (!batch_is_finite(trainer, batch))
		return ROLLCAST_NETWORK_DIVERGED;
	if (learn) {
		memset(trainer->gradient, 0, trainer->params.size * sizeof(float));
		memset(trainer->packed_gradients, 0,
		       trainer->packed_gradients_size * sizeof(float));
	}
	for (size_t begin = 0; begin < batch->count; begin += trainer->pass.rows_max)
		sum += run_group(trainer, batch, begin, learn);
	float loss = (float)(sum / batch->count / trainer->params.shape.outputs);

	if (!isfinite(loss))
		return ROLLCAST_NETWORK_DIVERGED;
	if (learn)
		packing_read_gradient(&trainer->params, trainer->kernels, trainer->gradients,
				      trainer->gradient);
	*ret_loss = loss;
	return 0;
}

int rollcast_trainer_step(struct rollcast_trainer *trainer, const struct rollcast_batch *batch,
			  float rate, float *ret_loss)
{
	float loss;
	int r;

	if (!(rate >= 0) || !isfinite(rate))
		return -EINVAL;
	r = run_batch(trainer, batch, true, &loss);
	if (r)
		return r;
	r = optimizer_step(&trainer->optimizer, trainer->block, trainer->gradient, rate,
			   trainer->next_block);
	if (r)
		return r;
	float *block = trainer->block;

	trainer->block = trainer->next_block;
	trainer->next_block = block;
	packing_fill_weights(&trainer->params, trainer->kernels, trainer->block, trainer->weights);
	*ret_loss = loss;
	return 0;
}

int rollcast_trainer_loss(struct rollcast_trainer *trainer, const struct rollcast_batch *batch,
			  float *ret_loss)
{
	return run_batch(trainer, batch, false, ret_loss);
}

int trainer_gradient(struct rollcast_trainer *trainer, const struct rollcast_batch *batch,
		     float *ret_gradient, float *ret_loss)
{
	int r = run_batch(trainer, batch, true, ret_loss);

	if (r)
		return r;
	memcpy(ret_gradient, trainer->gradient, trainer->params.size * sizeof(float));
	return 0;
}

int rollcast_trainer_weights(const struct rollcast_trainer *trainer,
			     struct rollcast_weights **ret_weights)
{
	return rollcast_weights_load(&trainer->params.shape, trainer->block, ret_weights);
}

/* Saved moments: the number of steps, then each array. */
size_t rollcast_trainer_moments_size(const struct rollcast_shape *shape,
				     const struct rollcast_training *training)
{
	return 1 + optimizer_moments(training->optimizer) * rollcast_shape_parameters(shape);
}

void rollcast_trainer_moments_save(const struct rollcast_trainer *trainer, float *moments)
{
	const struct optimizer *optimizer = &trainer->optimizer;
	size_t size = trainer->params.size;

	moments[0] = (float)optimizer->steps;
	memcpy(moments + 1, optimizer->first, size * sizeof(float));
	if (optimizer->second)
		memcpy(moments + 1 + size, optimizer->second, size * sizeof(float));
}

int rollcast_trainer_moments_load(struct rollcast_trainer *trainer, const float *moments)
{
	struct optimizer *optimizer = &trainer->optimizer;
	size_t size = trainer->params.size;
	size_t count = rollcast_trainer_moments_size(&trainer->params.shape, &trainer->training);

	if (!trainer->kernels->all_finite(moments, count) || moments[0] < 0 || moments[0] > 0x1p24F)
		return -EINVAL;
	optimizer->steps = (uint32_t)moments[0];
	memcpy(optimizer->first, moments + 1, size * sizeof(float));
	if (optimizer->second)
		memcpy(optimizer->second, moments + 1 + size, size * sizeof(float));
	return 0;
}
