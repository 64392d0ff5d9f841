/*
 * Streams that read each other may belong to different shards: what is read is shared, the newest steps of
 * each stream that any rule reads (base/values.h).
 */
#include "daemon/stream/inside.h"

#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/values.h"

bool shard_is_channel(const struct settings *settings, struct rollcast_text name)
{
	size_t plain = strcspn(name.bytes, "{");

	for (size_t i = 0; i < settings->stream_count; i++) {
		const struct strings *names = &settings->streams[i].inputs_from;

		for (size_t j = 0; j < names->count; j++) {
			size_t length = strlen(names->items[j]);

			if ((length == plain || length == name.length) &&
			    !memcmp(names->items[j], name.bytes, length))
				return true;
		}
	}
	return false;
}

void shard_share_step(struct shard *shard, const struct entry *entry,
		      const struct rollcast_forecast *forecast)
{
	if (entry->is_channel)
		values_put(shard->plan.channels, entry->hash, entry->name, entry->name_length,
			   forecast->origin_us, forecast->last, clock_monotonic_us());
}

void shard_share_recent(struct shard *shard, const struct entry *entry)
{
	double values[ROLLCAST_CHANNEL_STEPS];
	int64_t step_us = rollcast_stream_step_us(entry->stream), newest_us, now_us;
	size_t count;

	if (!entry->is_channel)
		return;
	now_us = clock_monotonic_us();
	count = rollcast_stream_recent(entry->stream, values, ROLLCAST_CHANNEL_STEPS, &newest_us);
	for (size_t i = 0; i < count; i++)
		if (!isnan(values[i]))
			values_put(
				shard->plan.channels, entry->hash, entry->name, entry->name_length,
				newest_us - (int64_t)(count - 1 - i) * step_us, values[i], now_us);
}

static void read_channel(void *context, uint32_t channel, int64_t time_us, int64_t step_us,
			 double *values, size_t count)
{
	struct shard *shard = context;
	const struct entry *reader = shard->stepping;
	char name[ROLLCAST_NAME_MAX];
	size_t length = rollcast_name_beside(
		reader->rule->set->inputs_from.items[channel],
		(struct rollcast_text){reader->name, reader->name_length}, name, sizeof(name));

	if (length)
		values_at_steps(shard->plan.channels,
				rollcast_name_hash((struct rollcast_text){name, length}), name,
				length, time_us, step_us, values, count);
}

void shard_open_channels(struct shard *shard, struct entry *entry)
{
	shard->stepping = entry;
	if (entry->rule->set->inputs_from.count)
		rollcast_stream_read_channels(entry->stream, read_channel, shard);
}
