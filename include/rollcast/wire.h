/*
 * Messages ⇄ bytes. Pure: no sockets, no clocks; payloads are decoded without trusting them.
 *
 * Samples in, msgpack. Four shapes, their keys in any order, unknown keys skipped:
 *
 *	{"name": str, "time": t, "value": number, "tags": {str: str}}      one sample
 *	{"name", "time", "fields": {str: number}, "tags"}                  Telegraf's: name_field each
 *	{"name", "tags", "times": [t, ...], "values": [number, ...]}       a column batch of one stream
 *	[map, ...] or map map ...                                          a batch of any of these
 *
 * - `time`, or `timestamp`: the msgpack timestamp extension, or a number in the input's time unit; a
 *   float keeps its fraction, to the microsecond. Missing or nil: the time of arrival, but not
 *   within `times`.
 * - A value is an integer or a float; a bool counts as 0 or 1. A field that is text is passed over,
 *   and one called `value` takes the name as it is.
 * - A tag that is empty or nil is no label. A key of the shape that comes twice is a refusal.
 * - Text may be of msgpack's type bin, and must be UTF-8 in a name.
 *
 * Samples in, JSON: the same shapes; a batch may also be a map per line. NaN and Infinity are read as
 * values that are refused. Nesting goes to 32.
 *
 * Samples in, Influx line protocol: `measurement,tag=x field=1.5,other=2i time`. Numeric and boolean
 * fields become measurement_field, one called `value` the measurement; texts are passed over. Times
 * are nanoseconds, whatever the time unit. A broken line is refused alone.
 *
 * A payload is read once and in order. What is wrong with one sample or map refuses that one and the
 * others go on; a broken structure ends the payload, and what came before it has been delivered.
 *
 * Forecasts out, msgpack:
 *
 *	{"name": str, "tags": {str: str}, "time": origin, "step": seconds, "mean": [h numbers],
 *	 "quantiles": {"0.025": [h numbers], ...}, "last": number at the origin, "expert": str,
 *	 "weights": {expert: share, ...}, "skill": x, "coverage": {"0.95": x, ...},
 *	 "trained": time of the newest data the weights saw, "samples": n, "snapshot": bool}
 *
 * A forecast that is watched for thresholds also has "thresholds": {name: {"limit": x, "probability": p,
 * "seconds": s, "raised": bool}}. An alert is {"name", "tags", "time": origin, "threshold": name,
 * "state": "raised" or "cleared", "limit", "last", "probability", "seconds", "snapshot"}; in Influx
 * line protocol a line name_alert with the tag `threshold` and those fields, raised as 1 or 0.
 *
 * Times are seconds since 1970: an integer when they are whole, otherwise a float that is right to the
 * microsecond. What is not known yet is nil. Levels are written as people write them: the shortest
 * decimal within 1e-10. JSON has the same keys, null for nil, and 12 significant digits. In Influx line
 * protocol a forecast is a line per step, at the time that is forecast, in name_forecast: fields mean,
 * q0.025 ..., skill, horizon, expert.
 */
#ifndef ROLLCAST_WIRE_H
#define ROLLCAST_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rollcast/cleanup.h"
#include "rollcast/name.h"
#include "rollcast/stream.h"

enum rollcast_format {
	ROLLCAST_FORMAT_MSGPACK,
	ROLLCAST_FORMAT_JSON,
	ROLLCAST_FORMAT_INFLUX,
	ROLLCAST_FORMATS,
};

/* Times lie within +-292,000 years of 1970, so that arithmetic on them has room. */
#define ROLLCAST_TIME_MAX_US INT64_C(9214629984000000000)

/* Samples of one stream, borrowed for the call. */
struct rollcast_samples {
	struct rollcast_text name; /* canonical */
	const int64_t *times_us;
	const double *values;
	size_t count;
};
typedef void rollcast_samples_sink(void *context, const struct rollcast_samples *samples);

/* Why a payload, or a part of it, was refused; for tables of counters. One count per refusal: a
 * sample, a column batch, or the rest of a payload. */
enum rollcast_decode {
	ROLLCAST_DECODE_OK = 0,
	ROLLCAST_DECODE_TRUNCATED, /* ends early, or promises more than there is */
	ROLLCAST_DECODE_MALFORMED, /* bytes that are not of the format, or follow it and are no sample */
	ROLLCAST_DECODE_SHAPE, /* not one of the shapes above: keys are missing, twice, of a wrong type */
	ROLLCAST_DECODE_NAME, /* no canonical name can be made, or not in ROLLCAST_NAME_MAX bytes */
	ROLLCAST_DECODE_TIME, /* no time, or one out of range */
	ROLLCAST_DECODE_VALUE,	/* no number, or one that is not finite */
	ROLLCAST_DECODE_MEMORY, /* there was no room to unpack it */
	ROLLCAST_DECODE_RESULTS,
};
/* "truncated", "malformed", ...: the words used in metrics. */
const char *rollcast_decode_word(enum rollcast_decode result);

