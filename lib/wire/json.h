/*
 * JSON rewritten as msgpack, see json.c.
 */
#ifndef LIB_WIRE_JSON_H
#define LIB_WIRE_JSON_H

#include "rollcast/wire.h"

#include "lib/wire/buffer.h"

struct json {
	const char *at, *end;
};

/* Takes spaces and says which byte comes next; false if none does. */
bool json_peek(struct json *json, char *ret_byte);

/*
 * Takes one value, spaces before it included, and appends it to `msgpack`. ROLLCAST_DECODE_OK,
 * _TRUNCATED, _MALFORMED or _MEMORY.
 */
enum rollcast_decode json_to_msgpack(struct json *json, struct buffer *msgpack);

#endif
