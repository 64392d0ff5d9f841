/* Weights to bytes and back; bytes that are not what they should be. */
#include "tests/network/support.h"

#include <errno.h>

#include "rollcast/safetensors.h"

static const struct rollcast_shape shape = {.cell = ROLLCAST_CELL_GRU,
					    .activation = ROLLCAST_ACTIVATION_RELU,
					    .layers = 2,
					    .hidden = 3,
					    .channels = 2,
					    .lookback = 4,
					    .extras = 1,
					    .outputs = 2,
					    .skip = true};

static void weights_come_back_as_they_were(void **state)
{
	(void)state;
	for (int cell = 0; cell < CELLS; cell++)
		for (int full = 0; full < 2; full++) {
			struct rollcast_shape one = shape;
			struct rollcast_weights *back = NULL;
			void *bytes = NULL;
			size_t size;

			one.cell = cell;
			one.skip = full != 0;
			one.extras = (uint32_t)full;
			struct rollcast_weights *weights = test_weights(&one, 5);

			assert_int_equal(
				rollcast_safetensors_write(weights, NULL, 0, &bytes, &size), 0);
			assert_int_equal(rollcast_safetensors_read(bytes, size, &back), 0);
			assert_memory_equal(rollcast_weights_shape(back), &one,
					    offsetof(struct rollcast_shape, skip) + 1);
			assert_memory_equal(rollcast_weights_block(back),
					    rollcast_weights_block(weights),
					    rollcast_shape_parameters(&one) * sizeof(float));
			free(bytes);
			rollcast_weights_unref(back);
			rollcast_weights_unref(weights);
		}
}

static void metadata_comes_back_whatever_its_signs(void **state)
{
	const struct rollcast_metadata metadata[] = {
		{"title", "cpu{cpu=\"0\",path=\"C:\\\\x\"}\n\tgr\xC3\xBC\xC3\x9F\x01"},
		{"empty", ""}};
	struct rollcast_weights *weights = test_weights(&shape, 5);
	void *bytes = NULL;
	size_t size;
	char value[64];

	(void)state;
	assert_int_equal(rollcast_safetensors_write(weights, metadata, 2, &bytes, &size), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rollcast_safetensors_metadata(bytes, size, metadata[i].key, value,
							       sizeof(value)),
				 0);
		assert_string_equal(value, metadata[i].value);
	}
	assert_int_equal(rollcast_safetensors_metadata(bytes, size, "cell", value, 4), 0);
	assert_string_equal(value, "gru");
	assert_int_equal(rollcast_safetensors_metadata(bytes, size, "cell", value, 3), -ENOBUFS);
	assert_int_equal(rollcast_safetensors_metadata(bytes, size, "none", value, 64), -ENOENT);
	free(bytes);
	rollcast_weights_unref(weights);
}

/* A file of one header and `floats` zeros. */
static int read_header(const char *header, size_t floats, struct rollcast_weights **ret_weights)
{
	size_t length = strlen(header), size = 8 + length + floats * sizeof(float);
	unsigned char *bytes = calloc(1, size);

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(length >> 8 * i);
	memcpy(bytes + 8, header, length);
	int r = rollcast_safetensors_read(bytes, size, ret_weights);

	free(bytes);
	return r;
}

#define META(layers)                                                                      \
	"\"__metadata__\":{\"cell\":\"rnn\",\"activation\":\"tanh\",\"layers\":\"" layers \
	"\",\"hidden\":\"1\",\"channels\":\"1\",\"lookback\":\"1\",\"extras\":\"0\","     \
	"\"outputs\":\"1\",\"skip\":\"false\"}"
#define TENSOR(name, shape, offsets) \
	",\"" name "\":{\"dtype\":\"F32\",\"shape\":[" shape "],\"data_offsets\":[" offsets "]}"
#define FIRST_FIVE                           \
	TENSOR("weight_ih_l0", "1,1", "0,4") \
	TENSOR("weight_hh_l0", "1,1", "4,8") \
	TENSOR("bias_ih_l0", "1", "8,12")    \
	TENSOR("bias_hh_l0", "1", "12,16")   \
	TENSOR("head.weight", "1,1", "16,20")

