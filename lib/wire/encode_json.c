/*
 * Messages to JSON: the same keys as msgpack, null for nil. Times are seconds, with six decimals if
 * they are not whole. A forecast's numbers carry 12 digits, which is more than any forecast is worth
 * and fast to write; a sample's value reads back as the same double.
 */
#include "lib/wire/encoder.h"

#include <math.h>

#include "lib/wire/level.h"
#include "lib/wire/number.h"

enum { FORECAST_DIGITS = 12 };

static void put(struct buffer *out, const char *string)
{
	buffer_append(out, string, strlen(string));
}

static void put_text(struct buffer *out, struct rollcast_text text)
{
	static const char hex[] = "0123456789abcdef";
	size_t plain = 0;

	put(out, "\"");
	for (size_t i = 0; i < text.length; i++) {
		uint8_t byte = (uint8_t)text.bytes[i];
		char escape[6] = {'\\', (char)byte};
		size_t length = 2;

		if (byte >= 0x20 && byte != '"' && byte != '\\')
			continue;
		if (byte == '\n') {
			escape[1] = 'n';
		} else if (byte < 0x20) {
			escape[1] = 'u';
			escape[2] = escape[3] = '0';
			escape[4] = hex[byte >> 4];
			escape[5] = hex[byte & 0xf];
			length = 6;
		}
		buffer_append(out, text.bytes + plain, i - plain);
		buffer_append(out, escape, length);
		plain = i + 1;
	}
	buffer_append(out, text.bytes + plain, text.length - plain);
	put(out, "\"");
}

static void put_string(struct buffer *out, const char *string)
{
	put_text(out, (struct rollcast_text){string, strlen(string)});
}

static void put_number(struct buffer *out, double number)
{
	char text[NUMBER_TEXT_MAX];

	if (isfinite(number))
		buffer_append(out, text, number_write(number, FORECAST_DIGITS, text));
	else
		put(out, "null");
}

static void put_number_exactly(struct buffer *out, double number)
{
	char text[NUMBER_TEXT_MAX];

	if (isfinite(number))
		buffer_append(out, text, number_write_exactly(number, text));
	else
		put(out, "null");
}

static void put_whole(struct buffer *out, int64_t number, int width)
{
	char text[NUMBER_TEXT_MAX];

	buffer_append(out, text, number_write_whole(number, width, text));
}

static void put_seconds(struct buffer *out, int64_t time_us)
{
	int64_t seconds = time_us / 1000000;
	int64_t fraction = time_us % 1000000;

	if (time_us < 0 && !seconds)
		put(out, "-");
	put_whole(out, seconds, 1);
	if (!fraction)
		return;
	put(out, ".");
	put_whole(out, fraction < 0 ? -fraction : fraction, 6);
}

static void put_level(struct buffer *out, double level)
{
	char text[LEVEL_TEXT_MAX];

	put_text(out, (struct rollcast_text){text, level_write(level, text)});
	put(out, ":");
}

static void put_name_and_tags(const struct rollcast_encoder *encoder, struct buffer *out)
{
	put(out, "{\"name\":");
	put_text(out, encoder->name);
	put(out, ",\"tags\":{");
	for (size_t i = 0; i < encoder->label_count; i++) {
		put(out, i ? "," : "");
		put_text(out, encoder->labels[i].name);
		put(out, ":");
		put_text(out, encoder->labels[i].value);
	}
	put(out, "}");
}

static void put_steps(struct buffer *out, const double *numbers, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		put(out, i ? "," : "[");
		put_number(out, numbers[i]);
	}
	put(out, count ? "]" : "[]");
}

static void put_values(struct buffer *out, const struct rollcast_forecast *forecast)
{
	put(out, ",\"mean\":");
	put_steps(out, forecast->mean, forecast->horizon);
	put(out, ",\"quantiles\":{");
	for (uint32_t i = 0; i < forecast->quantile_count; i++) {
		put(out, i ? "," : "");
		put_level(out, forecast->quantile_levels[i]);
		put_steps(out, forecast->quantiles + (size_t)i * forecast->horizon,
			  forecast->horizon);
	}
	put(out, "},\"last\":");
	put_number(out, forecast->last);
}

