/*
 * JSON rewritten as msgpack.
 *
 *	{"name": "x", "value": 1}   ─►   df 00000002 a4 name a1 x a5 value cf 0000000000000001
 *
 * So every shape, rule and refusal exists once, in the reader of msgpack, and JSON can do what
 * msgpack can. A container's count is only known at its end: its header is left open, on a stack of
 * bounded depth, and filled in then. NaN and Infinity, which Python writes, are read as such, to be
 * refused as values and not with all that follows.
 *
 * No library: those of the distributions allocate for every value (jansson, cJSON, json-c), speak
 * C++ (simdjson), check nothing (jsmn) or are no longer cared for (yajl).
 */
#include "lib/wire/json.h"

#include <endian.h>
#include <math.h>

#include "lib/wire/number.h"

enum { DEPTH_MAX = 32, HEADER_SIZE = 5 };

/* A container that is open. */
struct level {
	size_t header; /* where it lies in the buffer */
	uint32_t count;
	bool is_map;
};

struct rewriter {
	struct json *json;
	struct buffer *out;
	struct level levels[DEPTH_MAX];
	int depth;
};

bool json_peek(struct json *json, char *ret_byte)
{
	while (json->at < json->end &&
	       (*json->at == ' ' || *json->at == '\n' || *json->at == '\t' || *json->at == '\r'))
		json->at++;
	if (json->at == json->end)
		return false;
	*ret_byte = *json->at;
	return true;
}

static void header_fill(char *header, uint8_t kind, uint32_t count)
{
	uint32_t big_endian = htobe32(count);

	header[0] = (char)kind;
	memcpy(header + 1, &big_endian, sizeof big_endian);
}

static void put_header(struct buffer *out, uint8_t kind, uint32_t count)
{
	char header[HEADER_SIZE];

	header_fill(header, kind, count);
	buffer_append(out, header, sizeof header);
}

static void put_wide(struct buffer *out, uint8_t kind, uint64_t bits)
{
	char bytes[9] = {(char)kind};
	uint64_t big_endian = htobe64(bits);

	memcpy(bytes + 1, &big_endian, sizeof big_endian);
	buffer_append(out, bytes, sizeof bytes);
}

static void put_real(struct buffer *out, double real)
{
	uint64_t bits;

	memcpy(&bits, &real, sizeof bits);
	put_wide(out, 0xcb, bits);
}

static void put_utf8(struct buffer *out, uint32_t point)
{
	char bytes[4];
	size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = length; i-- > 1; point >>= 6)
		bytes[i] = (char)(0x80 | (point & 0x3f));
	bytes[0] = (char)(first[length] | point);
	buffer_append(out, bytes, length);
}

static bool hex_take(struct json *json, uint32_t *ret_unit)
{
	uint32_t unit = 0;

	if (json->end - json->at < 4)
		return false;
	for (int i = 0; i < 4; i++, json->at++) {
		char byte = *json->at;
		char lower = (char)(byte | 0x20);

		if (byte >= '0' && byte <= '9')
			unit = unit << 4 | (uint32_t)(byte - '0');
		else if (lower >= 'a' && lower <= 'f')
			unit = unit << 4 | (uint32_t)(lower - 'a' + 10);
		else
			return false;
	}
	*ret_unit = unit;
	return true;
}

/* What follows \u: one UTF-16 unit, or a pair of surrogates. */
static bool point_take(struct json *json, uint32_t *ret_point)
{
	uint32_t high, low;

	if (!hex_take(json, &high))
		return false;
	*ret_point = high;
	if (high < 0xd800 || high > 0xdfff)
		return true;
	if (high > 0xdbff || json->end - json->at < 2 || json->at[0] != '\\' || json->at[1] != 'u')
		return false;
	json->at += 2;
	if (!hex_take(json, &low) || low < 0xdc00 || low > 0xdfff)
		return false;
	*ret_point = 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00));
	return true;
}

static bool escape_take(struct json *json, struct buffer *out)
{
	static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	char byte = *json->at++;
	const char *escape = byte ? strchr(escapes, byte) : NULL;
	uint32_t point;

	if (escape) {
		buffer_append(out, &meanings[escape - escapes], 1);
		return true;
	}
	if (byte != 'u' || !point_take(json, &point))
		return false;
	put_utf8(out, point);
	return true;
}

static const char *plain_end(const char *at, const char *end)
{
	while (at < end && *at != '"' && *at != '\\' && (uint8_t)*at >= 0x20)
		at++;
	return at;
}

/* From behind the opening quote to behind the closing one. */
static enum rollcast_decode string_take(struct json *json, struct buffer *out)
{
	const char *plain = plain_end(json->at, json->end);
	size_t length = (size_t)(plain - json->at), header = out->size;

	if (plain < json->end && *plain == '"' && length < 32) {
		char byte = (char)(0xa0 | length);

		buffer_append(out, &byte, 1);
		buffer_append(out, json->at, length);
		json->at = plain + 1;
		return ROLLCAST_DECODE_OK;
	}
	put_header(out, 0xdb, 0);
	for (;;) {
		plain = plain_end(json->at, json->end);
		buffer_append(out, json->at, (size_t)(plain - json->at));
		json->at = plain;
		if (json->end - json->at < 1 || (*json->at == '\\' && json->end - json->at < 2))
			return ROLLCAST_DECODE_TRUNCATED;
		if (*json->at == '"')
			break;
		if (*json->at++ != '\\' || !escape_take(json, out))
			return ROLLCAST_DECODE_MALFORMED;
	}
	json->at++;
	if (out->size - header - HEADER_SIZE > UINT32_MAX)
		return ROLLCAST_DECODE_MALFORMED;
	if (!out->failed)
		header_fill(out->bytes + header, 0xdb,
			    (uint32_t)(out->size - header - HEADER_SIZE));
	return ROLLCAST_DECODE_OK;
}

