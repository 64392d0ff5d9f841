/*
 * Messages to Influx line protocol.
 *
 * A forecast is not a point in time but many: one line per step, at the time that is forecast, in
 * the measurement <name>_forecast. A later forecast of the same time replaces an earlier one there,
 * so that a chart shows the newest beside what was measured.
 *
 *	cpu_forecast,host=a mean=12.5,q0.05=11,q0.95=14,horizon=1i,expert="lstm" 1700000010000000000
 *
 * Line protocol has no way to write a newline in a tag, nor a backslash at its end, nor a # where a
 * line starts: the first becomes a space, the others become _.
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

static void put_escaped(struct buffer *out, struct rollcast_text text, const char *escapable)
{
	for (size_t i = 0; i < text.length; i++) {
		char byte = text.bytes[i] == '\n' ? ' ' : text.bytes[i];

		if (byte == '\\' && i + 1 == text.length)
			byte = '_';
		if (strchr(escapable, byte))
			put(out, "\\");
		buffer_append(out, &byte, 1);
	}
}

static void put_series(const struct rollcast_encoder *encoder, struct buffer *out,
		       const char *suffix)
{
	struct rollcast_text name = encoder->name;

	if (*name.bytes == '#') {
		put(out, "_");
		name = (struct rollcast_text){name.bytes + 1, name.length - 1};
	}
	put_escaped(out, name, ", ");
	put(out, suffix);
	for (size_t i = 0; i < encoder->label_count; i++) {
		put(out, ",");
		put_escaped(out, encoder->labels[i].name, ", =");
		put(out, "=");
		put_escaped(out, encoder->labels[i].value, ", =");
	}
}

static void put_whole(struct buffer *out, int64_t number)
{
	char text[NUMBER_TEXT_MAX];

	buffer_append(out, text, number_write_whole(number, 1, text));
}

/* As text, because nanoseconds of far times do not fit in 64 bits. */
static void put_time(struct buffer *out, int64_t time_us)
{
	put(out, " ");
	put_whole(out, time_us);
	put(out, time_us ? "000\n" : "\n");
}

/* `name=number,`, or nothing: line protocol knows no missing number. */
static void put_field(struct buffer *out, const char *name, size_t length, double number)
{
	char text[NUMBER_TEXT_MAX];

	if (!isfinite(number))
		return;
	buffer_append(out, name, length);
	put(out, "=");
	buffer_append(out, text, number_write(number, FORECAST_DIGITS, text));
	put(out, ",");
}

static void put_quantiles(struct buffer *out, const struct rollcast_forecast *forecast,
			  uint32_t step)
{
	for (uint32_t i = 0; i < forecast->quantile_count; i++) {
		char name[1 + LEVEL_TEXT_MAX] = "q";
		size_t length = 1 + level_write(forecast->quantile_levels[i], name + 1);

		put_field(out, name, length,
			  forecast->quantiles[(size_t)i * forecast->horizon + step]);
	}
}

void encode_influx_forecast(struct rollcast_encoder *encoder,
			    const struct rollcast_forecast *forecast)
{
	struct buffer *out = &encoder->buffer;

	for (uint32_t step = 0; step < forecast->horizon; step++) {
		put_series(encoder, out, "_forecast");
		put(out, " ");
		put_field(out, "mean", 4, forecast->mean[step]);
		put_quantiles(out, forecast, step);
		put_field(out, "skill", 5, forecast->skill);
		put(out, "horizon=");
		put_whole(out, step + 1);
		put(out, "i,expert=\"");
		put_escaped(out, (struct rollcast_text){forecast->expert, strlen(forecast->expert)},
			    "\"\\");
		put(out, "\"");
		put_time(out, (int64_t)((uint64_t)forecast->origin_us +
					(step + 1) * (uint64_t)forecast->step_us));
	}
}

void encode_influx_alert(struct rollcast_encoder *encoder, const struct rollcast_forecast *forecast,
			 const struct rollcast_breach *breach)
{
	struct buffer *out = &encoder->buffer;

	put_series(encoder, out, "_alert");
	put(out, ",threshold=");
	put_escaped(out, (struct rollcast_text){breach->name, strlen(breach->name)}, ", =");
	put(out, " ");
	put_field(out, "limit", 5, breach->limit);
	put_field(out, "probability", 11, breach->probability);
	put_field(out, "seconds", 7, breach->seconds);
	put_field(out, "last", 4, forecast->last);
	put(out, breach->raised ? "raised=1i" : "raised=0i");
	put_time(out, forecast->origin_us);
}

void encode_influx_samples(struct rollcast_encoder *encoder, const struct rollcast_samples *samples)
{
	struct buffer *out = &encoder->buffer;
	char text[NUMBER_TEXT_MAX];

	for (size_t i = 0; i < samples->count; i++) {
		if (!isfinite(samples->values[i]))
			continue;
		put_series(encoder, out, "");
		put(out, " value=");
		buffer_append(out, text, number_write_exactly(samples->values[i], text));
		put_time(out, samples->times_us[i]);
	}
}
