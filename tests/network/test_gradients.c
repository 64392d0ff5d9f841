/*
 * Gradients against finite differences of an independent reference in double precision, for every
 * cell, activation, loss and part of the head. The gradient is read off one step of plain gradient
 * descent at rate 1: weights before minus weights after.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "lib/network/random.h"
#include "tests/network/reference.h"
#include "rollcast/network.h"

enum { WINDOWS = 35, MAX_PARAMETERS_TESTED = 4000, MAX_DATA = 4000 }; /* 35: more than a group */

static const float LEVELS[] = {0.05f, 0.5f, 0.9f};

struct problem {
	struct rollcast_shape shape;
	struct rollcast_training training;
	struct tensor_table table;
	float block[MAX_PARAMETERS_TESTED];
	float inputs[MAX_DATA], extras[MAX_DATA], targets[MAX_DATA];
	struct rollcast_batch batch;
};

static void fill(float *at, size_t size, float range, uint64_t *random)
{
	for (size_t i = 0; i < size; i++)
		at[i] = range * (2 * random_unit(random) - 1);
}

/* A problem in which no parameter is zero, so that none can hide. */
static void problem_init(struct problem *problem, const struct rollcast_shape *shape,
			 enum rollcast_loss loss, uint32_t windows)
{
	uint64_t random = 7;

	*problem = (struct problem){.shape = *shape};
	problem->training = (struct rollcast_training){
		.loss = loss,
		.huber_delta = 0.3f,
		.quantiles = LEVELS,
		.quantile_count = loss == ROLLCAST_LOSS_QUANTILE ? 3 : 0,
		.optimizer = ROLLCAST_OPTIMIZER_SGD,
	};
	assert_int_equal(tensor_table_init(&problem->table, shape), 0);
	assert_in_range(problem->table.parameters, 1, MAX_PARAMETERS_TESTED);
	fill(problem->block, problem->table.parameters, 0.4f, &random);
	fill(problem->inputs, windows * shape->lookback * shape->channels, 1, &random);
	fill(problem->extras, windows * shape->extras, 1, &random);
	fill(problem->targets, windows * shape->outputs, 1, &random);
	problem->batch = (struct rollcast_batch){problem->inputs, problem->extras, problem->targets,
						 windows};
}

static double problem_reference(const struct problem *problem, const double *block)
{
	const struct rollcast_shape *shape = &problem->shape;
	uint32_t each = problem->training.quantile_count ? problem->training.quantile_count : 1;
	size_t width = shape->lookback * shape->channels;
	double sum = 0;

	for (uint32_t w = 0; w < problem->batch.count; w++) {
		double inputs[REFERENCE_MAX], extras[REFERENCE_MAX], outputs[REFERENCE_MAX];

		for (size_t i = 0; i < width; i++)
			inputs[i] = problem->inputs[w * width + i];
		for (size_t i = 0; i < shape->extras; i++)
			extras[i] = problem->extras[w * shape->extras + i];
		reference_forecast(shape, &problem->table, block, inputs, extras, outputs);
		for (uint32_t o = 0; o < shape->outputs; o++)
			sum += reference_loss(&problem->training, outputs[o],
					      problem->targets[(w * shape->outputs + o) / each],
					      LEVELS[o % each]);
	}
	return sum / problem->batch.count / shape->outputs;
}

/* The step's loss and gradients against the reference. */
static void check_problem(const struct problem *problem)
{
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *after = NULL;
	CLEANUP(rollcast_trainer_destroy) struct rollcast_trainer *trainer = NULL;
	static double block[MAX_PARAMETERS_TESTED];
	const double nudge = 1e-6;
	float loss;

	for (size_t i = 0; i < problem->table.parameters; i++)
		block[i] = problem->block[i];
	assert_int_equal(rollcast_weights_load(&problem->shape, problem->block, &weights), 0);
	assert_int_equal(rollcast_trainer_create(weights, &problem->training, &trainer), 0);
	assert_int_equal(rollcast_trainer_step(trainer, &problem->batch, 1, &loss), 0);
	assert_int_equal(rollcast_trainer_weights(trainer, &after), 0);
	assert_float_equal(loss, problem_reference(problem, block), 1e-5);

	for (size_t i = 0; i < problem->table.parameters; i++) {
		double value = block[i], up, down;
		double found = value - rollcast_weights_block(after)[i];

		block[i] = value + nudge;
		up = problem_reference(problem, block);
		block[i] = value - nudge;
		down = problem_reference(problem, block);
		block[i] = value;

		double expected = (up - down) / (2 * nudge);

		if (fabs(found - expected) > 1e-5 + 1e-4 * fabs(expected))
			fail_msg("parameter %zu: gradient %.8f, expected %.8f", i, found, expected);
	}
}

static void gradients_of_every_cell_are_those_of_the_reference(void **state)
{
	(void)state;
	static struct problem problem;

	for (int cell = ROLLCAST_CELL_LSTM; cell <= ROLLCAST_CELL_RNN; cell++)
		for (int activation = 0; activation <= ROLLCAST_ACTIVATION_RELU; activation++)
			for (uint32_t layers = 1; layers <= 3; layers++) {
				struct rollcast_shape shape = {cell, activation, layers, 5,   2,
							       4,    3,		 2,	 true};

				problem_init(&problem, &shape, ROLLCAST_LOSS_MSE, WINDOWS);
				check_problem(&problem);
			}
}

