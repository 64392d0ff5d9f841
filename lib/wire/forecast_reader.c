/*
 * A forecast message read back, by subscribers.
 *
 * It comes over a network like a sample does and is trusted as little: every array and map must fit
 * the place there is for it, and the lengths must agree. Unknown keys are skipped, so that a later
 * daemon may say more; of the known ones a forecast must have name, time, step and mean.
 */
#include "rollcast/wire.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "lib/wire/decoder.h"
#include "lib/wire/json.h"
#include "lib/wire/level.h"
#include "lib/wire/reader.h"

enum { EXPERT_NAME_MAX = 32, THRESHOLD_NAME_MAX = 128 };

struct rollcast_forecast_reader {
	enum rollcast_format format;
	struct buffer rewritten; /* JSON: as msgpack */
	struct rollcast_forecast forecast;
	unsigned keys; /* seen, as bits of their place in the table below */
	struct rollcast_text plain_name;
	struct rollcast_label labels[ROLLCAST_LABELS_MAX];
	size_t label_count;
	char name[ROLLCAST_NAME_MAX];
	char expert[EXPERT_NAME_MAX];
	char weight_names[ROLLCAST_EXPERTS_MAX][EXPERT_NAME_MAX];
	char threshold_names[ROLLCAST_THRESHOLDS_MAX][THRESHOLD_NAME_MAX];
	double mean[ROLLCAST_HORIZON_MAX];
	double quantile_levels[ROLLCAST_QUANTILES_MAX];
	double quantiles[ROLLCAST_QUANTILES_MAX * ROLLCAST_HORIZON_MAX];
};

/*
 * A taker reads the value of one key: `value` is its token, taken already. It returns false if that
 * cannot be part of a forecast.
 */
typedef bool taker(struct rollcast_forecast_reader *forecast_reader, struct reader *reader,
		   const struct token *value);

/*
 * Experts and thresholds have names of plain characters; others could be commands to the terminal that
 * shows them.
 */
static bool text_copy(const struct token *token, char *copy, size_t size)
{
	if (token->kind != TOKEN_TEXT || token->count >= size)
		return false;
	for (uint32_t i = 0; i < token->count; i++)
		if ((uint8_t)token->bytes[i] < ' ' || (uint8_t)token->bytes[i] > '~')
			return false;
	memcpy(copy, token->bytes, token->count);
	copy[token->count] = '\0';
	return true;
}

/* A number; nil is one that is not known: NaN. */
static bool number_of(const struct token *token, double *ret_number)
{
	switch (token->kind) {
	case TOKEN_NIL:
		*ret_number = NAN;
		return true;
	case TOKEN_NATURAL:
		*ret_number = (double)token->natural;
		return true;
	case TOKEN_INTEGER:
		*ret_number = (double)token->integer;
		return true;
	case TOKEN_REAL:
		*ret_number = token->real;
		return true;
	default:
		return false;
	}
}

static bool seconds_of(const struct token *token, int64_t *ret_time_us)
{
	static const struct rollcast_decoder seconds = {
		.unit_us = 1e6, .multiplier = 1000000, .divisor = 1};

	switch (token->kind) {
	case TOKEN_NATURAL:
		return !decoder_time_natural(&seconds, token->natural, ret_time_us);
	case TOKEN_INTEGER:
		return !decoder_time_integer(&seconds, token->integer, ret_time_us);
	case TOKEN_REAL:
		return !decoder_time_real(&seconds, token->real, ret_time_us);
	default:
		return false;
	}
}

static bool take_name(struct rollcast_forecast_reader *forecast_reader, struct reader *reader,
		      const struct token *value)
{
	(void)reader;
	forecast_reader->plain_name = token_text(value);
	return value->kind == TOKEN_TEXT;
}

static bool take_tags(struct rollcast_forecast_reader *forecast_reader, struct reader *reader,
		      const struct token *value)
{
	if (value->kind != TOKEN_MAP || value->count > ROLLCAST_LABELS_MAX)
		return false;
	for (uint32_t i = 0; i < value->count; i++) {
		struct token name, tag;

		if (reader_next(reader, &name) || name.kind != TOKEN_TEXT ||
		    reader_next(reader, &tag) || tag.kind != TOKEN_TEXT)
			return false;
		forecast_reader->labels[i] =
			(struct rollcast_label){token_text(&name), token_text(&tag)};
	}
	forecast_reader->label_count = value->count;
	return true;
}

