/*
 * What a message costs: decoding samples and encoding forecasts.
 *
 * Beside our decoder, msgpack-c's unpacker reads the same bytes in the same run. That only builds a
 * tree: it checks no shape, scales no time and makes no canonical name.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <msgpack.h>

#include "rollcast/wire.h"
#include "tests/wire/forecast.h"

enum { ROUNDS = 7 };

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The sum keeps the compiler from leaving work out. */
static void add_up(void *context, const struct rollcast_samples *samples)
{
	double *sum = context;

	for (size_t i = 0; i < samples->count; i++)
		*sum += samples->values[i] + (double)samples->times_us[i];
	*sum += samples->name.bytes[0];
}

static double ours_ns(struct rollcast_decoder *decoder, const msgpack_sbuffer *payload, long times)
{
	uint64_t counts[ROLLCAST_DECODE_RESULTS] = {0};
	double sum = 0, start = now_s();

	for (long i = 0; i < times; i++)
		rollcast_decode(decoder, payload->data, payload->size, i, add_up, &sum, counts);
	start = now_s() - start;
	if (!counts[ROLLCAST_DECODE_OK] || sum == 1)
		abort();
	return 1e9 * start / (double)counts[ROLLCAST_DECODE_OK];
}

static double theirs_ns(const msgpack_sbuffer *payload, long times, int samples)
{
	msgpack_unpacked unpacked;
	double start = now_s();

	msgpack_unpacked_init(&unpacked);
	for (long i = 0; i < times; i++) {
		size_t offset = 0;

		if (msgpack_unpack_next(&unpacked, payload->data, payload->size, &offset) !=
		    MSGPACK_UNPACK_SUCCESS)
			abort();
	}
	msgpack_unpacked_destroy(&unpacked);
	return 1e9 * (now_s() - start) / (double)(times * samples);
}

static void text(msgpack_packer *packer, const char *string)
{
	msgpack_pack_str(packer, strlen(string));
	msgpack_pack_str_body(packer, string, strlen(string));
}

static void name_and_tags(msgpack_packer *packer, int tags)
{
	static const char *const labels[][2] = {{"cpu", "cpu0"}, {"host", "web-17"}};

	text(packer, "name");
	text(packer, "cpu_usage_idle");
	if (!tags)
		return;
	text(packer, "tags");
	msgpack_pack_map(packer, (size_t)tags);
	for (int i = 0; i < tags; i++) {
		text(packer, labels[i][0]);
		text(packer, labels[i][1]);
	}
}

static void sample(msgpack_packer *packer, int tags)
{
	msgpack_pack_map(packer, tags ? 4 : 3);
	name_and_tags(packer, tags);
	text(packer, "time");
	msgpack_pack_double(packer, 1700000000.25);
	text(packer, "value");
	msgpack_pack_double(packer, 98.25);
}

static void columns(msgpack_packer *packer, int count)
{
	msgpack_pack_map(packer, 4);
	name_and_tags(packer, 2);
	text(packer, "times");
	msgpack_pack_array(packer, (size_t)count);
	for (int i = 0; i < count; i++)
		msgpack_pack_uint64(packer, 1700000000u + (unsigned)i);
	text(packer, "values");
	msgpack_pack_array(packer, (size_t)count);
	for (int i = 0; i < count; i++)
		msgpack_pack_double(packer, 98.25 + i);
}

static void compare(struct rollcast_decoder *decoder, const char *what, int samples, int tags,
		    bool in_columns)
{
	double ours = 1e9, theirs = 1e9;
	long times = 2000000 / samples;
	msgpack_sbuffer payload;
	msgpack_packer packer;

	msgpack_sbuffer_init(&payload);
	msgpack_packer_init(&packer, &payload, msgpack_sbuffer_write);
	if (in_columns) {
		columns(&packer, samples);
	} else {
		if (samples > 1)
			msgpack_pack_array(&packer, (size_t)samples);
		for (int i = 0; i < samples; i++)
			sample(&packer, tags);
	}
	/* The best of some rounds, taken in turn: other programs run here too. */
	for (int i = 0; i < ROUNDS; i++) {
		double mine = ours_ns(decoder, &payload, times);
		double other = theirs_ns(&payload, times, samples);

		ours = mine < ours ? mine : ours;
		theirs = other < theirs ? other : theirs;
	}
	printf("%-34s %7.1f ns/sample   msgpack-c, tree only %7.1f   ratio %.2f\n", what, ours,
	       theirs, theirs / ours);
	msgpack_sbuffer_destroy(&payload);
}

