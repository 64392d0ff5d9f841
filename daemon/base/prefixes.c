#include "daemon/base/prefixes.h"

#include <stdlib.h>
#include <string.h>

static void match_everything(struct prefixes *prefixes)
{
	prefixes_finish(prefixes);
	prefixes->everything = true;
}

static bool make_room(struct prefixes *prefixes)
{
	size_t capacity = prefixes->capacity ? 2 * prefixes->capacity : 64;
	char **items;

	if (prefixes->count < prefixes->capacity)
		return true;
	items = realloc(prefixes->items, capacity * sizeof(*items));
	if (!items)
		return false;
	prefixes->items = items;
	prefixes->capacity = capacity;
	return true;
}

void prefixes_add(struct prefixes *prefixes, const char *bytes, size_t length)
{
	char *copy;

	if (prefixes->everything)
		return;
	prefixes->bytes += sizeof(copy) + length + 1;
	copy = length && prefixes->bytes <= PREFIXES_BYTES_MAX && make_room(prefixes)
		       ? strndup(bytes, length)
		       : NULL;
	if (copy)
		prefixes->items[prefixes->count++] = copy;
	else
		match_everything(prefixes);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

void prefixes_seal(struct prefixes *prefixes)
{
	size_t kept = 0;

	if (prefixes->count == 0)
		return;
	qsort(prefixes->items, prefixes->count, sizeof(*prefixes->items), compare);
	for (size_t i = 0; i < prefixes->count; i++) {
		char *item = prefixes->items[i];

		if (kept && begins_with(item, prefixes->items[kept - 1]))
			free(item);
		else
			prefixes->items[kept++] = item;
	}
	prefixes->count = kept;
}

bool prefixes_match(const struct prefixes *prefixes, const char *text)
{
	size_t low = 0, high = prefixes->count; /* items before `low` are not above the text */

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(prefixes->items[middle], text) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return prefixes->everything || (low && begins_with(text, prefixes->items[low - 1]));
}

bool prefixes_is_empty(const struct prefixes *prefixes)
{
	return prefixes->count == 0 && !prefixes->everything;
}

void prefixes_finish(struct prefixes *prefixes)
{
	for (size_t i = 0; i < prefixes->count; i++)
		free(prefixes->items[i]);
	free(prefixes->items);
	*prefixes = (struct prefixes){0};
}