static bool take_time(struct rollcast_forecast_reader *forecast_reader, struct reader *reader,
		      const struct token *value)
{
	(void)reader;
	return seconds_of(value, &forecast_reader->forecast.origin_us);
}

static bool take_step(struct rollcast_forecast_reader *forecast_reader, struct reader *reader,
		      const struct token *value)
{
	(void)reader;
	return seconds_of(value, &forecast_reader->forecast.step_us) &&
	       forecast_reader->forecast.step_us > 0;
}

/* An array of as many numbers as there are steps; the first one met says how many that is. */
static bool steps_take(struct rollcast_forecast *forecast, struct reader *reader,
		       const struct token *array, double *numbers)
{
	struct token token;

	if (array->kind != TOKEN_ARRAY || array->count < 1 || array->count > ROLLCAST_HORIZON_MAX ||
	    (forecast->horizon && array->count != forecast->horizon))
		return false;
	forecast->horizon = array->count;
	for (uint32_t i = 0; i < array->count; i++)
		if (reader_next(reader, &token) || !number_of(&token, &numbers[i]))
			return false;
	return true;
}

static bool take_mean(struct rollcast_forecast_reader *forecast_reader, struct reader *reader,
		      const struct token *value)
{
	return steps_take(&forecast_reader->forecast, reader, value, forecast_reader->mean);
}

static bool level_take(struct reader *reader, const double *levels, uint32_t count,
		       double *ret_level)
{
	struct token token;

	if (reader_next(reader, &token) || token.kind != TOKEN_TEXT)
		return false;
	*ret_level = level_read(token_text(&token));
	return *ret_level > 0 && *ret_level < 1 && (!count || *ret_level > levels[count - 1]);
}

static bool take_quantiles(struct rollcast_forecast_reader *forecast_reader, struct reader *reader,
			   const struct token *value)
{
	struct rollcast_forecast *forecast = &forecast_reader->forecast;
	struct token array;

	if (value->kind != TOKEN_MAP || value->count > ROLLCAST_QUANTILES_MAX)
		return false;
	for (uint32_t i = 0; i < value->count; i++) {
		/* Behind the quantiles before it; only their own array says how long those are. */
		double *quantile = forecast_reader->quantiles + (size_t)i * forecast->horizon;

		if (!level_take(reader, forecast_reader->quantile_levels, i,
				&forecast_reader->quantile_levels[i]) ||
		    reader_next(reader, &array) || !steps_take(forecast, reader, &array, quantile))
			return false;
	}
	forecast->quantile_count = value->count;
	return true;
}

static bool take_expert(struct rollcast_forecast_reader *forecast_reader, struct reader *reader,
			const struct token *value)
{
	(void)reader;
	return text_copy(value, forecast_reader->expert, EXPERT_NAME_MAX);
}

static bool take_weights(struct rollcast_forecast_reader *forecast_reader, struct reader *reader,
			 const struct token *value)
{
	struct rollcast_forecast *forecast = &forecast_reader->forecast;
	struct token token;

	if (value->kind != TOKEN_MAP || value->count > ROLLCAST_EXPERTS_MAX)
		return false;
	for (uint32_t i = 0; i < value->count; i++) {
		forecast->weights[i].name = forecast_reader->weight_names[i];
		if (reader_next(reader, &token) ||
		    !text_copy(&token, forecast_reader->weight_names[i], EXPERT_NAME_MAX) ||
		    reader_next(reader, &token) || !number_of(&token, &forecast->weights[i].weight))
			return false;
	}
	forecast->weight_count = value->count;
	return true;
}

static bool take_skill(struct rollcast_forecast_reader *forecast_reader, struct reader *reader,
		       const struct token *value)
{
	(void)reader;
	return number_of(value, &forecast_reader->forecast.skill);
}