static void gradients_of_every_loss_are_those_of_the_reference(void **state)
{
	(void)state;
	static struct problem problem;
	const struct rollcast_shape shape = {
		.cell = ROLLCAST_CELL_LSTM,
		.layers = 1,
		.hidden = 4,
		.channels = 1,
		.lookback = 5,
		.outputs = 6,
		.skip = true,
	};

	for (int loss = 0; loss <= ROLLCAST_LOSS_QUANTILE; loss++) {
		problem_init(&problem, &shape, loss, WINDOWS);
		check_problem(&problem);
	}
}

static void gradients_hold_for_odd_sizes(void **state)
{
	(void)state;
	static struct problem problem;
	const struct rollcast_shape shapes[] = {
		{ROLLCAST_CELL_LSTM, 0, 1, 1, 1, 1, 0, 1, false},
		{ROLLCAST_CELL_GRU, 0, 2, 1, 3, 1, 0, 1, true},
		{ROLLCAST_CELL_RNN, 0, 1, 17, 1, 9, 1, 3, false},
		{ROLLCAST_CELL_GRU, 0, 1, 19, 1, 6, 0, 2, false},
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		for (uint32_t windows = 1; windows <= 3; windows += 2) {
			problem_init(&problem, &shapes[i], ROLLCAST_LOSS_MSE, windows);
			check_problem(&problem);
		}
}

static void forecasts_are_those_of_the_reference_in_groups_and_one_by_one(void **state)
{
	(void)state;
	static struct problem problem;
	static float together[WINDOWS * 2], alone[2];

	for (int cell = ROLLCAST_CELL_LSTM; cell <= ROLLCAST_CELL_RNN; cell++) {
		CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
		struct rollcast_shape shape = {cell, 0, 2, 5, 2, 4, 3, 2, true};
		double block[MAX_PARAMETERS_TESTED], inputs[8], extras[3], outputs[2];

		problem_init(&problem, &shape, ROLLCAST_LOSS_MSE, WINDOWS);
		for (size_t i = 0; i < problem.table.parameters; i++)
			block[i] = problem.block[i];
		assert_int_equal(rollcast_weights_load(&shape, problem.block, &weights), 0);

		CLEANUP(free)
		float *scratch = malloc(rollcast_network_scratch(&shape, WINDOWS) * sizeof(float));

		rollcast_network_forecast(weights, problem.inputs, problem.extras, WINDOWS, scratch,
					  together);
		for (int w = 0; w < WINDOWS; w++) {
			for (int i = 0; i < 8; i++)
				inputs[i] = problem.inputs[w * 8 + i];
			for (int i = 0; i < 3; i++)
				extras[i] = problem.extras[w * 3 + i];
			reference_forecast(&shape, &problem.table, block, inputs, extras, outputs);
			rollcast_network_forecast(weights, problem.inputs + w * 8,
						  problem.extras + w * 3, 1, scratch, alone);
			for (int o = 0; o < 2; o++) {
				assert_float_equal(together[w * 2 + o], outputs[o], 2e-6);
				assert_float_equal(alone[o], outputs[o], 2e-6);
			}
		}
	}
}

/* The loss of a first step: the same seed drops the same units whatever the weights are. */
static float first_loss(const struct problem *problem, const float *block, float *ret_after)
{
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *after = NULL;
	CLEANUP(rollcast_trainer_destroy) struct rollcast_trainer *trainer = NULL;
	float loss;

	assert_int_equal(rollcast_weights_load(&problem->shape, block, &weights), 0);
	assert_int_equal(rollcast_trainer_create(weights, &problem->training, &trainer), 0);
	assert_int_equal(rollcast_trainer_step(trainer, &problem->batch, 1, &loss), 0);
	assert_int_equal(rollcast_trainer_weights(trainer, &after), 0);
	if (ret_after)
		memcpy(ret_after, rollcast_weights_block(after),
		       problem->table.parameters * sizeof(float));
	return loss;
}

/* Along the gradient the loss must rise by the gradient's squared length. */
static void gradients_with_dropout_point_where_the_loss_rises(void **state)
{
	(void)state;
	static struct problem problem;
	static float after[MAX_PARAMETERS_TESTED], up[MAX_PARAMETERS_TESTED],
		down[MAX_PARAMETERS_TESTED];
	const float nudge = 0.02f;

	for (int cell = ROLLCAST_CELL_LSTM; cell <= ROLLCAST_CELL_RNN; cell++) {
		struct rollcast_shape shape = {cell, 0, 3, 8, 1, 6, 0, 2, false};
		double squared = 0;

		problem_init(&problem, &shape, ROLLCAST_LOSS_MSE, WINDOWS);

		float plain = first_loss(&problem, problem.block, NULL);

		problem.training.dropout = 0.4f;
		assert_true(fabsf(first_loss(&problem, problem.block, after) - plain) > 1e-4f);
		for (size_t i = 0; i < problem.table.parameters; i++) {
			float gradient = problem.block[i] - after[i];

			squared += gradient * gradient;
			up[i] = problem.block[i] + nudge * gradient;
			down[i] = problem.block[i] - nudge * gradient;
		}

		double rise = first_loss(&problem, up, NULL) - first_loss(&problem, down, NULL);

		assert_float_equal(rise / (2 * nudge) / squared, 1, 0.01);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gradients_of_every_cell_are_those_of_the_reference),
		cmocka_unit_test(gradients_of_every_loss_are_those_of_the_reference),
		cmocka_unit_test(gradients_hold_for_odd_sizes),
		cmocka_unit_test(forecasts_are_those_of_the_reference_in_groups_and_one_by_one),
		cmocka_unit_test(gradients_with_dropout_point_where_the_loss_rises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
