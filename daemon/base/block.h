/*
 * Blocks: pieces of memory that records are appended to, handed over whole, and given back.
 *
 * A pool is made once, so that a sample costs no allocation, and a thread that waits for a free block
 * is back-pressure: the pool bounds what is under way.
 */
#ifndef DAEMON_BASE_BLOCK_H
#define DAEMON_BASE_BLOCK_H

#include <stdatomic.h>
#include <stddef.h>

#include "daemon/base/queue.h"

enum { BLOCK_ALIGNMENT = 16 };

struct block {
	size_t used, capacity; /* bytes */
	_Alignas(BLOCK_ALIGNMENT) unsigned char bytes[];
};

struct block_pool {
	struct queue free;	/* of struct block * */
	atomic_size_t capacity; /* of a block */
};

/* A block of its own, in no pool; free() it. NULL: no memory. */
struct block *block_create(size_t capacity);

/* `count` blocks of `capacity` bytes, which take real memory once they are used. -ENOMEM. */
int block_pool_init(struct block_pool *pool, size_t count, size_t capacity);
/*
 * From here on blocks have at least that capacity: one that is too small is replaced when it is taken.
 * Any thread.
 */
void block_pool_enlarge(struct block_pool *pool, size_t capacity);
/* Frees the blocks that are in the pool: all, when everybody has given theirs back. */
void block_pool_finish(struct block_pool *pool);
/* An empty block; waits until one is free. For pools that are not enlarged. */
struct block *block_pool_take(struct block_pool *pool);
/* An empty block, or NULL if none is free, or there is no memory for one that is large enough. */
struct block *block_pool_try_take(struct block_pool *pool);
void block_pool_give(struct block_pool *pool, struct block *block);
/* How many blocks are free just now, and how many there are. */
size_t block_pool_free_count(struct block_pool *pool);
size_t block_pool_count(const struct block_pool *pool);

/* `size` bytes at the end of the block, 16-aligned, or NULL if they do not fit. */
void *block_append(struct block *block, size_t size);
/* How many bytes of the block a record of `size` bytes takes. */
size_t block_rounded(size_t size);

#endif