static enum rollcast_decode number_take(struct json *json, struct buffer *out)
{
	struct number number;
	const char *behind = number_read(json->at, json->end, &number);

	if (!behind)
		return ROLLCAST_DECODE_MALFORMED;
	json->at = behind;
	if (!number.is_whole || (number.is_negative && number.magnitude > INT64_MAX))
		put_real(out, number.real);
	else if (number.is_negative)
		put_wide(out, 0xd3, -number.magnitude);
	else
		put_wide(out, 0xcf, number.magnitude);
	return ROLLCAST_DECODE_OK;
}

static bool word_take(struct json *json, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(json->end - json->at) < length || memcmp(json->at, word, length))
		return false;
	json->at += length;
	return true;
}

static enum rollcast_decode scalar_take(struct json *json, struct buffer *out)
{
	if (*json->at == '"') {
		json->at++;
		return string_take(json, out);
	}
	if (word_take(json, "null"))
		buffer_append(out, "\xc0", 1);
	else if (word_take(json, "false"))
		buffer_append(out, "\xc2", 1);
	else if (word_take(json, "true"))
		buffer_append(out, "\xc3", 1);
	else if (word_take(json, "NaN"))
		put_real(out, NAN);
	else if (word_take(json, "Infinity"))
		put_real(out, INFINITY);
	else if (word_take(json, "-Infinity"))
		put_real(out, -INFINITY);
	else
		return number_take(json, out);
	return ROLLCAST_DECODE_OK;
}

static enum rollcast_decode open_take(struct rewriter *rewriter, char byte)
{
	struct level *level = &rewriter->levels[rewriter->depth];

	if (rewriter->depth == DEPTH_MAX)
		return ROLLCAST_DECODE_MALFORMED;
	rewriter->depth++;
	rewriter->json->at++;
	*level = (struct level){.header = rewriter->out->size, .is_map = byte == '{'};
	put_header(rewriter->out, 0, 0);
	return ROLLCAST_DECODE_OK;
}

static enum rollcast_decode key_take(struct json *json, struct buffer *out)
{
	enum rollcast_decode r;
	char byte;

	if (*json->at != '"')
		return ROLLCAST_DECODE_MALFORMED;
	json->at++;
	r = string_take(json, out);
	if (r)
		return r;
	if (!json_peek(json, &byte))
		return ROLLCAST_DECODE_TRUNCATED;
	if (byte != ':')
		return ROLLCAST_DECODE_MALFORMED;
	json->at++;
	return json_peek(json, &byte) ? ROLLCAST_DECODE_OK : ROLLCAST_DECODE_TRUNCATED;
}

/* Closes what ends here; stands behind a comma, or at depth 0, when it is done. */
static enum rollcast_decode value_end(struct rewriter *rewriter)
{
	struct json *json = rewriter->json;
	char byte;

	while (rewriter->depth) {
		struct level *level = &rewriter->levels[rewriter->depth - 1];

		if (!json_peek(json, &byte))
			return ROLLCAST_DECODE_TRUNCATED;
		json->at++;
		if (byte == ',' && level->count)
			return ROLLCAST_DECODE_OK;
		if (byte != (level->is_map ? '}' : ']'))
			return ROLLCAST_DECODE_MALFORMED;
		if (!rewriter->out->failed)
			header_fill(rewriter->out->bytes + level->header,
				    level->is_map ? 0xdf : 0xdd, level->count);
		rewriter->depth--;
	}
	return ROLLCAST_DECODE_OK;
}

/* One element of the innermost open container, or the opening of one more. */
static enum rollcast_decode element_take(struct rewriter *rewriter, bool *ret_opened)
{
	struct json *json = rewriter->json;
	enum rollcast_decode r;
	char byte;

	*ret_opened = false;
	if (!json_peek(json, &byte))
		return ROLLCAST_DECODE_TRUNCATED;
	if (rewriter->depth) {
		struct level *level = &rewriter->levels[rewriter->depth - 1];

		r = level->is_map ? key_take(json, rewriter->out) : ROLLCAST_DECODE_OK;
		if (r)
			return r;
		level->count++;
		byte = *json->at;
	}
	*ret_opened = byte == '{' || byte == '[';
	return *ret_opened ? open_take(rewriter, byte) : scalar_take(json, rewriter->out);
}

enum rollcast_decode json_to_msgpack(struct json *json, struct buffer *msgpack)
{
	struct rewriter rewriter = {.json = json, .out = msgpack};
	enum rollcast_decode r;
	bool opened;
	char byte;

	do {
		r = element_take(&rewriter, &opened);
		/* An empty container ends at once, any other has a first element first. */
		if (!r && opened && json_peek(json, &byte) && byte != ']' && byte != '}')
			continue;
		r = r ?: value_end(&rewriter);
	} while (!r && rewriter.depth);
	return msgpack->failed ? ROLLCAST_DECODE_MEMORY : r;
}
