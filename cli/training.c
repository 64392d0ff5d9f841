/*
 * The loop around the library's trainer: windows gathered into a batch, one optimiser step, again.
 */
#include "cli/training.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/dice.h"

const char *const cell_words[] = {"lstm", "gru", "rnn", NULL};
const char *const activation_words[] = {"tanh", "relu", NULL};
const char *const loss_words[] = {"mae", "mse", "huber", NULL};
const char *const optimizer_words[] = {"adam", "adamw", "rmsprop", "sgd", NULL};

enum { FORECAST_BATCH = 256 };

struct network_plan network_plan_default(void)
{
	return (struct network_plan){
		.cell = ROLLCAST_CELL_LSTM,
		.activation = ROLLCAST_ACTIVATION_RELU,
		.loss = ROLLCAST_LOSS_MSE,
		.optimizer = ROLLCAST_OPTIMIZER_ADAM,
		.lookback = 10,
		.hidden = 50,
		.layers = 1,
		.horizon = 1,
		.batch = 32,
		.epochs = 100,
		.rate = 0.001,
	};
}

static struct rollcast_shape shape_of(const struct network_plan *plan)
{
	return (struct rollcast_shape){
		.cell = plan->cell,
		.activation = plan->activation,
		.layers = (uint32_t)plan->layers,
		.hidden = (uint32_t)plan->hidden,
		.channels = 1,
		.lookback = (uint32_t)plan->lookback,
		.outputs = (uint32_t)plan->horizon,
	};
}

/* Scaled values and the memory of one batch. */
struct desk {
	float *scaled; /* of values[origin ..] */
	size_t origin;
	size_t *order; /* first targets */
	size_t count;
	float *inputs, *targets;
};

static void desk_finish(struct desk *desk)
{
	free(desk->scaled);
	free(desk->order);
	free(desk->inputs);
	free(desk->targets);
}
DEFINE_CLEANUP(struct desk *, desk_finish);

static int desk_init(struct desk *desk, const struct network_plan *plan,
		     const struct lessons *lessons)
{
	size_t values = plan->lookback + (lessons->end - lessons->first) + plan->horizon - 1;

	desk->count = lessons->end - lessons->first;
	desk->origin = lessons->first - plan->lookback;
	desk->scaled = reallocarray(NULL, values, sizeof(float));
	desk->order = reallocarray(NULL, desk->count, sizeof(*desk->order));
	desk->inputs = reallocarray(NULL, plan->batch * plan->lookback, sizeof(float));
	desk->targets = reallocarray(NULL, plan->batch * plan->horizon, sizeof(float));
	if (!desk->scaled || !desk->order || !desk->inputs || !desk->targets)
		return -ENOMEM;
	for (size_t i = 0; i < values; i++)
		desk->scaled[i] =
			(float)scaling_apply(&lessons->scaling, lessons->values[desk->origin + i]);
	for (size_t i = 0; i < desk->count; i++)
		desk->order[i] = lessons->first + i;
	return 0;
}

/* Fisher and Yates. */
static void shuffle(size_t *order, size_t count, uint64_t *state)
{
	for (size_t i = count; i > 1; i--) {
		size_t other = (size_t)dice_below(state, i);
		size_t kept = order[i - 1];

		order[i - 1] = order[other];
		order[other] = kept;
	}
}

static struct rollcast_batch gather(struct desk *desk, const struct network_plan *plan, size_t from)
{
	size_t count = desk->count - from < plan->batch ? desk->count - from : plan->batch;

	for (size_t i = 0; i < count; i++) {
		const float *target = desk->scaled + (desk->order[from + i] - desk->origin);

		for (size_t j = 0; j < plan->lookback; j++)
			desk->inputs[i * plan->lookback + j] = target[j - plan->lookback];
		for (size_t j = 0; j < plan->horizon; j++)
			desk->targets[i * plan->horizon + j] = target[j];
	}
	return (struct rollcast_batch){
		.inputs = desk->inputs, .targets = desk->targets, .count = (uint32_t)count};
}

