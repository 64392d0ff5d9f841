/*
 * Training: a private block of weights, the optimiser's moments, and working memory for a group
 * of windows. A batch of any size is worked off in groups whose gradients add up.
 *
 * New weights are written to a second block and the two change places only when everything turned
 * out finite; so a step that diverged has changed nothing.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/network/loss.h"
#include "lib/network/optimizer.h"
#include "lib/network/pass.h"
#include "lib/network/random.h"
#include "lib/network/vectorised.h"
#include "lib/network/weights.h"

/* Beyond this, squares no longer fit a float: as good as infinite. */
static const float HUGE_NORM = 1e15f;

struct rollcast_trainer {
	struct rollcast_shape shape;
	struct rollcast_training training;
	struct tensor_table table;
	struct pass pass;
	uint64_t random; /* of dropout */
	double steps;	 /* taken so far */

	/* All of the following lie in `memory`. */
	float *block, *next, *gradients;   /* [parameters] each */
	float *moments;			   /* [optimizer_moments x parameters] */
	float *outputs, *output_gradients; /* [PASS_WINDOWS x outputs] */
	float *quantiles;
	float *memory;
};

static bool share_is_sound(float share)
{
	return share >= 0 && share < 1;
}

static bool quantiles_are_sound(const struct rollcast_training *training, uint32_t outputs)
{
	if (training->loss != ROLLCAST_LOSS_QUANTILE)
		return true;
	if (!training->quantiles || !training->quantile_count || outputs % training->quantile_count)
		return false;
	for (uint32_t i = 0; i < training->quantile_count; i++)
		if (!(training->quantiles[i] > 0 && training->quantiles[i] < 1))
			return false;
	return true;
}

static bool training_is_sound(const struct rollcast_training *training, uint32_t outputs)
{
	return training->loss <= ROLLCAST_LOSS_QUANTILE &&
	       training->optimizer <= ROLLCAST_OPTIMIZER_SGD &&
	       share_is_sound(training->momentum) && share_is_sound(training->dropout) &&
	       training->weight_decay >= 0 && isfinite(training->weight_decay) &&
	       training->clip_norm >= 0 && quantiles_are_sound(training, outputs) &&
	       (training->loss != ROLLCAST_LOSS_HUBER ||
		(training->huber_delta > 0 && isfinite(training->huber_delta)));
}

static float *take(float **free_memory, size_t size)
{
	float *at = *free_memory;

	*free_memory += size;
	return at;
}

/* Gives every array its place; one allocation. */
static int trainer_lay_out(struct rollcast_trainer *trainer)
{
	const struct rollcast_training *training = &trainer->training;
	enum pass_use use = training->dropout > 0 ? PASS_TRAINING_DROPOUT : PASS_TRAINING;
	size_t parameters = trainer->table.parameters;
	size_t moments = optimizer_moments(training) * parameters;
	size_t outputs = (size_t)PASS_WINDOWS * trainer->shape.outputs;
	size_t quantiles = training->loss == ROLLCAST_LOSS_QUANTILE ? training->quantile_count : 0;
	size_t working = pass_init(&trainer->pass, &trainer->shape, &trainer->table, PASS_WINDOWS,
				   use, NULL);
	size_t all = 3 * parameters + moments + 2 * outputs + quantiles + working;
	float *memory = calloc(all, sizeof(*memory));

	if (!memory)
		return -ENOMEM;
	trainer->memory = memory;
	trainer->block = take(&memory, parameters);
	trainer->next = take(&memory, parameters);
	trainer->gradients = take(&memory, parameters);
	trainer->moments = take(&memory, moments);
	trainer->outputs = take(&memory, outputs);
	trainer->output_gradients = take(&memory, outputs);
	trainer->quantiles = take(&memory, quantiles);
	if (quantiles)
		memcpy(trainer->quantiles, training->quantiles, quantiles * sizeof(float));
	trainer->training.quantiles = trainer->quantiles;
	pass_init(&trainer->pass, &trainer->shape, &trainer->table, PASS_WINDOWS, use, memory);
	return 0;
}

/* The group of windows of `batch` that starts at `first`. */
static struct rollcast_batch batch_group(const struct rollcast_trainer *trainer,
					 const struct rollcast_batch *batch, uint32_t first)
{
	const struct rollcast_shape *shape = &trainer->shape;
	size_t each = trainer->training.loss == ROLLCAST_LOSS_QUANTILE
			      ? trainer->training.quantile_count
			      : 1;
	uint32_t rest = batch->count - first;

	return (struct rollcast_batch){
		.inputs = batch->inputs + (size_t)first * shape->lookback * shape->channels,
		.extras = batch->extras ? batch->extras + (size_t)first * shape->extras : NULL,
		.targets = batch->targets + first * (shape->outputs / each),
		.count = rest < PASS_WINDOWS ? rest : PASS_WINDOWS,
	};
}

/* The batch's mean loss; with `gradients` also those, added up, and with dropout. */
static double batch_loss(struct rollcast_trainer *trainer, const struct rollcast_batch *batch,
			 float *gradients)
{
	double sum = 0, count = (double)batch->count * trainer->shape.outputs;

	for (uint32_t first = 0; first < batch->count; first += PASS_WINDOWS) {
		struct rollcast_batch group = batch_group(trainer, batch, first);

		pass_forward(&trainer->pass, trainer->block, group.inputs, group.extras,
			     group.count, trainer->training.dropout,
			     gradients ? &trainer->random : NULL, trainer->outputs);
		sum += loss_sum(&trainer->training, trainer->outputs, group.targets,
				(size_t)group.count * trainer->shape.outputs, (float)(1 / count),
				trainer->output_gradients);
		if (gradients)
			pass_backward(&trainer->pass, trainer->block, group.inputs, group.extras,
				      group.count, trainer->output_gradients, gradients);
	}
	return sum / count;
}

