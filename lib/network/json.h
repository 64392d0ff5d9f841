/*
 * As much JSON as the header of a safetensors file has, read without trust: a cursor that goes forward
 * over bytes it never writes to.
 */
#ifndef NETWORK_JSON_H
#define NETWORK_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
	const char *at, *end;
};

/* A string's bytes between the quotes, escapes as they are written. */
struct json_text {
	const char *bytes;
	size_t size;
};

/* Each goes past what it found, with the spaces before it, and is false if something else is there. */
bool json_take(struct json *json, char sign);
bool json_take_string(struct json *json, struct json_text *ret_text);
bool json_take_count(struct json *json, uint64_t *ret_count);
bool json_at_end(struct json *json);

/*
 * The members of an object, after its opening brace: call until it is false, then check `ret_closed`.
 * `first` is true for the first call; the cursor is left at the value.
 */
bool json_member(struct json *json, bool first, struct json_text *ret_key, bool *ret_closed);

/* Is `text`, without escapes, `word`? */
bool json_is(struct json_text text, const char *word);

/* The text with its escapes undone and a zero at its end; false if it does not fit `room` or is broken. */
bool json_decode(struct json_text text, char *ret_word, size_t room);

#endif
