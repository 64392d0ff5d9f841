/* Alerts as bytes, and forecasts that are watched for thresholds. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rollcast/wire.h"
#include "tests/wire/forecast.h"

static struct rollcast_forecast watched_forecast(void)
{
	struct rollcast_forecast forecast = example_forecast();

	forecast.name = "disk{host=\"a\"}";
	forecast.snapshot = false;
	forecast.thresholds[0] = (struct rollcast_breach){"full", 120, 0.25, 35.5, false, true};
	forecast.thresholds[1] = (struct rollcast_breach){"empty", 1, 0, NAN, true, false};
	forecast.threshold_count = 2;
	return forecast;
}

static char *encode(enum rollcast_format format, int index)
{
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	const struct rollcast_forecast forecast = watched_forecast();
	const void *bytes;
	size_t size;
	int r;

	assert_int_equal(rollcast_encoder_create(format, &encoder), 0);
	if (index < 0)
		r = rollcast_encode_forecast(encoder, &forecast, &bytes, &size);
	else
		r = rollcast_encode_alert(encoder, &forecast, (uint32_t)index, &bytes, &size);
	return r ? NULL : strndup(bytes, size);
}

static void assert_encoded(enum rollcast_format format, int index, const char *expected)
{
	CLEANUP(free) char *text = encode(format, index);

	assert_string_equal(text, expected);
}

static void an_alert_says_what_threshold_and_how_near(void **state)
{
	(void)state;
	assert_encoded(ROLLCAST_FORMAT_JSON, 0,
		       "{\"name\":\"disk\",\"tags\":{\"host\":\"a\"},\"time\":1700000000,"
		       "\"threshold\":\"full\",\"state\":\"cleared\",\"limit\":120,"
		       "\"probability\":0.25,\"seconds\":35.5,\"last\":99.5,\"snapshot\":false}");
	assert_encoded(ROLLCAST_FORMAT_JSON, 1,
		       "{\"name\":\"disk\",\"tags\":{\"host\":\"a\"},\"time\":1700000000,"
		       "\"threshold\":\"empty\",\"state\":\"raised\",\"limit\":1,"
		       "\"probability\":0,\"seconds\":null,\"last\":99.5,\"snapshot\":false}");
	assert_encoded(
		ROLLCAST_FORMAT_INFLUX, 1,
		"disk_alert,host=a,threshold=empty limit=1,probability=0,last=99.5,raised=1i "
		"1700000000000000000\n");
	assert_null(encode(ROLLCAST_FORMAT_JSON, 2));
}

static void an_alert_in_msgpack_is_a_map_of_ten(void **state)
{
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	const struct rollcast_forecast forecast = watched_forecast();
	static const char expected[] = "\x8a\xa4name\xa4"
				       "disk\xa4tags\x81\xa4host\xa1"
				       "a\xa4time\xce\x65\x53\xf1\x00"
				       "\xa9threshold\xa5"
				       "empty\xa5state\xa6raised\xa5limit\xcb\x3f\xf0\0\0\0\0\0\0"
				       "\xabprobability\xcb\0\0\0\0\0\0\0\0\xa7seconds\xc0"
				       "\xa4last\xcb\x40\x58\xe0\0\0\0\0\0\xa8snapshot\xc2";
	const void *bytes;
	size_t size;

	(void)state;
	assert_int_equal(rollcast_encoder_create(ROLLCAST_FORMAT_MSGPACK, &encoder), 0);
	assert_int_equal(rollcast_encode_alert(encoder, &forecast, 1, &bytes, &size), 0);
	assert_int_equal(size, sizeof(expected) - 1);
	assert_memory_equal(bytes, expected, size);
}

static void a_watched_forecast_has_its_thresholds_and_still_reads_back(void **state)
{
	CLEANUP(free) char *text = encode(ROLLCAST_FORMAT_JSON, -1);

	(void)state;
	assert_non_null(strstr(text,
			       ",\"thresholds\":{\"full\":{\"limit\":120,\"probability\":0.25,"
			       "\"seconds\":35.5,\"raised\":false},\"empty\":{\"limit\":1,"
			       "\"probability\":0,\"seconds\":null,\"raised\":true}},"
			       "\"snapshot\":false}"));
	for (int format = ROLLCAST_FORMAT_MSGPACK; format <= ROLLCAST_FORMAT_JSON; format++) {
		CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
		CLEANUP(rollcast_forecast_reader_destroy)
		struct rollcast_forecast_reader *reader = NULL;
		const struct rollcast_forecast forecast = watched_forecast(), *read;
		const void *bytes;
		size_t size;

		assert_int_equal(rollcast_encoder_create(format, &encoder), 0);
		assert_int_equal(rollcast_forecast_reader_create(format, &reader), 0);
		assert_int_equal(rollcast_encode_forecast(encoder, &forecast, &bytes, &size), 0);
		assert_int_equal(rollcast_forecast_read(reader, bytes, size, &read), 0);
		assert_true(read->samples == forecast.samples && read->last == forecast.last);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alert_says_what_threshold_and_how_near),
		cmocka_unit_test(an_alert_in_msgpack_is_a_map_of_ten),
		cmocka_unit_test(a_watched_forecast_has_its_thresholds_and_still_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
