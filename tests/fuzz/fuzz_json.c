/* Any bytes as JSON, with samples. */
#include "tests/fuzz/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	decode_anything(ROLLCAST_FORMAT_JSON, bytes, size);
	return 0;
}
