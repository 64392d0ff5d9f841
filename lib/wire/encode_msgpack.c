/*
 * Messages to msgpack, by msgpack-c's packer, which writes into our buffer.
 *
 * Samples carry msgpack's timestamp, so that they mean the same under every time unit of an input.
 * Forecasts are read by people's programs: their times are plain seconds.
 */
#include "lib/wire/encoder.h"

#include <math.h>

#include <msgpack.h>

#include "lib/wire/level.h"

static int packer_write(void *buffer, const char *bytes, size_t size)
{
	buffer_append(buffer, bytes, size);
	return 0; /* a failure shows in the buffer */
}

static void pack_text(msgpack_packer *packer, struct rollcast_text text)
{
	msgpack_pack_str(packer, text.length);
	msgpack_pack_str_body(packer, text.bytes, text.length);
}

static void pack_string(msgpack_packer *packer, const char *string)
{
	pack_text(packer, (struct rollcast_text){string, strlen(string)});
}

static void pack_name_and_tags(msgpack_packer *packer, const struct rollcast_encoder *encoder)
{
	pack_string(packer, "name");
	pack_text(packer, encoder->name);
	pack_string(packer, "tags");
	msgpack_pack_map(packer, encoder->label_count);
	for (size_t i = 0; i < encoder->label_count; i++) {
		pack_text(packer, encoder->labels[i].name);
		pack_text(packer, encoder->labels[i].value);
	}
}

/* What is not known, or not a number, is nil. */
static void pack_number(msgpack_packer *packer, double number)
{
	if (isfinite(number))
		msgpack_pack_double(packer, number);
	else
		msgpack_pack_nil(packer);
}

static void pack_seconds(msgpack_packer *packer, int64_t time_us)
{
	if (time_us % 1000000)
		msgpack_pack_double(packer, (double)time_us / 1e6);
	else
		msgpack_pack_int64(packer, time_us / 1000000);
}

static void pack_level(msgpack_packer *packer, double level)
{
	char text[LEVEL_TEXT_MAX];

	pack_text(packer, (struct rollcast_text){text, level_write(level, text)});
}

static void pack_steps(msgpack_packer *packer, const double *numbers, uint32_t count)
{
	msgpack_pack_array(packer, count);
	for (uint32_t i = 0; i < count; i++)
		pack_number(packer, numbers[i]);
}

static void pack_values(msgpack_packer *packer, const struct rollcast_forecast *forecast)
{
	pack_string(packer, "mean");
	pack_steps(packer, forecast->mean, forecast->horizon);
	pack_string(packer, "quantiles");
	msgpack_pack_map(packer, forecast->quantile_count);
	for (uint32_t i = 0; i < forecast->quantile_count; i++) {
		pack_level(packer, forecast->quantile_levels[i]);
		pack_steps(packer, forecast->quantiles + (size_t)i * forecast->horizon,
			   forecast->horizon);
	}
	pack_string(packer, "last");
	pack_number(packer, forecast->last);
}

static void pack_quality(msgpack_packer *packer, const struct rollcast_forecast *forecast)
{
	pack_string(packer, "expert");
	pack_string(packer, forecast->expert);
	pack_string(packer, "weights");
	msgpack_pack_map(packer, forecast->weight_count);
	for (uint32_t i = 0; i < forecast->weight_count; i++) {
		pack_string(packer, forecast->weights[i].name);
		pack_number(packer, forecast->weights[i].weight);
	}
	pack_string(packer, "skill");
	pack_number(packer, forecast->skill);
	pack_string(packer, "coverage");
	msgpack_pack_map(packer, forecast->level_count);
	for (uint32_t i = 0; i < forecast->level_count; i++) {
		pack_level(packer, forecast->levels[i]);
		pack_number(packer, forecast->coverage[i]);
	}
	pack_string(packer, "trained");
	if (forecast->trained_us)
		pack_seconds(packer, forecast->trained_us);
	else
		msgpack_pack_nil(packer);
}

static void pack_bool(msgpack_packer *packer, bool yes)
{
	if (yes)
		msgpack_pack_true(packer);
	else
		msgpack_pack_false(packer);
}

