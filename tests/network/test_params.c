/* The table of tensors, initial values, and weights as objects. */
#include "tests/network/support.h"

#include <errno.h>

#include "lib/network/params.h"

static const struct rollcast_shape shape = {.layers = 2,
					    .hidden = 6,
					    .channels = 3,
					    .lookback = 4,
					    .extras = 2,
					    .outputs = 5,
					    .skip = true};

static void tensors_follow_one_another_without_gaps(void **state)
{
	static const char *const names[] = {"weight_ih_l0", "weight_hh_l0", "bias_ih_l0",
					    "bias_hh_l0",   "weight_ih_l1", "weight_hh_l1",
					    "bias_ih_l1",   "bias_hh_l1",   "head.weight",
					    "head.bias",    "skip.weight",  "extras.weight"};
	static const uint32_t rows[] = {3, 6, 1, 1, 6, 6, 1, 1, 6, 1, 12, 2};
	struct params params;
	const struct tensor *tensor;
	size_t offset = 0, i = 0;

	(void)state;
	assert_int_equal(params_init(&params, &shape), 0);
	for (; (tensor = params_tensor(&params, i)); i++) {
		assert_string_equal(tensor->name, names[i]);
		assert_int_equal(tensor->offset, offset);
		assert_int_equal(tensor->rows, rows[i]);
		assert_int_equal(tensor->cols, i < 8 ? 24 : 5);
		offset += tensor->rows * tensor->cols;
	}
	assert_int_equal(i, 12);
	assert_int_equal(rollcast_shape_parameters(&shape), offset);
}

static void impossible_shapes_are_refused(void **state)
{
	struct rollcast_weights *weights = NULL;

	(void)state;
	for (int i = 0; i < 10; i++) {
		struct rollcast_shape bad = shape;
		uint32_t *fields[] = {&bad.layers, &bad.hidden, &bad.channels, &bad.lookback,
				      &bad.outputs};

		if (i < 5)
			*fields[i] = 0;
		else if (i == 5)
			bad.hidden = UINT32_MAX;
		else if (i == 6)
			bad.cell = 7;
		else if (i == 7)
			bad.activation = 7;
		else if (i == 8)
			bad.layers = PARAMS_LAYERS_MAX + 1;
		else
			bad.lookback = bad.outputs = bad.channels = 1 << 16;
		assert_int_equal(rollcast_shape_parameters(&bad), 0);
		assert_int_equal(rollcast_network_scratch(&bad, 1), 0);
		assert_int_equal(rollcast_weights_create(&bad, 1, &weights), -EINVAL);
		assert_null(weights);
	}
}

/* Every gate's square times its transpose is one. */
static void recurrent_matrices_are_orthogonal(void **state)
{
	struct rollcast_weights *weights = NULL;
	struct params params;

	(void)state;
	params_init(&params, &shape);
	assert_int_equal(rollcast_weights_create(&shape, 1, &weights), 0);
	const float *matrix = rollcast_weights_block(weights) + params.layers[1][WEIGHT_HH].offset;

	for (int gate = 0; gate < 4; gate++)
		for (int a = 0; a < 6; a++)
			for (int b = 0; b < 6; b++) {
				float dot = 0;

				for (int k = 0; k < 6; k++)
					dot += matrix[a * 24 + gate * 6 + k] *
					       matrix[b * 24 + gate * 6 + k];
				assert_true(fabsf(dot - (float)(a == b)) < 1e-5F);
			}
	rollcast_weights_unref(weights);
}

static void initial_values_are_bounded_and_the_forget_bias_is_one(void **state)
{
	struct rollcast_weights *weights = NULL;
	struct params params;

	(void)state;
	params_init(&params, &shape);
	assert_int_equal(rollcast_weights_create(&shape, 1, &weights), 0);
	const float *block = rollcast_weights_block(weights);
	const float *input = block + params.layers[0][WEIGHT_IH].offset;
	const float *bias = block + params.layers[0][BIAS_IH].offset;
	const float *head = block + params.head[HEAD_WEIGHT].offset;
	const float *skip = block + params.head[SKIP_WEIGHT].offset;
	float largest_input = 0, largest_head = 0;

	for (int i = 0; i < 3 * 24; i++)
		largest_input = fmaxf(largest_input, fabsf(input[i]));
	for (int i = 0; i < 6 * 5; i++)
		largest_head = fmaxf(largest_head, fabsf(head[i]));
	assert_true(largest_input > 0.7F && largest_input <= sqrtf(6.0F / 9));
	assert_true(largest_head > 0.05F && largest_head <= 0.1F * sqrtf(6.0F / 11));
	for (int i = 0; i < 24; i++)
		assert_true(bias[i] == (i / 6 == 1));
	for (int i = 0; i < 12 * 5; i++)
		assert_true(skip[i] == 0);
	rollcast_weights_unref(weights);
}

static void seeds_repeat_and_differ(void **state)
{
	struct rollcast_weights *a = NULL, *b = NULL, *c = NULL;
	size_t size = rollcast_shape_parameters(&shape) * sizeof(float);

	(void)state;
	assert_int_equal(rollcast_weights_create(&shape, 1, &a), 0);
	assert_int_equal(rollcast_weights_create(&shape, 1, &b), 0);
	assert_int_equal(rollcast_weights_create(&shape, 2, &c), 0);
	assert_memory_equal(rollcast_weights_block(a), rollcast_weights_block(b), size);
	assert_memory_not_equal(rollcast_weights_block(a), rollcast_weights_block(c), size);
	rollcast_weights_unref(a);
	rollcast_weights_unref(b);
	rollcast_weights_unref(c);
}

static void loaded_weights_keep_the_block_and_their_references(void **state)
{
	struct rollcast_weights *a = test_weights(&shape, 1), *b = NULL;
	size_t count = rollcast_shape_parameters(&shape);
	float *block = malloc(count * sizeof(*block));

	(void)state;
	memcpy(block, rollcast_weights_block(a), count * sizeof(*block));
	assert_int_equal(rollcast_weights_load(&shape, block, &b), 0);
	assert_memory_equal(rollcast_weights_block(b), block, count * sizeof(*block));
	assert_memory_equal(rollcast_weights_shape(b), &shape,
			    offsetof(struct rollcast_shape, skip) + 1);
	assert_ptr_equal(rollcast_weights_ref(b), b);
	rollcast_weights_unref(b);
	assert_true(rollcast_weights_block(b)[0] == block[0]);
	rollcast_weights_unref(b);
	block[count - 1] = NAN;
	assert_int_equal(rollcast_weights_load(&shape, block, &b), -EINVAL);
	rollcast_weights_unref(NULL);
	rollcast_weights_unref(a);
	free(block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tensors_follow_one_another_without_gaps),
		cmocka_unit_test(impossible_shapes_are_refused),
		cmocka_unit_test(recurrent_matrices_are_orthogonal),
		cmocka_unit_test(initial_values_are_bounded_and_the_forget_bias_is_one),
		cmocka_unit_test(seeds_repeat_and_differ),
		cmocka_unit_test(loaded_weights_keep_the_block_and_their_references),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
