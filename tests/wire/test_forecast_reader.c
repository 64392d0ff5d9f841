/* Forecasts from bytes that nobody vouches for. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rollcast/wire.h"
#include "tests/wire/forecast.h"

/* The least that is a forecast: name x, time 1, step 1, mean [2]. */
#define NAME "\244name\241x"
#define TIME "\244time\001"
#define STEP "\244step\001"
#define MEAN "\244mean\221\002"
#define ROW(bytes)                       \
	{                                \
		bytes, sizeof(bytes) - 1 \
	}

struct row {
	const char *bytes;
	size_t size;
};

static int read_row(struct rollcast_forecast_reader *reader, const struct row *row,
		    const struct rollcast_forecast **ret_forecast)
{
	return rollcast_forecast_read(reader, row->bytes, row->size, ret_forecast);
}

static void reads_forecasts_that_say_less_or_more(void **state)
{
	static const struct row rows[] = {
		ROW("\204" NAME TIME STEP MEAN),
		ROW("\204" MEAN STEP TIME NAME),
		ROW("\205" NAME TIME STEP MEAN "\245other\222\201\001\002\300"),
		ROW("\205" NAME TIME STEP MEAN "\251quantiles\201\2430.5\221\003"),
		ROW("\205\251quantiles\202\2430.5\221\003\2430.7\221\004" NAME TIME STEP MEAN),
		ROW("\205" NAME TIME STEP MEAN "\244tags\200"),
		ROW("\204" NAME TIME "\244step\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a" MEAN),
	};
	CLEANUP(rollcast_forecast_reader_destroy) struct rollcast_forecast_reader *reader = NULL;
	const struct rollcast_forecast *forecast;

	(void)state;
	assert_int_equal(rollcast_forecast_reader_create(ROLLCAST_FORMAT_MSGPACK, &reader), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (read_row(reader, &rows[i], &forecast))
			fail_msg("row %zu was refused", i);
		assert_string_equal(forecast->name, "x");
		assert_int_equal(forecast->horizon, 1);
		assert_true(forecast->mean[0] == 2);
		assert_string_equal(forecast->expert, "");
	}
}

static void reads_thresholds_and_passes_over_what_they_say_more(void **state)
{
	static const struct row row =
		ROW("\205" NAME TIME STEP MEAN "\252thresholds\202"
		    "\244full\205\245limit\137\245other\222\001\002\253probability\xcb\x3f\xe0\0\0"
		    "\0\0\0\0\247seconds\x3c\246raised\303"
		    "\243low\202\245limit\376\247seconds\300");
	CLEANUP(rollcast_forecast_reader_destroy) struct rollcast_forecast_reader *reader = NULL;
	const struct rollcast_forecast *forecast;

	(void)state;
	assert_int_equal(rollcast_forecast_reader_create(ROLLCAST_FORMAT_MSGPACK, &reader), 0);
	assert_int_equal(read_row(reader, &row, &forecast), 0);
	assert_int_equal(forecast->threshold_count, 2);
	assert_string_equal(forecast->thresholds[0].name, "full");
	assert_true(forecast->thresholds[0].limit == 95);
	assert_true(forecast->thresholds[0].probability == 0.5);
	assert_true(forecast->thresholds[0].seconds == 60);
	assert_true(forecast->thresholds[0].raised);
	assert_string_equal(forecast->thresholds[1].name, "low");
	assert_true(forecast->thresholds[1].limit == -2);
	assert_true(isnan(forecast->thresholds[1].probability));
	assert_true(isnan(forecast->thresholds[1].seconds));
	assert_false(forecast->thresholds[1].raised);
}

