/* Any bytes as weights. Those that are taken are written again, and read back bit for bit. */
#include "rollcast/safetensors.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL, *again = NULL;
	CLEANUP(free) void *written = NULL;
	size_t written_size;
	char value[64];

	if (rollcast_safetensors_metadata(bytes, size, "title", value, sizeof(value)) == 0)
		must(strlen(value) < sizeof(value));
	if (rollcast_safetensors_read(bytes, size, &weights))
		return 0;
	const struct rollcast_shape *shape = rollcast_weights_shape(weights);
	size_t parameters = rollcast_shape_parameters(shape);

	must(parameters > 0 && parameters * sizeof(float) <= size);
	must(!rollcast_safetensors_write(weights, NULL, 0, &written, &written_size));
	must(!rollcast_safetensors_read(written, written_size, &again));
	must(!memcmp(rollcast_weights_block(weights), rollcast_weights_block(again),
		     parameters * sizeof(float)));
	return 0;
}
