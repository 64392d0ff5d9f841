/* Learning as a whole: does it learn, stop in time, repeat itself and refuse nonsense. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "rollcast/network.h"

enum { LOOKBACK = 16, HORIZON = 4, WINDOWS = 64 };

static float inputs[WINDOWS * LOOKBACK], targets[WINDOWS * HORIZON];
static const struct rollcast_batch SINE = {inputs, NULL, targets, WINDOWS};

static struct rollcast_shape shape_of(enum rollcast_cell cell)
{
	return (struct rollcast_shape){
		.cell = cell,
		.layers = 1,
		.hidden = 16,
		.channels = 1,
		.lookback = LOOKBACK,
		.outputs = HORIZON,
	};
}

static const struct rollcast_training ADAM = {
	.loss = ROLLCAST_LOSS_MSE,
	.optimizer = ROLLCAST_OPTIMIZER_ADAM,
	.clip_norm = 1,
	.seed = 1,
};

static int make_sine(void **state)
{
	(void)state;
	for (int w = 0; w < WINDOWS; w++) {
		for (int t = 0; t < LOOKBACK; t++)
			inputs[w * LOOKBACK + t] = sinf(0.4f * (float)(w + t));
		for (int h = 0; h < HORIZON; h++)
			targets[w * HORIZON + h] = sinf(0.4f * (float)(w + LOOKBACK + h));
	}
	return 0;
}

static struct rollcast_trainer *trainer_of(const struct rollcast_shape *shape,
					   const struct rollcast_training *training)
{
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
	struct rollcast_trainer *trainer = NULL;

	assert_int_equal(rollcast_weights_create(shape, 1, &weights), 0);
	assert_int_equal(rollcast_trainer_create(weights, training, &trainer), 0);
	return trainer;
}

static struct rollcast_weights *weights_of(const struct rollcast_trainer *trainer)
{
	struct rollcast_weights *weights = NULL;

	assert_int_equal(rollcast_trainer_weights(trainer, &weights), 0);
	return weights;
}

static float learn(struct rollcast_trainer *trainer, int steps, float rate)
{
	float loss;

	for (int i = 0; i < steps; i++)
		assert_int_equal(rollcast_trainer_step(trainer, &SINE, rate, &loss), 0);
	assert_int_equal(rollcast_trainer_loss(trainer, &SINE, &loss), 0);
	return loss;
}

static void assert_same_weights(const struct rollcast_trainer *a, const struct rollcast_trainer *b)
{
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *one = weights_of(a);
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *other = weights_of(b);
	size_t size = rollcast_shape_parameters(rollcast_weights_shape(one)) * sizeof(float);

	assert_memory_equal(rollcast_weights_block(one), rollcast_weights_block(other), size);
}

static void every_cell_learns_a_sine(void **state)
{
	(void)state;
	for (int cell = ROLLCAST_CELL_LSTM; cell <= ROLLCAST_CELL_RNN; cell++) {
		struct rollcast_shape shape = shape_of(cell);
		CLEANUP(rollcast_trainer_destroy)
		struct rollcast_trainer *trainer = trainer_of(&shape, &ADAM);

		assert_true(learn(trainer, 0, 0) > 0.2f);
		assert_true(learn(trainer, 400, 0.01f) < 0.001f);
	}
}

static void every_optimizer_learns_a_sine(void **state)
{
	(void)state;
	const struct {
		struct rollcast_training training;
		float rate;
	} cases[] = {
		{{.optimizer = ROLLCAST_OPTIMIZER_ADAM}, 0.01f},
		{{.optimizer = ROLLCAST_OPTIMIZER_ADAMW, .weight_decay = 0.01f}, 0.01f},
		{{.optimizer = ROLLCAST_OPTIMIZER_RMSPROP}, 0.001f},
		{{.optimizer = ROLLCAST_OPTIMIZER_RMSPROP, .momentum = 0.5f}, 0.001f},
		{{.optimizer = ROLLCAST_OPTIMIZER_SGD}, 0.1f},
		{{.optimizer = ROLLCAST_OPTIMIZER_SGD, .momentum = 0.9f}, 0.1f},
	};
	struct rollcast_shape shape = shape_of(ROLLCAST_CELL_LSTM);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rollcast_training training = cases[i].training;

		training.loss = ROLLCAST_LOSS_MSE;

		CLEANUP(rollcast_trainer_destroy)
		struct rollcast_trainer *trainer = trainer_of(&shape, &training);

		assert_true(learn(trainer, 400, cases[i].rate) < 0.05f);
	}
}

/*
 * The first Adam step moves every weight by the rate, whatever the size of its gradient; less only
 * where that is near Adam's epsilon.
 */