/* The same samples with rules for their labels, in turn with none. */
static void relabel(const char *what, const struct rollcast_label_rules *rules)
{
	CLEANUP(rollcast_decoder_destroy) struct rollcast_decoder *plain = NULL;
	CLEANUP(rollcast_decoder_destroy) struct rollcast_decoder *changing = NULL;
	double before = 1e9, after = 1e9;
	msgpack_sbuffer payload;
	msgpack_packer packer;

	msgpack_sbuffer_init(&payload);
	msgpack_packer_init(&packer, &payload, msgpack_sbuffer_write);
	sample(&packer, 2);
	if (rollcast_decoder_create(ROLLCAST_FORMAT_MSGPACK, 1e6, &plain) ||
	    rollcast_decoder_create(ROLLCAST_FORMAT_MSGPACK, 1e6, &changing) ||
	    rollcast_decoder_relabel(changing, rules))
		abort();
	for (int i = 0; i < ROUNDS; i++) {
		double without = ours_ns(plain, &payload, 2000000);
		double with = ours_ns(changing, &payload, 2000000);

		before = without < before ? without : before;
		after = with < after ? with : after;
	}
	printf("%-34s %7.1f ns/sample   without rules %7.1f\n", what, after, before);
	msgpack_sbuffer_destroy(&payload);
}

static void relabel_all(void)
{
	static char *const drop[] = {"pid", "tmp_*"};
	static const struct rollcast_label_pair rename[] = {{"host", "node"}},
						add[] = {{"dc", "eu"}};

	relabel("2 tags, drop 2", &(struct rollcast_label_rules){.drop = drop, .drop_count = 2});
	relabel("2 tags, drop 2, rename 1, add 1", &(struct rollcast_label_rules){.drop = drop,
										  .drop_count = 2,
										  .rename = rename,
										  .rename_count = 1,
										  .add = add,
										  .add_count = 1});
}

static void encode(const char *what, enum rollcast_format format)
{
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	const struct rollcast_forecast forecast = example_forecast();
	double best = 1e9;
	const void *bytes;
	size_t size = 0;

	if (rollcast_encoder_create(format, &encoder))
		abort();
	for (int round = 0; round < ROUNDS; round++) {
		double start = now_s();

		for (int i = 0; i < 20000; i++)
			if (rollcast_encode_forecast(encoder, &forecast, &bytes, &size))
				abort();
		start = 1e9 * (now_s() - start) / 20000;
		best = start < best ? start : best;
	}
	printf("%-34s %7.0f ns/forecast (%zu bytes: %d steps, %d quantiles)\n", what, best, size,
	       EXAMPLE_HORIZON, EXAMPLE_QUANTILES);
}

/* The same samples as text, beside msgpack in the same run. */
static void decode_texts(void)
{
	static const struct {
		const char *what;
		enum rollcast_format format;
		const char *payload;
	} rows[] = {
		{"msgpack, 2 tags", ROLLCAST_FORMAT_MSGPACK,
		 "\204\244name\256cpu_usage_idle\244tags\202\243cpu\244cpu0\244host\246web-17"
		 "\244time\xcb\x41\xd9\x54\xfc\x40\x10\x01\x01\245value\xcb\x40\x58\x90\x01\x01\x01"
		 "\x01\x01"},
		{"JSON, 2 tags", ROLLCAST_FORMAT_JSON,
		 "{\"name\":\"cpu_usage_idle\",\"tags\":{\"cpu\":\"cpu0\",\"host\":\"web-17\"},"
		 "\"time\":1700000000.25,\"value\":98.25}"},
		{"line protocol, 2 tags", ROLLCAST_FORMAT_INFLUX,
		 "cpu_usage_idle,cpu=cpu0,host=web-17 value=98.25 1700000000250000000\n"},
	};
	double best[3] = {1e9, 1e9, 1e9};

	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < 3; i++) {
			CLEANUP(rollcast_decoder_destroy) struct rollcast_decoder *decoder = NULL;
			msgpack_sbuffer payload = {.data = (char *)rows[i].payload,
						   .size = strlen(rows[i].payload)};
			double ns;

			if (rollcast_decoder_create(rows[i].format, 1e6, &decoder))
				abort();
			ns = ours_ns(decoder, &payload, 1000000);
			best[i] = ns < best[i] ? ns : best[i];
		}
	for (int i = 0; i < 3; i++)
		printf("%-34s %7.1f ns/sample   ratio to msgpack %.1f\n", rows[i].what, best[i],
		       best[i] / best[0]);
}

int main(void)
{
	CLEANUP(rollcast_decoder_destroy) struct rollcast_decoder *decoder = NULL;

	if (rollcast_decoder_create(ROLLCAST_FORMAT_MSGPACK, 1e6, &decoder))
		abort();
	compare(decoder, "one sample, no tags", 1, 0, false);
	compare(decoder, "one sample, 2 tags", 1, 2, false);
	compare(decoder, "array of 100 samples, no tags", 100, 0, false);
	compare(decoder, "array of 100 samples, 2 tags", 100, 2, false);
	compare(decoder, "column batch of 100 samples", 100, 2, true);
	decode_texts();
	relabel_all();
	encode("encode a forecast as msgpack", ROLLCAST_FORMAT_MSGPACK);
	encode("encode a forecast as JSON", ROLLCAST_FORMAT_JSON);
	encode("encode a forecast as lines", ROLLCAST_FORMAT_INFLUX);
	return 0;
}
