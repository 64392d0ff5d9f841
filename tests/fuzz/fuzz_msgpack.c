/* Any bytes as msgpack, with samples. */
#include "tests/fuzz/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	decode_anything(ROLLCAST_FORMAT_MSGPACK, bytes, size);
	return 0;
}