/* Three keys that forecasts and alerts have in common. */
static void pack_breach(msgpack_packer *packer, const struct rollcast_breach *breach)
{
	pack_string(packer, "limit");
	pack_number(packer, breach->limit);
	pack_string(packer, "probability");
	pack_number(packer, breach->probability);
	pack_string(packer, "seconds");
	pack_number(packer, breach->seconds);
}

static void pack_thresholds(msgpack_packer *packer, const struct rollcast_forecast *forecast)
{
	if (forecast->threshold_count == 0)
		return;
	pack_string(packer, "thresholds");
	msgpack_pack_map(packer, forecast->threshold_count);
	for (uint32_t i = 0; i < forecast->threshold_count; i++) {
		pack_string(packer, forecast->thresholds[i].name);
		msgpack_pack_map(packer, 4);
		pack_breach(packer, &forecast->thresholds[i]);
		pack_string(packer, "raised");
		pack_bool(packer, forecast->thresholds[i].raised);
	}
}

void encode_msgpack_alert(struct rollcast_encoder *encoder,
			  const struct rollcast_forecast *forecast,
			  const struct rollcast_breach *breach)
{
	msgpack_packer packer;

	msgpack_packer_init(&packer, &encoder->buffer, packer_write);
	msgpack_pack_map(&packer, 10);
	pack_name_and_tags(&packer, encoder);
	pack_string(&packer, "time");
	pack_seconds(&packer, forecast->origin_us);
	pack_string(&packer, "threshold");
	pack_string(&packer, breach->name);
	pack_string(&packer, "state");
	pack_string(&packer, breach->raised ? "raised" : "cleared");
	pack_breach(&packer, breach);
	pack_string(&packer, "last");
	pack_number(&packer, forecast->last);
	pack_string(&packer, "snapshot");
	pack_bool(&packer, forecast->snapshot);
}

void encode_msgpack_forecast(struct rollcast_encoder *encoder,
			     const struct rollcast_forecast *forecast)
{
	msgpack_packer packer;

	msgpack_packer_init(&packer, &encoder->buffer, packer_write);
	msgpack_pack_map(&packer, 14 + (forecast->threshold_count > 0));
	pack_name_and_tags(&packer, encoder);
	pack_string(&packer, "time");
	pack_seconds(&packer, forecast->origin_us);
	pack_string(&packer, "step");
	pack_seconds(&packer, forecast->step_us);
	pack_values(&packer, forecast);
	pack_quality(&packer, forecast);
	pack_string(&packer, "samples");
	msgpack_pack_uint64(&packer, forecast->samples);
	pack_thresholds(&packer, forecast);
	pack_string(&packer, "snapshot");
	pack_bool(&packer, forecast->snapshot);
}

static void pack_timestamp(msgpack_packer *packer, int64_t time_us)
{
	int64_t seconds = time_us / 1000000 - (time_us % 1000000 < 0);
	msgpack_timestamp timestamp = {
		.tv_sec = seconds,
		.tv_nsec = (uint32_t)(time_us - seconds * 1000000) * 1000,
	};

	msgpack_pack_timestamp(packer, &timestamp);
}

void encode_msgpack_samples(struct rollcast_encoder *encoder,
			    const struct rollcast_samples *samples)
{
	msgpack_packer packer;

	msgpack_packer_init(&packer, &encoder->buffer, packer_write);
	msgpack_pack_map(&packer, 4);
	pack_name_and_tags(&packer, encoder);
	pack_string(&packer, samples->count == 1 ? "time" : "times");
	if (samples->count != 1)
		msgpack_pack_array(&packer, samples->count);
	for (size_t i = 0; i < samples->count; i++)
		pack_timestamp(&packer, samples->times_us[i]);
	pack_string(&packer, samples->count == 1 ? "value" : "values");
	if (samples->count != 1)
		msgpack_pack_array(&packer, samples->count);
	for (size_t i = 0; i < samples->count; i++)
		pack_number(&packer, samples->values[i]);
}
