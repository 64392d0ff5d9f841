/*
 * The first `most` of all matching streams are kept in a heap whose root is the last of them, so that a
 * question about a hundred streams of a hundred thousand costs one look at each.
 */
#include "daemon/stream/answer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/stream/inside.h"
#include "daemon/stream/thresholds.h"

struct pick {
	double key;
	const struct entry *entry;
	const struct rollcast_forecast *forecast;
};

/* Who is asked. */
struct asked {
	const struct shard *shard;
	const struct question *question;
};

struct picks {
	struct pick *items; /* a heap: no pick goes after its parent */
	uint32_t count, most;
};

/* ---- which streams ---- */

static bool goes_after(const struct pick *a, const struct pick *b)
{
	return stream_order_compare(a->key, a->entry->name, b->key, b->entry->name) > 0;
}

static void swap(struct pick *a, struct pick *b)
{
	struct pick kept = *a;

	*a = *b;
	*b = kept;
}

static void sift_up(struct picks *picks, uint32_t at)
{
	for (; at && goes_after(&picks->items[at], &picks->items[(at - 1) / 2]); at = (at - 1) / 2)
		swap(&picks->items[at], &picks->items[(at - 1) / 2]);
}

static void sift_down(struct picks *picks)
{
	uint32_t at = 0, child;

	while ((child = 2 * at + 1) < picks->count) {
		if (child + 1 < picks->count &&
		    goes_after(&picks->items[child + 1], &picks->items[child]))
			child++;
		if (!goes_after(&picks->items[child], &picks->items[at]))
			return;
		swap(&picks->items[child], &picks->items[at]);
		at = child;
	}
}

static void keep(struct picks *picks, const struct pick *pick)
{
	if (picks->count < picks->most) {
		picks->items[picks->count++] = *pick;
		sift_up(picks, picks->count - 1);
	} else if (picks->most && goes_after(&picks->items[0], pick)) {
		picks->items[0] = *pick;
		sift_down(picks);
	}
}

/* The forecast with the thresholds that it is held against, as far as that is known just now. */
static struct rollcast_forecast with_thresholds(const struct asked *asked, const struct pick *pick)
{
	struct rollcast_forecast forecast = *pick->forecast;

	if (shard_is_settled(asked->shard, pick->entry))
		thresholds_show(asked->shard->rules->settings, asked->shard->plan.limits,
				pick->entry->watching, pick->entry->raised, &forecast);
	return forecast;
}

/* Of all that watch the stream: a limit may become known at any time. */
static size_t names_bytes(const struct asked *asked, const struct entry *entry)
{
	size_t bytes = 0;

	if (!shard_is_settled(asked->shard, entry))
		return 0;
	for (uint64_t left = entry->watching; left; left &= left - 1)
		bytes += strlen(asked->shard->rules->settings->thresholds[__builtin_ctzll(left)]
					.name) +
			 1;
	return bytes;
}

/* NaN: nothing is watched, or no limit is known. */
static double breach_of(const struct asked *asked, const struct pick *pick)
{
	double probability = (double)NAN;

	if (!pick->entry->watching)
		return probability;
	const struct rollcast_forecast forecast = with_thresholds(asked, pick);

	for (uint32_t i = 0; i < forecast.threshold_count; i++)
		probability = fmax(probability, forecast.thresholds[i].probability);
	return probability;
}

static double key_of(const struct asked *asked, const struct pick *pick)
{
	const struct rollcast_forecast *forecast = pick->forecast;
	double key = 0;

	switch (asked->question->order) {
	case ORDER_SKILL:
		key = forecast->skill;
		break;
	case ORDER_COVERAGE:
		key = forecast->level_count ? forecast->coverage[forecast->level_count - 1]
					    : (double)NAN;
		break;
	case ORDER_SAMPLES:
		key = (double)forecast->samples;
		break;
	case ORDER_AGE:
		key = -(double)pick->entry->arrival_us;
		break;
	case ORDER_BREACH:
		key = breach_of(asked, pick);
		break;
	case ORDER_NAME:
	case ORDERS:
		break;
	}
	return asked->question->reversed ? -key : key;
}

/* Returns whether the entry is one of those asked for. */
static bool take_entry(const struct asked *asked, const struct entry *entry, struct picks *picks)
{
	const struct question *question = asked->question;
	struct rollcast_text name;
	struct pick pick = {.entry = entry};

	if (!entry || !entry->stream)
		return false;
	name = (struct rollcast_text){entry->name, entry->name_length};
	if (question->selector && !rollcast_selector_matches(question->selector, name))
		return false;
	if (question->part && !strcasestr(entry->name, question->part))
		return false;
	pick.forecast = rollcast_stream_latest(entry->stream);
	if (!pick.forecast)
		return false;
	pick.key = key_of(asked, &pick);
	keep(picks, &pick);
	return true;
}

static uint32_t take_entries(const struct asked *asked, struct picks *picks)
{
	const struct question *question = asked->question;
	const struct table *table = &asked->shard->table;
	uint32_t matched = 0;

	if (question->name) {
		struct rollcast_text name = {question->name, strlen(question->name)};

		return take_entry(asked,
				  table_find(table, rollcast_name_hash(name), name.bytes,
					     (uint32_t)name.length),
				  picks);
	}
	for (size_t i = 0; i < table->capacity; i++)
		matched += take_entry(asked, table->slots[i], picks);
	return matched;
}

