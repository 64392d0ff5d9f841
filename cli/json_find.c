/*
 * A cursor that can skip any value (RFC 8259); finding is skipping with an eye on the keys.
 */
#include "cli/json_find.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16 };

static void skip_blanks(struct json_piece *rest)
{
	while (rest->at < rest->end && strchr(" \t\n\r", *rest->at) && *rest->at)
		rest->at++;
}

static bool take(struct json_piece *rest, char wanted)
{
	skip_blanks(rest);
	if (rest->at == rest->end || *rest->at != wanted)
		return false;
	rest->at++;
	return true;
}

static bool skip_string(struct json_piece *rest)
{
	if (!take(rest, '"'))
		return false;
	for (; rest->at < rest->end; rest->at++) {
		if (*rest->at == '"') {
			rest->at++;
			return true;
		}
		if ((unsigned char)*rest->at < ' ')
			return false;
		if (*rest->at == '\\' &&
		    (++rest->at == rest->end || !*rest->at || !strchr("\"\\/bfnrtu", *rest->at)))
			return false;
	}
	return false;
}

/* A number, true, false or null: letters, digits and signs, looked at no closer. */
static bool skip_word(struct json_piece *rest)
{
	const char *start;

	skip_blanks(rest);
	start = rest->at;
	while (rest->at < rest->end && (isalnum((unsigned char)*rest->at) || *rest->at == '-' ||
					*rest->at == '+' || *rest->at == '.'))
		rest->at++;
	return rest->at > start;
}

static bool skip_value(struct json_piece *rest, int depth);

static bool skip_members(struct json_piece *rest, bool keys, char close, int depth)
{
	if (take(rest, close))
		return true;
	do {
		if (keys && (!skip_string(rest) || !take(rest, ':')))
			return false;
		if (!skip_value(rest, depth + 1))
			return false;
	} while (take(rest, ','));
	return take(rest, close);
}

static bool skip_value(struct json_piece *rest, int depth)
{
	if (depth > DEPTH_MAX)
		return false;
	if (take(rest, '{'))
		return skip_members(rest, true, '}', depth);
	if (take(rest, '['))
		return skip_members(rest, false, ']', depth);
	if (rest->at < rest->end && *rest->at == '"')
		return skip_string(rest);
	return skip_word(rest);
}

bool json_piece_all(const char *text, size_t size, struct json_piece *ret_value)
{
	struct json_piece rest = {text, text + size}, value;

	skip_blanks(&rest);
	value.at = rest.at;
	if (!skip_value(&rest, 0))
		return false;
	value.end = rest.at;
	skip_blanks(&rest);
	if (rest.at != rest.end)
		return false;
	*ret_value = value;
	return true;
}

bool json_piece_find(struct json_piece object, const char *key, struct json_piece *ret_value)
{
	size_t length = strlen(key);

	if (!take(&object, '{') || take(&object, '}'))
		return false;
	do {
		struct json_piece name, value;

		skip_blanks(&object);
		name.at = object.at;
		if (!skip_string(&object))
			return false;
		name.end = object.at;
		if (!take(&object, ':'))
			return false;
		skip_blanks(&object);
		value.at = object.at;
		if (!skip_value(&object, 0))
			return false;
		value.end = object.at;
		if ((size_t)(name.end - name.at) == length + 2 &&
		    !memcmp(name.at + 1, key, length)) {
			*ret_value = value;
			return true;
		}
	} while (take(&object, ','));
	return false;
}

/* The byte behind a backslash, or 0 for one that is beyond what is written here. */
static char unescape(const char *at, const char *end, int *ret_taken)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	unsigned code = 0;
	const char *found = strchr(from, *at);

	*ret_taken = 1;
	if (found)
		return to[found - from];
	if (*at != 'u' || end - at < 5)
		return 0;
	for (int i = 1; i < 5; i++) {
		if (!isxdigit((unsigned char)at[i]))
			return 0;
		code = code * 16 + (unsigned)(isdigit((unsigned char)at[i])
						      ? at[i] - '0'
						      : (at[i] | 0x20) - 'a' + 10);
	}
	*ret_taken = 5;
	return code < 0x80 ? (char)code : 0;
}

static void disarm(char *text)
{
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
		else if ((unsigned char)*at == 0xc2 && (unsigned char)at[1] >= 0x80 &&
			 (unsigned char)at[1] < 0xa0)
			at[0] = at[1] = '?';
}

bool json_piece_text(struct json_piece value, char *buffer, size_t size)
{
	size_t used = 0;

	if (value.end - value.at < 2 || *value.at != '"')
		return false;
	for (const char *at = value.at + 1; at < value.end - 1; at++) {
		char byte = *at;

		if (byte == '\\') {
			int taken;

			byte = unescape(at + 1, value.end - 1, &taken);
			if (!byte)
				return false;
			at += taken;
		}
		if (used + 1 >= size)
			return false;
		buffer[used++] = byte;
	}
	buffer[used] = '\0';
	disarm(buffer);
	return true;
}

/* Behind the bracket or the comma that comes before the next of something. */
static bool take_next(struct json_piece *rest, char open)
{
	return take(rest, open) || take(rest, ',');
}

bool json_piece_next(struct json_piece *array, struct json_piece *ret_item)
{
	if (!take_next(array, '['))
		return false;
	skip_blanks(array);
	ret_item->at = array->at;
	if (!skip_value(array, 0))
		return false;
	ret_item->end = array->at;
	return true;
}

bool json_piece_member(struct json_piece *object, struct json_piece *ret_key,
		       struct json_piece *ret_value)
{
	if (!take_next(object, '{'))
		return false;
	skip_blanks(object);
	ret_key->at = object->at;
	if (!skip_string(object))
		return false;
	ret_key->end = object->at;
	if (!take(object, ':'))
		return false;
	skip_blanks(object);
	ret_value->at = object->at;
	if (!skip_value(object, 0))
		return false;
	ret_value->end = object->at;
	return true;
}

bool json_piece_number(struct json_piece value, double *ret_number)
{
	char text[64], *end;
	size_t length = (size_t)(value.end - value.at);

	if (length == 0 || length >= sizeof(text) || !strchr("-0123456789n", *value.at))
		return false;
	memcpy(text, value.at, length);
	text[length] = '\0';
	if (!strcmp(text, "null")) {
		*ret_number = (double)NAN;
		return true;
	}
	*ret_number = strtod(text, &end);
	return !*end && isfinite(*ret_number);
}

double json_piece_number_at(struct json_piece object, const char *key)
{
	struct json_piece value;
	double number;

	if (!json_piece_find(object, key, &value) || !json_piece_number(value, &number))
		return (double)NAN;
	return number;
}
