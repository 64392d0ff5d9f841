/*
 * A bounded reader of msgpack.
 *
 *	82 a4 6e 61 6d 65 a1 78 ...        82        map of 2 pairs: at least 2 bytes each must remain
 *	└┘ └────────────┘ └───┘            a4 ....   text of 4 bytes, all of which must remain
 *	map    "name"      "x"
 *
 * msgpack-c packs for us, but does not unpack: it builds a tree of objects, which costs five times
 * the decoding itself, and believes array headers: `dd ff ff ff ff`, five bytes, makes it allocate
 * gigabytes. Here a token is handed out as it lies there, nothing is allocated, and a header that
 * promises more than remains is refused when it is met. Nothing recurses, so that nesting needs no
 * limit: what is not of interest is skipped with one counter.
 */
#include "lib/wire/reader.h"

#include <endian.h>
#include <string.h>

static uint64_t big_endian(const uint8_t *bytes, size_t width)
{
	uint64_t number;
	uint32_t half;
	uint16_t quarter;

	switch (width) {
	case 1:
		return bytes[0];
	case 2:
		memcpy(&quarter, bytes, sizeof quarter);
		return be16toh(quarter);
	case 4:
		memcpy(&half, bytes, sizeof half);
		return be32toh(half);
	default:
		memcpy(&number, bytes, sizeof number);
		return be64toh(number);
	}
}

/* `bytes` is where the payload starts; the reader goes behind it. */
static inline enum rollcast_decode blob(struct reader *reader, const uint8_t *bytes, uint64_t length,
					struct token *ret_token)
{
	if (length > (uint64_t)(reader->end - bytes))
		return ROLLCAST_DECODE_TRUNCATED;
	ret_token->text.bytes = (const char *)bytes;
	ret_token->text.length = length;
	reader->at = bytes + length;
	return ROLLCAST_DECODE_OK;
}

/* Every element takes a byte at least. */
static inline enum rollcast_decode container(struct reader *reader, const uint8_t *bytes,
					     enum token_kind kind, uint64_t count,
					     struct token *ret_token)
{
	uint64_t least = kind == TOKEN_MAP ? 2 * count : count;

	if (least > (uint64_t)(reader->end - bytes))
		return ROLLCAST_DECODE_TRUNCATED;
	ret_token->kind = kind;
	ret_token->count = (uint32_t)count;
	reader->at = bytes;
	return ROLLCAST_DECODE_OK;
}

static void integer(int64_t number, struct token *ret_token)
{
	ret_token->kind = number < 0 ? TOKEN_INTEGER : TOKEN_NATURAL;
	ret_token->integer = number;
}

static void real(uint64_t bits, size_t width, struct token *ret_token)
{
	uint32_t half = (uint32_t)bits;
	float single;

	ret_token->kind = TOKEN_REAL;
	if (width == 8) {
		memcpy(&ret_token->real, &bits, sizeof bits);
		return;
	}
	memcpy(&single, &half, sizeof half);
	ret_token->real = (double)single;
}

/* Bytes c0..df: how many bytes of number follow, and for ext also the byte of its type. */
static const uint8_t widths[32] = {
	[0x04] = 1, [0x05] = 2, [0x06] = 4,             /* bin */
	[0x07] = 2, [0x08] = 3, [0x09] = 5,             /* ext */
	[0x0a] = 4, [0x0b] = 8,                         /* float */
	[0x0c] = 1, [0x0d] = 2, [0x0e] = 4, [0x0f] = 8, /* uint */
	[0x10] = 1, [0x11] = 2, [0x12] = 4, [0x13] = 8, /* int */
	[0x14] = 1, [0x15] = 1, [0x16] = 1, [0x17] = 1, [0x18] = 1, /* fixext */
	[0x19] = 1, [0x1a] = 2, [0x1b] = 4,             /* str */
	[0x1c] = 2, [0x1d] = 4,                         /* array */
	[0x1e] = 2, [0x1f] = 4,                         /* map */
};

