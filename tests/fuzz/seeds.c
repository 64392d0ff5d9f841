/*
 * Where the fuzzers begin: `seeds DIRECTORY` writes DIRECTORY/<target>/<seed>, most of them by the code
 * that writes such bytes in life. run.sh adds the settings that stand in the tree.
 */
#include <errno.h>
#include <math.h>
#include <sys/stat.h>

#include "daemon/base/envelope.h"
#include "daemon/message.h"
#include "rollcast/safetensors.h"
#include "rollcast/wire.h"
#include "tests/fuzz/stream.h"

static const char *directory;

static void put(const char *target, const char *name, const void *bytes, size_t size)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, target);
	must(!mkdir(path, 0777) || errno == EEXIST);
	snprintf(path, sizeof(path), "%s/%s/%s", directory, target, name);
	file = fopen(path, "wb");
	must(file && fwrite(bytes, 1, size, file) == size && !fclose(file));
}

/* With one byte before the rest, by which a fuzzer chooses. */
static void put_chosen(const char *target, const char *name, unsigned char choice,
		       const void *bytes, size_t size)
{
	CLEANUP(free) unsigned char *all = malloc(size + 1);

	must(all);
	all[0] = choice;
	memcpy(all + 1, bytes, size);
	put(target, name, all, size + 1);
}

/* ---- texts ---- */

#define TEXT(target, name, literal)                        \
	{                                                  \
		target, name, literal, sizeof(literal) - 1 \
	}

