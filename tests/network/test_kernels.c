/* The activations of every set of kernels, and the choice between sets. */
#include "tests/network/support.h"

#include <errno.h>

/*
 * What a network of one unit and one step makes of `x`: with these weights an RNN gives tanh(x), a GRU
 * whose candidate is 1 gives 1 - sigmoid(x).
 */
static float unit_output(enum rollcast_cell cell, float x)
{
	struct rollcast_shape shape = {.cell = cell,
				       .activation = cell == ROLLCAST_CELL_GRU
							     ? ROLLCAST_ACTIVATION_RELU
							     : ROLLCAST_ACTIVATION_TANH,
				       .layers = 1,
				       .hidden = 1,
				       .channels = 1,
				       .lookback = 1,
				       .outputs = 1};
	/* weight_ih, weight_hh, bias_ih, bias_hh (GRU: reset, update, candidate), head */
	const float rnn[] = {1, 0, 0, 0, 1, 0};
	const float gru[] = {0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0};
	struct rollcast_weights *weights = NULL;
	float scratch[256], output = NAN;

	assert_in_range(rollcast_network_scratch(&shape, 1), 1, 256);
	assert_int_equal(
		rollcast_weights_load(&shape, cell == ROLLCAST_CELL_GRU ? gru : rnn, &weights), 0);
	rollcast_network_forecast(weights, &x, NULL, 1, scratch, &output);
	rollcast_weights_unref(weights);
	return output;
}

static void activations_are_exact_to_a_few_units_in_the_last_place(void **state)
{
	(void)state;
	for (size_t i = 0; test_kernels[i]; i++) {
		if (!test_select(test_kernels[i]))
			continue;
		for (double x = -30; x <= 30; x += 0.0137) {
			float at = (float)x;
			double tanh_error =
				(double)unit_output(ROLLCAST_CELL_RNN, at) / tanh((double)at) - 1;
			double sigmoid_error = (double)unit_output(ROLLCAST_CELL_GRU, at) -
					       1 / (1 + exp((double)at));

			if (fabs(tanh_error) > 6e-7 || fabs(sigmoid_error) > 3e-7)
				fail_msg("%s at %g: tanh off by %g of it, sigmoid by %g",
					 test_kernels[i], x, tanh_error, sigmoid_error);
		}
	}
	test_select(NULL);
}

static void activations_stay_bounded_however_large_their_sums(void **state)
{
	static const float sums[] = {1e2F, 1e10F, 3e38F};

	(void)state;
	for (size_t i = 0; test_kernels[i]; i++) {
		if (!test_select(test_kernels[i]))
			continue;
		for (size_t k = 0; k < 3; k++) {
			assert_true(fabsf(unit_output(ROLLCAST_CELL_RNN, sums[k]) - 1) < 6e-7F);
			assert_true(fabsf(unit_output(ROLLCAST_CELL_RNN, -sums[k]) + 1) < 6e-7F);
			assert_true(fabsf(unit_output(ROLLCAST_CELL_GRU, sums[k])) < 3e-7F);
			assert_true(fabsf(unit_output(ROLLCAST_CELL_GRU, -sums[k]) - 1) < 3e-7F);
		}
	}
	test_select(NULL);
}

static void kernels_are_chosen_by_name_and_by_the_units(void **state)
{
	(void)state;
	assert_int_equal(kernels_select("none"), -ENOTSUP);
	for (size_t i = 0; test_kernels[i]; i++) {
		if (!test_select(test_kernels[i]))
			continue;
		assert_string_equal(kernels_for(32)->name, test_kernels[i]);
	}
	assert_int_equal(kernels_select(NULL), 0);
	assert_true(kernels_for(8)->width <= 8);
	assert_true(kernels_for(32)->width >= kernels_for(8)->width);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(activations_are_exact_to_a_few_units_in_the_last_place),
		cmocka_unit_test(activations_stay_bounded_however_large_their_sums),
		cmocka_unit_test(kernels_are_chosen_by_name_and_by_the_units),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
