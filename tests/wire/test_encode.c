/* Messages out: to the byte where it matters, and read back by what reads them. */
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

static struct rollcast_text text_of(const char *string)
{
	return (struct rollcast_text){string, strlen(string)};
}

static void a_sample_is_a_map_with_a_timestamp(void **state)
{
	/*  map 4  name ... tags: map 1, "h": "q"  time: ext 8 byte, nanoseconds << 34 | seconds */
	static const char expected[] = "\204\244name\241x\244tags\201\241h\241q"
				       "\244time\xd7\xff\x00\x00\x0f\xa0\x65\x53\xf1\x00"
				       "\245value\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00";
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	const int64_t time_us = 1700000000000001;
	const double value = 0.5;
	const struct rollcast_samples samples = {text_of("x{h=\"q\"}"), &time_us, &value, 1};
	const void *bytes;
	size_t size;

	(void)state;
	assert_int_equal(rollcast_encoder_create(ROLLCAST_FORMAT_MSGPACK, &encoder), 0);
	assert_int_equal(rollcast_encode_samples(encoder, &samples, &bytes, &size), 0);
	assert_int_equal(size, sizeof expected - 1);
	assert_memory_equal(bytes, expected, size);
}

static void a_name_that_is_not_canonical_is_refused(void **state)
{
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	const int64_t time_us = 0;
	const double value = 0;
	static char endless[2 * ROLLCAST_NAME_MAX];
	const void *bytes;
	size_t size;

	(void)state;
	memset(endless, 'n', sizeof endless - 1);
	assert_int_equal(rollcast_encoder_create(ROLLCAST_FORMAT_MSGPACK, &encoder), 0);
	const char *const names[] = {"", "x{", "x{h=q}", endless};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct rollcast_samples samples = {text_of(names[i]), &time_us, &value, 1};

		assert_int_equal(rollcast_encode_samples(encoder, &samples, &bytes, &size),
				 -EINVAL);
	}
}

/* Samples that a decoder must give back, in order. */
struct expectation {
	const struct rollcast_samples *samples;
	size_t seen;
};

static void compare(void *context, const struct rollcast_samples *samples)
{
	struct expectation *expectation = context;

	assert_int_equal(samples->name.length, expectation->samples->name.length);
	assert_memory_equal(samples->name.bytes, expectation->samples->name.bytes,
			    samples->name.length);
	for (size_t i = 0; i < samples->count; i++) {
		assert_true(expectation->seen < expectation->samples->count);
		assert_int_equal(samples->times_us[i],
				 expectation->samples->times_us[expectation->seen]);
		assert_true(samples->values[i] == expectation->samples->values[expectation->seen]);
		expectation->seen++;
	}
}

static void samples_decode_to_what_they_were(enum rollcast_format format, double unit_us)
{
	static const int64_t times[] = {
		0, -1, 1, -1000001, 999999, 1700000000123456, 17179869184000000, -1700000000123456};
	static const double values[] = {0, -0.1, 1e308, 5e-324, 3, -7, 1.0 / 3, 65536};
	enum { COUNT = sizeof times / sizeof *times };
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	CLEANUP(rollcast_decoder_destroy) struct rollcast_decoder *decoder = NULL;
	uint64_t counts[ROLLCAST_DECODE_RESULTS] = {0};
	const void *bytes;
	size_t size;

	assert_int_equal(rollcast_encoder_create(format, &encoder), 0);
	assert_int_equal(rollcast_decoder_create(format, unit_us, &decoder), 0);
	for (size_t i = 0; i <= COUNT; i++) {
		/* One by one, then all together. */
		const struct rollcast_samples samples = {text_of("x y{a=\"\\\" ,=\",b=\"c\"}"),
							 times + i % COUNT, values + i % COUNT,
							 i < COUNT ? 1 : COUNT};
		struct expectation expectation = {&samples, 0};

		assert_int_equal(rollcast_encode_samples(encoder, &samples, &bytes, &size), 0);
		rollcast_decode(decoder, bytes, size, 0, compare, &expectation, counts);
		assert_int_equal(expectation.seen, samples.count);
	}
}

static void msgpack_samples_decode_to_what_they_were_in_every_unit(void **state)
{
	(void)state;
	samples_decode_to_what_they_were(ROLLCAST_FORMAT_MSGPACK, 1e6);
	samples_decode_to_what_they_were(ROLLCAST_FORMAT_MSGPACK, 1e3);
	samples_decode_to_what_they_were(ROLLCAST_FORMAT_MSGPACK, 1);
	samples_decode_to_what_they_were(ROLLCAST_FORMAT_MSGPACK, 1e-3);
}

