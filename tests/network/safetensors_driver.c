/*
 * Weights and forecasts for a test in another language:
 *
 *	safetensors_driver new CELL ACTIVATION SEED FILE   writes random weights of a fixed shape
 *	safetensors_driver forecast FILE                   reads windows from stdin, prints outputs
 *
 * Windows are numbers: lookback x channels inputs, then the extras.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/network/random.h"
#include "rollcast/safetensors.h"

enum { FILE_MAX = 1 << 20 };

static int write_new(char **words)
{
	struct rollcast_shape shape = {.cell = (enum rollcast_cell)atoi(words[0]),
				       .activation = (enum rollcast_activation)atoi(words[1]),
				       .layers = 2,
				       .hidden = 5,
				       .channels = 2,
				       .lookback = 6,
				       .extras = 3,
				       .outputs = 4,
				       .skip = true};
	const struct rollcast_metadata metadata = {"title", "a \"test\""};
	size_t count = rollcast_shape_parameters(&shape), size;
	CLEANUP(free) float *block = calloc(count, sizeof(*block));
	CLEANUP(free) void *bytes = NULL;
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
	struct random random;

	random_init(&random, strtoull(words[2], NULL, 10));
	for (size_t i = 0; block && i < count; i++)
		block[i] = random_uniform(&random) - 0.5F;
	if (!block || rollcast_weights_load(&shape, block, &weights) < 0 ||
	    rollcast_safetensors_write(weights, &metadata, 1, &bytes, &size) < 0)
		return EXIT_FAILURE;
	FILE *file = fopen(words[3], "wb");

	if (!file)
		return EXIT_FAILURE;
	size_t written = fwrite(bytes, 1, size, file);

	return fclose(file) == 0 && written == size ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int read_weights(const char *path, struct rollcast_weights **ret_weights)
{
	CLEANUP(free) void *bytes = malloc(FILE_MAX);
	FILE *file = fopen(path, "rb");

	if (!bytes || !file)
		return -1;
	size_t size = fread(bytes, 1, FILE_MAX, file);

	fclose(file);
	return rollcast_safetensors_read(bytes, size, ret_weights);
}

static int forecast(const char *path)
{
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;

	if (read_weights(path, &weights) < 0)
		return EXIT_FAILURE;
	const struct rollcast_shape *shape = rollcast_weights_shape(weights);
	size_t window = (size_t)shape->lookback * shape->channels, read = 0;
	CLEANUP(free)
	float *values = calloc(window + shape->extras + shape->outputs, sizeof(float));
	CLEANUP(free)
	float *scratch = malloc(rollcast_network_scratch(shape, 1) * sizeof(*scratch));
	float *outputs = values + window + shape->extras;

	while (scanf("%f", &values[read]) == 1) {
		if (++read < window + shape->extras)
			continue;
		rollcast_network_forecast(weights, values, values + window, 1, scratch, outputs);
		for (uint32_t i = 0; i < shape->outputs; i++)
			printf("%.9g%c", (double)outputs[i], i + 1 < shape->outputs ? ' ' : '\n');
		read = 0;
	}
	return EXIT_SUCCESS;
}

int main(int count, char **words)
{
	if (count == 6 && strcmp(words[1], "new") == 0)
		return write_new(words + 2);
	if (count == 3 && strcmp(words[1], "forecast") == 0)
		return forecast(words[2]);
	return 2;
}
