/* Gradients against finite differences of a reference in double; what a training promises. */
#include "tests/network/support.h"

#include <errno.h>

#include "lib/network/trainer.h"
#include "tests/network/reference.h"

static double *block_in_double(const struct rollcast_weights *weights, size_t count)
{
	double *block = malloc(count * sizeof(*block));

	for (size_t i = 0; i < count; i++)
		block[i] = (double)rollcast_weights_block(weights)[i];
	return block;
}

/*
 * The largest difference between our gradient and central differences, over the norm of what was
 * compared: all parameters, of large networks some hundreds spread over the block.
 */
static double gradient_error(const struct rollcast_shape *shape,
			     const struct rollcast_training *training,
			     const struct rollcast_weights *weights,
			     const struct rollcast_batch *batch, const float *gradient)
{
	size_t count = rollcast_shape_parameters(shape);
	double *block = block_in_double(weights, count), squares = 0, worst = 0, step = 1e-6;
	size_t stride = count < 300 ? 1 : count / 300 + 1;

	for (size_t i = 0; i < count; i += stride) {
		double value = block[i];

		block[i] = value + step;
		double above = reference_loss(shape, training, block, batch);

		block[i] = value - step;
		double below = reference_loss(shape, training, block, batch);
		double slope = (above - below) / (2 * step);

		block[i] = value;
		squares += slope * slope;
		worst = fmax(worst, fabs(slope - (double)gradient[i]));
	}
	free(block);
	return worst / sqrt(squares);
}

static void check_gradient(const struct rollcast_shape *shape,
			   const struct rollcast_training *training, uint32_t rows)
{
	uint32_t levels = training->loss == ROLLCAST_LOSS_QUANTILE ? training->quantile_count : 1;
	struct test_batch batch = test_batch_create(shape, shape->outputs / levels, rows, 7);
	struct rollcast_weights *weights = test_weights(shape, 11);
	struct rollcast_trainer *trainer = NULL;
	size_t count = rollcast_shape_parameters(shape);
	float *gradient = malloc(count * sizeof(*gradient)), loss = 0;

	assert_int_equal(rollcast_trainer_create(weights, training, &trainer), 0);
	assert_int_equal(trainer_gradient(trainer, &batch.batch, gradient, &loss), 0);
	double *block = block_in_double(weights, count);
	double expected = reference_loss(shape, training, block, &batch.batch);
	double error = gradient_error(shape, training, weights, &batch.batch, gradient);

	if (fabs((double)loss / expected - 1) > 1e-5 || error > 2e-5)
		fail_msg("cell %d activation %d loss %d layers %u hidden %u: loss %g, expected %g, "
			 "gradient off by %g",
			 shape->cell, shape->activation, training->loss, shape->layers,
			 shape->hidden, (double)loss, expected, error);
	free(block);
	free(gradient);
	rollcast_trainer_destroy(trainer);
	rollcast_weights_unref(weights);
	test_batch_destroy(&batch);
}

static struct rollcast_training training_of(enum rollcast_loss loss)
{
	return (struct rollcast_training){
		.loss = loss,
		.huber_delta = 0.7F,
		.quantiles = test_quantiles,
		.quantile_count = 3,
	};
}

static void gradients_of_all_cells_match_finite_differences(void **state)
{
	(void)state;
	for (size_t i = 0; test_kernels[i]; i++) {
		if (!test_select(test_kernels[i]))
			continue;
		for (int cell = 0; cell < CELLS; cell++)
			for (int activation = 0; activation < ACTIVATIONS; activation++)
				for (int loss = 0; loss < 4; loss++)
					for (uint32_t layers = 1; layers <= 3; layers++) {
						struct rollcast_shape shape = {.cell = cell,
									       .activation =
										       activation,
									       .layers = layers,
									       .hidden = 5,
									       .channels = 1,
									       .lookback = 4,
									       .outputs = 6};
						struct rollcast_training training =
							training_of(loss);

						check_gradient(&shape, &training, 3);
					}
	}
	test_select(NULL);
}