/* All windows once. 0 and the mean loss, or what the trainer says. */
static int run_epoch(struct rollcast_trainer *trainer, struct desk *desk,
		     const struct network_plan *plan, double *ret_loss)
{
	double sum = 0;

	for (size_t from = 0; from < desk->count; from += plan->batch) {
		struct rollcast_batch batch = gather(desk, plan, from);
		float loss;
		int r = rollcast_trainer_step(trainer, &batch, (float)plan->rate, &loss);

		if (r)
			return r;
		sum += (double)loss * batch.count;
	}
	*ret_loss = sum / (double)desk->count;
	return 0;
}

static int make_trainer(const struct network_plan *plan, uint64_t seed,
			struct rollcast_trainer **ret_trainer)
{
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
	struct rollcast_shape shape = shape_of(plan);
	struct rollcast_training training = {
		.loss = plan->loss,
		.huber_delta = 1,
		.optimizer = plan->optimizer,
		.seed = seed,
	};
	int r = rollcast_weights_create(&shape, seed, &weights);

	return r ? r : rollcast_trainer_create(weights, &training, ret_trainer);
}

int training_fit(const struct network_plan *plan, const struct lessons *lessons, uint64_t seed,
		 const struct training_watch *watch, struct rollcast_weights **ret_weights,
		 double *ret_loss)
{
	CLEANUP(rollcast_trainer_destroy) struct rollcast_trainer *trainer = NULL;
	struct desk desk = {0};
	CLEANUP(desk_finish) struct desk *finishing = &desk;
	uint64_t state = seed;
	double loss = 0;
	int r;

	(void)finishing;
	if (lessons->end <= lessons->first || lessons->first < plan->lookback)
		return -EINVAL;
	r = desk_init(&desk, plan, lessons);
	if (!r)
		r = make_trainer(plan, seed, &trainer);
	for (uint64_t epoch = 0; !r && epoch < plan->epochs; epoch++) {
		if (watch->stop && atomic_load_explicit(watch->stop, memory_order_relaxed))
			return TRAINING_STOPPED;
		shuffle(desk.order, desk.count, &state);
		r = run_epoch(trainer, &desk, plan, &loss);
		if (watch->epochs_done)
			atomic_fetch_add_explicit(watch->epochs_done, 1, memory_order_relaxed);
	}
	if (!r)
		r = rollcast_trainer_weights(trainer, ret_weights);
	if (!r)
		*ret_loss = loss;
	return r;
}

int training_forecast(const struct rollcast_weights *weights, const double *values,
		      const struct scaling *scaling, size_t first, size_t end,
		      double *ret_forecasts)
{
	const struct rollcast_shape *shape = rollcast_weights_shape(weights);
	size_t lookback = shape->lookback, horizon = shape->outputs;
	CLEANUP(free)
	float *scratch =
		reallocarray(NULL, rollcast_network_scratch(shape, FORECAST_BATCH), sizeof(float));
	CLEANUP(free) float *inputs = reallocarray(NULL, FORECAST_BATCH * lookback, sizeof(float));
	CLEANUP(free) float *outputs = reallocarray(NULL, FORECAST_BATCH * horizon, sizeof(float));

	if (!scratch || !inputs || !outputs)
		return -ENOMEM;
	while (first < end) {
		size_t count = end - first < FORECAST_BATCH ? end - first : FORECAST_BATCH;

		for (size_t i = 0; i < count; i++)
			for (size_t j = 0; j < lookback; j++)
				inputs[i * lookback + j] = (float)scaling_apply(
					scaling, values[first + i - lookback + j]);
		rollcast_network_forecast(weights, inputs, NULL, (uint32_t)count, scratch, outputs);
		for (size_t i = 0; i < count * horizon; i++)
			*ret_forecasts++ = scaling_undo(scaling, (double)outputs[i]);
		first += count;
	}
	return 0;
}