static const struct {
	const char *target, *name, *text;
	size_t size;
} texts[] = {
	TEXT("json", "one",
	     "{\"name\":\"x\",\"time\":1.5,\"value\":-2e3,\"tags\":{\"a\":\"\\u00e4\"}}"),
	TEXT("json", "batch",
	     "[{\"name\":\"x\",\"fields\":{\"a\":1,\"b\":true,\"c\":\"d\"}},"
	     "{\"name\":\"x\",\"times\":[1],\"values\":[NaN]}]"),
	TEXT("json", "deep", "[[[[[[[[{\"a\":{\"b\":[{\"c\":{}}]}}]]]]]]]]"),
	TEXT("influx", "lines",
	     "cpu,host=a\\ b usage=12.5,idle=80i,up=t,s=\"a,b\" 1700000000000000000\n"
	     "# x\nx value=1\n"),
	TEXT("msgpack", "telegraf",
	     "\x84\xa4name\xa1x\xa9timestamp\x01\xa4tags\x81\xa1h\xa1q\xa6"
	     "fields\x81\xa1"
	     "a\x01"),
	TEXT("msgpack", "promise", "\xdd\xff\xff\xff\xff\x84"),
	TEXT("msgpack", "deep", "\x91\x91\x91\x91\x91\x91\x91\x91\x81\xa1x\x91\x91\x91\xc0"),
	TEXT("frame", "objects",
	     "\x81\xa1x\x01\xc4\x02xy\xd9\x01z\xcb\x3f\xf0\0\0\0\0\0\0\xde\0\x01\x01\x02"),
	TEXT("frame", "lines", "one\ntwo\n\nthree"),
	TEXT("name", "canonical", "x{a=\"b\",c=\"\\n\"}"),
	TEXT("name", "parts", "x\0b\0001\0a\0002"),
	TEXT("selector", "globs", "cpu_*{host!=\"a?[b-d]\"}\ncpu_x{host=\"abc\"}"),
	TEXT("selector", "regexes", "*{a=~\"(b|c)+.*\",d!~\"e{2}\"}\nx{a=\"bc\"}"),
	TEXT("csv", "wide", "\0time,a,b\n2024-01-01,1.5,2\n2024-01-02T03:04:05Z,,NaN\n"),
	TEXT("csv", "long",
	     "\0name,time,value,host\ncpu,1704067200,0.5,web1\ncpu,1704067201,1e3,web2\n"),
	TEXT("csv", "labels", "\0series;t;y;labels\n\"a \"\"b\"\"\";1949-01;1,5;c=d e=\"f\"\n"),
	TEXT("csv", "bare", "\002112\n118\n# no\n132\n"),
	TEXT("csv", "tabs", "\005x\ty\n1\t2\n3\t4\t\t\n"),
	TEXT("csv", "wide_marks",
	     "\0\xff\xfe"
	     "a\0,\0"),
	TEXT("value", "duration", "1.5h"),
	TEXT("value", "size", "16MiB"),
	TEXT("value", "number", "-1.25e-3"),
	TEXT("value", "endpoint", "tcp://[::1]:5556"),
	TEXT("value", "path", "ipc:///run/x"),
	TEXT("value", "listen", "127.0.0.1:9477"),
	TEXT("value", "variables", "${HOME:-a}$$${PATH}\xc3\xa4\xf0\x9f\x98\x80"),
	TEXT("certificate", "two",
	     "# of two\nmetadata\n    name = \"a\"\ncurve\n"
	     "    public-key = \"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\"\n"
	     "    secret-key = \"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\"\n"
	     "metadata\ncurve\n\tpublic-key='m#.$&a]wz7YPCVu!&2V*FhRl8]7<>h3QNBp5hQ?w'\r\n"),
	TEXT("certificate", "token", " open sesame \n"),
	TEXT("settings", "sockets",
	     "inputs: [{name: a, connect: 'ipc://a'}]\noutputs: [{name: z, bind: 'ipc://z'}]\n"),
	TEXT("settings", "anchors",
	     "inputs: [&i {name: a, connect: 'ipc://a'}, {<<: *i, name: b}]\n"
	     "outputs: [{name: z, bind: 'ipc://z'}]\n"),
	TEXT("http", "metrics", "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"),
	TEXT("http", "streams",
	     "GET /api/streams?match=*%7Ba=~%22b%22%7D&search=x&sort=-skill&limit=5&offset=0 "
	     "HTTP/1.1\r\nHost: a\r\n\r\n"),
	TEXT("http", "forecast",
	     "GET /api/forecast?stream=x%7Ba%3D%22b%22%7D&history=9 HTTP/1.1\r\nHost: a\r\n\r\n"),
	TEXT("http", "status", "GET /api/status HTTP/1.0\r\n\r\n"),
	TEXT("http", "trainings", "HEAD /api/trainings HTTP/1.1\r\nHost: a\r\n\r\n"),
	TEXT("http", "post",
	     "POST /-/healthy HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
	     "chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
	TEXT("http", "two",
	     "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /page.css HTTP/1.1\r\nHost: a\r\n\r\n"),
	TEXT("json_find", "answer",
	     "{\"a\": [1, -2.5e3, null, \"\\u00e4\\n\"], \"b\": {\"c\": true}, \"d\": []}"),
};

/* ---- messages ---- */

static void put_message(enum rollcast_format format, const char *name, const void *bytes,
			size_t size)
{
	static const char *const targets[] = {"msgpack", "json", "influx"};

	put(targets[format], name, bytes, size);
}

static void write_samples(enum rollcast_format format, struct rollcast_encoder *encoder)
{
	static const char name[] = "cpu_usage{cpu=\"0\",host=\"a\"}";
	const int64_t times_us[] = {1700000000000000, 1700000001500000, 1700000002000000};
	const double values[] = {1, -2.5, 1e-300};
	struct rollcast_samples samples = {{name, strlen(name)}, times_us, values, 1};
	const void *bytes;
	size_t size;

	must(!rollcast_encode_samples(encoder, &samples, &bytes, &size));
	put_message(format, "sample", bytes, size);
	samples.count = 3;
	must(!rollcast_encode_samples(encoder, &samples, &bytes, &size));
	put_message(format, "columns", bytes, size);
}

static void write_forecast(enum rollcast_format format, struct rollcast_encoder *encoder,
			   const struct rollcast_forecast *forecast)
{
	CLEANUP(free)
	void *memory = aligned_alloc(16, (rollcast_forecast_size(forecast) + 15) / 16 * 16);
	struct rollcast_forecast *copy;
	const void *bytes;
	size_t size;

	must(memory);
	copy = rollcast_forecast_copy(forecast, memory);
	if (format != ROLLCAST_FORMAT_INFLUX) {
		must(!rollcast_encode_forecast(encoder, copy, &bytes, &size));
		put_chosen("forecast", format == ROLLCAST_FORMAT_JSON ? "json" : "msgpack",
			   format == ROLLCAST_FORMAT_JSON, bytes, size);
	}
	copy->threshold_count = 1;
	copy->thresholds[0] = (struct rollcast_breach){"disk", 90, 0.75, 12, true, true};
	must(!rollcast_encode_forecast(encoder, copy, &bytes, &size));
	put_message(format, "forecast", bytes, size);
	must(!rollcast_encode_alert(encoder, copy, 0, &bytes, &size));
	put_message(format, "alert", bytes, size);
}

/* ---- streams, and what is kept of them ---- */

static void write_record(unsigned kind, unsigned samples)
{
	static const char name[] = "x{a=\"b\"}";
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	size_t head = envelope_size(strlen(name)), size;
	char seed[32];

	must(!rollcast_stream_create(name, stream_settings(kind), &stream));
	stream_feed(stream, 1700000000 * STEP_US, samples);
	size = rollcast_stream_save(stream, NULL, 0);
	CLEANUP(free) unsigned char *bytes = aligned_alloc(16, (head + size + 15) / 16 * 16);

	must(bytes);
	envelope_begin(bytes, ENVELOPE_RECORD, samples, name, strlen(name));
	must(rollcast_stream_save(stream, bytes + head, size) == size);
	snprintf(seed, sizeof(seed), "record_%u_%u", kind, samples);
	put_chosen("record", seed, (unsigned char)(0x80 | kind), bytes + head, size);
	put_chosen("state", seed, 0, bytes, head + size);
}

static void write_journal(const char *name, uint64_t position, uint32_t count)
{
	const struct rollcast_text text = {name, strlen(name)};
	uint32_t length = (uint32_t)text.length;
	struct block *block = block_create(4096);
	struct sample_record *record;

	must(block);
	envelope_begin(block_append(block, envelope_size(0)), ENVELOPE_JOURNAL, 0, NULL, 0);
	for (unsigned part = 0; part < 2; part++, position += count) {
		record = block_append(block, sample_record_size(count, length));
		must(record);
		*record = (struct sample_record){rollcast_name_hash(text), position, count, length};
		for (uint32_t i = 0; i < count; i++) {
			record->times_us[i] = (int64_t)(1700000000 + position + i) * STEP_US;
			sample_record_values(record)[i] = sin((double)i);
		}
		memcpy(sample_record_name(record), name, text.length + 1);
	}
	put_chosen("state", *name == 'x' ? "journal" : "journal_auto", 1, block->bytes,
		   block->used);
	free(block);
}

static void write_streams(void)
{
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;

	for (unsigned kind = 0; kind < STREAM_KINDS; kind++) {
		write_record(kind, 0);
		write_record(kind, 5);
		write_record(kind, 70);
	}
	write_journal("x{a=\"b\"}", 0, 5);
	write_journal("auto", 3, 20);
	must(!rollcast_stream_create("x{a=\"b\"}", stream_settings(0), &stream));
	stream_feed(stream, 1700000000 * STEP_US, 70);
	must(rollcast_stream_latest(stream));
	for (int format = 0; format < ROLLCAST_FORMATS; format++) {
		CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;

		must(!rollcast_encoder_create(format, &encoder));
		write_samples(format, encoder);
		write_forecast(format, encoder, rollcast_stream_latest(stream));
	}
}

/* Samples as fuzz_stream.c reads them. */
static void write_series(void)
{
	unsigned char series[121];

	for (unsigned kind = 0; kind < STREAM_KINDS; kind++) {
		char name[16];

		series[0] = (unsigned char)kind;
		for (unsigned i = 1; i < sizeof(series); i++)
			series[i] = (unsigned char)(i % 17 ? 60 + i * i % 13 + 20 * (i % 6 == kind)
							   : 0xf2);
		snprintf(name, sizeof(name), "series_%u", kind);
		put("stream", name, series, sizeof(series));
	}
	/* 1e300, and back. */
	memcpy(series + 40, "\xfe\x9c\x75\x00\x88\x3c\xe4\x37\x7e", 9);
	put("stream", "huge", series, sizeof(series));
}

static void write_weights(void)
{
	static const struct rollcast_shape shapes[] = {
		{.cell = ROLLCAST_CELL_LSTM,
		 .layers = 1,
		 .hidden = 2,
		 .channels = 1,
		 .lookback = 3,
		 .extras = 1,
		 .outputs = 2,
		 .skip = true},
		{.cell = ROLLCAST_CELL_GRU,
		 .layers = 2,
		 .hidden = 1,
		 .channels = 2,
		 .lookback = 2,
		 .outputs = 1},
		{.cell = ROLLCAST_CELL_RNN,
		 .activation = ROLLCAST_ACTIVATION_RELU,
		 .layers = 1,
		 .hidden = 1,
		 .channels = 1,
		 .lookback = 1,
		 .outputs = 1},
	};
	static const struct rollcast_metadata metadata = {"title", "a \"b\"\n"};
	static const char *const names[] = {"lstm", "gru", "rnn"};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
		CLEANUP(free) void *bytes = NULL;
		size_t size;

		must(!rollcast_weights_create(&shapes[i], i, &weights));
		must(!rollcast_safetensors_write(weights, &metadata, 1, &bytes, &size));
		put("safetensors", names[i], bytes, size);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("Usage: seeds DIRECTORY\n", stderr);
		return 2;
	}
	directory = argv[1];
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		put(texts[i].target, texts[i].name, texts[i].text, texts[i].size);
	write_streams();
	write_series();
	write_weights();
	return 0;
}
