/*
 * Messages to bytes, the part that is the same for all formats: the buffer, and the canonical name
 * taken apart into what subscribers want, a name and tags.
 */
#include "rollcast/wire.h"

#include <errno.h>
#include <string.h>

#include "lib/wire/encoder.h"

static const struct {
	void (*forecast)(struct rollcast_encoder *, const struct rollcast_forecast *);
	void (*alert)(struct rollcast_encoder *, const struct rollcast_forecast *,
		      const struct rollcast_breach *);
	void (*samples)(struct rollcast_encoder *, const struct rollcast_samples *);
} formats[ROLLCAST_FORMATS] = {
	[ROLLCAST_FORMAT_MSGPACK] = {encode_msgpack_forecast, encode_msgpack_alert,
				     encode_msgpack_samples},
	[ROLLCAST_FORMAT_JSON] = {encode_json_forecast, encode_json_alert, encode_json_samples},
	[ROLLCAST_FORMAT_INFLUX] = {encode_influx_forecast, encode_influx_alert,
				    encode_influx_samples},
};

int rollcast_encoder_create(enum rollcast_format format, struct rollcast_encoder **ret_encoder)
{
	struct rollcast_encoder *encoder;

	if ((unsigned)format >= ROLLCAST_FORMATS)
		return -EINVAL;
	encoder = calloc(1, sizeof *encoder);
	if (!encoder)
		return -ENOMEM;
	encoder->format = format;
	*ret_encoder = encoder;
	return 0;
}

void rollcast_encoder_destroy(struct rollcast_encoder *encoder)
{
	if (encoder)
		buffer_finish(&encoder->buffer);
	free(encoder);
}

static int begin(struct rollcast_encoder *encoder, struct rollcast_text canonical)
{
	int count;

	if (canonical.length > sizeof encoder->scratch)
		return -EINVAL;
	count = rollcast_name_read(canonical, encoder->scratch, &encoder->name, encoder->labels);
	if (count < 0)
		return count;
	encoder->label_count = (size_t)count;
	buffer_reset(&encoder->buffer);
	return 0;
}

static int end(const struct rollcast_encoder *encoder, const void **ret_bytes, size_t *ret_size)
{
	if (encoder->buffer.failed)
		return -ENOMEM;
	*ret_bytes = encoder->buffer.bytes;
	*ret_size = encoder->buffer.size;
	return 0;
}

int rollcast_encode_forecast(struct rollcast_encoder *encoder,
			     const struct rollcast_forecast *forecast, const void **ret_bytes,
			     size_t *ret_size)
{
	struct rollcast_text name = {forecast->name, strlen(forecast->name)};
	int r = begin(encoder, name);

	if (r)
		return r;
	formats[encoder->format].forecast(encoder, forecast);
	return end(encoder, ret_bytes, ret_size);
}

int rollcast_encode_alert(struct rollcast_encoder *encoder,
			  const struct rollcast_forecast *forecast, uint32_t index,
			  const void **ret_bytes, size_t *ret_size)
{
	struct rollcast_text name = {forecast->name, strlen(forecast->name)};
	int r = index < forecast->threshold_count ? begin(encoder, name) : -EINVAL;

	if (r)
		return r;
	formats[encoder->format].alert(encoder, forecast, &forecast->thresholds[index]);
	return end(encoder, ret_bytes, ret_size);
}

int rollcast_encode_samples(struct rollcast_encoder *encoder,
			    const struct rollcast_samples *samples, const void **ret_bytes,
			    size_t *ret_size)
{
	int r = samples->count ? begin(encoder, samples->name) : -EINVAL;

	if (r)
		return r;
	formats[encoder->format].samples(encoder, samples);
	return end(encoder, ret_bytes, ret_size);
}