static void json_and_influx_samples_decode_to_what_they_were(void **state)
{
	(void)state;
	samples_decode_to_what_they_were(ROLLCAST_FORMAT_JSON, 1e6);
	samples_decode_to_what_they_were(ROLLCAST_FORMAT_INFLUX, 1e6);
}

static void samples_of_the_farthest_times_are_kept(void **state)
{
	static const int64_t times[] = {ROLLCAST_TIME_MAX_US, -ROLLCAST_TIME_MAX_US};
	static const double values[] = {1, 2};
	const struct rollcast_samples samples = {text_of("x"), times, values, 2};
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	CLEANUP(rollcast_decoder_destroy) struct rollcast_decoder *decoder = NULL;
	uint64_t counts[ROLLCAST_DECODE_RESULTS] = {0};
	struct expectation expectation = {&samples, 0};
	const void *bytes;
	size_t size;

	(void)state;
	assert_int_equal(rollcast_encoder_create(ROLLCAST_FORMAT_MSGPACK, &encoder), 0);
	assert_int_equal(rollcast_decoder_create(ROLLCAST_FORMAT_MSGPACK, 1e6, &decoder), 0);
	assert_int_equal(rollcast_encode_samples(encoder, &samples, &bytes, &size), 0);
	rollcast_decode(decoder, bytes, size, 0, compare, &expectation, counts);
	assert_int_equal(expectation.seen, 2);
}

/* What `samples` are as text in `format`. */
static void assert_text(enum rollcast_format format, const struct rollcast_samples *samples,
			const char *expected)
{
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	const void *bytes;
	size_t size;

	assert_int_equal(rollcast_encoder_create(format, &encoder), 0);
	assert_int_equal(rollcast_encode_samples(encoder, samples, &bytes, &size), 0);
	if (size != strlen(expected) || memcmp(bytes, expected, size))
		fail_msg("\"%.*s\" instead of \"%s\"", (int)size, (const char *)bytes, expected);
}

static void samples_as_text_look_like_this(void **state)
{
	static const int64_t times[] = {1700000000000000, -500000};
	static const double values[] = {0.1, NAN};
	struct rollcast_samples samples = {text_of("a b,c{d e=\"=\\n,\\\\\"}"), times, values, 1};

	(void)state;
	assert_text(ROLLCAST_FORMAT_JSON, &samples,
		    "{\"name\":\"a b,c\",\"tags\":{\"d e\":\"=\\n,\\\\\"},"
		    "\"time\":1700000000,\"value\":0.1}");
	assert_text(ROLLCAST_FORMAT_INFLUX, &samples,
		    "a\\ b\\,c,d\\ e=\\=\\ \\,_ value=0.1 1700000000000000000\n");
	samples.name = text_of("#x");
	samples.count = 2;
	assert_text(ROLLCAST_FORMAT_JSON, &samples,
		    "{\"name\":\"#x\",\"tags\":{},\"times\":[1700000000,-0.500000],"
		    "\"values\":[0.1,null]}");
	/* Line protocol has no NaN. */
	assert_text(ROLLCAST_FORMAT_INFLUX, &samples, "_x value=0.1 1700000000000000000\n");
}

/* Numbers agree to as many digits as the format has. */
static void assert_all_near(const double *read, const double *written, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_true(fabs(read[i] - written[i]) <= 1e-11 * fabs(written[i]));
}

static void a_forecast_reads_back_from(enum rollcast_format format)
{
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	CLEANUP(rollcast_forecast_reader_destroy) struct rollcast_forecast_reader *reader = NULL;
	struct rollcast_forecast forecast = example_forecast();
	const struct rollcast_forecast *read;
	const void *bytes;
	size_t size;

	assert_int_equal(rollcast_encoder_create(format, &encoder), 0);
	assert_int_equal(rollcast_forecast_reader_create(format, &reader), 0);
	assert_int_equal(rollcast_encode_forecast(encoder, &forecast, &bytes, &size), 0);
	assert_int_equal(rollcast_forecast_read(reader, bytes, size, &read), 0);
	assert_string_equal(read->name, forecast.name);
	assert_int_equal(read->origin_us, forecast.origin_us);
	assert_int_equal(read->step_us, forecast.step_us);
	assert_int_equal(read->horizon, forecast.horizon);
	assert_int_equal(read->quantile_count, forecast.quantile_count);
	assert_all_near(read->mean, forecast.mean, forecast.horizon);
	assert_all_near(read->quantiles, forecast.quantiles,
			forecast.quantile_count * forecast.horizon);
	static const double levels[] = {0.025, 0.1, 0.5, 0.9, 0.975};
	assert_memory_equal(read->quantile_levels, levels, sizeof levels);
	assert_true(read->last == forecast.last);
	assert_string_equal(read->expert, "lstm");
	assert_int_equal(read->weight_count, 2);
	assert_string_equal(read->weights[1].name, "naive");
	assert_true(read->weights[0].weight == 0.75 && read->weights[1].weight == 0.25);
	assert_true(read->skill == 0.125);
	assert_int_equal(read->level_count, 2);
	assert_true(read->levels[0] == 0.8 && read->levels[1] == 0.95);
	assert_true(read->coverage[0] == 0.79 && isnan(read->coverage[1]));
	assert_int_equal(read->trained_us, forecast.trained_us);
	assert_int_equal(read->samples, forecast.samples);
	assert_true(read->snapshot);
}