static void first_adam_step_has_the_length_of_the_rate(void **state)
{
	(void)state;
	struct rollcast_shape shape = shape_of(ROLLCAST_CELL_GRU);
	CLEANUP(rollcast_trainer_destroy)
	struct rollcast_trainer *trainer = trainer_of(&shape, &ADAM);
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *before = weights_of(trainer);

	learn(trainer, 1, 0.01f);

	CLEANUP(rollcast_weights_unref) struct rollcast_weights *after = weights_of(trainer);

	size_t size = rollcast_shape_parameters(&shape), full = 0;

	for (size_t i = 0; i < size; i++) {
		float way =
			fabsf(rollcast_weights_block(after)[i] - rollcast_weights_block(before)[i]);

		assert_true(way < 0.01001f);
		full += way > 0.0099f;
	}
	assert_true(full > size * 98 / 100);
}

static void clipping_bounds_the_step(void **state)
{
	(void)state;
	struct rollcast_shape shape = shape_of(ROLLCAST_CELL_LSTM);
	struct rollcast_training training = {
		.loss = ROLLCAST_LOSS_MSE,
		.optimizer = ROLLCAST_OPTIMIZER_SGD,
		.clip_norm = 1e-2f,
	};
	CLEANUP(rollcast_trainer_destroy)
	struct rollcast_trainer *trainer = trainer_of(&shape, &training);
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *before = weights_of(trainer);

	learn(trainer, 1, 1);

	CLEANUP(rollcast_weights_unref) struct rollcast_weights *after = weights_of(trainer);
	double squared = 0;

	for (size_t i = 0; i < rollcast_shape_parameters(&shape); i++) {
		double way = rollcast_weights_block(after)[i] - rollcast_weights_block(before)[i];

		squared += way * way;
	}
	assert_float_equal(sqrt(squared), 1e-2, 1e-5);
}

/* At a median far from centred noise, a 0.9 quantile has nine targets in ten below it. */
static void quantiles_settle_where_their_share_lies_below(void **state)
{
	(void)state;
	static float noise[100], flat[100 * LOOKBACK];
	const float levels[] = {0.1f, 0.9f};
	struct rollcast_shape shape = shape_of(ROLLCAST_CELL_RNN);
	struct rollcast_training training = {
		.loss = ROLLCAST_LOSS_QUANTILE,
		.quantiles = levels,
		.quantile_count = 2,
		.optimizer = ROLLCAST_OPTIMIZER_ADAM,
	};
	const struct rollcast_batch batch = {flat, NULL, noise, 100};
	float loss, scratch[20000], outputs[2];

	for (int i = 0; i < 100; i++)
		noise[i] = (float)(i + 1) / 100;
	shape.outputs = 2;

	CLEANUP(rollcast_trainer_destroy)
	struct rollcast_trainer *trainer = trainer_of(&shape, &training);

	for (int i = 0; i < 1500; i++)
		assert_int_equal(rollcast_trainer_step(trainer, &batch, 0.002f, &loss), 0);

	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = weights_of(trainer);

	assert_true(rollcast_network_scratch(&shape, 1) <= sizeof(scratch) / sizeof(*scratch));
	rollcast_network_forecast(weights, flat, NULL, 1, scratch, outputs);
	assert_float_equal(outputs[0], 0.1, 0.02);
	assert_float_equal(outputs[1], 0.9, 0.02);
}

