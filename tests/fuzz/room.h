/*
 * A shard of the daemon as main.c makes it, with its queues, for fuzzers of what comes to it by other
 * ways than samples. Streams are small, and trained in the shard.
 */
#ifndef TESTS_FUZZ_ROOM_H
#define TESTS_FUZZ_ROOM_H

#include "daemon/base/clock.h"
#include "daemon/base/counters.h"
#include "daemon/base/values.h"
#include "daemon/message.h"
#include "daemon/stream/shard.h"
#include "rollcast/wire.h"
#include "tests/fuzz/fuzz.h"

#define ROOM_SETTINGS                                                                          \
	"inputs: [{name: a, connect: ipc://a}]\n"                                              \
	"outputs: [{name: z, bind: ipc://z}]\n"                                                \
	"models: {default: {hidden: 2, lookback: 4, batch: 4, steps: {first: 3, refit: 2}}}\n" \
	"streams:\n"                                                                           \
	"  - {match: 'auto*', window: 60, horizon: 2, retrain: {every: 20}}\n"                 \
	"  - {match: '*', step: 1s, window: 40, horizon: 3, retrain: {every: 20}}\n"           \
	"threads: {shards: 1, train: 0}\n"                                                     \
	"limits: {streams: 50}\n"

enum { ROOM_LETTERS = 16, ROOM_BLOCKS = 8, ROOM_BLOCK_BYTES = 65536 };

struct room {
	const struct settings *settings;
	struct queue inbox, questions, out, training, restored, keeping;
	struct block_pool samples, forecasts, journals;
	struct all_counters counters;
	struct values limits, channels;
	struct groups *groups;
	struct heartbeat heartbeat;
	struct shard *shard;
};

static inline const struct settings *room_settings(void)
{
	static struct settings *settings;
	const char *path;

	if (settings)
		return settings;
	path = file_of((const uint8_t *)ROOM_SETTINGS, strlen(ROOM_SETTINGS));
	must(!settings_load(&path, 1, stderr, &settings));
	return settings;
}

/* `keeping`: with a state, which nobody writes. */
static inline void room_open(struct room *room, bool keeping)
{
	size_t forecast_bytes = shard_forecast_block_size(room_settings());

	*room = (struct room){.settings = room_settings()};
	values_init(&room->limits, room->settings->streams_max, 1, 0);
	values_init(&room->channels, room->settings->streams_max, 64, 0);
	must(!queue_init(&room->inbox, ROOM_LETTERS, sizeof(struct letter), NULL, false));
	must(!queue_init(&room->questions, ROOM_LETTERS, sizeof(struct question *), NULL, false));
	must(!queue_init(&room->out, ROOM_BLOCKS, sizeof(struct block *), NULL, false));
	must(!queue_init(&room->training, 1, sizeof(struct training), NULL, false));
	must(!queue_init(&room->restored, 1, sizeof(uint32_t), NULL, false));
	must(!queue_init(&room->keeping, ROOM_LETTERS, sizeof(struct keeping), NULL, false));
	must(!block_pool_init(&room->samples, ROOM_BLOCKS, ROOM_BLOCK_BYTES));
	must(!block_pool_init(&room->forecasts, ROOM_BLOCKS, forecast_bytes));
	must(!block_pool_init(&room->journals, ROOM_BLOCKS, ROOM_BLOCK_BYTES));
	must(!groups_create(room->settings, &room->counters.daemon, NULL, &room->groups));
	const struct shard_plan plan = {
		.settings = room->settings,
		.inbox = &room->inbox,
		.questions = &room->questions,
		.shards = 1,
		.state = keeping ? &room->keeping : NULL,
		.journals = &room->journals,
		.restored = &room->restored,
		.samples = &room->samples,
		.out = &room->out,
		.forecasts = &room->forecasts,
		.limits = &room->limits,
		.channels = &room->channels,
		.groups = room->groups,
		.counters = &room->counters.daemon,
		.latency = &room->counters.latency,
		.heartbeat = &room->heartbeat,
	};

	heartbeat_beat(&room->heartbeat);
	must(!shard_create(&plan, &room->shard));
	must(!shard_start(room->shard));
}

/* `count` samples of a stream, a second apart. */
static inline void room_feed(struct room *room, const char *name, int64_t from_s, uint32_t count)
{
	const struct rollcast_text text = {name, strlen(name)};
	struct letter letter = {.kind = LETTER_SAMPLES,
				.arrival_us = clock_monotonic_us(),
				.samples = block_pool_take(&room->samples)};
	struct sample_record *record =
		block_append(letter.samples, sample_record_size(count, (uint32_t)text.length));

	must(record);
	*record = (struct sample_record){rollcast_name_hash(text), 0, count, (uint32_t)text.length};
	for (uint32_t i = 0; i < count; i++) {
		record->times_us[i] = (from_s + i) * INT64_C(1000000);
		sample_record_values(record)[i] = (double)(i * i % 7);
	}
	memcpy(sample_record_name(record), name, text.length + 1);
	must(!queue_push(&room->inbox, &letter));
}

/* Waits until the shard has done what it was given. */
static inline void room_close(struct room *room)
{
	struct keeping keeping;
	struct block *block;

	queue_close(&room->keeping);
	queue_close(&room->inbox);
	shard_join(room->shard);
	while (queue_pop(&room->out, 0, &block) == 0)
		block_pool_give(&room->forecasts, block);
	while (queue_pop(&room->keeping, 0, &keeping) == 0)
		if (keeping.kind == KEEPING_JOURNAL)
			block_pool_give(&room->journals, keeping.block);
		else
			free(keeping.block);
	shard_destroy(room->shard);
	groups_destroy(room->groups);
	must(block_pool_free_count(&room->samples) == ROOM_BLOCKS);
	must(block_pool_free_count(&room->forecasts) == ROOM_BLOCKS);
	block_pool_finish(&room->samples);
	block_pool_finish(&room->forecasts);
	block_pool_finish(&room->journals);
	queue_finish(&room->inbox);
	queue_finish(&room->questions);
	queue_finish(&room->out);
	queue_finish(&room->training);
	queue_finish(&room->restored);
	queue_finish(&room->keeping);
	values_finish(&room->limits);
	values_finish(&room->channels);
}

#endif
