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

		/* Names first: this comes with each sample, and hardly any is a limit. */
		if (strncmp(limit, name, length) == 0 && limit[length] == '\0' &&
		    !threshold_number(threshold, &number))
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
	char name[ROLLCAST_NAME_MAX];
	size_t length = rollcast_name_beside(threshold_text(threshold),
					     (struct rollcast_text){stream, strlen(stream)}, name,
					     sizeof(name));

	if (length == 0)
		return NAN;
	return values_get(limits, rollcast_name_hash((struct rollcast_text){name, length}), name,
			  length);
}

static bool is_raised(const struct threshold_settings *threshold, double probability, bool before)
{
	return before ? probability > threshold->clear : probability >= threshold->raise;
}

/*
 * The next threshold of *bits, lowest first, appended to the forecast with its alert as it stood before.
 * NULL: there is no more.
 */
static struct rollcast_breach *next_breach(const struct settings *settings, struct values *limits,
					   uint64_t *bits, uint64_t raised,
					   struct rollcast_forecast *forecast)
{
	for (; *bits; *bits &= *bits - 1) {
		const struct threshold_settings *threshold =
			&settings->thresholds[__builtin_ctzll(*bits)];
		bool stands = raised & *bits & -*bits;
		double limit;

		if (!threshold_number(threshold, &limit))
			limit = shared_limit(threshold, limits, forecast->name);
		if (isnan(limit) && !stands)
			continue;

		struct rollcast_breach *breach = &forecast->thresholds[forecast->threshold_count++];

		*breach = (struct rollcast_breach){threshold->name, limit, NAN, NAN, stands, false};
		if (!isnan(limit))
			rollcast_forecast_breach(forecast, limit, threshold_is_above(threshold),
						 &breach->probability, &breach->seconds);
		return breach;
	}
	return NULL;
}

uint64_t thresholds_check(const struct settings *settings, struct values *limits, uint64_t watching,
			  uint64_t raised, struct rollcast_forecast *forecast)
{
	struct rollcast_breach *breach;

	for (; (breach = next_breach(settings, limits, &watching, raised, forecast));
	     watching &= watching - 1) {
		uint64_t bit = watching & -watching;
		bool before = breach->raised;

		if (isnan(breach->limit))
			continue;
		breach->raised = is_raised(&settings->thresholds[__builtin_ctzll(bit)],
					   breach->probability, before);
		breach->changed = breach->raised != before;
		raised = breach->raised ? raised | bit : raised & ~bit;
	}
	return raised;
}

void thresholds_show(const struct settings *settings, struct values *limits, uint64_t watching,
		     uint64_t raised, struct rollcast_forecast *forecast)
{
	while (next_breach(settings, limits, &watching, raised, forecast))
		watching &= watching - 1;
}

void thresholds_end(const struct settings *settings, struct values *limits, uint64_t raised,
		    struct rollcast_forecast *forecast)
{
	struct rollcast_breach *breach;

	for (uint64_t bits = raised;
	     (breach = next_breach(settings, limits, &bits, raised, forecast)); bits &= bits - 1) {
		breach->probability = 0;
		breach->seconds = NAN;
		breach->raised = false;
		breach->changed = true;
	}
}

uint32_t thresholds_digest(const struct settings *settings)
{
	uint64_t digest = 0;

	for (size_t i = 0; i < settings->threshold_count; i++) {
		const char *name = settings->thresholds[i].name;
		struct rollcast_text text = {name, strlen(name)};

		digest = digest * 31 + rollcast_name_hash(text);
	}
	return (uint32_t)(digest ^ digest >> 32);
}