static void divergence_is_seen_and_leaves_the_weights_unchanged(void **state)
{
	(void)state;
	struct rollcast_shape shape = shape_of(ROLLCAST_CELL_LSTM);
	CLEANUP(rollcast_trainer_destroy)
	struct rollcast_trainer *trainer = trainer_of(&shape, &ADAM);
	CLEANUP(rollcast_trainer_destroy)
	struct rollcast_trainer *untouched = trainer_of(&shape, &ADAM);
	const float bad[] = {NAN, INFINITY, -INFINITY, 3e38f};
	float loss = 42;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		float good = targets[7];

		targets[7] = bad[i];
		assert_int_equal(rollcast_trainer_step(trainer, &SINE, 0.01f, &loss),
				 ROLLCAST_NETWORK_DIVERGED);
		assert_int_equal(rollcast_trainer_loss(trainer, &SINE, &loss),
				 ROLLCAST_NETWORK_DIVERGED);
		targets[7] = good;
	}
	inputs[9] = NAN;
	assert_int_equal(rollcast_trainer_step(trainer, &SINE, 0.01f, &loss),
			 ROLLCAST_NETWORK_DIVERGED);
	make_sine(NULL);
	assert_int_equal(rollcast_trainer_step(trainer, &SINE, 1e30f, &loss),
			 ROLLCAST_NETWORK_DIVERGED);
	assert_true(loss == 42);
	assert_same_weights(trainer, untouched);
	assert_int_equal(rollcast_trainer_step(trainer, &SINE, 0.01f, &loss), 0);
}

static void same_seed_gives_the_same_bits(void **state)
{
	(void)state;
	struct rollcast_shape shape = shape_of(ROLLCAST_CELL_GRU);
	struct rollcast_training training = ADAM;

	shape.layers = 2;
	training.dropout = 0.3f;

	CLEANUP(rollcast_trainer_destroy)
	struct rollcast_trainer *a = trainer_of(&shape, &training);
	CLEANUP(rollcast_trainer_destroy)
	struct rollcast_trainer *b = trainer_of(&shape, &training);

	learn(a, 20, 0.01f);
	learn(b, 20, 0.01f);
	assert_same_weights(a, b);
}

static void training_goes_on_from_saved_weights_and_moments(void **state)
{
	(void)state;
	struct rollcast_shape shape = shape_of(ROLLCAST_CELL_LSTM);
	CLEANUP(rollcast_trainer_destroy)
	struct rollcast_trainer *whole = trainer_of(&shape, &ADAM);
	CLEANUP(rollcast_trainer_destroy) struct rollcast_trainer *resumed = NULL;

	learn(whole, 10, 0.01f);

	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = weights_of(whole);
	CLEANUP(free)
	float *moments = malloc(rollcast_trainer_moments_size(&shape, &ADAM) * sizeof(float));

	rollcast_trainer_moments_save(whole, moments);
	assert_int_equal(rollcast_trainer_create(weights, &ADAM, &resumed), 0);
	assert_int_equal(rollcast_trainer_moments_load(resumed, moments), 0);
	learn(whole, 10, 0.01f);
	learn(resumed, 10, 0.01f);
	assert_same_weights(whole, resumed);

	moments[3] = NAN;
	assert_int_equal(rollcast_trainer_moments_load(resumed, moments), -EINVAL);
}

static void nonsense_is_refused(void **state)
{
	(void)state;
	struct rollcast_shape shape = shape_of(ROLLCAST_CELL_LSTM);
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
	struct rollcast_trainer *trainer = NULL;
	const float level = 1;
	const struct rollcast_training bad[] = {
		{.dropout = 1},
		{.momentum = -0.1f},
		{.weight_decay = NAN},
		{.loss = ROLLCAST_LOSS_HUBER},
		{.loss = ROLLCAST_LOSS_QUANTILE},
		{.loss = ROLLCAST_LOSS_QUANTILE, .quantiles = &level, .quantile_count = 1},
	};

	assert_int_equal(rollcast_weights_create(&shape, 1, &weights), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(rollcast_trainer_create(weights, &bad[i], &trainer), -EINVAL);
	shape.hidden = 0;
	assert_int_equal(rollcast_shape_parameters(&shape), 0);
	assert_int_equal(rollcast_weights_create(&shape, 1, &weights), -EINVAL);
	assert_int_equal(rollcast_weights_load(&shape, inputs, &weights), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_learns_a_sine),
		cmocka_unit_test(every_optimizer_learns_a_sine),
		cmocka_unit_test(first_adam_step_has_the_length_of_the_rate),
		cmocka_unit_test(clipping_bounds_the_step),
		cmocka_unit_test(quantiles_settle_where_their_share_lies_below),
		cmocka_unit_test(divergence_is_seen_and_leaves_the_weights_unchanged),
		cmocka_unit_test(same_seed_gives_the_same_bits),
		cmocka_unit_test(training_goes_on_from_saved_weights_and_moments),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, make_sine, NULL);
}
