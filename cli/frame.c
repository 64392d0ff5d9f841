/* msgpack by its first bytes alone: what an object holds is counted, not looked at. */
#include "cli/frame.h"

#include <stdint.h>
#include <string.h>

size_t frame_lines(const char *bytes, size_t size)
{
	const char *newline = size ? memrchr(bytes, '\n', size) : NULL;

	return newline ? (size_t)(newline - bytes) + 1 : 0;
}

/* A head: its own bytes with what it carries, and how many objects follow within. */
struct head {
	uint64_t bytes, objects;
};

/* The big-endian number of `width` bytes that follows a head's first byte. */
static uint64_t number_behind(const uint8_t *head, unsigned width)
{
	uint64_t number = 0;

	for (unsigned i = 1; i <= width; i++)
		number = number << 8 | head[i];
	return number;
}

/* Bytes of the length behind the first byte, for heads from 0xc0 on that have one. */
static unsigned length_width(uint8_t first)
{
	static const uint8_t widths[32] = {
		[0x04] = 1, [0x05] = 2, [0x06] = 4, /* bin */
		[0x07] = 1, [0x08] = 2, [0x09] = 4, /* ext */
		[0x19] = 1, [0x1a] = 2, [0x1b] = 4, /* str */
		[0x1c] = 2, [0x1d] = 4,		    /* array */
		[0x1e] = 2, [0x1f] = 4,		    /* map */
	};

	return widths[first - 0xc0];
}

/* What a head from 0xc0 on carries besides its length. */
static struct head long_head(uint8_t first, uint64_t length, unsigned width)
{
	static const uint8_t fixed[32] = {
		[0x0a] = 4, [0x0b] = 8,					     /* float */
		[0x0c] = 1, [0x0d] = 2, [0x0e] = 4, [0x0f] = 8,		     /* uint */
		[0x10] = 1, [0x11] = 2, [0x12] = 4, [0x13] = 8,		     /* int */
		[0x14] = 2, [0x15] = 3, [0x16] = 5, [0x17] = 9, [0x18] = 17, /* fixext */
	};

	if (first >= 0xde)
		return (struct head){1 + width, 2 * length};
	if (first >= 0xdc)
		return (struct head){1 + width, length};
	if (width)
		return (struct head){1 + width + (first >= 0xc7 && first <= 0xc9) + length, 0};
	return (struct head){1 + fixed[first - 0xc0], 0};
}

static struct head short_head(uint8_t first)
{
	if (first >= 0xa0 && first < 0xc0)
		return (struct head){1 + (first & 0x1fu), 0};
	if (first >= 0x90 && first < 0xa0)
		return (struct head){1, first & 0xfu};
	if (first >= 0x80 && first < 0x90)
		return (struct head){1, 2 * (first & 0xfu)};
	return (struct head){1, 0};
}

/* The length of the object at the start; 0: it has not all come. */
static size_t object_length(const uint8_t *bytes, size_t size)
{
	uint64_t left = 1;
	size_t at = 0;

	for (; left; left--) {
		struct head head;

		if (at >= size)
			return 0;
		if (bytes[at] < 0xc0 || bytes[at] >= 0xe0) {
			head = short_head(bytes[at]);
		} else {
			unsigned width = length_width(bytes[at]);

			if (bytes[at] == 0xc1)
				return FRAME_BROKEN;
			if (size - at <= width)
				return 0;
			head = long_head(bytes[at], number_behind(bytes + at, width), width);
		}
		if (head.bytes > size - at)
			return 0;
		at += head.bytes;
		left += head.objects;
	}
	return at;
}

size_t frame_msgpack(const void *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		size_t length = object_length((const uint8_t *)bytes + at, size - at);

		if (length == 0)
			break;
		if (length == FRAME_BROKEN)
			return at ? at : FRAME_BROKEN;
		at += length;
	}
	return at;
}
