/*
 * Samples from JSON: map by map rewritten as msgpack and decoded as that, so that the memory needed
 * is that of the largest map, and a batch that breaks off has delivered what came before the break.
 */
#include "lib/wire/decoder.h"

#include "lib/wire/json.h"

/* One map of a batch; anything else is no shape. */
static enum rollcast_decode map_decode(struct rollcast_decoder *decoder, struct json *json)
{
	enum rollcast_decode r;
	char byte;

	if (!json_peek(json, &byte))
		return ROLLCAST_DECODE_TRUNCATED;
	buffer_reset(&decoder->rewritten);
	r = json_to_msgpack(json, &decoder->rewritten);
	if (r)
		return r;
	if (byte == '{')
		decode_msgpack(decoder, decoder->rewritten.bytes, decoder->rewritten.size);
	else
		decoder_count(decoder, ROLLCAST_DECODE_SHAPE);
	return ROLLCAST_DECODE_OK;
}

static enum rollcast_decode array_decode(struct rollcast_decoder *decoder, struct json *json)
{
	enum rollcast_decode r;
	char byte;

	json->at++;
	if (json_peek(json, &byte) && byte == ']') {
		json->at++;
		return ROLLCAST_DECODE_OK;
	}
	do {
		r = map_decode(decoder, json);
		if (r)
			return r;
		if (!json_peek(json, &byte))
			return ROLLCAST_DECODE_TRUNCATED;
		json->at++;
	} while (byte == ',');
	return byte == ']' ? ROLLCAST_DECODE_OK : ROLLCAST_DECODE_MALFORMED;
}

void decode_json(struct rollcast_decoder *decoder, const void *bytes, size_t size)
{
	struct json json = {bytes, (const char *)bytes + size};
	enum rollcast_decode r = ROLLCAST_DECODE_TRUNCATED; /* if there is nothing */
	bool first = true;
	char byte;

	while (json_peek(&json, &byte)) {
		if (byte == '[')
			r = array_decode(decoder, &json);
		else if (byte == '{' || first)
			r = map_decode(decoder, &json);
		else
			r = ROLLCAST_DECODE_MALFORMED;
		/* Behind what is neither array nor map, nothing is to be made sense of. */
		if (r || (byte != '[' && byte != '{'))
			break;
		first = false;
	}
	if (r)
		decoder_count(decoder, r);
}
