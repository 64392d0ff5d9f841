/* The forecast that docs/messages.md shows in bytes is what the encoder makes of it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rollcast/wire.h"

static const double mean[] = {4.5, 5}, levels[] = {0.025, 0.5, 0.975},
		    quantiles[] = {4, 4, 4.5, 5, 5, 6};

static const struct rollcast_forecast forecast = {
	.name = "queue_length{host=\"a\"}",
	.origin_us = INT64_C(1700000000) * 1000000,
	.step_us = 10000000,
	.horizon = 2,
	.mean = mean,
	.quantile_count = 3,
	.quantile_levels = levels,
	.quantiles = quantiles,
	.last = 4,
	.expert = "lstm",
	.weights = {{"lstm", 0.75}, {"naive", 0.25}},
	.weight_count = 2,
	.skill = 0.25,
	.levels = {0.95},
	.coverage = {NAN},
	.level_count = 1,
	.trained_us = INT64_C(1699999990) * 1000000,
	.samples = 300,
};

/* As xxd -g1 lays them out, with an offset of four digits. */
static void dump(FILE *file, const unsigned char *bytes, size_t size)
{
	for (size_t row = 0; row < size; row += 16) {
		fprintf(file, "%04zx  ", row);
		for (size_t i = row; i < row + 16; i++)
			if (i < size)
				fprintf(file, "%02x ", bytes[i]);
			else
				fputs("   ", file);
		fputc(' ', file);
		for (size_t i = row; i < row + 16 && i < size; i++)
			fputc(bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '.', file);
		fputc('\n', file);
	}
}

static char *read_docs(void)
{
	FILE *file = fopen("docs/messages.md", "r");
	char *text = calloc(1, 1 << 20);

	assert_non_null(file);
	assert_non_null(text);
	assert_in_range(fread(text, 1, (1 << 20) - 1, file), 1000, (1 << 20) - 2);
	fclose(file);
	return text;
}

static void the_docs_show_the_encoders_bytes(void **state)
{
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	CLEANUP(free) char *shown = NULL;
	CLEANUP(free) char *docs = read_docs();
	size_t shown_size, size;
	FILE *file = open_memstream(&shown, &shown_size);
	const void *bytes;

	(void)state;
	assert_int_equal(rollcast_encoder_create(ROLLCAST_FORMAT_MSGPACK, &encoder), 0);
	assert_int_equal(rollcast_encode_forecast(encoder, &forecast, &bytes, &size), 0);
	dump(file, bytes, size);
	fclose(file);
	if (!strstr(docs, shown))
		fail_msg("docs/messages.md has not these bytes:\n%s", shown);
}

static void the_docs_show_the_encoders_json(void **state)
{
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	CLEANUP(free) char *docs = read_docs();
	char shown[2048];
	const void *bytes;
	size_t size;

	(void)state;
	assert_int_equal(rollcast_encoder_create(ROLLCAST_FORMAT_JSON, &encoder), 0);
	assert_int_equal(rollcast_encode_forecast(encoder, &forecast, &bytes, &size), 0);
	snprintf(shown, sizeof(shown), "%.*s", (int)size, (const char *)bytes);
	if (!strstr(docs, shown))
		fail_msg("docs/messages.md has not this JSON:\n%s", shown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_docs_show_the_encoders_bytes),
		cmocka_unit_test(the_docs_show_the_encoders_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
