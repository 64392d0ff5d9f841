/*
 * What the encoders of all formats share.
 */
#ifndef LIB_WIRE_ENCODER_H
#define LIB_WIRE_ENCODER_H

#include "rollcast/wire.h"

#include "lib/wire/buffer.h"

struct rollcast_encoder {
	enum rollcast_format format;
	struct buffer buffer;
	/* The name in hand, taken apart. */
	struct rollcast_text name;
	struct rollcast_label labels[ROLLCAST_LABELS_MAX];
	size_t label_count;
	char scratch[ROLLCAST_NAME_MAX];
};

/*
 * They write a message into the empty buffer; the name in hand is that of what they write. Samples
 * are one at least.
 */
void encode_msgpack_forecast(struct rollcast_encoder *encoder,
			     const struct rollcast_forecast *forecast);
void encode_msgpack_alert(struct rollcast_encoder *encoder,
			  const struct rollcast_forecast *forecast,
			  const struct rollcast_breach *breach);
void encode_msgpack_samples(struct rollcast_encoder *encoder,
			    const struct rollcast_samples *samples);
void encode_json_forecast(struct rollcast_encoder *encoder,
			  const struct rollcast_forecast *forecast);
void encode_json_alert(struct rollcast_encoder *encoder, const struct rollcast_forecast *forecast,
		       const struct rollcast_breach *breach);
void encode_json_samples(struct rollcast_encoder *encoder, const struct rollcast_samples *samples);
void encode_influx_forecast(struct rollcast_encoder *encoder,
			    const struct rollcast_forecast *forecast);
void encode_influx_alert(struct rollcast_encoder *encoder, const struct rollcast_forecast *forecast,
			 const struct rollcast_breach *breach);
void encode_influx_samples(struct rollcast_encoder *encoder,
			   const struct rollcast_samples *samples);

#endif
