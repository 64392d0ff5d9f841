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

const char *const schedule_words[] = {"constant", "step", "cosine", NULL};

enum {
	FORECAST_BATCH = 256,
	HOLD_BACK = 10, /* early stopping judges by the last tenth of the windows */
};

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
		.skip = plan->skip,
	};
}

/* Over the whole training: a tenth of the rate after each third of it, or half a cosine down to nothing. */
static struct rollcast_schedule schedule_of(const struct network_plan *plan, size_t windows)
{
	uint64_t steps = plan->epochs * ((windows + plan->batch - 1) / plan->batch);
	uint64_t period = plan->schedule == ROLLCAST_SCHEDULE_STEP ? (steps + 2) / 3 : steps;

	return (struct rollcast_schedule){
		.kind = plan->schedule,
		.rate = (float)plan->rate,
		.period = period < UINT32_MAX ? (uint32_t)period : UINT32_MAX,
		.factor = 0.1f,
	};
}

/* Scaled values and the memory of one batch. */
struct desk {
	float *scaled; /* of values[origin ..] */
	size_t origin;
	size_t *order; /* first targets: [count] to train on, then [held] to judge by */
	size_t count, held;
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
	size_t windows = lessons->end - lessons->first;
	size_t values = plan->lookback + windows + plan->horizon - 1;

	desk->held = plan->patience ? (windows + HOLD_BACK - 1) / HOLD_BACK : 0;
	if (desk->held >= windows)
		return -EINVAL;
	desk->count = windows - desk->held;
	desk->origin = lessons->first - plan->lookback;
	desk->scaled = reallocarray(NULL, values, sizeof(float));
	desk->order = reallocarray(NULL, windows, sizeof(*desk->order));
	desk->inputs = reallocarray(NULL, plan->batch * plan->lookback, sizeof(float));
	desk->targets = reallocarray(NULL, plan->batch * plan->horizon, sizeof(float));
	if (!desk->scaled || !desk->order || !desk->inputs || !desk->targets)
		return -ENOMEM;
	for (size_t i = 0; i < values; i++)
		desk->scaled[i] =
			(float)scaling_apply(&lessons->scaling, lessons->values[desk->origin + i]);
	for (size_t i = 0; i < windows; i++)
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

/* The batch of windows from `from` on, but none at or beyond `end`. */
static struct rollcast_batch gather(struct desk *desk, const struct network_plan *plan, size_t from,
				    size_t end)
{
	size_t count = end - from < plan->batch ? end - from : plan->batch;

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

/* A training under way. */
struct course {
	const struct network_plan *plan;
	struct desk desk;
	struct rollcast_schedule schedule;
	struct rollcast_trainer *trainer;
	uint32_t step; /* optimiser steps so far */
	double loss;   /* of the last epoch */

	struct rollcast_weights *best; /* by the windows held back; NULL: none yet */
	double best_loss;
	uint64_t epochs_since;
};

static void course_finish(struct course *course)
{
	desk_finish(&course->desk);
	rollcast_trainer_destroy(course->trainer);
	rollcast_weights_unref(course->best);
}
DEFINE_CLEANUP(struct course *, course_finish);

/* All windows once. 0, or what the trainer says. */
static int run_epoch(struct course *course)
{
	struct desk *desk = &course->desk;
	double sum = 0;

	for (size_t from = 0; from < desk->count; from += course->plan->batch) {
		struct rollcast_batch batch = gather(desk, course->plan, from, desk->count);
		float rate = rollcast_schedule_rate(&course->schedule, course->step++);
		float loss;
		int r = rollcast_trainer_step(course->trainer, &batch, rate, &loss);

		if (r)
			return r;
		sum += (double)loss * batch.count;
	}
	course->loss = sum / (double)desk->count;
	return 0;
}

/* Judges by the windows held back and keeps the best weights. 0, or what the trainer says. */
static int judge_epoch(struct course *course)
{
	struct desk *desk = &course->desk;
	size_t end = desk->count + desk->held;
	double sum = 0;

	for (size_t from = desk->count; from < end; from += course->plan->batch) {
		struct rollcast_batch batch = gather(desk, course->plan, from, end);
		float loss;
		int r = rollcast_trainer_loss(course->trainer, &batch, &loss);

		if (r)
			return r;
		sum += (double)loss * batch.count;
	}
	course->epochs_since++;
	if (course->best && sum / (double)desk->held >= course->best_loss)
		return 0;
	rollcast_weights_unref(course->best);
	course->best = NULL;
	course->best_loss = sum / (double)desk->held;
	course->epochs_since = 0;
	return rollcast_trainer_weights(course->trainer, &course->best);
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
		.weight_decay = (float)plan->weight_decay,
		.clip_norm = (float)plan->clip_norm,
		.dropout = (float)plan->dropout,
		.seed = seed,
	};
	int r = rollcast_weights_create(&shape, seed, &weights);

	return r ? r : rollcast_trainer_create(weights, &training, ret_trainer);
}

/* The epochs, until they are all run or the windows held back say that it is enough. */
static int run_course(struct course *course, uint64_t seed, const struct training_watch *watch)
{
	const struct network_plan *plan = course->plan;
	uint64_t state = seed, epoch;
	int r = 0;

	for (epoch = 0; !r && epoch < plan->epochs; epoch++) {
		if (watch->stop && atomic_load_explicit(watch->stop, memory_order_relaxed))
			return TRAINING_STOPPED;
		shuffle(course->desk.order, course->desk.count, &state);
		r = run_epoch(course);
		if (!r && plan->patience)
			r = judge_epoch(course);
		if (watch->epochs_done)
			atomic_fetch_add_explicit(watch->epochs_done, 1, memory_order_relaxed);
		if (plan->patience && course->epochs_since >= plan->patience)
			break;
	}
	if (watch->epochs_done &&
	    epoch < plan->epochs) /* those that are not needed count as done */
		atomic_fetch_add_explicit(watch->epochs_done, plan->epochs - epoch - 1,
					  memory_order_relaxed);
	return r;
}

int training_fit(const struct network_plan *plan, const struct lessons *lessons, uint64_t seed,
		 const struct training_watch *watch, struct rollcast_weights **ret_weights,
		 double *ret_loss)
{
	struct course course = {.plan = plan};
	CLEANUP(course_finish) struct course *finishing = &course;
	int r;

	(void)finishing;
	if (lessons->end <= lessons->first || lessons->first < plan->lookback)
		return -EINVAL;
	r = desk_init(&course.desk, plan, lessons);
	if (!r)
		r = make_trainer(plan, seed, &course.trainer);
	if (r)
		return r;
	course.schedule = schedule_of(plan, course.desk.count);
	r = run_course(&course, seed, watch);
	if (r)
		return r;
	if (course.best) {
		*ret_weights = STEAL(course.best);
		*ret_loss = course.best_loss;
		return 0;
	}
	*ret_loss = course.loss;
	return rollcast_trainer_weights(course.trainer, ret_weights);
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
