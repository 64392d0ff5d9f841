/*
 * What a decoder makes of a payload, written down as text, and payloads spoilt at random.
 */
#ifndef TESTS_WIRE_TRANSCRIPT_H
#define TESTS_WIRE_TRANSCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rollcast/wire.h"

enum { ARRIVAL_US = 77 };

/* What a decoder said, as text: `name time_us value;` per sample, then `reason=n` per refusal. */
struct transcript {
	char text[4096];
	size_t length;
	uint64_t samples;
};

__attribute__((format(printf, 2, 3))) static inline void say(struct transcript *transcript,
							     const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(transcript->text + transcript->length,
		      sizeof transcript->text - transcript->length, format, arguments);
	va_end(arguments);
	assert_true(n >= 0 && (size_t)n < sizeof transcript->text - transcript->length);
	transcript->length += (size_t)n;
}

static inline void write_down(void *context, const struct rollcast_samples *samples)
{
	struct transcript *transcript = context;

	for (size_t i = 0; i < samples->count; i++)
		say(transcript, "%.*s %lld %.17g;", (int)samples->name.length, samples->name.bytes,
		    (long long)samples->times_us[i], samples->values[i]);
}

static inline void decode(enum rollcast_format format, double unit_us, const void *bytes,
			  size_t size, struct transcript *transcript)
{
	CLEANUP(rollcast_decoder_destroy) struct rollcast_decoder *decoder = NULL;
	uint64_t counts[ROLLCAST_DECODE_RESULTS] = {0};

	memset(transcript, 0, sizeof *transcript);
	assert_int_equal(rollcast_decoder_create(format, unit_us, &decoder), 0);
	/* From the heap and of exact size, so that a sanitizer sees a step too far. */
	CLEANUP(free) void *copy = malloc(size ? size : 1);
	assert_non_null(copy);
	memcpy(copy, bytes, size);
	rollcast_decode(decoder, copy, size, ARRIVAL_US, write_down, transcript, counts);
	for (int i = 1; i < ROLLCAST_DECODE_RESULTS; i++)
		if (counts[i])
			say(transcript, "%s=%llu;", rollcast_decode_word(i),
			    (unsigned long long)counts[i]);
	transcript->samples = counts[ROLLCAST_DECODE_OK];
}

struct row {
	double unit_us;
	const char *bytes;
	size_t size;
	const char *expected;
};

#define ROW(unit, bytes, expected)                       \
	{                                                \
		unit, bytes, sizeof(bytes) - 1, expected \
	}

static inline void check(enum rollcast_format format, const struct row *rows, size_t count)
{
	struct transcript transcript;

	for (size_t i = 0; i < count; i++) {
		decode(format, rows[i].unit_us, rows[i].bytes, rows[i].size, &transcript);
		if (strcmp(transcript.text, rows[i].expected))
			fail_msg("row %zu: \"%s\" instead of \"%s\"", i, transcript.text,
				 rows[i].expected);
	}
}
#define CHECK(format, rows) check(format, rows, sizeof(rows) / sizeof *(rows))

static inline void look_at(void *context, const struct rollcast_samples *samples)
{
	(void)context;
	assert_in_range(samples->name.length, 1, ROLLCAST_NAME_MAX - 1);
	assert_int_equal(samples->name.bytes[samples->name.length], 0);
	assert_true(samples->count > 0);
	for (size_t i = 0; i < samples->count; i++) {
		assert_true(samples->values[i] - samples->values[i] == 0);
		assert_true(samples->times_us[i] >= -ROLLCAST_TIME_MAX_US &&
			    samples->times_us[i] <= ROLLCAST_TIME_MAX_US);
	}
}

/* A small generator of its own, so that a failure can be repeated: xorshift64*. */
static inline uint32_t draw(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return (uint32_t)((*seed * 0x2545f4914f6cdd1d) >> 32);
}

/* Decodes `times` mutations of `rows`: cut off, and some bytes changed. */
static inline void mutate(enum rollcast_format format, const struct row *rows, size_t count,
			  int times, uint64_t counts[ROLLCAST_DECODE_RESULTS])
{
	CLEANUP(rollcast_decoder_destroy) struct rollcast_decoder *decoder = NULL;
	uint64_t seed = 1;

	assert_int_equal(rollcast_decoder_create(format, 1e6, &decoder), 0);
	for (int i = 0; i < times; i++) {
		const struct row *row = &rows[draw(&seed) % count];
		size_t size = row->size - (draw(&seed) % 4 ? 0 : draw(&seed) % row->size);
		CLEANUP(free) uint8_t *bytes = malloc(size);

		assert_non_null(bytes);
		memcpy(bytes, row->bytes, size);
		for (uint32_t n = draw(&seed) % 4; n; n--)
			bytes[draw(&seed) % size] =
				draw(&seed) % 2 ? (uint8_t)draw(&seed)
						: (uint8_t)row->bytes[draw(&seed) % row->size];
		rollcast_decode(decoder, bytes, size, 0, look_at, NULL, counts);
	}
}

#endif
