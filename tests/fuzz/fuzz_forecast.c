/* Any bytes as a forecast that `rollcast watch` reads: the first one chooses msgpack or JSON. */
#include "tests/fuzz/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size > 0)
		read_anything(*bytes % 2 ? ROLLCAST_FORMAT_JSON : ROLLCAST_FORMAT_MSGPACK,
			      bytes + 1, size - 1);
	return 0;
}
