/* The half of the reader that is not worth inlining, see reader.h. */
#include "lib/wire/reader.h"

static uint64_t big_endian(const uint8_t *bytes, size_t width)
{
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
		return reader_big_endian64(bytes);
	}
}

static const uint8_t *refuse(enum rollcast_decode reason, struct token *ret_token)
{
	ret_token->count = reason;
	return NULL;
}

/* `length` bytes that start at `bytes`. */
static const uint8_t *blob(const uint8_t *bytes, const uint8_t *end, enum token_kind kind,
			   uint64_t length, struct token *ret_token)
{
	if (length > (uint64_t)(end - bytes))
		return refuse(ROLLCAST_DECODE_TRUNCATED, ret_token);
	ret_token->kind = kind;
	ret_token->bytes = (const char *)bytes;
	ret_token->count = (uint32_t)length;
	return bytes + length;
}

/* `count` elements that start at `bytes`: every one takes a byte at least. */
static const uint8_t *container(const uint8_t *bytes, const uint8_t *end, enum token_kind kind,
				uint64_t count, struct token *ret_token)
{
	uint64_t least = kind == TOKEN_MAP ? 2 * count : count;

	if (least > (uint64_t)(end - bytes))
		return refuse(ROLLCAST_DECODE_TRUNCATED, ret_token);
	ret_token->kind = kind;
	ret_token->count = (uint32_t)count;
	return bytes;
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
	[0x04] = 1, [0x05] = 2, [0x06] = 4,			    /* bin */
	[0x07] = 2, [0x08] = 3, [0x09] = 5,			    /* ext */
	[0x0a] = 4, [0x0b] = 8,					    /* float */
	[0x0c] = 1, [0x0d] = 2, [0x0e] = 4, [0x0f] = 8,		    /* uint */
	[0x10] = 1, [0x11] = 2, [0x12] = 4, [0x13] = 8,		    /* int */
	[0x14] = 1, [0x15] = 1, [0x16] = 1, [0x17] = 1, [0x18] = 1, /* fixext */
	[0x19] = 1, [0x1a] = 2, [0x1b] = 4,			    /* str */
	[0x1c] = 2, [0x1d] = 4,					    /* array */
	[0x1e] = 2, [0x1f] = 4,					    /* map */
};

static const uint8_t *next_wide(const uint8_t *at, const uint8_t *end, struct token *ret_token)
{
	const uint8_t *bytes = at + 1;
	uint8_t byte = *at;
	size_t width = widths[byte - 0xc0];
	const uint8_t *after = bytes + width;
	uint64_t number;

	if (width > (size_t)(end - bytes))
		return refuse(ROLLCAST_DECODE_TRUNCATED, ret_token);
	switch (byte) {
	case 0xc0:
		ret_token->kind = TOKEN_NIL;
		break;
	case 0xc1: /* never used, says the specification */
		return refuse(ROLLCAST_DECODE_MALFORMED, ret_token);
	case 0xc2 ... 0xc3:
		ret_token->kind = TOKEN_BOOL;
		ret_token->natural = byte & 1;
		break;
	case 0xc4 ... 0xc6:
	case 0xd9 ... 0xdb:
		return blob(after, end, TOKEN_TEXT, big_endian(bytes, width), ret_token);
	case 0xc7 ... 0xc9:
		return blob(after - 1, end, TOKEN_EXT, big_endian(bytes, width - 1) + 1, ret_token);
	case 0xd4 ... 0xd8:
		return blob(bytes, end, TOKEN_EXT, (1u << (byte - 0xd4)) + 1, ret_token);
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
		return container(after, end, TOKEN_ARRAY, big_endian(bytes, width), ret_token);
	default:
		return container(after, end, TOKEN_MAP, big_endian(bytes, width), ret_token);
	}
	return after;
}

const uint8_t *reader_next_rare(const uint8_t *at, const uint8_t *end, struct token *ret_token)
{
	uint8_t byte = *at;

	if (byte < 0x80 || byte >= 0xe0) {
		integer((int8_t)byte, ret_token);
		return at + 1;
	}
	if (byte >= 0xc0)
		return next_wide(at, end, ret_token);
	if (byte >= 0xa0)
		return blob(at + 1, end, TOKEN_TEXT, byte & 0x1f, ret_token);
	return container(at + 1, end, byte >= 0x90 ? TOKEN_ARRAY : TOKEN_MAP, byte & 0x0f,
			 ret_token);
}

/* Bytes of tokens that have one size and no elements; 0 for all others. */
static const uint8_t sizes[256] = {
	[0x00 ... 0x7f] = 1, [0xe0 ... 0xff] = 1, [0xc0] = 1,  [0xc2 ... 0xc3] = 1, [0xca] = 5,
	[0xcb] = 9,	     [0xcc] = 2,	  [0xcd] = 3,  [0xce] = 5,	    [0xcf] = 9,
	[0xd0] = 2,	     [0xd1] = 3,	  [0xd2] = 5,  [0xd3] = 9,	    [0xd4] = 3,
	[0xd5] = 4,	     [0xd6] = 6,	  [0xd7] = 10, [0xd8] = 18,
};

static uint64_t elements(const struct token *token)
{
	if (token->kind == TOKEN_MAP)
		return 2 * (uint64_t)token->count;
	return token->kind == TOKEN_ARRAY ? token->count : 0;
}

const uint8_t *reader_skip_elements(const uint8_t *at, const uint8_t *end, struct token *token)
{
	uint64_t pending = elements(token);
	struct token inner;

	for (; pending; pending--) {
		size_t left = (size_t)(end - at);

		/* Headers within headers can each be modest and together promise the moon. */
		if (pending > left)
			return refuse(ROLLCAST_DECODE_TRUNCATED, token);
		if (sizes[*at] && sizes[*at] <= left) {
			at += sizes[*at];
			continue;
		}
		at = reader_next_rare(at, end, &inner);
		if (!at)
			return refuse(inner.count, token);
		pending += elements(&inner);
	}
	return at;
}
