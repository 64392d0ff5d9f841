#include "daemon/stream/inside.h"

#include <math.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/stream/thresholds.h"

enum { TELL_SLOTS = 4096 }; /* of the table, looked at in a round */

/* ---- forecasts out ---- */

static void drop_forecasts(struct shard *shard, uint32_t count)
{
	uint64_t suppressed;

	shard->tally.dropped += count;
	if (log_allowed(&shard->out_behind, &suppressed))
		log_line(LOG_WARNING, "forecasts are dropped: the outputs are behind");
}

/* The time of forecasts runs until they are sent; those of silence have none. */
static void start_latency(struct shard *shard)
{
	struct waiting *last = &shard->waiting[shard->waiting_count];

	if (shard->arrival_us == 0)
		return;
	if (shard->waiting_count == 0 || last[-1].arrival_us != shard->arrival_us)
		shard->waiting[shard->waiting_count++] = (struct waiting){shard->arrival_us, 1};
	else
		last[-1].count++;
}

static void stop_latency(struct shard *shard)
{
	int64_t now_us = clock_monotonic_us();

	for (uint32_t i = 0; i < shard->waiting_count; i++)
		histogram_add(shard->plan.latency, now_us - shard->waiting[i].arrival_us,
			      shard->waiting[i].count);
}

void shard_send_forecasts(struct shard *shard)
{
	struct block *block = shard->filling;

	if (!block)
		return;
	shard->filling = NULL;
	if (queue_try_push(shard->plan.out, &block) == 0) {
		count_add(shard->plan.counters, COUNT_FORECASTS, shard->filling_count);
		stop_latency(shard);
	} else {
		block_pool_give(shard->plan.forecasts, block);
		drop_forecasts(shard, shard->filling_count);
	}
	shard->filling_count = 0;
	shard->waiting_count = 0;
}

/*
 * A copy of the forecast at the end of the block in hand, or of a fresh one, which is taken only if
 * more than `spare` are free. NULL: no room.
 */
static struct forecast_record *
append_forecast(struct shard *shard, const struct rollcast_forecast *forecast, size_t spare)
{
	size_t size = forecast_record_size(forecast);
	struct forecast_record *record = NULL;

	if (shard->filling) {
		record = block_append(shard->filling, size);
		if (!record)
			shard_send_forecasts(shard);
	}
	if (!shard->filling && block_pool_free_count(shard->plan.forecasts) > spare) {
		shard->filling = block_pool_try_take(shard->plan.forecasts);
		record = shard->filling ? block_append(shard->filling, size) : NULL;
	}
	if (!record)
		return NULL;
	rollcast_forecast_copy(forecast, forecast_record_forecast(record));
	shard->filling_count++;
	return record;
}

void shard_publish(struct shard *shard, struct entry *entry,
		   const struct rollcast_forecast *forecast)
{
	struct forecast_record *record = append_forecast(shard, forecast, 0);

	if (!record) {
		drop_forecasts(shard, 1);
		return;
	}
	entry->raised =
		thresholds_check(shard->rules->settings, shard->plan.limits, entry->watching,
				 entry->raised, forecast_record_forecast(record));
	record->before_us = entry->sent_us;
	record->only_output = FOR_ALL_OUTPUTS;
	entry->sent_us = forecast->origin_us;
	start_latency(shard);
}

bool shard_end_alerts(struct shard *shard, const struct settings *settings, struct entry *entry,
		      uint64_t ended)
{
	const struct rollcast_forecast none = {.name = entry->name, .last = NAN, .expert = ""};
	const struct rollcast_forecast *last = rollcast_stream_latest(entry->stream);
	struct forecast_record *record;

	if (!ended)
		return true;
	record = append_forecast(shard, last ? last : &none, 0);
	if (!record)
		return false;
	shard->filling_count--; /* it has been counted as a forecast before */
	thresholds_end(settings, shard->plan.limits, ended, forecast_record_forecast(record));
	record->before_us = entry->sent_us;
	record->only_output = FOR_ALERTS;
	entry->raised &= ~ended;
	return true;
}

/* ---- snapshots ---- */

static bool is_told(const struct shard *shard, const struct entry *entry)
{
	return !entry || entry->told == shard->telling->number ||
	       !prefixes_match(&shard->telling->names, entry->name);
}

/* The newest forecast of a stream into a block. Returns false if there is no room now. */
static bool tell_stream(struct shard *shard, struct entry *entry)
{
	const struct rollcast_forecast *forecast = rollcast_stream_latest(entry->stream);
	struct forecast_record *record;

	if (!forecast)
		return true;
	record = append_forecast(shard, forecast, block_pool_count(shard->plan.forecasts) / 2);
	if (!record)
		return false;
	if (shard_is_settled(shard, entry))
		thresholds_show(shard->rules->settings, shard->plan.limits, entry->watching,
				entry->raised, forecast_record_forecast(record));
	record->before_us = NONE_BEFORE;
	record->only_output = (int32_t)shard->telling->output;
	forecast_record_forecast(record)->snapshot = true;
	entry->told = shard->telling->number;
	return true;
}

void shard_tell_some(struct shard *shard)
{
	struct table *table = &shard->table;

	if (!shard->telling)
		return;
	shard_send_forecasts(shard);
	if (shard->told_changes != table->changes)
		shard->told_slots = 0;
	shard->told_changes = table->changes;
	for (int i = 0; i < TELL_SLOTS && shard->told_slots < table->capacity; i++) {
		struct entry *entry = table->slots[shard->told_slots];

		if (!is_told(shard, entry) && !tell_stream(shard, entry))
			break;
		shard->told_slots++;
	}
	shard_send_forecasts(shard);
	if (shard->told_slots < table->capacity)
		return;
	atomic_fetch_sub_explicit(&shard->telling->shards_left, 1, memory_order_release);
	shard->telling = NULL;
}
