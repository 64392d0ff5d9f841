/*
 * Samples from bytes, the part that is the same for all formats.
 *
 *	payload ─► decode_<format>: shape ─► name, labels, time, value ─► canonical name ─► sink
 *
 * A payload is read once, in order, and what is good is delivered at once. So a batch that breaks
 * off has delivered what came before the break.
 */
#include "rollcast/wire.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "lib/wire/decoder.h"

const char *rollcast_decode_word(enum rollcast_decode result)
{
	static const char *const words[ROLLCAST_DECODE_RESULTS] = {
		[ROLLCAST_DECODE_OK] = "ok",
		[ROLLCAST_DECODE_TRUNCATED] = "truncated",
		[ROLLCAST_DECODE_MALFORMED] = "malformed",
		[ROLLCAST_DECODE_SHAPE] = "shape",
		[ROLLCAST_DECODE_NAME] = "name",
		[ROLLCAST_DECODE_TIME] = "time",
		[ROLLCAST_DECODE_VALUE] = "value",
		[ROLLCAST_DECODE_MEMORY] = "memory",
	};

	return (unsigned)result < ROLLCAST_DECODE_RESULTS ? words[result] : "unknown";
}

static enum rollcast_decode time_checked(int64_t time_us, int64_t *ret_time_us)
{
	if (time_us > ROLLCAST_TIME_MAX_US || time_us < -ROLLCAST_TIME_MAX_US)
		return ROLLCAST_DECODE_TIME;
	*ret_time_us = time_us;
	return ROLLCAST_DECODE_OK;
}

enum rollcast_decode decoder_time_integer(const struct rollcast_decoder *decoder, int64_t time,
					  int64_t *ret_time_us)
{
	int64_t time_us;

	if (__builtin_mul_overflow(time, decoder->multiplier, &time_us))
		return ROLLCAST_DECODE_TIME;
	if (decoder->divisor > 1) {
		/* Down, also before 1970: 1 ns before the epoch is in the microsecond before it. */
		time_us = time / decoder->divisor - (time % decoder->divisor < 0);
	}
	return time_checked(time_us, ret_time_us);
}

enum rollcast_decode decoder_time_natural(const struct rollcast_decoder *decoder, uint64_t time,
					  int64_t *ret_time_us)
{
	if (time > INT64_MAX) {
		time /= (uint64_t)decoder->divisor;
		if (decoder->divisor == 1 || time > INT64_MAX)
			return ROLLCAST_DECODE_TIME;
		return time_checked((int64_t)time, ret_time_us);
	}
	return decoder_time_integer(decoder, (int64_t)time, ret_time_us);
}

enum rollcast_decode decoder_time_split(int64_t seconds, uint32_t nanoseconds, int64_t *ret_time_us)
{
	int64_t time_us;

	if (nanoseconds > 999999999 || __builtin_mul_overflow(seconds, 1000000, &time_us) ||
	    __builtin_add_overflow(time_us, nanoseconds / 1000, &time_us))
		return ROLLCAST_DECODE_TIME;
	return time_checked(time_us, ret_time_us);
}

size_t decoder_name(struct rollcast_decoder *decoder, struct rollcast_text name)
{
	return rollcast_name_write(name, decoder->labels, decoder->label_count, decoder->name,
				   sizeof decoder->name);
}

void decoder_deliver(struct rollcast_decoder *decoder, size_t name_length, size_t count)
{
	const struct rollcast_samples samples = {
		.name = {decoder->name, name_length},
		.times_us = decoder->times_us,
		.values = decoder->values,
		.count = count,
	};

	decoder->counts[ROLLCAST_DECODE_OK] += count;
	decoder->sink(decoder->context, &samples);
}

void decoder_sample(struct rollcast_decoder *decoder, struct rollcast_text name, int64_t time_us,
		    double value)
{
	size_t length = decoder_name(decoder, name);

	if (!length) {
		decoder_count(decoder, ROLLCAST_DECODE_NAME);
		return;
	}
	decoder->times_us[0] = time_us;
	decoder->values[0] = value;
	decoder_deliver(decoder, length, 1);
}

void decoder_field(struct rollcast_decoder *decoder, struct rollcast_text name,
		   struct rollcast_text field, int64_t time_us, double value)
{
	struct rollcast_text joined = {decoder->field_name, name.length + 1 + field.length};

	if (field.length == 5 && !memcmp(field.bytes, "value", 5)) {
		decoder_sample(decoder, name, time_us, value);
		return;
	}
	if (!name.length || !field.length || joined.length > sizeof decoder->field_name) {
		decoder_count(decoder, ROLLCAST_DECODE_NAME);
		return;
	}
	memcpy(decoder->field_name, name.bytes, name.length);
	decoder->field_name[name.length] = '_';
	memcpy(decoder->field_name + name.length + 1, field.bytes, field.length);
	decoder_sample(decoder, joined, time_us, value);
}

int rollcast_decoder_create(enum rollcast_format format, double unit_us,
			    struct rollcast_decoder **ret_decoder)
{
	struct rollcast_decoder *decoder;
	bool multiplies;

	if (format == ROLLCAST_FORMAT_INFLUX)
		unit_us = 1e-3; /* line protocol says so */
	multiplies = unit_us >= 1;
	if ((unsigned)format >= ROLLCAST_FORMATS || !(unit_us >= 1e-6 && unit_us <= 1e12))
		return -EINVAL;
	decoder = calloc(1, sizeof *decoder);
	if (!decoder)
		return -ENOMEM;
	decoder->format = format;
	decoder->unit_us = unit_us;
	decoder->multiplier = multiplies ? llrint(unit_us) : 1;
	decoder->divisor = multiplies ? 1 : llrint(1 / unit_us);
	*ret_decoder = decoder;
	return 0;
}

void rollcast_decoder_destroy(struct rollcast_decoder *decoder)
{
	if (!decoder)
		return;
	relabel_destroy(decoder->relabel);
	buffer_finish(&decoder->rewritten);
	free(decoder);
}

int rollcast_decoder_relabel(struct rollcast_decoder *decoder,
			     const struct rollcast_label_rules *rules)
{
	struct relabel *relabel = NULL;
	int r = relabel_create(rules, &relabel);

	if (r)
		return r;
	relabel_destroy(decoder->relabel);
	decoder->relabel = relabel;
	return 0;
}

void rollcast_decode(struct rollcast_decoder *decoder, const void *bytes, size_t size,
		     int64_t arrival_us, rollcast_samples_sink *sink, void *context,
		     uint64_t counts[ROLLCAST_DECODE_RESULTS])
{
	static void (*const decode[ROLLCAST_FORMATS])(struct rollcast_decoder *, const void *,
						      size_t) = {
		[ROLLCAST_FORMAT_MSGPACK] = decode_msgpack,
		[ROLLCAST_FORMAT_JSON] = decode_json,
		[ROLLCAST_FORMAT_INFLUX] = decode_influx,
	};

	decoder->arrival_us = arrival_us;
	decoder->sink = sink;
	decoder->context = context;
	decoder->counts = counts;
	decode[decoder->format](decoder, bytes, size);
}