static bool take_coverage(struct rollcast_forecast_reader *forecast_reader, struct reader *reader,
			  const struct token *value)
{
	struct rollcast_forecast *forecast = &forecast_reader->forecast;
	struct token token;

	if (value->kind != TOKEN_MAP || value->count > ROLLCAST_LEVELS_MAX)
		return false;
	for (uint32_t i = 0; i < value->count; i++)
		if (!level_take(reader, forecast->levels, i, &forecast->levels[i]) ||
		    reader_next(reader, &token) || !number_of(&token, &forecast->coverage[i]))
			return false;
	forecast->level_count = value->count;
	return true;
}

static bool take_trained(struct rollcast_forecast_reader *forecast_reader, struct reader *reader,
			 const struct token *value)
{
	(void)reader;
	return value->kind == TOKEN_NIL || seconds_of(value, &forecast_reader->forecast.trained_us);
}

static bool take_samples(struct rollcast_forecast_reader *forecast_reader, struct reader *reader,
			 const struct token *value)
{
	(void)reader;
	forecast_reader->forecast.samples = value->natural;
	return value->kind == TOKEN_NATURAL;
}

static bool take_last(struct rollcast_forecast_reader *forecast_reader, struct reader *reader,
		      const struct token *value)
{
	(void)reader;
	return number_of(value, &forecast_reader->forecast.last);
}

static bool take_snapshot(struct rollcast_forecast_reader *forecast_reader, struct reader *reader,
			  const struct token *value)
{
	(void)reader;
	forecast_reader->forecast.snapshot = value->natural;
	return value->kind == TOKEN_BOOL;
}

static bool breach_number(struct rollcast_breach *breach, const struct token *key,
			  const struct token *value)
{
	const struct {
		const char *key;
		double *number;
	} numbers[] = {{"limit", &breach->limit},
		       {"probability", &breach->probability},
		       {"seconds", &breach->seconds}};

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (strlen(numbers[i].key) == key->count &&
		    !memcmp(numbers[i].key, key->bytes, key->count))
			return number_of(value, numbers[i].number);
	return false;
}

static bool breach_take(struct reader *reader, const struct token *map,
			struct rollcast_breach *breach)
{
	for (uint32_t pairs = map->count; pairs; pairs--) {
		struct token key, value;

		if (reader_next(reader, &key) || key.kind != TOKEN_TEXT ||
		    reader_next(reader, &value))
			return false;
		if (value.kind == TOKEN_BOOL && key.count == 6 && !memcmp(key.bytes, "raised", 6))
			breach->raised = value.natural;
		else if (!breach_number(breach, &key, &value) && reader_skip(reader, &value))
			return false;
	}
	return true;
}

static bool take_thresholds(struct rollcast_forecast_reader *forecast_reader, struct reader *reader,
			    const struct token *value)
{
	struct rollcast_forecast *forecast = &forecast_reader->forecast;
	struct token token;

	if (value->kind != TOKEN_MAP || value->count > ROLLCAST_THRESHOLDS_MAX)
		return false;
	for (uint32_t i = 0; i < value->count; i++) {
		char *name = forecast_reader->threshold_names[i];

		forecast->thresholds[i] = (struct rollcast_breach){
			.name = name, .limit = NAN, .probability = NAN, .seconds = NAN};
		if (reader_next(reader, &token) || !text_copy(&token, name, THRESHOLD_NAME_MAX) ||
		    reader_next(reader, &token) || token.kind != TOKEN_MAP ||
		    !breach_take(reader, &token, &forecast->thresholds[i]))
			return false;
	}
	forecast->threshold_count = value->count;
	return true;
}

static const struct {
	const char *key;
	taker *take;
} keys[] = {
	/* The first four make it a forecast. */
	{"name", take_name},	     {"time", take_time},	  {"step", take_step},
	{"mean", take_mean},	     {"tags", take_tags},	  {"quantiles", take_quantiles},
	{"expert", take_expert},     {"weights", take_weights},	  {"skill", take_skill},
	{"coverage", take_coverage}, {"trained", take_trained},	  {"samples", take_samples},
	{"last", take_last},	     {"snapshot", take_snapshot}, {"thresholds", take_thresholds},
};
enum { KEY_COUNT = sizeof keys / sizeof *keys, KEYS_NEEDED = 0xf };