/* ---- what is told of them ---- */

enum { CUT_QUANTILES = ROLLCAST_QUANTILES_MAX };

/* The last step alone of a forecast, whose quantiles go to `quantiles`. */
static struct rollcast_forecast cut_down(const struct rollcast_forecast *forecast,
					 double quantiles[CUT_QUANTILES])
{
	struct rollcast_forecast cut = *forecast;
	uint32_t last = forecast->horizon - 1;

	for (uint32_t i = 0; i < forecast->quantile_count; i++)
		quantiles[i] = forecast->quantiles[(size_t)i * forecast->horizon + last];
	cut.horizon = 1;
	cut.mean = forecast->mean + last;
	cut.quantiles = quantiles;
	return cut;
}

/* Behind the history, where there is room for them. */
static void copy_names(struct stream_record *record)
{
	struct rollcast_forecast *forecast = stream_record_forecast(record);
	char *end = (char *)(stream_record_history(record) + record->history);

	for (uint32_t i = 0; i < forecast->threshold_count; i++) {
		size_t size = strlen(forecast->thresholds[i].name) + 1;

		forecast->thresholds[i].name = memcpy(end, forecast->thresholds[i].name, size);
		end += size;
		record->names_bytes += (uint32_t)size;
	}
}

static void append_stream(const struct asked *asked, const struct pick *pick, int64_t now_us,
			  struct block *block)
{
	const struct question *question = asked->question;
	const struct rollcast_forecast forecast = with_thresholds(asked, pick);
	double quantiles[CUT_QUANTILES];
	bool whole = question->kind == QUESTION_FORECASTS;
	struct rollcast_forecast told = whole ? forecast : cut_down(&forecast, quantiles);
	size_t size = sizeof(struct stream_record) + rollcast_forecast_size(&told) +
		      question->history * sizeof(double) + names_bytes(asked, pick->entry);
	struct stream_record *record = block_append(block, size);
	size_t begin = block->used - block_rounded(size);

	if (!record)
		return; /* the block was made for all of them */
	*record = (struct stream_record){.key = pick->key,
					 .age_us = now_us - pick->entry->arrival_us,
					 .horizon = pick->forecast->horizon};
	rollcast_forecast_copy(&told, record + 1);
	record->history =
		(uint32_t)rollcast_stream_recent(pick->entry->stream, stream_record_history(record),
						 question->history, &record->history_until_us);
	copy_names(record);
	block->used = begin + block_rounded(stream_record_size(record));
}

static size_t bytes_of(const struct asked *asked, const struct picks *picks)
{
	const struct question *question = asked->question;
	size_t bytes = 0;

	for (uint32_t i = 0; i < picks->count; i++) {
		struct rollcast_forecast told = *picks->items[i].forecast;

		if (question->kind == QUESTION_STREAMS)
			told.horizon = 1;
		bytes += sizeof(struct stream_record) + rollcast_forecast_size(&told) +
			 question->history * sizeof(double) +
			 names_bytes(asked, picks->items[i].entry) + BLOCK_ALIGNMENT;
	}
	return bytes;
}

static void answer_streams(const struct asked *asked, struct answer *answer)
{
	const struct question *question = asked->question;
	const struct table *table = &asked->shard->table;
	uint32_t most = question->most < table->count ? question->most : (uint32_t)table->count;
	struct picks picks = {.items = calloc(most + 1, sizeof(*picks.items)), .most = most};
	int64_t now_us = clock_monotonic_us();

	if (!picks.items)
		return;
	answer->matched = take_entries(asked, &picks);
	answer->records = block_create(bytes_of(asked, &picks));
	for (uint32_t i = 0; answer->records && i < picks.count; i++)
		append_stream(asked, &picks.items[i], now_us, answer->records);
	free(picks.items);
}

static void answer_trainings(const struct trainings *trainings, struct answer *answer)
{
	size_t size = sizeof(struct training_record) + ROLLCAST_NAME_MAX + BLOCK_ALIGNMENT;
	uint64_t first = trainings->count > TRAININGS_KEPT ? trainings->count - TRAININGS_KEPT : 0;

	answer->records = block_create(TRAININGS_KEPT * size);
	for (uint64_t i = first; answer->records && i < trainings->count; i++) {
		const struct training_note *note = &trainings->notes[i % TRAININGS_KEPT];
		struct training_record *record =
			block_append(answer->records, sizeof(*record) + strlen(note->name) + 1);

		record->at_us = note->at_us;
		record->duration_us = note->duration_us;
		record->steps = note->steps;
		record->diverged = note->diverged;
		memcpy(record->name, note->name, strlen(note->name) + 1);
	}
}

void answer_question(const struct shard *shard, struct question *question)
{
	const struct asked asked = {shard, question};
	struct answer answer = {0};

	if (question->kind == QUESTION_TRAININGS)
		answer_trainings(&shard->trainings, &answer);
	else
		answer_streams(&asked, &answer);
	if (queue_try_push(&question->answers, &answer) != 0)
		free(answer.records);
	question_release(question);
}