static void put_quality(struct buffer *out, const struct rollcast_forecast *forecast)
{
	put(out, ",\"expert\":");
	put_string(out, forecast->expert);
	put(out, ",\"weights\":{");
	for (uint32_t i = 0; i < forecast->weight_count; i++) {
		put(out, i ? "," : "");
		put_string(out, forecast->weights[i].name);
		put(out, ":");
		put_number(out, forecast->weights[i].weight);
	}
	put(out, "},\"skill\":");
	put_number(out, forecast->skill);
	put(out, ",\"coverage\":{");
	for (uint32_t i = 0; i < forecast->level_count; i++) {
		put(out, i ? "," : "");
		put_level(out, forecast->levels[i]);
		put_number(out, forecast->coverage[i]);
	}
	put(out, "},\"trained\":");
	if (forecast->trained_us)
		put_seconds(out, forecast->trained_us);
	else
		put(out, "null");
}

/* Three keys that forecasts and alerts have in common. */
static void put_breach(struct buffer *out, const struct rollcast_breach *breach)
{
	put(out, "\"limit\":");
	put_number(out, breach->limit);
	put(out, ",\"probability\":");
	put_number(out, breach->probability);
	put(out, ",\"seconds\":");
	put_number(out, breach->seconds);
}

static void put_thresholds(struct buffer *out, const struct rollcast_forecast *forecast)
{
	for (uint32_t i = 0; i < forecast->threshold_count; i++) {
		put(out, i ? "," : ",\"thresholds\":{");
		put_string(out, forecast->thresholds[i].name);
		put(out, ":{");
		put_breach(out, &forecast->thresholds[i]);
		put(out,
		    forecast->thresholds[i].raised ? ",\"raised\":true}" : ",\"raised\":false}");
	}
	put(out, forecast->threshold_count ? "}" : "");
}

static void put_snapshot(struct buffer *out, const struct rollcast_forecast *forecast)
{
	put(out, forecast->snapshot ? ",\"snapshot\":true}" : ",\"snapshot\":false}");
}

void encode_json_alert(struct rollcast_encoder *encoder, const struct rollcast_forecast *forecast,
		       const struct rollcast_breach *breach)
{
	struct buffer *out = &encoder->buffer;

	put_name_and_tags(encoder, out);
	put(out, ",\"time\":");
	put_seconds(out, forecast->origin_us);
	put(out, ",\"threshold\":");
	put_string(out, breach->name);
	put(out, breach->raised ? ",\"state\":\"raised\"," : ",\"state\":\"cleared\",");
	put_breach(out, breach);
	put(out, ",\"last\":");
	put_number(out, forecast->last);
	put_snapshot(out, forecast);
}

void encode_json_forecast(struct rollcast_encoder *encoder,
			  const struct rollcast_forecast *forecast)
{
	struct buffer *out = &encoder->buffer;

	put_name_and_tags(encoder, out);
	put(out, ",\"time\":");
	put_seconds(out, forecast->origin_us);
	put(out, ",\"step\":");
	put_seconds(out, forecast->step_us);
	put_values(out, forecast);
	put_quality(out, forecast);
	put(out, ",\"samples\":");
	put_whole(out, (int64_t)forecast->samples, 1);
	put_thresholds(out, forecast);
	put_snapshot(out, forecast);
}

void encode_json_samples(struct rollcast_encoder *encoder, const struct rollcast_samples *samples)
{
	struct buffer *out = &encoder->buffer;
	bool one = samples->count == 1;

	put_name_and_tags(encoder, out);
	put(out, one ? ",\"time\":" : ",\"times\":");
	for (size_t i = 0; i < samples->count; i++) {
		put(out, one ? "" : i ? "," : "[");
		put_seconds(out, samples->times_us[i]);
	}
	put(out, one ? ",\"value\":" : "],\"values\":");
	for (size_t i = 0; i < samples->count; i++) {
		put(out, one ? "" : i ? "," : "[");
		put_number_exactly(out, samples->values[i]);
	}
	put(out, one ? "}" : "]}");
}