struct rollcast_decoder; /* scratch memory: one per thread */

/*
 * `unit_us`: microseconds of one unit of a plain number of time (1000000 for s, 0.001 for ns), 1e-6
 * to 1e12; Influx has nanoseconds anyway. -EINVAL, -ENOMEM.
 */
int rollcast_decoder_create(enum rollcast_format format, double unit_us,
			    struct rollcast_decoder **ret_decoder);
void rollcast_decoder_destroy(struct rollcast_decoder *decoder);
DEFINE_CLEANUP(struct rollcast_decoder *, rollcast_decoder_destroy);

/*
 * What to do with the labels of samples before they name a stream; all of it optional. First those
 * that no glob of `keep` matches are dropped, if there are any, and those that one of `drop` does.
 * Then labels are renamed, all at once; a renamed one takes the place of one that had the name, and of
 * two that would get the same name the one whose rule comes first stays. At last labels are added, in the place of what
 * has the name. Streams that then have equal names are one stream.
 */
struct rollcast_label_pair {
	char *name, *value; /* to rename: the old name, the new one */
};
struct rollcast_label_rules {
	char *const *keep, *const *drop;
	size_t keep_count, drop_count;
	const struct rollcast_label_pair *rename, *add;
	size_t rename_count, add_count;
};
/* From now on the decoder follows a copy of `rules`. -ENOMEM; -EINVAL: not a glob. */
int rollcast_decoder_relabel(struct rollcast_decoder *decoder,
			     const struct rollcast_label_rules *rules);

/*
 * Decodes one payload into calls of `sink`. What is good in a payload is delivered, what is bad is
 * counted: adds to counts[ROLLCAST_DECODE_RESULTS] (OK counts samples delivered, the others refusals).
 * A large column batch arrives in several calls. Allocates nothing, but for JSON once a map is larger
 * than any before.
 */
void rollcast_decode(struct rollcast_decoder *decoder, const void *bytes, size_t size,
		     int64_t arrival_us, rollcast_samples_sink *sink, void *context,
		     uint64_t counts[ROLLCAST_DECODE_RESULTS]);

struct rollcast_encoder; /* a growing buffer: one per thread */

int rollcast_encoder_create(enum rollcast_format format, struct rollcast_encoder **ret_encoder);
void rollcast_encoder_destroy(struct rollcast_encoder *encoder);
DEFINE_CLEANUP(struct rollcast_encoder *, rollcast_encoder_destroy);

/* A forecast as bytes, borrowed until the encoder's next call. -ENOMEM; -EINVAL: name not canonical. */
int rollcast_encode_forecast(struct rollcast_encoder *encoder,
			     const struct rollcast_forecast *forecast, const void **ret_bytes,
			     size_t *ret_size);
/* The alert of thresholds[index] of a forecast. Errors and result as above. */
int rollcast_encode_alert(struct rollcast_encoder *encoder,
			  const struct rollcast_forecast *forecast, uint32_t index,
			  const void **ret_bytes, size_t *ret_size);
/*
 * Samples of one stream, one at least, as one message: a single map, or a column batch if count > 1;
 * in Influx line protocol lines. Msgpack has timestamps, which mean the same in every time unit; JSON
 * has seconds. Errors and result as above.
 */
int rollcast_encode_samples(struct rollcast_encoder *encoder,
			    const struct rollcast_samples *samples, const void **ret_bytes,
			    size_t *ret_size);

/*
 * A forecast message read back, for subscribers: the forecast lives in the reader until its next call.
 * It must have name, time, step and mean; what else is missing is not known (NaN), zero or empty.
 * Formats msgpack and JSON. -EINVAL: not a forecast, -ENOMEM.
 */
struct rollcast_forecast_reader;
int rollcast_forecast_reader_create(enum rollcast_format format,
				    struct rollcast_forecast_reader **ret_reader);
void rollcast_forecast_reader_destroy(struct rollcast_forecast_reader *reader);
DEFINE_CLEANUP(struct rollcast_forecast_reader *, rollcast_forecast_reader_destroy);
int rollcast_forecast_read(struct rollcast_forecast_reader *reader, const void *bytes, size_t size,
			   const struct rollcast_forecast **ret_forecast);

#endif
