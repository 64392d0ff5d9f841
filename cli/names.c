/*
 * A hash table with open addressing over an array that keeps the order.
 */
#include "cli/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rollcast/name.h"

static uint32_t *find_slot(const struct names *names, const char *name)
{
	uint32_t mask = names->slot_count - 1;
	uint32_t at = (uint32_t)rollcast_name_hash((struct rollcast_text){name, strlen(name)});

	while (names->slots[at & mask] &&
	       strcmp(names->items[names->slots[at & mask] - 1], name) != 0)
		at++;
	return &names->slots[at & mask];
}

/* At most half of the slots are ever taken. */
static int grow(struct names *names)
{
	uint32_t room = names->room ? 2 * names->room : 32;
	char **items = reallocarray(names->items, room, sizeof(*items));
	uint32_t *slots;

	if (!items)
		return -ENOMEM;
	names->items = items;
	slots = calloc(2 * (size_t)room, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(names->slots);
	names->slots = slots;
	names->slot_count = 2 * room;
	names->room = room;
	for (uint32_t i = 0; i < names->count; i++)
		*find_slot(names, names->items[i]) = i + 1;
	return 0;
}

int names_add(struct names *names, const char *name, uint32_t *ret_number)
{
	uint32_t *slot;
	int r = names->count == names->room ? grow(names) : 0;

	if (r)
		return r;
	slot = find_slot(names, name);
	if (!*slot) {
		if (names->count == NAMES_MAX)
			return NAMES_FULL;
		names->items[names->count] = strdup(name);
		if (!names->items[names->count])
			return -ENOMEM;
		*slot = ++names->count;
	}
	*ret_number = *slot - 1;
	return 0;
}

void names_finish(struct names *names)
{
	for (uint32_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	free(names->slots);
	*names = (struct names){0};
}