static void gradients_with_skip_extras_and_channels_match(void **state)
{
	(void)state;
	for (int cell = 0; cell < CELLS; cell++)
		for (uint32_t layers = 1; layers <= 2; layers++)
			for (int skip = 0; skip < 2; skip++) {
				struct rollcast_shape shape = {.cell = cell,
							       .layers = layers,
							       .hidden = 4,
							       .channels = 3,
							       .lookback = 5,
							       .extras = 2,
							       .outputs = 3,
							       .skip = skip};
				struct rollcast_training training = training_of(ROLLCAST_LOSS_MSE);

				check_gradient(&shape, &training, 5);
			}
}

/* Units beyond one vector, odd numbers of vectors, rows beyond one tile and one group. */
static void gradients_of_all_sizes_match_on_all_kernels(void **state)
{
	static const struct {
		uint32_t hidden, rows, layers;
	} sizes[] = {{1, 1, 1}, {7, 2, 2}, {16, 9, 1}, {20, 70, 2}, {33, 13, 1}, {40, 5, 2}};

	(void)state;
	for (size_t i = 0; test_kernels[i]; i++) {
		if (!test_select(test_kernels[i]))
			continue;
		for (int cell = 0; cell < CELLS; cell++)
			for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
				struct rollcast_shape shape = {.cell = cell,
							       .activation = k % 2,
							       .layers = sizes[k].layers,
							       .hidden = sizes[k].hidden,
							       .channels = 1 + k % 3,
							       .lookback = 2,
							       .outputs = 1};
				struct rollcast_training training = training_of(ROLLCAST_LOSS_MSE);

				check_gradient(&shape, &training, sizes[k].rows);
			}
	}
	test_select(NULL);
}

static const struct rollcast_shape small = {
	.layers = 2, .hidden = 9, .channels = 1, .lookback = 8, .outputs = 2, .skip = true};

/* Trains `steps` steps on `batch` and gives the last loss. */
static float train(struct rollcast_trainer *trainer, const struct rollcast_batch *batch,
		   uint32_t steps, float rate)
{
	float loss = NAN;

	for (uint32_t i = 0; i < steps; i++)
		assert_int_equal(rollcast_trainer_step(trainer, batch, rate, &loss), 0);
	return loss;
}

static struct rollcast_trainer *trainer_of(const struct rollcast_shape *shape,
					   const struct rollcast_training *training)
{
	struct rollcast_weights *weights = NULL;
	struct rollcast_trainer *trainer = NULL;

	assert_int_equal(rollcast_weights_create(shape, 3, &weights), 0);
	assert_int_equal(rollcast_trainer_create(weights, training, &trainer), 0);
	rollcast_weights_unref(weights);
	return trainer;
}

static void assert_same_weights(const struct rollcast_trainer *a, const struct rollcast_trainer *b,
				const struct rollcast_shape *shape)
{
	struct rollcast_weights *left = NULL, *right = NULL;
	size_t size = rollcast_shape_parameters(shape) * sizeof(float);

	assert_int_equal(rollcast_trainer_weights(a, &left), 0);
	assert_int_equal(rollcast_trainer_weights(b, &right), 0);
	assert_memory_equal(rollcast_weights_block(left), rollcast_weights_block(right), size);
	rollcast_weights_unref(left);
	rollcast_weights_unref(right);
}

static void same_seed_gives_the_same_bits(void **state)
{
	struct rollcast_training training = {.loss = ROLLCAST_LOSS_MAE, .dropout = 0.3F, .seed = 5};
	struct test_batch batch = test_batch_create(&small, 2, 50, 1);
	struct rollcast_trainer *a = trainer_of(&small, &training);
	struct rollcast_trainer *b = trainer_of(&small, &training);

	(void)state;
	assert_true(train(a, &batch.batch, 20, 0.01F) == train(b, &batch.batch, 20, 0.01F));
	assert_same_weights(a, b, &small);
	rollcast_trainer_destroy(a);
	rollcast_trainer_destroy(b);
	test_batch_destroy(&batch);
}

