/* What a training found: see fit.h. */
#include "lib/forecast/fit.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "lib/forecast/network_expert.h"
#include "lib/forecast/regression.h"

int fit_copy(const struct fit *fit, struct fit *ret_copy)
{
	struct fit copy = *fit;

	for (uint32_t i = 0; i < FIT_NETWORKS; i++)
		copy.networks[i] = (struct network_fit){0};
	for (uint32_t i = 0; i < FIT_REGRESSIONS; i++)
		copy.regressions[i] = (struct regression_fit){0};
	for (uint32_t i = 0; i < FIT_NETWORKS; i++) {
		int r = network_fit_copy(&fit->networks[i], &copy.networks[i]);

		if (r < 0) {
			fit_finish(&copy);
			return r;
		}
	}
	*ret_copy = copy;
	return 0;
}

size_t fit_bytes(const struct fit *fit)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < FIT_NETWORKS; i++) {
		bytes += malloc_usable_size(fit->networks[i].moments);
		if (fit->networks[i].weights)
			bytes += rollcast_weights_bytes(fit->networks[i].weights);
	}
	for (uint32_t i = 0; i < FIT_REGRESSIONS; i++)
		bytes += malloc_usable_size(fit->regressions[i].coefficients);
	return bytes;
}

void fit_finish(struct fit *fit)
{
	for (uint32_t i = 0; i < FIT_NETWORKS; i++)
		network_fit_finish(&fit->networks[i]);
	for (uint32_t i = 0; i < FIT_REGRESSIONS; i++)
		regression_fit_finish(&fit->regressions[i]);
}

int fit_scratch_init(struct fit_scratch *scratch, const struct rollcast_stream_settings *settings)
{
	const struct rollcast_model_settings *model = &settings->model;
	uint32_t horizon = settings->horizon;
	size_t extras, network = network_scratch(settings, &extras);
	size_t inputs = (size_t)model->lookback * (1 + settings->channel_count);

	*scratch = (struct fit_scratch){
		.inputs = malloc(inputs * sizeof(float)),
		.extras = malloc(extras * sizeof(float)),
		.outputs = malloc(horizon * sizeof(float)),
		.network = malloc((network + 1) * sizeof(float)),
		.features = malloc(regression_scratch(horizon) * sizeof(double)),
	};
	if (scratch->inputs && scratch->extras && scratch->outputs && scratch->network &&
	    scratch->features &&
	    feature_memory_init(&scratch->memory, model->lookback, horizon) == 0)
		return 0;
	fit_scratch_finish(scratch);
	return -ENOMEM;
}

void fit_scratch_finish(struct fit_scratch *scratch)
{
	free(scratch->inputs);
	free(scratch->extras);
	free(scratch->outputs);
	free(scratch->network);
	free(scratch->features);
	feature_memory_finish(&scratch->memory);
	*scratch = (struct fit_scratch){0};
}
