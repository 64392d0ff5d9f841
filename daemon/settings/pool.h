/*
 * Memory that is freed all at once: what loading needs and the settings do not keep (nodes, keys,
 * problems).
 */
#ifndef DAEMON_SETTINGS_POOL_H
#define DAEMON_SETTINGS_POOL_H

#include <stddef.h>

#include "rollcast/cleanup.h"

struct pool_block;
struct pool {
	struct pool_block *blocks;
};

/* Zeroed memory, aligned for anything, until pool_finish. NULL: no memory. */
void *pool_alloc(struct pool *pool, size_t size);
/* A copy ended by a zero. */
char *pool_copy(struct pool *pool, const char *bytes, size_t length);
char *pool_printf(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pool_finish(struct pool *pool);
DEFINE_CLEANUP(struct pool *, pool_finish);

#endif
