/* Messages, selectors and files of the tool when there is no memory. */
#include "tests/memory/failing.h"

#include <math.h>

#include "cli/csv.h"
#include "cli/history.h"
#include "rollcast/wire.h"

struct payload {
	enum rollcast_format format;
	const char *bytes;
	size_t size;
};

static void count_samples(void *context, const struct rollcast_samples *samples)
{
	*(size_t *)context += samples->count;
}

/* A message that could not be unpacked is a refusal of its own kind. */
static int decode(void *context)
{
	const struct payload *payload = context;
	CLEANUP(rollcast_decoder_destroy) struct rollcast_decoder *decoder = NULL;
	uint64_t counts[ROLLCAST_DECODE_RESULTS] = {0};
	size_t samples = 0;
	int r = rollcast_decoder_create(payload->format, 1e6, &decoder);

	if (r < 0)
		return r;
	rollcast_decode(decoder, payload->bytes, payload->size, 0, count_samples, &samples, counts);
	assert_int_equal(samples, counts[ROLLCAST_DECODE_OK]);
	if (counts[ROLLCAST_DECODE_MEMORY])
		return -ENOMEM;
	assert_int_equal(samples, 2);
	return 0;
}

static void messages_are_decoded_or_counted(void **state)
{
	static const char msgpack[] =
		"\222\202\244name\241x\245value\002\202\244name\241y\245value\003";
	static const char json[] = "[{\"name\":\"x\",\"value\":1},{\"name\":\"y\",\"value\":2}]";
	static const char influx[] = "x value=1 1\ny value=2 2\n";
	const struct payload payloads[] = {
		{ROLLCAST_FORMAT_MSGPACK, msgpack, sizeof(msgpack) - 1},
		{ROLLCAST_FORMAT_JSON, json, sizeof(json) - 1},
		{ROLLCAST_FORMAT_INFLUX, influx, sizeof(influx) - 1},
	};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		fail_each("decode", decode, &payloads[i], false, 1);
}

static int encode(void *context)
{
	static const double mean[300], levels[] = {0.1, 0.5, 0.9}, quantiles[900];
	struct rollcast_forecast forecast = {
		.name = "x{a=\"b\"}",
		.origin_us = 1,
		.step_us = 1000000,
		.horizon = 300,
		.quantile_count = 3,
		.mean = mean,
		.quantile_levels = levels,
		.quantiles = quantiles,
		.expert = "naive",
		.threshold_count = 1,
		.thresholds = {{.name = "t", .limit = 1, .seconds = NAN}},
	};
	const enum rollcast_format *format = context;
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	CLEANUP(rollcast_forecast_reader_destroy) struct rollcast_forecast_reader *reader = NULL;
	const struct rollcast_forecast *again;
	const void *bytes;
	size_t size;
	int r = rollcast_encoder_create(*format, &encoder);

	if (r == 0)
		r = rollcast_encode_alert(encoder, &forecast, 0, &bytes, &size);
	if (r == 0)
		r = rollcast_encode_forecast(encoder, &forecast, &bytes, &size);
	if (r < 0 || *format == ROLLCAST_FORMAT_INFLUX)
		return r;
	r = rollcast_forecast_reader_create(*format, &reader);
	return r < 0 ? r : rollcast_forecast_read(reader, bytes, size, &again);
}

static void forecasts_are_written_and_read_or_not_at_all(void **state)
{
	(void)state;
	for (int format = 0; format < ROLLCAST_FORMATS; format++)
		fail_each("encode", encode, &(enum rollcast_format){format}, false, 1);
}

static int selector(void *context)
{
	CLEANUP(rollcast_selector_destroy) struct rollcast_selector *selector = NULL;
	char error[128];
	size_t column;

	return rollcast_selector_create(context, &selector, error, sizeof(error), &column);
}

static void selectors_are_made_or_not_at_all(void **state)
{
	(void)state;
	fail_each("selector", selector, "cpu_[a-z]*{host=~\"(a|b)+\",disk!=\"sd?\",c!~\"d{2}\"}",
		  false, 1);
}

static int read_csv(void *context)
{
	CLEANUP(csv_close) struct csv_reader *reader = NULL;
	const struct csv_options options = {0};
	struct csv_sample sample;
	int r = csv_open(context, &options, &reader);

	if (r < 0)
		return r;
	while ((r = csv_next(reader, &sample)) > 0)
		assert_true(isfinite(sample.value));
	return r;
}

static int load_history(void *context)
{
	const struct csv_options options = {0};
	struct history history = {0};
	int r = history_load(context, NULL, &options, &history);

	if (r == 0)
		history_finish(&history);
	return r;
}

static void series_are_read_or_not_at_all(void **state)
{
	static const char path[] = "tests/data/airline-passengers.csv";

	(void)state;
	fail_each("csv", read_csv, path, false, 1);
	fail_each("history", load_history, path, false, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_decoded_or_counted),
		cmocka_unit_test(forecasts_are_written_and_read_or_not_at_all),
		cmocka_unit_test(selectors_are_made_or_not_at_all),
		cmocka_unit_test(series_are_read_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