static void dropout_changes_what_is_learnt_but_not_the_loss_that_is_measured(void **state)
{
	struct rollcast_training training = {.loss = ROLLCAST_LOSS_MSE, .dropout = 0.5F, .seed = 5};
	struct rollcast_training without = {.loss = ROLLCAST_LOSS_MSE};
	struct test_batch batch = test_batch_create(&small, 2, 10, 1);
	struct rollcast_trainer *a = trainer_of(&small, &training);
	struct rollcast_trainer *b = trainer_of(&small, &without);
	float measured_a, measured_b, learnt_a, learnt_b;

	(void)state;
	assert_int_equal(rollcast_trainer_loss(a, &batch.batch, &measured_a), 0);
	assert_int_equal(rollcast_trainer_loss(b, &batch.batch, &measured_b), 0);
	assert_true(measured_a == measured_b);
	assert_int_equal(rollcast_trainer_step(a, &batch.batch, 0.01F, &learnt_a), 0);
	assert_int_equal(rollcast_trainer_step(b, &batch.batch, 0.01F, &learnt_b), 0);
	assert_true(learnt_b == measured_b);
	assert_true(learnt_a != measured_a);
	rollcast_trainer_destroy(a);
	rollcast_trainer_destroy(b);
	test_batch_destroy(&batch);
}

static void what_is_not_finite_diverges_and_leaves_the_weights(void **state)
{
	static const float bad[] = {NAN, INFINITY, -INFINITY};

	(void)state;
	for (size_t i = 0; test_kernels[i]; i++) {
		if (!test_select(test_kernels[i]))
			continue;
		for (int cell = 0; cell < CELLS; cell++)
			for (size_t k = 0; k < 9; k++) {
				struct rollcast_shape shape = small;
				struct rollcast_training training = {.loss = ROLLCAST_LOSS_MAE};
				shape.cell = cell;
				shape.activation = k % 2;
				shape.extras = 1;
				struct test_batch batch = test_batch_create(&shape, 2, 40, 1);
				struct rollcast_trainer *a = trainer_of(&shape, &training);
				struct rollcast_trainer *b = trainer_of(&shape, &training);
				float *arrays[] = {batch.inputs, batch.targets, batch.extras};
				float loss = 42;

				arrays[k / 3][13] = bad[k % 3];
				assert_int_equal(
					rollcast_trainer_step(a, &batch.batch, 0.01F, &loss),
					ROLLCAST_NETWORK_DIVERGED);
				assert_int_equal(rollcast_trainer_loss(a, &batch.batch, &loss),
						 ROLLCAST_NETWORK_DIVERGED);
				assert_true(loss == 42);
				assert_same_weights(a, b, &shape);
				rollcast_trainer_destroy(a);
				rollcast_trainer_destroy(b);
				test_batch_destroy(&batch);
			}
	}
	test_select(NULL);
}

static void overflowing_losses_and_updates_diverge(void **state)
{
	struct rollcast_training training = {.loss = ROLLCAST_LOSS_MSE,
					     .optimizer = ROLLCAST_OPTIMIZER_SGD};
	struct test_batch batch = test_batch_create(&small, 2, 4, 1);
	struct rollcast_trainer *a = trainer_of(&small, &training);
	struct rollcast_trainer *b = trainer_of(&small, &training);
	float loss;

	(void)state;
	batch.targets[0] = 1e4F;
	assert_int_equal(rollcast_trainer_step(a, &batch.batch, 3e38F, &loss),
			 ROLLCAST_NETWORK_DIVERGED);
	batch.targets[0] = 1e30F; /* its square is not */
	assert_int_equal(rollcast_trainer_step(a, &batch.batch, 0.1F, &loss),
			 ROLLCAST_NETWORK_DIVERGED);
	assert_same_weights(a, b, &small);
	rollcast_trainer_destroy(a);
	rollcast_trainer_destroy(b);
	test_batch_destroy(&batch);
}

/* Windows of a sine and the values that follow. */
static struct test_batch sine_batch(const struct rollcast_shape *shape, uint32_t count)
{
	struct test_batch batch = test_batch_create(shape, shape->outputs, count, 1);

	for (uint32_t row = 0; row < count; row++) {
		for (uint32_t t = 0; t < shape->lookback; t++)
			batch.inputs[row * shape->lookback + t] = sinf(0.4F * (float)(row + t));
		for (uint32_t h = 0; h < shape->outputs; h++)
			batch.targets[row * shape->outputs + h] =
				sinf(0.4F * (float)(row + shape->lookback + h));
	}
	return batch;
}