static void headers_are_read_strictly(void **state)
{
	static const struct {
		const char *header;
		int result;
	} rows[] = {
		{"{" META("1") FIRST_FIVE TENSOR("head.bias", "1", "20,24") "}", 0},
		{"{" META("1") FIRST_FIVE TENSOR("head.bias", "1", "20,24") " }  ", 0},
		{"{" META("1") FIRST_FIVE TENSOR("head.bias", " 1 ", " 20 , 24 ") "}", 0},
		{"{" META("1") FIRST_FIVE "}", -EBADMSG},
		{"{" META("1") FIRST_FIVE TENSOR("head.bias", "1,1", "20,24") "}", -EBADMSG},
		{"{" META("1") FIRST_FIVE TENSOR("head.bias", "2", "20,24") "}", -EBADMSG},
		{"{" META("1") FIRST_FIVE TENSOR("head.bias", "1", "20,28") "}", -EBADMSG},
		{"{" META("1") FIRST_FIVE TENSOR("head.bias", "1", "24,28") "}", -EBADMSG},
		{"{" META("1") FIRST_FIVE TENSOR("head.bias", "1", "24,20") "}", -EBADMSG},
		{"{" META("1") FIRST_FIVE TENSOR("head.bias", "1", "-4,0") "}", -EBADMSG},
		{"{" META("1") FIRST_FIVE TENSOR("head.bias", "1", "18446744073709551612,0") "}",
		 -EBADMSG},
		{"{" META("1") FIRST_FIVE TENSOR("head.bias", "01", "20,24") "}", -EBADMSG},
		{"{" META("1") FIRST_FIVE TENSOR("bias", "1", "20,24") "}", -EBADMSG},
		{"{" META("1") FIRST_FIVE TENSOR("bias_ih_l0", "1", "20,24") "}", -EBADMSG},
		{"{" META("1") FIRST_FIVE TENSOR("head.bias", "1", "20,24")
			 TENSOR("other", "1", "20,24") "}",
		 -EBADMSG},
		{"{" META("1") FIRST_FIVE ",\"head.bias\":{\"dtype\":\"F64\",\"shape\":[1],"
					  "\"data_offsets\":[20,24]}}",
		 -EBADMSG},
		{"{" META("1") FIRST_FIVE ",\"head.bias\":{\"dtype\":\"F32\",\"shape\":[1]}}",
		 -EBADMSG},
		{"{" META("1") FIRST_FIVE TENSOR("head.bias", "1", "20,24") "} x", -EBADMSG},
		{"{" META("1") FIRST_FIVE TENSOR("head.bias", "1", "20,24"), -EBADMSG},
		{"{" META("2") FIRST_FIVE TENSOR("head.bias", "1", "20,24") "}", -EBADMSG},
		{"{" META("0") FIRST_FIVE TENSOR("head.bias", "1", "20,24") "}", -EINVAL},
		{"{" META("4294967297") FIRST_FIVE TENSOR("head.bias", "1", "20,24") "}", -EBADMSG},
		{"{" META("1x") FIRST_FIVE TENSOR("head.bias", "1", "20,24") "}", -EBADMSG},
		{"{\"__metadata__\":{\"cell\":\"rnn\"}}", -EBADMSG},
		{"{\"__metadata__\":{\"cell\":1}}", -EBADMSG},
		{"{}", -EBADMSG},
		{"[]", -EBADMSG},
		{"", -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rollcast_weights *weights = NULL;
		int r = read_header(rows[i].header, 6, &weights);

		if (r != rows[i].result || !weights != (r != 0))
			fail_msg("row %zu: %d, expected %d", i, r, rows[i].result);
		rollcast_weights_unref(weights);
	}
}

/* Cut anywhere the bytes are refused; changed anywhere they do no harm. */
static void no_bytes_do_harm(void **state)
{
	struct rollcast_weights *weights = test_weights(&shape, 5), *back = NULL;
	void *bytes = NULL;
	size_t size;

	(void)state;
	assert_int_equal(rollcast_safetensors_write(weights, NULL, 0, &bytes, &size), 0);
	for (size_t length = 0; length < size; length++) {
		void *cut = malloc(length ? length : 1); /* so that a read beyond is seen */

		memcpy(cut, bytes, length);
		assert_int_equal(rollcast_safetensors_read(cut, length, &back), -EBADMSG);
		free(cut);
	}
	for (size_t at = 0; at < size; at++)
		for (int flip = 1; flip < 256; flip += 6) {
			((unsigned char *)bytes)[at] ^= (unsigned char)flip;
			if (rollcast_safetensors_read(bytes, size, &back) == 0)
				rollcast_weights_unref(back);
			((unsigned char *)bytes)[at] ^= (unsigned char)flip;
		}
	free(bytes);
	rollcast_weights_unref(weights);
}

static void weights_that_are_not_finite_are_refused(void **state)
{
	struct rollcast_weights *weights = test_weights(&shape, 5), *back = NULL;
	void *bytes = NULL;
	size_t size;

	(void)state;
	assert_int_equal(rollcast_safetensors_write(weights, NULL, 0, &bytes, &size), 0);
	memset((unsigned char *)bytes + size - 4, 0xFF, 4);
	assert_int_equal(rollcast_safetensors_read(bytes, size, &back), -EINVAL);
	free(bytes);
	rollcast_weights_unref(weights);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_come_back_as_they_were),
		cmocka_unit_test(metadata_comes_back_whatever_its_signs),
		cmocka_unit_test(headers_are_read_strictly),
		cmocka_unit_test(no_bytes_do_harm),
		cmocka_unit_test(weights_that_are_not_finite_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