static void refuses_what_is_no_forecast(void **state)
{
	static const struct row rows[] = {
		ROW(""),
		ROW("\001"),
		ROW("\200"),
		ROW("\220"),
		ROW("\203" TIME STEP MEAN),
		ROW("\203" NAME STEP MEAN),
		ROW("\203" NAME TIME MEAN),
		ROW("\203" NAME TIME STEP),
		/* twice, cut off, followed by more */
		ROW("\205" NAME TIME STEP MEAN MEAN),
		ROW("\205" NAME TIME STEP MEAN),
		ROW("\204" NAME TIME STEP MEAN "\001"),
		/* wrong types and ranges */
		ROW("\204\244name\001" TIME STEP MEAN),
		ROW("\204\244name\240" TIME STEP MEAN),
		ROW("\204\244name\241{" TIME STEP MEAN),
		ROW("\204" NAME "\244time\300" STEP MEAN),
		ROW("\204" NAME "\244time\xcf\xff\xff\xff\xff\xff\xff\xff\xff" STEP MEAN),
		ROW("\204" NAME TIME "\244step\000" MEAN),
		ROW("\204" NAME TIME "\244step\377" MEAN),
		ROW("\204" NAME TIME STEP "\244mean\002"),
		ROW("\204" NAME TIME STEP "\244mean\220"),
		ROW("\204" NAME TIME STEP "\244mean\221\241x"),
		ROW("\204" NAME TIME STEP "\244mean\335\377\377\377\377"),
		ROW("\205" NAME TIME STEP MEAN "\001\002"),
		ROW("\205" NAME TIME STEP MEAN "\244tags\201\241a\001"),
		ROW("\205" NAME TIME STEP MEAN "\244tags\202\241a\241b\241a\241c"),
		ROW("\205" NAME TIME STEP MEAN "\251quantiles\201\2430.5\222\003\004"),
		ROW("\205" NAME TIME STEP MEAN "\251quantiles\201\2411\221\003"),
		ROW("\205" NAME TIME STEP MEAN "\251quantiles\201\001\221\003"),
		ROW("\205" NAME TIME STEP MEAN "\251quantiles\202\2430.5\221\003\2430.4\221\004"),
		ROW("\205" NAME TIME STEP MEAN
		    "\246expert\331\050lstmlstmlstmlstmlstmlstmlstmlstmlstmlstm"),
		ROW("\205" NAME TIME STEP MEAN "\246expert\246\033[2Jab"),
		ROW("\205" NAME TIME STEP MEAN "\246expert\242\302\233"),
		ROW("\205" NAME TIME STEP MEAN "\246expert\242a\000"),
		ROW("\205" NAME TIME STEP MEAN "\247weights\201\242\r\n\001"),
		ROW("\205" NAME TIME STEP MEAN "\247weights\201\241a\241b"),
		ROW("\205" NAME TIME STEP MEAN "\252thresholds\221\001"),
		ROW("\205" NAME TIME STEP MEAN "\252thresholds\201\241a\001"),
		ROW("\205" NAME TIME STEP MEAN "\252thresholds\201\001\200"),
		ROW("\205" NAME TIME STEP MEAN "\252thresholds\201\241a\201\245limit"),
		ROW("\205" NAME TIME STEP MEAN "\247samples\377"),
		ROW("\205" NAME TIME STEP MEAN "\250snapshot\001"),
	};
	CLEANUP(rollcast_forecast_reader_destroy) struct rollcast_forecast_reader *reader = NULL;
	const struct rollcast_forecast *forecast = NULL;

	(void)state;
	assert_int_equal(rollcast_forecast_reader_create(ROLLCAST_FORMAT_MSGPACK, &reader), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (read_row(reader, &rows[i], &forecast) != -EINVAL)
			fail_msg("row %zu was read", i);
	assert_null(forecast);
}

/* Appends `count` elements to a map of three pairs and `key`, whose header is 16 bit wide. */
static size_t crowd(uint8_t *bytes, const char *key, uint8_t header, unsigned count)
{
	uint8_t *at = bytes;

	at += sprintf((char *)at, "\205" NAME TIME STEP MEAN "%s", key);
	*at++ = header;
	*at++ = (uint8_t)(count >> 8);
	*at++ = (uint8_t)count;
	for (unsigned i = 0; i < count; i++) {
		if (header == 0xde)
			at += sprintf((char *)at, "\2450.%03u", i + 1);
		*at++ = 1;
	}
	return (size_t)(at - bytes);
}

static void refuses_more_than_there_is_room_for(void **state)
{
	static const struct {
		const char *key;
		uint8_t header;
		unsigned most;
	} rows[] = {
		{"\247weights", 0xde, ROLLCAST_EXPERTS_MAX},
		{"\250coverage", 0xde, ROLLCAST_LEVELS_MAX},
	};
	CLEANUP(rollcast_forecast_reader_destroy) struct rollcast_forecast_reader *reader = NULL;
	const struct rollcast_forecast *forecast;
	static uint8_t bytes[4096];

	(void)state;
	assert_int_equal(rollcast_forecast_reader_create(ROLLCAST_FORMAT_MSGPACK, &reader), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (unsigned more = 0; more <= 1; more++) {
			size_t size =
				crowd(bytes, rows[i].key, rows[i].header, rows[i].most + more);

			assert_int_equal(rollcast_forecast_read(reader, bytes, size, &forecast),
					 more ? -EINVAL : 0);
		}
	for (unsigned more = 0; more <= 1; more++) {
		size_t size = (size_t)sprintf((char *)bytes, "\204" NAME TIME STEP "\244mean\xdc");

		bytes[size++] = ROLLCAST_HORIZON_MAX >> 8;
		bytes[size++] = (uint8_t)((ROLLCAST_HORIZON_MAX & 0xff) + more);
		memset(bytes + size, 3, ROLLCAST_HORIZON_MAX + more);
		size += ROLLCAST_HORIZON_MAX + more;
		assert_int_equal(rollcast_forecast_read(reader, bytes, size, &forecast),
				 more ? -EINVAL : 0);
	}
}

/* A small generator of its own, so that a failure can be repeated: xorshift64*. */
static uint32_t draw(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return (uint32_t)((*seed * 0x2545f4914f6cdd1d) >> 32);
}

static void survives_100000_mutations(void **state)
{
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	CLEANUP(rollcast_forecast_reader_destroy) struct rollcast_forecast_reader *reader = NULL;
	const struct rollcast_forecast forecast = example_forecast();
	const struct rollcast_forecast *read;
	uint64_t seed = 1;
	int good = 0;
	const void *bytes;
	size_t size;

	(void)state;
	assert_int_equal(rollcast_encoder_create(ROLLCAST_FORMAT_MSGPACK, &encoder), 0);
	assert_int_equal(rollcast_forecast_reader_create(ROLLCAST_FORMAT_MSGPACK, &reader), 0);
	assert_int_equal(rollcast_encode_forecast(encoder, &forecast, &bytes, &size), 0);
	for (int i = 0; i < 100000; i++) {
		size_t kept = size - (draw(&seed) % 4 ? 0 : draw(&seed) % size);
		CLEANUP(free) uint8_t *copy = malloc(kept);

		assert_non_null(copy);
		memcpy(copy, bytes, kept);
		for (uint32_t n = draw(&seed) % 4; n; n--)
			copy[draw(&seed) % kept] = (uint8_t)draw(&seed);
		if (rollcast_forecast_read(reader, copy, kept, &read))
			continue;
		good++;
		assert_in_range(read->horizon, 1, ROLLCAST_HORIZON_MAX);
		assert_in_range(strlen(read->name), 1, ROLLCAST_NAME_MAX - 1);
		assert_true(read->step_us > 0);
	}
	assert_in_range(good, 1000, 99000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_forecasts_that_say_less_or_more),
		cmocka_unit_test(reads_thresholds_and_passes_over_what_they_say_more),
		cmocka_unit_test(refuses_what_is_no_forecast),
		cmocka_unit_test(refuses_more_than_there_is_room_for),
		cmocka_unit_test(survives_100000_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
