/*
 * JSON in: a value in a text by its key, without building a tree. Texts are not trusted: what is
 * not valid JSON around the value is an error, not a surprise.
 */
#ifndef CLI_JSON_FIND_H
#define CLI_JSON_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of text that holds one value, without blanks around it. */
struct json_piece {
	const char *at, *end;
};

/* The whole text as one value; false if it is not exactly one. */
bool json_piece_all(const char *text, size_t size, struct json_piece *ret_value);

/*
 * The value of `key` in an object; false if it is no object or has no such key. Keys with escapes
 * are not found. `object` was accepted by json_piece_all, or is part of what was.
 */
bool json_piece_find(struct json_piece object, const char *key, struct json_piece *ret_value);

/*
 * A string without its quotes and escapes, ended by a zero; false if it is none or does not fit. It may be
 * shown: control characters, by which it could command a terminal, are question marks.
 */
bool json_piece_text(struct json_piece value, char *buffer, size_t size);

/* The first item of an array, which is moved on behind it; false if there is none left. */
bool json_piece_next(struct json_piece *array, struct json_piece *ret_item);

/* A member of an object, as above; its key is a string. */
bool json_piece_member(struct json_piece *object, struct json_piece *ret_key,
		       struct json_piece *ret_value);

/* A number, or NaN for null; false for anything else. */
bool json_piece_number(struct json_piece value, double *ret_number);

/* The number, or NaN, at `key` of an object; NaN if it has none. */
double json_piece_number_at(struct json_piece object, const char *key);

#endif
