/* Any bytes as a pipe that comes a little at a time: messages end where they would if it came whole. */
#include "cli/frame.h"

#include "tests/fuzz/decode.h"

typedef size_t cutter(const void *bytes, size_t size);

static size_t cut_lines(const void *bytes, size_t size)
{
	return frame_lines(bytes, size);
}

/* Where the last whole message ends, with `piece` bytes more at a time; `broken` if one is. */
static size_t walk(cutter *cut, const uint8_t *bytes, size_t size, size_t piece, bool *ret_broken)
{
	size_t done = 0, come = 0;

	*ret_broken = false;
	while (come < size) {
		come = piece < size - come ? come + piece : size;
		for (size_t taken; (taken = cut(bytes + done, come - done)); done += taken) {
			*ret_broken = taken == FRAME_BROKEN;
			if (*ret_broken)
				return done;
			must(taken <= come - done);
		}
	}
	return done;
}

static void walk_both(cutter *cut, const uint8_t *bytes, size_t size, size_t piece)
{
	bool broken, broken_whole;
	size_t end = walk(cut, bytes, size, piece, &broken);
	size_t whole = walk(cut, bytes, size, size, &broken_whole);

	must(end == whole && broken == broken_whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size > 4096)
		return 0;
	walk_both(cut_lines, bytes, size, 1);
	walk_both(frame_msgpack, bytes, size, 1);
	walk_both(frame_msgpack, bytes, size, 1 + size / 3);
	return 0;
}
