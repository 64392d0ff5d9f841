/* The inside of a block of weights, for the rest of this room. */
#ifndef NETWORK_WEIGHTS_H
#define NETWORK_WEIGHTS_H

#include <stdatomic.h>

#include "lib/network/table.h"

struct rollcast_weights {
	atomic_uint references;
	struct rollcast_shape shape;
	struct tensor_table table;
	float block[]; /* [table.parameters] */
};

#endif
