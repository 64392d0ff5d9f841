/*
 * What the decoders of all formats share: the scratch memory, times, values and delivery.
 */
#ifndef LIB_WIRE_DECODER_H
#define LIB_WIRE_DECODER_H

#include <math.h>

#include "rollcast/wire.h"

#include "lib/wire/buffer.h"
#include "lib/wire/relabel.h"

/* Samples of a column batch that go to the sink at once. */
enum { COLUMN_CHUNK = 256 };

struct rollcast_decoder {
	enum rollcast_format format;
	struct relabel *relabel; /* NULL: labels stay as they are */
	/* A plain time is scaled by unit_us; if whole, by multiplier / divisor, one of which is 1. */
	double unit_us;
	int64_t multiplier, divisor;

	/* Of the payload in hand: */
	int64_t arrival_us;
	rollcast_samples_sink *sink;
	void *context;
	uint64_t *counts;

	struct rollcast_label labels[ROLLCAST_LABELS_MAX];
	size_t label_count;
	char field_name[ROLLCAST_NAME_MAX];
	char unescaped[ROLLCAST_NAME_MAX]; /* Influx: names and tags that had escapes */
	struct buffer rewritten;	   /* JSON: one map as msgpack */
	char name[ROLLCAST_NAME_MAX];
	int64_t times_us[COLUMN_CHUNK];
	double values[COLUMN_CHUNK];
};

/* Plain numbers of time as microseconds: ROLLCAST_DECODE_OK or _TIME. */
enum rollcast_decode decoder_time_natural(const struct rollcast_decoder *decoder, uint64_t time,
					  int64_t *ret_time_us);
enum rollcast_decode decoder_time_integer(const struct rollcast_decoder *decoder, int64_t time,
					  int64_t *ret_time_us);
static inline enum rollcast_decode decoder_time_real(const struct rollcast_decoder *decoder,
						     double time, int64_t *ret_time_us)
{
	double time_us = time * decoder->unit_us;

	/* Written so that NaN fails. */
	if (!(fabs(time_us) < (double)ROLLCAST_TIME_MAX_US))
		return ROLLCAST_DECODE_TIME;
	*ret_time_us = (int64_t)(time_us + copysign(0.5, time_us));
	return ROLLCAST_DECODE_OK;
}
/* Seconds and nanoseconds, whatever the unit of plain numbers is. */
enum rollcast_decode decoder_time_split(int64_t seconds, uint32_t nanoseconds,
					int64_t *ret_time_us);

static inline void decoder_count(struct rollcast_decoder *decoder, enum rollcast_decode result)
{
	decoder->counts[result]++;
}

/*
 * All labels of a map or line are in hand: follows the rules for them, if there are any. False: they are
 * too many.
 */
static inline bool decoder_relabel(struct rollcast_decoder *decoder)
{
	return !decoder->relabel ||
	       relabel_apply(decoder->relabel, decoder->labels, &decoder->label_count);
}

/* Writes `name` with the labels in hand into decoder->name; its length, 0 if that cannot be. */
size_t decoder_name(struct rollcast_decoder *decoder, struct rollcast_text name);

/* `count` samples of the stream in decoder->name to the sink, from times_us and values. */
void decoder_deliver(struct rollcast_decoder *decoder, size_t name_length, size_t count);

/* One sample of `name` to the sink, or a refusal counted. */
void decoder_sample(struct rollcast_decoder *decoder, struct rollcast_text name, int64_t time_us,
		    double value);

/* The same for a field of `name`: it is called name_field, but `value` leaves the name as it is. */
void decoder_field(struct rollcast_decoder *decoder, struct rollcast_text name,
		   struct rollcast_text field, int64_t time_us, double value);

void decode_msgpack(struct rollcast_decoder *decoder, const void *bytes, size_t size);
void decode_json(struct rollcast_decoder *decoder, const void *bytes, size_t size);
void decode_influx(struct rollcast_decoder *decoder, const void *bytes, size_t size);

#endif
