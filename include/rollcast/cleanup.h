/*
 * Cleanup by scope: the one way out of a function that owns something.
 *
 *	CLEANUP(rollcast_network_destroy) struct rollcast_network *network = NULL;
 *	...
 *	*ret_network = STEAL(network);
 */
#ifndef ROLLCAST_CLEANUP_H
#define ROLLCAST_CLEANUP_H

#include <stdlib.h>

/* Defines what CLEANUP(destroy) calls: `destroy` takes a `type` (a pointer) and accepts NULL. */
#define DEFINE_CLEANUP(type, destroy)                          \
	static inline void destroy##_at_scope_end(type *where) \
	{                                                      \
		destroy(*where);                               \
	}                                                      \
	struct rollcast_swallow_semicolon

#define CLEANUP(destroy) __attribute__((cleanup(destroy##_at_scope_end)))

/* The pointer, which is no longer ours. */
#define STEAL(pointer)                                   \
	({                                               \
		__typeof__(pointer) stolen_ = (pointer); \
		(pointer) = NULL;                        \
		stolen_;                                 \
	})

/* free() for a pointer of any type. */
static inline void free_at_scope_end(void *where)
{
	free(*(void **)where);
}

#endif
