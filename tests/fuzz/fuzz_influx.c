/* Any bytes as Influx line protocol. */
#include "tests/fuzz/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	decode_anything(ROLLCAST_FORMAT_INFLUX, bytes, size);
	return 0;
}
