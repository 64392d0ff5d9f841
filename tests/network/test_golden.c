/* Fifty steps of every cell, loss and optimiser that PyTorch has too, against its numbers. */
#include "tests/network/support.h"

#include "tests/golden/network.h"

enum {
	INPUTS = GOLDEN_ROWS * GOLDEN_LOOKBACK * GOLDEN_CHANNELS,
	TARGETS = GOLDEN_ROWS * GOLDEN_OUTPUTS
};

struct golden_batch {
	float inputs[INPUTS], targets[TARGETS];
};

static void fill(struct random *random, float *values, size_t count, float scale)
{
	for (size_t i = 0; i < count; i++)
		values[i] = scale * (2 * random_uniform(random) - 1);
}

static struct rollcast_trainer *start(const struct golden *golden,
				      const struct rollcast_shape *shape)
{
	struct rollcast_training training = {
		.loss = golden->loss,
		.huber_delta = 0.25F,
		.optimizer = golden->optimizer,
		.momentum = 0.5F,
		.weight_decay = 0.01F,
		.clip_norm = 0.5F,
	};
	struct rollcast_weights *weights = NULL;
	struct rollcast_trainer *trainer = NULL;
	struct random random;
	float block[GOLDEN_WEIGHTS];

	assert_in_range(rollcast_shape_parameters(shape), 1, GOLDEN_WEIGHTS);
	random_init(&random, 1);
	fill(&random, block, rollcast_shape_parameters(shape), 0.5F);
	assert_int_equal(rollcast_weights_load(shape, block, &weights), 0);
	assert_int_equal(rollcast_trainer_create(weights, &training, &trainer), 0);
	rollcast_weights_unref(weights);
	return trainer;
}

static void check_weights(const struct golden *golden, const struct rollcast_trainer *trainer,
			  size_t count)
{
	struct rollcast_weights *weights = NULL;
	double difference = 0, size = 0;

	assert_int_equal(rollcast_trainer_weights(trainer, &weights), 0);
	for (size_t i = 0; i < count; i++) {
		double expected = (double)golden->weights[i];

		difference += pow((double)rollcast_weights_block(weights)[i] - expected, 2);
		size += expected * expected;
	}
	rollcast_weights_unref(weights);
	if (sqrt(difference / size) > 1e-4)
		fail_msg("cell %d activation %d loss %d optimizer %d: weights are off by %g",
			 golden->cell, golden->activation, golden->loss, golden->optimizer,
			 sqrt(difference / size));
}

static void check_golden(const struct golden *golden)
{
	static const float rates[] = {0.01F, 0.01F, 0.002F, 0.05F};
	struct rollcast_shape shape = {.cell = golden->cell,
				       .activation = golden->activation,
				       .layers = GOLDEN_LAYERS,
				       .hidden = GOLDEN_HIDDEN,
				       .channels = GOLDEN_CHANNELS,
				       .lookback = GOLDEN_LOOKBACK,
				       .outputs = GOLDEN_OUTPUTS};
	struct rollcast_trainer *trainer = start(golden, &shape);
	struct golden_batch batches[GOLDEN_BATCHES];
	struct random random;

	random_init(&random, 2);
	for (int i = 0; i < GOLDEN_BATCHES; i++) {
		fill(&random, batches[i].inputs, INPUTS, 1);
		fill(&random, batches[i].targets, TARGETS, 1);
	}
	for (int step = 0; step < GOLDEN_STEPS; step++) {
		const struct golden_batch *from = &batches[step % GOLDEN_BATCHES];
		struct rollcast_batch batch = {from->inputs, NULL, from->targets, GOLDEN_ROWS};
		float loss = 0;

		assert_int_equal(
			rollcast_trainer_step(trainer, &batch, rates[golden->optimizer], &loss), 0);
		if (fabsf(loss / golden->losses[step] - 1) > 1e-4F)
			fail_msg("cell %d activation %d loss %d optimizer %d step %d: %g, PyTorch "
				 "%g",
				 golden->cell, golden->activation, golden->loss, golden->optimizer,
				 step, (double)loss, (double)golden->losses[step]);
	}
	check_weights(golden, trainer, rollcast_shape_parameters(&shape));
	rollcast_trainer_destroy(trainer);
}

static void training_follows_pytorch(void **state)
{
	(void)state;
	for (size_t k = 0; test_kernels[k]; k++) {
		if (!test_select(test_kernels[k]))
			continue;
		for (size_t i = 0; i < sizeof(goldens) / sizeof(*goldens); i++)
			check_golden(&goldens[i]);
	}
	test_select(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(training_follows_pytorch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
