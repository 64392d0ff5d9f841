/* Forecasts against the reference in double. */
#include "tests/network/support.h"

#include "tests/network/reference.h"

static const struct rollcast_shape shapes[] = {
	{.layers = 1, .hidden = 1, .channels = 1, .lookback = 1, .outputs = 1},
	{.layers = 1, .hidden = 32, .channels = 1, .lookback = 48, .outputs = 12, .skip = true},
	{.layers = 3, .hidden = 13, .channels = 2, .lookback = 7, .extras = 3, .outputs = 5},
	{.layers = 2,
	 .hidden = 40,
	 .channels = 1,
	 .lookback = 9,
	 .outputs = 4,
	 .activation = ROLLCAST_ACTIVATION_RELU},
};

enum { SHAPES = sizeof(shapes) / sizeof(*shapes), COUNT = 37 };

static void check_forecast(const struct rollcast_shape *shape)
{
	struct rollcast_weights *weights = test_weights(shape, 2);
	struct test_batch batch = test_batch_create(shape, 1, COUNT, 3);
	size_t parameters = rollcast_shape_parameters(shape), cols = shape->outputs;
	size_t window = (size_t)shape->lookback * shape->channels;
	double *block = malloc(parameters * sizeof(*block)),
	       *expected = malloc(cols * sizeof(double));
	float *outputs = malloc(COUNT * cols * sizeof(*outputs));
	float *scratch = malloc(rollcast_network_scratch(shape, COUNT) * sizeof(float));

	for (size_t i = 0; i < parameters; i++)
		block[i] = (double)rollcast_weights_block(weights)[i];
	rollcast_network_forecast(weights, batch.inputs, batch.extras, COUNT, scratch, outputs);
	for (size_t row = 0; row < COUNT; row++) {
		reference_forecast(shape, block, batch.inputs + row * window,
				   batch.extras + row * shape->extras, expected);
		for (size_t i = 0; i < cols; i++) {
			double output = (double)outputs[row * cols + i];

			if (fabs(output - expected[i]) > 1e-5 * (1 + fabs(expected[i])))
				fail_msg("cell %d hidden %u: %g, expected %g", shape->cell,
					 shape->hidden, output, expected[i]);
		}
	}
	free(scratch);
	free(outputs);
	free(expected);
	free(block);
	test_batch_destroy(&batch);
	rollcast_weights_unref(weights);
}

static void forecasts_of_all_kernels_match_the_reference(void **state)
{
	(void)state;
	for (size_t i = 0; test_kernels[i]; i++) {
		if (!test_select(test_kernels[i]))
			continue;
		for (int cell = 0; cell < CELLS; cell++)
			for (size_t k = 0; k < SHAPES; k++) {
				struct rollcast_shape shape = shapes[k];

				shape.cell = cell;
				check_forecast(&shape);
			}
	}
	test_select(NULL);
}

static void a_window_alone_forecasts_as_in_a_batch(void **state)
{
	const struct rollcast_shape *shape = &shapes[1];
	struct rollcast_weights *weights = test_weights(shape, 2);
	struct test_batch batch = test_batch_create(shape, 1, COUNT, 3);
	float *scratch = malloc(rollcast_network_scratch(shape, COUNT) * sizeof(float));
	float together[COUNT * 12], alone[12];

	(void)state;
	rollcast_network_forecast(weights, batch.inputs, NULL, COUNT, scratch, together);
	for (size_t row = 0; row < COUNT; row++) {
		rollcast_network_forecast(weights, batch.inputs + row * shape->lookback, NULL, 1,
					  scratch, alone);
		for (size_t i = 0; i < 12; i++)
			assert_true(fabsf(alone[i] - together[row * 12 + i]) < 1e-5F);
	}
	free(scratch);
	test_batch_destroy(&batch);
	rollcast_weights_unref(weights);
}

static void what_is_not_finite_shows_in_the_outputs_of_its_window_only(void **state)
{
	static const float bad[] = {NAN, INFINITY, -INFINITY};

	(void)state;
	for (size_t i = 0; test_kernels[i]; i++) {
		if (!test_select(test_kernels[i]))
			continue;
		for (size_t k = 0; k < 3; k++) {
			struct rollcast_shape shape = shapes[1 + k];
			struct rollcast_weights *weights = test_weights(&shape, 2);
			struct test_batch batch = test_batch_create(&shape, 1, 3, 3);
			float *scratch =
				malloc(rollcast_network_scratch(&shape, 3) * sizeof(float));
			float outputs[3 * 12];

			batch.inputs[shape.lookback * shape.channels + 5] = bad[k];
			rollcast_network_forecast(weights, batch.inputs, batch.extras, 3, scratch,
						  outputs);
			for (size_t o = 0; o < 3 * shape.outputs; o++)
				assert_int_equal(isfinite(outputs[o]) == 0, o / shape.outputs == 1);
			free(scratch);
			test_batch_destroy(&batch);
			rollcast_weights_unref(weights);
		}
	}
	test_select(NULL);
}

static void forecasts_keep_to_their_scratch(void **state)
{
	(void)state;
	for (uint32_t count = 1; count < 70; count += 11) {
		struct rollcast_weights *weights = test_weights(&shapes[2], 2);
		struct test_batch batch = test_batch_create(&shapes[2], 1, count, 3);
		size_t size = rollcast_network_scratch(&shapes[2], count);
		float *scratch = malloc((size + 1) * sizeof(float)), outputs[70 * 5];

		scratch[size] = 42;
		rollcast_network_forecast(weights, batch.inputs, batch.extras, count, scratch,
					  outputs);
		assert_true(scratch[size] == 42);
		free(scratch);
		test_batch_destroy(&batch);
		rollcast_weights_unref(weights);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forecasts_of_all_kernels_match_the_reference),
		cmocka_unit_test(a_window_alone_forecasts_as_in_a_batch),
		cmocka_unit_test(what_is_not_finite_shows_in_the_outputs_of_its_window_only),
		cmocka_unit_test(forecasts_keep_to_their_scratch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