static enum rollcast_decode next_wide(struct reader *reader, uint8_t byte, struct token *ret_token)
{
	const uint8_t *bytes = reader->at + 1;
	size_t width = widths[byte - 0xc0];
	const uint8_t *after = bytes + width;
	uint64_t number;

	if (width > (size_t)(reader->end - bytes))
		return ROLLCAST_DECODE_TRUNCATED;
	switch (byte) {
	case 0xc0:
		ret_token->kind = TOKEN_NIL;
		break;
	case 0xc1: /* never used, says the specification */
		return ROLLCAST_DECODE_MALFORMED;
	case 0xc2 ... 0xc3:
		ret_token->kind = TOKEN_BOOL;
		ret_token->natural = byte & 1;
		break;
	case 0xc4 ... 0xc6:
	case 0xd9 ... 0xdb:
		ret_token->kind = TOKEN_TEXT;
		return blob(reader, after, big_endian(bytes, width), ret_token);
	case 0xc7 ... 0xc9:
		ret_token->kind = TOKEN_EXT;
		ret_token->ext_type = (int8_t)after[-1];
		return blob(reader, after, big_endian(bytes, width - 1), ret_token);
	case 0xd4 ... 0xd8:
		ret_token->kind = TOKEN_EXT;
		ret_token->ext_type = (int8_t)after[-1];
		return blob(reader, after, 1u << (byte - 0xd4), ret_token);
	case 0xca ... 0xcb:
		real(big_endian(bytes, width), width, ret_token);
		break;
	case 0xcc ... 0xcf:
		ret_token->kind = TOKEN_NATURAL;
		ret_token->natural = big_endian(bytes, width);
		break;
	case 0xd0 ... 0xd3:
		number = big_endian(bytes, width);
		/* The sign moves up from where the narrow number has it. */
		integer((int64_t)(number << (64 - 8 * width)) >> (64 - 8 * width), ret_token);
		break;
	case 0xdc ... 0xdd:
		return container(reader, after, TOKEN_ARRAY, big_endian(bytes, width), ret_token);
	default:
		return container(reader, after, TOKEN_MAP, big_endian(bytes, width), ret_token);
	}
	reader->at = after;
	return ROLLCAST_DECODE_OK;
}

enum rollcast_decode reader_next(struct reader *reader, struct token *ret_token)
{
	const uint8_t *at = reader->at;
	uint8_t byte;

	if (at == reader->end)
		return ROLLCAST_DECODE_TRUNCATED;
	byte = *at;
	if (byte < 0x80 || byte >= 0xe0) {
		integer((int8_t)byte, ret_token);
		reader->at = at + 1;
		return ROLLCAST_DECODE_OK;
	}
	if (byte >= 0xc0)
		return next_wide(reader, byte, ret_token);
	if (byte >= 0xa0) {
		ret_token->kind = TOKEN_TEXT;
		return blob(reader, at + 1, byte & 0x1f, ret_token);
	}
	return container(reader, at + 1, byte >= 0x90 ? TOKEN_ARRAY : TOKEN_MAP, byte & 0x0f,
			 ret_token);
}

static uint64_t elements(const struct token *token)
{
	if (token->kind == TOKEN_MAP)
		return 2 * (uint64_t)token->count;
	return token->kind == TOKEN_ARRAY ? token->count : 0;
}

enum rollcast_decode reader_skip(struct reader *reader, const struct token *token)
{
	uint64_t pending = elements(token);
	struct token inner;
	enum rollcast_decode r;

	for (; pending; pending--) {
		/* Headers within headers can each be modest and together promise the moon. */
		if (pending > (uint64_t)(reader->end - reader->at))
			return ROLLCAST_DECODE_TRUNCATED;
		r = reader_next(reader, &inner);
		if (r)
			return r;
		pending += elements(&inner);
	}
	return ROLLCAST_DECODE_OK;
}
