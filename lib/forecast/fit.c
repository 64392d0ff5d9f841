/* What a training found: see fit.h. */
#include "lib/forecast/fit.h"

#include "lib/forecast/network_expert.h"

int fit_copy(const struct fit *fit, struct fit *ret_copy)
{
	struct fit copy = *fit;

	for (uint32_t i = 0; i < FIT_NETWORKS; i++)
		copy.networks[i] = (struct network_fit){0};
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

void fit_finish(struct fit *fit)
{
	for (uint32_t i = 0; i < FIT_NETWORKS; i++)
		network_fit_finish(&fit->networks[i]);
}