static void a_forecast_reads_back(void **state)
{
	(void)state;
	a_forecast_reads_back_from(ROLLCAST_FORMAT_MSGPACK);
	a_forecast_reads_back_from(ROLLCAST_FORMAT_JSON);
}

static void a_young_forecast_reads_back_from(enum rollcast_format format)
{
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	CLEANUP(rollcast_forecast_reader_destroy) struct rollcast_forecast_reader *reader = NULL;
	static const double mean[] = {NAN};
	const struct rollcast_forecast forecast = {
		.name = "x",
		.origin_us = -1500000,
		.step_us = 1,
		.horizon = 1,
		.mean = mean,
		.last = INFINITY,
		.expert = "naive",
		.skill = NAN,
	};
	const struct rollcast_forecast *read;
	const void *bytes;
	size_t size;

	assert_int_equal(rollcast_encoder_create(format, &encoder), 0);
	assert_int_equal(rollcast_forecast_reader_create(format, &reader), 0);
	assert_int_equal(rollcast_encode_forecast(encoder, &forecast, &bytes, &size), 0);
	assert_int_equal(rollcast_forecast_read(reader, bytes, size, &read), 0);
	assert_int_equal(read->origin_us, -1500000);
	assert_int_equal(read->step_us, 1);
	assert_true(isnan(read->mean[0]) && isnan(read->last) && isnan(read->skill));
	assert_int_equal(read->trained_us, 0);
	assert_int_equal(read->quantile_count + read->weight_count + read->level_count, 0);
	assert_false(read->snapshot);
}

static void what_a_young_forecast_does_not_know_reads_back_as_unknown(void **state)
{
	(void)state;
	a_young_forecast_reads_back_from(ROLLCAST_FORMAT_MSGPACK);
	a_young_forecast_reads_back_from(ROLLCAST_FORMAT_JSON);
}

static void a_forecast_in_line_protocol_is_a_line_per_step(void **state)
{
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	static const double mean[] = {1.5, NAN}, levels[] = {0.05, 0.95};
	static const double quantiles[] = {1, 2, 3, 4};
	const struct rollcast_forecast forecast = {
		.name = "x{h=\"q\"}",
		.origin_us = 1700000000000000,
		.step_us = 10000000,
		.horizon = 2,
		.quantile_count = 2,
		.mean = mean,
		.quantile_levels = levels,
		.quantiles = quantiles,
		.expert = "naive",
		.skill = NAN,
	};
	static const char expected[] =
		"x_forecast,h=q mean=1.5,q0.05=1,q0.95=3,horizon=1i,expert=\"naive\" "
		"1700000010000000000\n"
		"x_forecast,h=q q0.05=2,q0.95=4,horizon=2i,expert=\"naive\" "
		"1700000020000000000\n";
	struct rollcast_forecast_reader *reader = NULL;
	const void *bytes;
	size_t size;

	(void)state;
	assert_int_equal(rollcast_encoder_create(ROLLCAST_FORMAT_INFLUX, &encoder), 0);
	assert_int_equal(rollcast_encode_forecast(encoder, &forecast, &bytes, &size), 0);
	assert_int_equal(size, sizeof expected - 1);
	assert_memory_equal(bytes, expected, size);
	assert_int_equal(rollcast_forecast_reader_create(ROLLCAST_FORMAT_INFLUX, &reader), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sample_is_a_map_with_a_timestamp),
		cmocka_unit_test(a_name_that_is_not_canonical_is_refused),
		cmocka_unit_test(msgpack_samples_decode_to_what_they_were_in_every_unit),
		cmocka_unit_test(json_and_influx_samples_decode_to_what_they_were),
		cmocka_unit_test(samples_of_the_farthest_times_are_kept),
		cmocka_unit_test(samples_as_text_look_like_this),
		cmocka_unit_test(a_forecast_reads_back),
		cmocka_unit_test(what_a_young_forecast_does_not_know_reads_back_as_unknown),
		cmocka_unit_test(a_forecast_in_line_protocol_is_a_line_per_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