static void all_cells_learn_a_sine_with_all_optimizers(void **state)
{
	static const float rates[] = {0.01F, 0.01F, 0.003F, 0.05F};

	(void)state;
	for (int cell = 0; cell < CELLS; cell++)
		for (int optimizer = 0; optimizer < 4; optimizer++) {
			struct rollcast_shape shape = {.cell = cell,
						       .layers = 1,
						       .hidden = 12,
						       .channels = 1,
						       .lookback = 10,
						       .outputs = 2};
			struct rollcast_training training = {.loss = ROLLCAST_LOSS_MSE,
							     .optimizer = optimizer,
							     .momentum = optimizer == 3 ? 0.9F : 0,
							     .clip_norm = 1};
			struct test_batch batch = sine_batch(&shape, 64);
			struct rollcast_trainer *trainer = trainer_of(&shape, &training);
			float last = train(trainer, &batch.batch, 400, rates[optimizer]);

			if (last > 0.01F)
				fail_msg("cell %d optimizer %d: loss %g", cell, optimizer,
					 (double)last);
			rollcast_trainer_destroy(trainer);
			test_batch_destroy(&batch);
		}
}

static void quantiles_learn_their_share(void **state)
{
	struct rollcast_shape shape = {
		.layers = 1, .hidden = 4, .channels = 1, .lookback = 2, .outputs = 3};
	struct rollcast_training training = training_of(ROLLCAST_LOSS_QUANTILE);
	struct test_batch batch = test_batch_create(&shape, 1, 1000, 4);
	struct rollcast_weights *weights = NULL;

	(void)state;
	memset(batch.inputs, 0, 2000 * sizeof(float));
	struct rollcast_trainer *trainer = trainer_of(&shape, &training);

	train(trainer, &batch.batch, 1500, 0.01F);
	assert_int_equal(rollcast_trainer_weights(trainer, &weights), 0);
	float *scratch = malloc(rollcast_network_scratch(&shape, 1) * sizeof(float)), outputs[3];

	rollcast_network_forecast(weights, batch.inputs, NULL, 1, scratch, outputs);
	for (int i = 0; i < 3; i++) {
		int below = 0;

		for (int row = 0; row < 1000; row++)
			below += batch.targets[row] < outputs[i];
		assert_true(fabsf((float)below / 1000 - test_quantiles[i]) < 0.03F);
	}
	free(scratch);
	rollcast_weights_unref(weights);
	rollcast_trainer_destroy(trainer);
	test_batch_destroy(&batch);
}

static void a_warm_start_with_moments_goes_on_as_if_never_stopped(void **state)
{
	(void)state;
	for (int optimizer = 0; optimizer < 4; optimizer++) {
		struct rollcast_training training = {.loss = ROLLCAST_LOSS_HUBER,
						     .huber_delta = 1,
						     .optimizer = optimizer,
						     .momentum = 0.5F,
						     .weight_decay = 0.01F};
		struct test_batch batch = test_batch_create(&small, 2, 20, 9);
		struct rollcast_trainer *a = trainer_of(&small, &training), *b = NULL;
		struct rollcast_weights *weights = NULL;
		size_t count = rollcast_trainer_moments_size(&small, &training);
		float *moments = malloc(count * sizeof(float));

		train(a, &batch.batch, 7, 0.01F);
		assert_int_equal(rollcast_trainer_weights(a, &weights), 0);
		rollcast_trainer_moments_save(a, moments);
		assert_int_equal(rollcast_trainer_create(weights, &training, &b), 0);
		assert_int_equal(rollcast_trainer_moments_load(b, moments), 0);
		assert_true(train(a, &batch.batch, 5, 0.01F) == train(b, &batch.batch, 5, 0.01F));
		assert_same_weights(a, b, &small);
		moments[count - 1] = NAN;
		assert_int_equal(rollcast_trainer_moments_load(b, moments), -EINVAL);
		free(moments);
		rollcast_weights_unref(weights);
		rollcast_trainer_destroy(a);
		rollcast_trainer_destroy(b);
		test_batch_destroy(&batch);
	}
}

