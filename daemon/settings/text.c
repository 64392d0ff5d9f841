#include "daemon/settings/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 *	0xxxxxxx                              1 byte
 *	110xxxxx 10xxxxxx                     2
 *	1110xxxx 10xxxxxx 10xxxxxx            3
 *	11110xxx 10xxxxxx 10xxxxxx 10xxxxxx   4
 */
size_t text_decode(const char *text, uint32_t *ret_character)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t character;
	size_t size = bytes[0] < 0x80		  ? 1
		      : (bytes[0] & 0xe0) == 0xc0 ? 2
		      : (bytes[0] & 0xf0) == 0xe0 ? 3
		      : (bytes[0] & 0xf8) == 0xf0 ? 4
						  : 0;

	if (size == 0)
		return 0;
	character = size == 1 ? bytes[0] : bytes[0] & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (bytes[i] & 0x3f);
	}
	if (character < least[size] || character > 0x10ffff ||
	    (character >= 0xd800 && character < 0xe000))
		return 0;
	*ret_character = character;
	return size;
}

static bool is_utf8(const char *text)
{
	uint32_t character;

	while (*text) {
		size_t size = text_decode(text, &character);

		if (!size)
			return false;
		text += size;
	}
	return true;
}

static size_t name_length(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";

	if (!strspn(text, letters))
		return 0;
	return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
}

/*
 * The value of what follows "${", and where the text goes on:
 *
 *	NAME}rest   NAME:-default}rest
 *	          ^                  ^
 */
static const char *variable(struct pool *pool, const char *text, const char **ret_rest, char *why,
			    size_t why_size)
{
	size_t length = name_length(text);
	const char *end = strchr(text, '}');
	const char *name, *value;

	if (!end || !length || (text[length] != '}' && strncmp(text + length, ":-", 2))) {
		snprintf(why, why_size,
			 "\"${\" begins a variable, as in ${NAME} or ${NAME:-default}; write $${ "
			 "for "
			 "the characters");
		return NULL;
	}
	*ret_rest = end + 1;
	name = pool_copy(pool, text, length);
	if (!name)
		return NULL;
	value = getenv(name);
	if (text[length] == ':' && (!value || !*value))
		return pool_copy(pool, text + length + 2, (size_t)(end - text) - length - 2);
	if (!value)
		snprintf(why, why_size,
			 "the environment has no %s; set it, or write ${%s:-default}", name, name);
	else if (!is_utf8(value))
		snprintf(why, why_size, "the value of %s in the environment is no UTF-8", name);
	return *why ? NULL : value;
}

const char *text_expand(struct pool *pool, const char *text, char *why, size_t why_size)
{
	const char *done = "";

	*why = '\0';
	while (done) {
		size_t plain = strcspn(text, "$");
		const char *value, *rest = text + plain + 2;

		if (!text[plain])
			return pool_printf(pool, "%s%s", done, text);
		if (text[plain + 1] == '$') {
			value = "$";
		} else if (text[plain + 1] == '{') {
			value = variable(pool, rest, &rest, why, why_size);
		} else {
			snprintf(why, why_size, "write $$ for a dollar, ${NAME} for a variable");
			return NULL;
		}
		if (!value)
			return NULL;
		done = pool_printf(pool, "%s%.*s%s", done, (int)plain, text, value);
		text = rest;
	}
	return NULL;
}
