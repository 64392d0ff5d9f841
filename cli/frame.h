/* Where messages end in a stream of bytes. */
#ifndef CLI_FRAME_H
#define CLI_FRAME_H

#include <stddef.h>

/*
 * How many of `size` bytes are whole lines, up to and with the last newline. The rest waits for more.
 */
size_t frame_lines(const char *bytes, size_t size);

#define FRAME_BROKEN ((size_t)-1)

/*
 * How many of `size` bytes are whole msgpack objects that follow each other; the rest waits for more.
 * FRAME_BROKEN: the first byte after them begins no object, and nobody can tell where the next one does.
 */
size_t frame_msgpack(const void *bytes, size_t size);

#endif