/* The weights after one step minus those before, from one seed, for whatever the batch teaches. */
static void first_step(const struct rollcast_training *training, const struct rollcast_batch *batch,
		       float rate, float *ret_change)
{
	struct rollcast_trainer *trainer = trainer_of(&small, training);
	struct rollcast_weights *before = NULL, *after = NULL;

	assert_int_equal(rollcast_trainer_weights(trainer, &before), 0);
	train(trainer, batch, 1, rate);
	assert_int_equal(rollcast_trainer_weights(trainer, &after), 0);
	for (size_t i = 0; i < rollcast_shape_parameters(&small); i++)
		ret_change[i] =
			rollcast_weights_block(after)[i] - rollcast_weights_block(before)[i];
	rollcast_weights_unref(before);
	rollcast_weights_unref(after);
	rollcast_trainer_destroy(trainer);
}

static void the_first_step_of_adam_has_the_length_of_the_rate(void **state)
{
	struct rollcast_training training = {.loss = ROLLCAST_LOSS_MSE};
	struct test_batch batch = test_batch_create(&small, 2, 20, 1);
	size_t count = rollcast_shape_parameters(&small);
	float *change = malloc(count * sizeof(*change));

	(void)state;
	first_step(&training, &batch.batch, 0.01F, change);
	size_t whole_steps = 0;

	for (size_t i = 0; i < count; i++) {
		assert_true(fabsf(change[i]) < 0.01F + 1e-6F);
		whole_steps += fabsf(change[i]) > 0.01F - 1e-5F;
	}
	/* Where the gradient is as small as epsilon, so is the step. */
	assert_true(whole_steps > count * 8 / 10);
	free(change);
	test_batch_destroy(&batch);
}

static void clipping_bounds_the_norm_of_the_gradient_and_keeps_its_direction(void **state)
{
	struct rollcast_training training = {.loss = ROLLCAST_LOSS_MSE,
					     .optimizer = ROLLCAST_OPTIMIZER_SGD};
	struct test_batch batch = test_batch_create(&small, 2, 20, 1);
	size_t count = rollcast_shape_parameters(&small);
	float *whole = malloc(count * sizeof(*whole)), *clipped = malloc(count * sizeof(*clipped));
	double norm = 0, product = 0, clipped_norm = 0;

	(void)state;
	first_step(&training, &batch.batch, 1, whole);
	training.clip_norm = 0.1F;
	first_step(&training, &batch.batch, 1, clipped);
	for (size_t i = 0; i < count; i++) {
		norm += (double)(whole[i] * whole[i]);
		clipped_norm += (double)(clipped[i] * clipped[i]);
		product += (double)(whole[i] * clipped[i]);
	}
	assert_true(sqrt(norm) > 0.2);
	assert_true(fabs(sqrt(clipped_norm) - 0.1) < 1e-4);
	assert_true(product / sqrt(norm * clipped_norm) > 0.9999);
	free(whole);
	free(clipped);
	test_batch_destroy(&batch);
}

/* The same seed drops the same units, so the loss must rise along the gradient by its square. */
static void gradients_with_dropout_point_where_the_loss_rises(void **state)
{
	const float nudge = 0.02F;

	(void)state;
	for (int cell = 0; cell < CELLS; cell++) {
		struct rollcast_shape shape = small;
		struct rollcast_training training = {.loss = ROLLCAST_LOSS_MSE, .dropout = 0.4F};
		struct test_batch batch;
		size_t count;
		double squares = 0;
		float losses[2];

		shape.cell = cell;
		count = rollcast_shape_parameters(&shape);
		batch = test_batch_create(&shape, 2, 50, 1);
		float *gradient = calloc(count, sizeof(float)),
		      *moved = malloc(count * sizeof(float));

		for (int side = 0; side < 3; side++) {
			struct rollcast_weights *weights = test_weights(&shape, 8), *other = NULL;
			struct rollcast_trainer *trainer = NULL;

			for (size_t i = 0; side && i < count; i++)
				moved[i] = rollcast_weights_block(weights)[i] +
					   (side == 1 ? nudge : -nudge) * gradient[i];
			if (side)
				assert_int_equal(rollcast_weights_load(&shape, moved, &other), 0);
			assert_int_equal(rollcast_trainer_create(side ? other : weights, &training,
								 &trainer),
					 0);
			assert_int_equal(trainer_gradient(trainer, &batch.batch,
							  side ? moved : gradient,
							  &losses[side > 1]),
					 0);
			rollcast_trainer_destroy(trainer);
			rollcast_weights_unref(weights);
			rollcast_weights_unref(other);
		}
		for (size_t i = 0; i < count; i++)
			squares += (double)(gradient[i] * gradient[i]);
		double rise = (double)(losses[0] - losses[1]) / (double)(2 * nudge);

		assert_true(fabs(rise / squares - 1) < 0.01);
		free(gradient);
		free(moved);
		test_batch_destroy(&batch);
	}
}

