/*
 * One aligned block of floats, carved into parts. The same function is called twice, first without
 * memory to add up the sizes, then with it to hand out the parts:
 *
 *	struct memory memory = {0};
 *	lay_out(object, &memory);
 *	r = memory_allocate(&memory);
 *	lay_out(object, &memory);
 */
#ifndef NETWORK_MEMORY_H
#define NETWORK_MEMORY_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY_ALIGN = 16 }; /* floats: 64 bytes, a line of cache and the widest vector */

struct memory {
	float *floats;
	size_t used;
};

static inline size_t memory_round(size_t count)
{
	return (count + MEMORY_ALIGN - 1) / MEMORY_ALIGN * MEMORY_ALIGN;
}

/* The next `count` floats; NULL while sizes are added up. */
static inline float *memory_take(struct memory *memory, size_t count)
{
	float *part = memory->floats ? memory->floats + memory->used : NULL;

	memory->used += memory_round(count);
	return part;
}

/* Zeroed memory for what has been taken; freed with free(memory->floats). -ENOMEM. */
static inline int memory_allocate(struct memory *memory)
{
	size_t size = memory_round(memory->used ? memory->used : 1) * sizeof(float);

	memory->floats = aligned_alloc(MEMORY_ALIGN * sizeof(float), size);
	if (!memory->floats)
		return -ENOMEM;
	memset(memory->floats, 0, size);
	memory->used = 0;
	return 0;
}

#endif
