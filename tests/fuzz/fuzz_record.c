/*
 * Any bytes as the record of a stream; the first one chooses the settings, and whether its head is made
 * to tell the right size. A stream that loads goes on: samples, steps, a training, and a record again.
 */
#include "tests/fuzz/stream.h"

enum { HEAD_SIZE_AT = 8, SAMPLES = 12 };

static int64_t read_time(const uint8_t *record, size_t size)
{
	struct rollcast_record known;
	int64_t time_us = 0;

	if (rollcast_record_read(record, size, &known))
		return 0;
	must(known.name && known.season_count <= ROLLCAST_SEASONS_MAX);
	must(known.values || !known.count);
	if (known.time_us > 0)
		time_us = known.time_us;
	rollcast_record_finish(&known);
	return time_us;
}

static void save_and_load(const struct rollcast_stream *stream,
			  const struct rollcast_stream_settings *settings)
{
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *again = NULL;
	size_t size = rollcast_stream_save(stream, NULL, 0);
	CLEANUP(free) void *bytes = malloc(size);

	must(bytes && rollcast_stream_save(stream, bytes, size) == size);
	must(rollcast_stream_load(settings, bytes, size, &again) >= 0);
	must(!strcmp(rollcast_stream_name(stream), rollcast_stream_name(again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;

	if (size-- == 0)
		return 0;
	const struct rollcast_stream_settings *settings = stream_settings(bytes[0] & 0x0f);
	CLEANUP(free) uint8_t *record = malloc(size ? size : 1);
	uint64_t told = size;

	must(record);
	memcpy(record, bytes + 1, size);
	if (bytes[0] & 0x80 && size >= HEAD_SIZE_AT + sizeof(told))
		memcpy(record + HEAD_SIZE_AT, &told, sizeof(told));
	int64_t time_us = read_time(record, size);
	int r = rollcast_stream_load(settings, record, size, &stream);

	must(r >= 0 || (r != -1 && !stream));
	if (r < 0)
		return 0;
	save_and_load(stream, settings);
	stream_feed(stream, time_us + STEP_US, SAMPLES);
	/* It may have been given numbers with which sums overflow; then it is not good for ever. */
	must(rollcast_stream_save(stream, NULL, 0) > 0);
	return 0;
}
