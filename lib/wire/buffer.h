/*
 * Bytes that grow, kept from message to message. A failure to grow is remembered until the next
 * reset, so that a writer asks once, at its end.
 */
#ifndef LIB_WIRE_BUFFER_H
#define LIB_WIRE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct buffer {
	char *bytes;
	size_t size, capacity;
	bool failed;
};

/* Makes room for `more` bytes behind the last; false, and remembered, if there is none. */
bool buffer_grow(struct buffer *buffer, size_t more);

static inline void buffer_reset(struct buffer *buffer)
{
	buffer->size = 0;
	buffer->failed = false;
}

static inline void buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
	if (size > buffer->capacity - buffer->size && !buffer_grow(buffer, size))
		return;
	memcpy(buffer->bytes + buffer->size, bytes, size);
	buffer->size += size;
}

static inline void buffer_finish(struct buffer *buffer)
{
	free(buffer->bytes);
}

#endif
