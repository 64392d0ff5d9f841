#include "daemon/base/block.h"

#include <errno.h>
#include <stdlib.h>

struct block *block_create(size_t capacity)
{
	struct block *block =
		aligned_alloc(BLOCK_ALIGNMENT, block_rounded(sizeof(*block) + capacity));

	if (block)
		*block = (struct block){.capacity = capacity};
	return block;
}

int block_pool_init(struct block_pool *pool, size_t count, size_t capacity)
{
	int r = queue_init(&pool->free, count, sizeof(struct block *), NULL, false);

	if (r < 0)
		return r;
	atomic_init(&pool->capacity, capacity);
	for (size_t i = 0; i < count; i++) {
		struct block *block = block_create(capacity);

		if (!block) {
			block_pool_finish(pool);
			return -ENOMEM;
		}
		block_pool_give(pool, block);
	}
	return 0;
}

void block_pool_finish(struct block_pool *pool)
{
	struct block *block;

	while (queue_pop(&pool->free, 0, &block) == 0)
		free(block);
	queue_finish(&pool->free);
}

struct block *block_pool_take(struct block_pool *pool)
{
	struct block *block;

	while (queue_pop(&pool->free, INT64_C(3600000000), &block) != 0)
		continue;
	block->used = 0;
	return block;
}

void block_pool_enlarge(struct block_pool *pool, size_t capacity)
{
	if (capacity > pool->capacity)
		pool->capacity = capacity;
}

struct block *block_pool_try_take(struct block_pool *pool)
{
	size_t capacity = pool->capacity;
	struct block *block, *larger;

	if (queue_pop(&pool->free, 0, &block) != 0)
		return NULL;
	if (block->capacity < capacity) {
		larger = block_create(capacity);
		if (!larger) {
			block_pool_give(pool, block);
			return NULL;
		}
		free(block);
		block = larger;
	}
	block->used = 0;
	return block;
}

size_t block_pool_free_count(struct block_pool *pool)
{
	return queue_count(&pool->free);
}

size_t block_pool_count(const struct block_pool *pool)
{
	return pool->free.capacity;
}

void block_pool_give(struct block_pool *pool, struct block *block)
{
	queue_push(&pool->free, &block); /* never waits: the pool has a place for each block */
}

size_t block_rounded(size_t size)
{
	return (size + BLOCK_ALIGNMENT - 1) / BLOCK_ALIGNMENT * BLOCK_ALIGNMENT;
}

void *block_append(struct block *block, size_t size)
{
	size_t rounded = block_rounded(size);

	if (rounded < size || rounded > block->capacity - block->used)
		return NULL;
	void *record = block->bytes + block->used;

	block->used += rounded;
	return record;
}
