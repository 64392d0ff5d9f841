/* Globs: * is any text, ? one character, [a-z] and [!a-z] one of a class. */
#include "lib/wire/glob.h"

#include <string.h>

/* Behind the class that starts at `at`, or NULL if it has no end. A `]` that comes first is one. */
static const char *class_end(const char *at, const char *end)
{
	at++;
	if (at < end && *at == '!')
		at++;
	if (at < end)
		at++;
	at = memchr(at, ']', (size_t)(end - at));
	return at ? at + 1 : NULL;
}

static bool class_matches(const char *at, const char *end, uint8_t byte)
{
	bool negated = at[1] == '!';
	bool found = false;

	end--; /* the closing bracket */
	for (at += negated ? 2 : 1; at < end; at++) {
		uint8_t first = (uint8_t)*at, last = first;

		if (at + 2 < end && at[1] == '-') {
			last = (uint8_t)at[2];
			at += 2;
		}
		found |= first <= byte && byte <= last;
	}
	return found != negated;
}

static void character_skip(const char **at, const char *end)
{
	do {
		(*at)++;
	} while (*at < end && ((uint8_t) * *at & 0xc0) == 0x80);
}

/* Matches one element at `pattern`, which is no star; NULL, or behind it. */
static const char *element_match(const char *pattern, const char *pattern_end, const char **at,
				 const char *end)
{
	const char *behind;

	if (*at == end)
		return NULL;
	switch (*pattern) {
	case '?':
		character_skip(at, end);
		return pattern + 1;
	case '[':
		behind = class_end(pattern, pattern_end);
		if (!class_matches(pattern, behind, (uint8_t) * *at))
			return NULL;
		character_skip(at, end);
		return behind;
	default:
		return *pattern == *(*at)++ ? pattern + 1 : NULL;
	}
}

/* The last star may take more; an earlier one never needs to. */
bool glob_matches(struct rollcast_text glob, struct rollcast_text text)
{
	const char *pattern = glob.bytes, *pattern_end = pattern + glob.length;
	const char *at = text.bytes, *end = at + text.length;
	const char *star = NULL, *taken = NULL;

	for (;;) {
		const char *next = NULL;

		if (pattern == pattern_end) {
			if (at == end)
				return true;
		} else if (*pattern == '*') {
			star = ++pattern;
			taken = at;
			continue;
		} else {
			next = element_match(pattern, pattern_end, &at, end);
		}
		if (!next) {
			if (!star || taken == end)
				return false;
			next = star;
			at = ++taken;
		}
		pattern = next;
	}
}

const char *rollcast_glob_wrong(struct rollcast_text glob, size_t *ret_column)
{
	const char *at = glob.bytes, *end = at + glob.length;

	while (at && at < end) {
		const char *behind = *at == '[' ? class_end(at, end) : at + 1;

		if (!behind) {
			*ret_column = (size_t)(at - glob.bytes);
			return "[ without ]";
		}
		for (bool in_class = *at == '['; at < behind; at++)
			if (in_class && (uint8_t)*at >= 0x80) {
				*ret_column = (size_t)(at - glob.bytes);
				return "only ASCII can stand between [ and ]";
			}
	}
	return NULL;
}
