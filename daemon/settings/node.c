/* The tree itself; node_parse is in parse.c, node_read in files.c. */
#include "daemon/settings/node.h"

#include <stdarg.h>
#include <string.h>

struct entry *node_entry(const struct node *map, const char *name, size_t length)
{
	if (map->kind != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++) {
		const char *other = map->entries[i].name;

		if (strlen(other) == length && !memcmp(other, name, length))
			return &map->entries[i];
	}
	return NULL;
}

struct node *node_find(const struct node *map, const char *path)
{
	size_t length = strcspn(path, ".");
	struct entry *entry = node_entry(map, path, length);

	if (!entry)
		return NULL;
	return path[length] ? node_find(entry->node, path + length + 1) : entry->node;
}

struct entry *node_add(struct pool *pool, struct node *node, const struct entry *entry)
{
	if (node->count == node->capacity) {
		size_t capacity = node->capacity ? 2 * node->capacity : 8;
		struct entry *entries = pool_alloc(pool, capacity * sizeof(*entries));

		if (!entries)
			return NULL;
		if (node->count)
			memcpy(entries, node->entries, node->count * sizeof(*entries));
		node->entries = entries;
		node->capacity = capacity;
	}
	node->entries[node->count] = *entry;
	return &node->entries[node->count++];
}

void node_problem(struct problems *problems, struct node *node, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	problems_add(problems, &node->place, node->key, "%s", text);
	node->bad = true;
}

const char *node_kind_word(const struct node *node)
{
	static const char *const words[] = {
		[NODE_EMPTY] = "nothing",
		[NODE_SCALAR] = "a single value",
		[NODE_LIST] = "a list",
		[NODE_MAP] = "a mapping",
	};

	return words[node->kind];
}
