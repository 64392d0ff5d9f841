/* A list of blocks, one per request: settings are small, and the list is all that freeing needs. */
#include "daemon/settings/pool.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct pool_block {
	struct pool_block *next;
	_Alignas(max_align_t) unsigned char bytes[];
};

void *pool_alloc(struct pool *pool, size_t size)
{
	struct pool_block *block = calloc(1, sizeof(*block) + size);

	if (!block)
		return NULL;
	block->next = pool->blocks;
	pool->blocks = block;
	return block->bytes;
}

char *pool_copy(struct pool *pool, const char *bytes, size_t length)
{
	char *copy = pool_alloc(pool, length + 1);

	if (copy && length)
		memcpy(copy, bytes, length);
	return copy;
}

char *pool_printf(struct pool *pool, const char *format, ...)
{
	char *text;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		return NULL;
	text = pool_alloc(pool, (size_t)length + 1);
	if (!text)
		return NULL;
	va_start(arguments, format);
	vsnprintf(text, (size_t)length + 1, format, arguments);
	va_end(arguments);
	return text;
}

void pool_finish(struct pool *pool)
{
	while (pool->blocks) {
		struct pool_block *next = pool->blocks->next;

		free(pool->blocks);
		pool->blocks = next;
	}
}
