/*
 * A cursor over msgpack bytes, see reader.c.
 */
#ifndef LIB_WIRE_READER_H
#define LIB_WIRE_READER_H

#include <stdbool.h>
#include <stdint.h>

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
	union {
		int8_t ext_type;
		uint32_t count; /* elements of an array, pairs of a map */
	};
	union {
		uint64_t natural; /* also bool: 0 or 1 */
		int64_t integer;
		double real;
		struct rollcast_text text; /* also the bytes of an ext */
	};
};

struct reader {
	const uint8_t *at, *end;
};

/*
 * Takes the next token. ROLLCAST_DECODE_OK, _TRUNCATED (the bytes end, or the token promises more
 * than they hold) or _MALFORMED (no msgpack); after a failure the reader stands at the bad token.
 */
enum rollcast_decode reader_next(struct reader *reader, struct token *ret_token);

/* Takes all that belongs to `token`, which was taken last: nothing unless it is a container. */
enum rollcast_decode reader_skip(struct reader *reader, const struct token *token);

static inline bool token_is_container(const struct token *token)
{
	return token->kind >= TOKEN_ARRAY;
}

#define token_is(token, word)                                                                      \
	((token)->kind == TOKEN_TEXT && (token)->text.length == sizeof(word) - 1 &&                \
	 !memcmp((token)->text.bytes, word, sizeof(word) - 1))

#endif
