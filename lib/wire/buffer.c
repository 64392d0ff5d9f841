/* Bytes that grow: by doubling, so that a buffer soon stops growing. */
#include "lib/wire/buffer.h"

bool buffer_grow(struct buffer *buffer, size_t more)
{
	size_t capacity = buffer->capacity ? buffer->capacity : 1024;
	char *bytes;

	while (capacity - buffer->size < more && capacity <= SIZE_MAX / 2)
		capacity *= 2;
	bytes = capacity - buffer->size < more ? NULL : realloc(buffer->bytes, capacity);
	if (!bytes) {
		buffer->failed = true;
		return false;
	}
	buffer->bytes = bytes;
	buffer->capacity = capacity;
	return true;
}