/* The Euclidean norm; sums run side by side, so that they vectorise in their written order. */
VECTORISED static float norm_of(const float *block, size_t size)
{
	enum { LANES = 16 };
	float lanes[LANES] = {0}, sum = 0;
	size_t i = 0;

	for (; i + LANES <= size; i += LANES)
		for (size_t lane = 0; lane < LANES; lane++)
			lanes[lane] += block[i + lane] * block[i + lane];
	for (; i < size; i++)
		sum += block[i] * block[i];
	for (size_t lane = 0; lane < LANES; lane++)
		sum += lanes[lane];
	return __builtin_sqrtf(sum);
}

VECTORISED static void scale_block(float *block, size_t size, float factor)
{
	for (size_t i = 0; i < size; i++)
		block[i] *= factor;
}

static bool batch_is_sound(const struct rollcast_trainer *trainer,
			   const struct rollcast_batch *batch)
{
	return batch->count && batch->inputs && batch->targets &&
	       (batch->extras || !trainer->shape.extras);
}

int rollcast_trainer_create(const struct rollcast_weights *weights,
			    const struct rollcast_training *training,
			    struct rollcast_trainer **ret_trainer)
{
	if (!training_is_sound(training, weights->shape.outputs))
		return -EINVAL;

	CLEANUP(rollcast_trainer_destroy) struct rollcast_trainer *trainer = NULL;

	trainer = calloc(1, sizeof(*trainer));
	if (!trainer)
		return -ENOMEM;
	trainer->shape = weights->shape;
	trainer->table = weights->table;
	trainer->training = *training;
	trainer->random = training->seed;

	int r = trainer_lay_out(trainer);

	if (r)
		return r;
	memcpy(trainer->block, weights->block, weights->table.parameters * sizeof(float));
	*ret_trainer = STEAL(trainer);
	return 0;
}

void rollcast_trainer_destroy(struct rollcast_trainer *trainer)
{
	if (!trainer)
		return;
	free(trainer->memory);
	free(trainer);
}

int rollcast_trainer_step(struct rollcast_trainer *trainer, const struct rollcast_batch *batch,
			  float rate, float *ret_loss)
{
	size_t parameters = trainer->table.parameters;
	float clip = trainer->training.clip_norm;

	if (!batch_is_sound(trainer, batch) || !(rate >= 0 && isfinite(rate)))
		return -EINVAL;

	memset(trainer->gradients, 0, parameters * sizeof(float));

	double loss = batch_loss(trainer, batch, trainer->gradients);
	float norm = norm_of(trainer->gradients, parameters);

	if (!isfinite((float)loss) || !(norm < HUGE_NORM))
		return ROLLCAST_NETWORK_DIVERGED;
	if (clip > 0 && norm > clip)
		scale_block(trainer->gradients, parameters, clip / norm);
	optimizer_update(&trainer->training, rate, trainer->steps + 1, parameters,
			 trainer->gradients, trainer->moments, trainer->block, trainer->next);
	if (!(norm_of(trainer->next, parameters) < HUGE_NORM))
		return ROLLCAST_NETWORK_DIVERGED;

	float *before = trainer->block;

	trainer->block = trainer->next;
	trainer->next = before;
	trainer->steps++;
	*ret_loss = (float)loss;
	return 0;
}

int rollcast_trainer_loss(struct rollcast_trainer *trainer, const struct rollcast_batch *batch,
			  float *ret_loss)
{
	if (!batch_is_sound(trainer, batch))
		return -EINVAL;

	float loss = (float)batch_loss(trainer, batch, NULL);

	if (!isfinite(loss))
		return ROLLCAST_NETWORK_DIVERGED;
	*ret_loss = loss;
	return 0;
}

int rollcast_trainer_weights(const struct rollcast_trainer *trainer,
			     struct rollcast_weights **ret_weights)
{
	return rollcast_weights_load(&trainer->shape, trainer->block, ret_weights);
}

/* The step count, then the moments. */
size_t rollcast_trainer_moments_size(const struct rollcast_shape *shape,
				     const struct rollcast_training *training)
{
	return 1 + optimizer_moments(training) * rollcast_shape_parameters(shape);
}

void rollcast_trainer_moments_save(const struct rollcast_trainer *trainer, float *moments)
{
	size_t size = rollcast_trainer_moments_size(&trainer->shape, &trainer->training);

	moments[0] = (float)trainer->steps;
	memcpy(moments + 1, trainer->moments, (size - 1) * sizeof(float));
}

int rollcast_trainer_moments_load(struct rollcast_trainer *trainer, const float *moments)
{
	size_t size = rollcast_trainer_moments_size(&trainer->shape, &trainer->training);

	for (size_t i = 0; i < size; i++)
		if (!isfinite(moments[i]))
			return -EINVAL;
	if (moments[0] < 0)
		return -EINVAL;
	trainer->steps = moments[0];
	memcpy(trainer->moments, moments + 1, (size - 1) * sizeof(float));
	return 0;
}