static bool pair_take(struct rollcast_forecast_reader *forecast_reader, struct reader *reader)
{
	struct token key, value;
	unsigned i = 0;

	if (reader_next(reader, &key) || key.kind != TOKEN_TEXT || reader_next(reader, &value))
		return false;
	while (i < KEY_COUNT &&
	       (strlen(keys[i].key) != key.count || memcmp(keys[i].key, key.bytes, key.count)))
		i++;
	if (i == KEY_COUNT)
		return !reader_skip(reader, &value);
	if (forecast_reader->keys & 1u << i)
		return false;
	forecast_reader->keys |= 1u << i;
	return keys[i].take(forecast_reader, reader, &value);
}

static bool forecast_take(struct rollcast_forecast_reader *forecast_reader, struct reader *reader)
{
	struct token map;

	if (reader_next(reader, &map) || map.kind != TOKEN_MAP)
		return false;
	for (uint32_t pairs = map.count; pairs; pairs--)
		if (!pair_take(forecast_reader, reader))
			return false;
	return reader->at == reader->end && (forecast_reader->keys & KEYS_NEEDED) == KEYS_NEEDED;
}

int rollcast_forecast_reader_create(enum rollcast_format format,
				    struct rollcast_forecast_reader **ret_reader)
{
	struct rollcast_forecast_reader *forecast_reader;

	/* Line protocol splits a forecast into points, which do not say all of it. */
	if (format != ROLLCAST_FORMAT_MSGPACK && format != ROLLCAST_FORMAT_JSON)
		return -EINVAL;
	forecast_reader = calloc(1, sizeof *forecast_reader);
	if (!forecast_reader)
		return -ENOMEM;
	forecast_reader->format = format;
	*ret_reader = forecast_reader;
	return 0;
}

void rollcast_forecast_reader_destroy(struct rollcast_forecast_reader *forecast_reader)
{
	if (forecast_reader)
		buffer_finish(&forecast_reader->rewritten);
	free(forecast_reader);
}

static int rewrite(struct rollcast_forecast_reader *forecast_reader, struct reader *reader)
{
	struct json json = {(const char *)reader->at, (const char *)reader->end};
	struct buffer *msgpack = &forecast_reader->rewritten;
	enum rollcast_decode r;
	char byte;

	buffer_reset(msgpack);
	r = json_to_msgpack(&json, msgpack);
	if (r == ROLLCAST_DECODE_MEMORY)
		return -ENOMEM;
	if (r || json_peek(&json, &byte))
		return -EINVAL;
	reader->at = (const uint8_t *)msgpack->bytes;
	reader->end = reader->at + msgpack->size;
	return 0;
}

int rollcast_forecast_read(struct rollcast_forecast_reader *forecast_reader, const void *bytes,
			   size_t size, const struct rollcast_forecast **ret_forecast)
{
	struct reader reader = {bytes, (const uint8_t *)bytes + size};
	int r;

	if (forecast_reader->format == ROLLCAST_FORMAT_JSON) {
		r = rewrite(forecast_reader, &reader);
		if (r)
			return r;
	}
	forecast_reader->forecast = (struct rollcast_forecast){
		.name = forecast_reader->name,
		.mean = forecast_reader->mean,
		.quantile_levels = forecast_reader->quantile_levels,
		.quantiles = forecast_reader->quantiles,
		.expert = forecast_reader->expert,
		.last = NAN,
		.skill = NAN,
	};
	forecast_reader->keys = 0;
	forecast_reader->label_count = 0;
	forecast_reader->expert[0] = '\0';
	if (!forecast_take(forecast_reader, &reader) ||
	    !rollcast_name_write(forecast_reader->plain_name, forecast_reader->labels,
				 forecast_reader->label_count, forecast_reader->name,
				 sizeof forecast_reader->name))
		return -EINVAL;
	*ret_forecast = &forecast_reader->forecast;
	return 0;
}
