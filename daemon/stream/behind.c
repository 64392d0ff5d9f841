/*
 * When samples have waited too long, forecasts go before samples do: steps are only learned from, which is
 * quick, and their streams wait in line for one forecast, from the newest step that they have by then.
 *
 *	samples ─► steps ─► in time: forecast
 *	              └───► behind: owed, oldest first ─► a forecast each, as far as a turn's time goes
 *
 * A step that is overtaken while its stream stands in line, or that is too old when its turn comes, is
 * skipped and counted. So what is served is recent, whoever it is for, and the inbox is soon empty.
 */
#include "daemon/stream/inside.h"

#include <inttypes.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"

enum {
	PAY_US = 20000,	    /* of one turn */
	CLOSE_US = 3000000, /* for forecasts when the daemon stops; after that there are none */
	STALE_LAGS = 2,	    /* older than so many times the lag, a forecast comes too late */
};

/* Whether the daemon stops, and has given forecasts of what is left their time. */
static bool is_closing(struct shard *shard, int64_t now_us)
{
	if (!queue_is_closed(shard->plan.inbox))
		return false;
	if (!shard->closing_us)
		shard->closing_us = now_us + CLOSE_US;
	return now_us >= shard->closing_us;
}

void shard_look_behind(struct shard *shard, int64_t arrival_us)
{
	int64_t lag_us = shard->rules->settings->lag_us;
	int64_t now_us = clock_monotonic_us(), age_us = now_us - arrival_us;
	uint64_t suppressed;

	shard->is_behind = is_closing(shard, now_us);
	if (shard->is_behind)
		return;
	shard->is_behind = lag_us && age_us > lag_us;
	if (shard->is_behind && log_allowed(&shard->behind, &suppressed))
		log_line(LOG_WARNING,
			 "forecasts are skipped: samples have waited for %.1f s, and limits.lag is "
			 "%.1f s",
			 (double)age_us / 1e6, (double)lag_us / 1e6);
}

void shard_owe(struct shard *shard, struct entry *entry)
{
	bool is_owed = entry->owed_us != 0;

	shard->tally.skipped += is_owed;
	entry->owed_us = shard->arrival_us ? shard->arrival_us : clock_monotonic_us();
	if (is_owed)
		return;
	entry->owed_before = shard->owed_last;
	entry->owed_after = NULL;
	*(shard->owed_last ? &shard->owed_last->owed_after : &shard->owed_first) = entry;
	shard->owed_last = entry;
}

void shard_owe_nothing(struct shard *shard, struct entry *entry)
{
	if (!entry->owed_us)
		return;
	entry->owed_us = 0;
	*(entry->owed_before ? &entry->owed_before->owed_after : &shard->owed_first) =
		entry->owed_after;
	*(entry->owed_after ? &entry->owed_after->owed_before : &shard->owed_last) =
		entry->owed_before;
}

static void pay(struct shard *shard, struct entry *entry, int64_t now_us)
{
	int64_t lag_us = shard->rules->settings->lag_us, owed_us = entry->owed_us;
	const struct rollcast_forecast *forecast = NULL;

	shard_owe_nothing(shard, entry);
	if (!shard_settle(shard, entry))
		return;
	if (!lag_us || now_us - owed_us <= STALE_LAGS * lag_us)
		forecast = rollcast_stream_forecast(entry->stream);
	if (!forecast) {
		shard->tally.skipped++;
		return;
	}
	shard_publish(shard, entry, forecast);
	histogram_add(shard->plan.latency, now_us - owed_us, 1);
}

bool shard_pay_some(struct shard *shard)
{
	int64_t begun_us, now_us;

	if (!shard->owed_first)
		return false;
	begun_us = now_us = clock_monotonic_us();
	while (shard->owed_first && now_us - begun_us < PAY_US) {
		pay(shard, shard->owed_first, now_us);
		now_us = clock_monotonic_us();
	}
	return shard->owed_first != NULL;
}

void shard_pay_no_more(struct shard *shard)
{
	while (shard->owed_first) {
		shard->tally.skipped++;
		shard_owe_nothing(shard, shard->owed_first);
	}
}
