#include "daemon/stream/thresholds.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

uint64_t thresholds_watching(const struct settings *settings, struct rollcast_text name)
{
	uint64_t watching = 0;
	uint32_t count = 0;

	for (size_t i = 0; i < settings->threshold_count && count < ROLLCAST_THRESHOLDS_MAX; i++) {
		if (!rollcast_selector_matches(settings->thresholds[i].selector, name))
			continue;
		watching |= UINT64_C(1) << i;
		count++;
	}
	return watching;
}

/* The length of a canonical name without its labels. */
static size_t plain_length(const char *name)
{
	return strcspn(name, "{");
}

static bool is_limit(const struct settings *settings, const char *name)
{
	size_t length = plain_length(name);

	for (size_t i = 0; i < settings->threshold_count; i++) {
		const struct threshold_settings *threshold = &settings->thresholds[i];
		const char *limit = threshold_text(threshold);
		double number;

		if (!threshold_number(threshold, &number) && strlen(limit) == length &&
		    memcmp(limit, name, length) == 0)
			return true;
	}
	return false;
}

void thresholds_share(const struct settings *settings, struct values *limits,
		      const struct sample_record *record, int64_t now_us)
{
	uint32_t newest = 0;

	if (settings->threshold_count == 0 || !is_limit(settings, sample_record_name(record)))
		return;
	for (uint32_t i = 1; i < record->count; i++)
		if (record->times_us[i] >= record->times_us[newest])
			newest = i;
	values_put(limits, record->hash, sample_record_name(record), record->name_length,
		   record->times_us[newest], sample_record_values(record)[newest], now_us);
}

/* The newest value of the stream that has the limit's name and this stream's labels. */
static double shared_limit(const struct threshold_settings *threshold, struct values *limits,
			   const char *stream)
{
	char name[ROLLCAST_NAME_MAX + 1];
	int length = snprintf(name, sizeof(name), "%s%s", threshold_text(threshold),
			      stream + plain_length(stream));

	if (length < 0 || (size_t)length >= sizeof(name))
		return NAN;
	return values_get(limits, rollcast_name_hash((struct rollcast_text){name, (size_t)length}),
			  name, (size_t)length);
}

static bool is_raised(const struct threshold_settings *threshold, double probability, bool before)
{
	return before ? probability > threshold->clear : probability >= threshold->raise;
}

uint64_t thresholds_check(const struct settings *settings, struct values *limits, uint64_t watching,
			  uint64_t raised, struct rollcast_forecast *forecast)
{
	for (; watching; watching &= watching - 1) {
		uint64_t bit = watching & -watching;
		const struct threshold_settings *threshold =
			&settings->thresholds[__builtin_ctzll(watching)];
		struct rollcast_breach *breach = &forecast->thresholds[forecast->threshold_count];
		bool before = raised & bit;
		double limit;

		if (!threshold_number(threshold, &limit))
			limit = shared_limit(threshold, limits, forecast->name);
		if (isnan(limit))
			continue;
		*breach = (struct rollcast_breach){.name = threshold->name, .limit = limit};
		rollcast_forecast_breach(forecast, limit, threshold_is_above(threshold),
					 &breach->probability, &breach->seconds);
		breach->raised = is_raised(threshold, breach->probability, before);
		breach->changed = breach->raised != before;
		raised = breach->raised ? raised | bit : raised & ~bit;
		forecast->threshold_count++;
	}
	return raised;
}
