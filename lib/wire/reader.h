/*
 * A bounded reader of msgpack.
 *
 *	82 a4 6e 61 6d 65 a1 78 ...        82        map of 2 pairs: at least 2 bytes each must remain
 *	└┘ └────────────┘ └───┘            a4 ....   text of 4 bytes, all of which must remain
 *	map    "name"      "x"
 *
 * msgpack-c packs for us, but does not unpack: it builds a tree of objects, which costs several times
 * the decoding itself, and believes array headers: `dd ff ff ff ff`, five bytes, makes it allocate
 * gigabytes. Here a token is handed out as it lies there, nothing is allocated, and a header that
 * promises more than remains is refused when it is met. Nothing recurses, so that nesting needs no
 * limit: what is not of interest is skipped with one counter.
 *
 * Taking a token is a few instructions and is done half a dozen times per sample: it is inline.
 */
#ifndef LIB_WIRE_READER_H
#define LIB_WIRE_READER_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "rollcast/wire.h"

enum token_kind {
	TOKEN_NIL,
	TOKEN_BOOL,
	TOKEN_NATURAL, /* an integer that is not negative */
	TOKEN_INTEGER, /* a negative one */
	TOKEN_REAL,
	TOKEN_TEXT, /* str or bin */
	TOKEN_EXT,
	TOKEN_ARRAY,
	TOKEN_MAP,
};

/* One value, or the header of a container whose elements follow. */
struct token {
	enum token_kind kind;
	uint32_t count; /* bytes of text or ext, elements of an array, pairs of a map */
	union {
		uint64_t natural; /* also bool: 0 or 1 */
		int64_t integer;
		double real;
		const char *bytes; /* text; ext: its type comes first */
	};
};

struct reader {
	const uint8_t *at, *end;
};

/*
 * The two below for what is rare. They take the cursor by value and return where it goes, so that it
 * can stay in a register: from token to token it is the one thing that everything waits for. NULL:
 * the token's count is the reason.
 */
const uint8_t *reader_next_rare(const uint8_t *at, const uint8_t *end, struct token *ret_token);
const uint8_t *reader_skip_elements(const uint8_t *at, const uint8_t *end, struct token *token);

static inline bool token_is_container(const struct token *token)
{
	return token->kind >= TOKEN_ARRAY;
}

static inline struct rollcast_text token_text(const struct token *token)
{
	return (struct rollcast_text){token->bytes, token->count};
}

static inline uint64_t reader_big_endian64(const uint8_t *bytes)
{
	uint64_t number;

	memcpy(&number, bytes, sizeof number);
	return be64toh(number);
}

/*
 * Takes the next token: ROLLCAST_DECODE_OK, _TRUNCATED (the bytes end, or the token promises more
 * than they hold) or _MALFORMED (no msgpack); after a failure the reader stands at the bad token.
 */
__attribute__((always_inline)) static inline enum rollcast_decode
reader_next(struct reader *reader, struct token *ret_token)
{
	const uint8_t *at = reader->at;
	size_t left = (size_t)(reader->end - at);
	uint64_t bits;

	if (!left)
		return ROLLCAST_DECODE_TRUNCATED;
	if (*at >= 0xa0 && *at <= 0xbf) { /* short text */
		size_t length = *at & 0x1f;

		if (length >= left)
			return ROLLCAST_DECODE_TRUNCATED;
		ret_token->kind = TOKEN_TEXT;
		ret_token->bytes = (const char *)at + 1;
		ret_token->count = (uint32_t)length;
		reader->at = at + 1 + length;
		return ROLLCAST_DECODE_OK;
	}
	if (*at == 0xcb && left > 8) { /* double */
		bits = reader_big_endian64(at + 1);
		ret_token->kind = TOKEN_REAL;
		memcpy(&ret_token->real, &bits, sizeof bits);
		reader->at = at + 9;
		return ROLLCAST_DECODE_OK;
	}
	if (*at == 0xce && left > 4) { /* 32 bit: seconds until 2106 */
		uint32_t number;

		memcpy(&number, at + 1, sizeof number);
		ret_token->kind = TOKEN_NATURAL;
		ret_token->natural = be32toh(number);
		reader->at = at + 5;
		return ROLLCAST_DECODE_OK;
	}
	at = reader_next_rare(at, reader->end, ret_token);
	if (!at)
		return (enum rollcast_decode)ret_token->count;
	reader->at = at;
	return ROLLCAST_DECODE_OK;
}

/*
 * Takes all that belongs to `token`, which was taken last: nothing unless it is a container.
 */
__attribute__((always_inline)) static inline enum rollcast_decode reader_skip(struct reader *reader,
									      struct token *token)
{
	const uint8_t *at;

	if (!token_is_container(token))
		return ROLLCAST_DECODE_OK;
	at = reader_skip_elements(reader->at, reader->end, token);
	if (!at)
		return (enum rollcast_decode)token->count;
	reader->at = at;
	return ROLLCAST_DECODE_OK;
}

#endif
