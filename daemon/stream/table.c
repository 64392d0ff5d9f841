#include "daemon/stream/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

/* The low bits chose the shard; the high ones spread within it. */
static size_t first_slot(uint64_t hash, size_t capacity)
{
	return (hash >> 20) & (capacity - 1);
}

int table_init(struct table *table)
{
	*table = (struct table){.capacity = FIRST_CAPACITY};
	table->slots = calloc(table->capacity, sizeof(*table->slots));
	return table->slots ? 0 : -ENOMEM;
}

void entry_destroy(struct entry *entry)
{
	rollcast_stream_destroy(entry->stream);
	free(entry);
}

void table_finish(struct table *table)
{
	for (size_t i = 0; table->slots && i < table->capacity; i++) {
		if (table->slots[i])
			entry_destroy(table->slots[i]);
	}
	free(table->slots);
	*table = (struct table){0};
}

struct entry *table_find(const struct table *table, uint64_t hash, const char *name,
			 uint32_t name_length)
{
	size_t mask = table->capacity - 1;

	for (size_t i = first_slot(hash, table->capacity); table->slots[i]; i = (i + 1) & mask) {
		struct entry *entry = table->slots[i];

		if (entry->hash == hash && entry->name_length == name_length &&
		    memcmp(entry->name, name, name_length) == 0)
			return entry;
	}
	return NULL;
}

static void place(struct entry **slots, size_t capacity, struct entry *entry)
{
	size_t i = first_slot(entry->hash, capacity);

	while (slots[i])
		i = (i + 1) & (capacity - 1);
	slots[i] = entry;
}

static int grow(struct table *table)
{
	size_t capacity = 2 * table->capacity;
	struct entry **slots = calloc(capacity, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < table->capacity; i++)
		if (table->slots[i])
			place(slots, capacity, table->slots[i]);
	free(table->slots);
	table->slots = slots;
	table->capacity = capacity;
	table->changes++;
	return 0;
}

int table_add(struct table *table, uint64_t hash, const char *name, uint32_t name_length,
	      struct entry **ret_entry)
{
	if (2 * (table->count + 1) > table->capacity) {
		int r = grow(table);

		if (r < 0)
			return r;
	}

	struct entry *entry = calloc(1, sizeof(*entry) + name_length + 1);

	if (!entry)
		return -ENOMEM;
	entry->hash = hash;
	entry->name_length = name_length;
	memcpy(entry->name, name, name_length);
	place(table->slots, table->capacity, entry);
	table->count++;
	*ret_entry = entry;
	return 0;
}

/* Knuth's algorithm R: what follows moves up as far as its own first slot allows, so that no gap is left. */
void table_remove(struct table *table, const struct entry *entry)
{
	size_t mask = table->capacity - 1, gap = first_slot(entry->hash, table->capacity);

	while (table->slots[gap] != entry)
		gap = (gap + 1) & mask;
	for (size_t i = (gap + 1) & mask; table->slots[i]; i = (i + 1) & mask) {
		size_t first = first_slot(table->slots[i]->hash, table->capacity);

		if (((i - first) & mask) < ((i - gap) & mask))
			continue;
		table->slots[gap] = table->slots[i];
		gap = i;
	}
	table->slots[gap] = NULL;
	table->count--;
	table->changes++;
}
