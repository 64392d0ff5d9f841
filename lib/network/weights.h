/* Weights as the rest of the room sees them: the block, and the kernels' copy of it. */
#ifndef NETWORK_WEIGHTS_H
#define NETWORK_WEIGHTS_H

#include <stdatomic.h>

#include "lib/network/kernels.h"
#include "lib/network/params.h"

struct rollcast_weights {
	atomic_uint references;
	struct params params;
	const struct kernels *kernels;
	struct kernel_weights layers[PARAMS_LAYERS_MAX];
	float *block; /* params.size floats, at the start of `memory` */
	float *memory;
};

#endif