static void impossible_steps_are_refused(void **state)
{
	struct rollcast_training training = {.loss = ROLLCAST_LOSS_MSE};
	struct rollcast_shape shape = small;
	struct test_batch batch = test_batch_create(&small, 2, 4, 1);
	float loss = 42;

	(void)state;
	shape.extras = 2;
	struct rollcast_trainer *trainer = trainer_of(&shape, &training);

	batch.batch.extras = NULL;
	assert_int_equal(rollcast_trainer_step(trainer, &batch.batch, 0.1F, &loss), -EINVAL);
	batch.batch.extras = batch.targets;
	assert_int_equal(rollcast_trainer_step(trainer, &batch.batch, -0.1F, &loss), -EINVAL);
	assert_int_equal(rollcast_trainer_step(trainer, &batch.batch, NAN, &loss), -EINVAL);
	batch.batch.count = 0;
	assert_int_equal(rollcast_trainer_step(trainer, &batch.batch, 0.1F, &loss), -EINVAL);
	assert_int_equal(rollcast_trainer_loss(trainer, &batch.batch, &loss), -EINVAL);
	assert_true(loss == 42);
	rollcast_trainer_destroy(trainer);
	test_batch_destroy(&batch);
}

static void impossible_trainings_are_refused(void **state)
{
	static const float beyond[] = {0.5F, 1.0F};
	const struct rollcast_training bad[] = {
		{.momentum = 1},
		{.momentum = NAN},
		{.weight_decay = -1},
		{.clip_norm = NAN},
		{.dropout = 1},
		{.loss = ROLLCAST_LOSS_HUBER},
		{.loss = ROLLCAST_LOSS_QUANTILE},
		{.loss = ROLLCAST_LOSS_QUANTILE, .quantiles = beyond, .quantile_count = 2},
		{.loss = ROLLCAST_LOSS_QUANTILE, .quantiles = test_quantiles, .quantile_count = 3},
	};
	struct rollcast_weights *weights = NULL;

	(void)state;
	assert_int_equal(rollcast_weights_create(&small, 3, &weights), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct rollcast_trainer *trainer = NULL;

		assert_int_equal(rollcast_trainer_create(weights, &bad[i], &trainer), -EINVAL);
		assert_null(trainer);
	}
	rollcast_weights_unref(weights);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gradients_of_all_cells_match_finite_differences),
		cmocka_unit_test(gradients_with_skip_extras_and_channels_match),
		cmocka_unit_test(gradients_of_all_sizes_match_on_all_kernels),
		cmocka_unit_test(same_seed_gives_the_same_bits),
		cmocka_unit_test(dropout_changes_what_is_learnt_but_not_the_loss_that_is_measured),
		cmocka_unit_test(what_is_not_finite_diverges_and_leaves_the_weights),
		cmocka_unit_test(overflowing_losses_and_updates_diverge),
		cmocka_unit_test(all_cells_learn_a_sine_with_all_optimizers),
		cmocka_unit_test(quantiles_learn_their_share),
		cmocka_unit_test(a_warm_start_with_moments_goes_on_as_if_never_stopped),
		cmocka_unit_test(the_first_step_of_adam_has_the_length_of_the_rate),
		cmocka_unit_test(clipping_bounds_the_norm_of_the_gradient_and_keeps_its_direction),
		cmocka_unit_test(gradients_with_dropout_point_where_the_loss_rises),
		cmocka_unit_test(impossible_trainings_are_refused),
		cmocka_unit_test(impossible_steps_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
