/*
 * Names of streams, each once, numbered as they come.
 */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include <stdint.h>

enum {
	NAMES_MAX = 1 << 16,
	NAMES_FULL = 2,
};

struct names {
	char **items;
	uint32_t count, room;
	uint32_t *slots; /* hash table of number + 1 */
	uint32_t slot_count;
};

/* The number of a name, a new one if need be. 0, NAMES_FULL, -ENOMEM. */
int names_add(struct names *names, const char *name, uint32_t *ret_number);
void names_finish(struct names *names);

#endif
