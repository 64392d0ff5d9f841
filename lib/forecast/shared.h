/*
 * What the streams of a group share: filled once, before anyone else knows it, then only read.
 *
 * The local network reads nothing of seasons; the seasonal one is another for each number of them, as
 * its head then has other inputs.
 */
#ifndef LIB_FORECAST_SHARED_H
#define LIB_FORECAST_SHARED_H

#include <stdatomic.h>

#include "lib/forecast/blend.h"
#include "rollcast/group.h"
#include "rollcast/network.h"

enum { SHARED_NETWORKS = 1 + ROLLCAST_SEASONS_MAX };

struct rollcast_shared {
	atomic_uint references;
	struct rollcast_weights *networks[SHARED_NETWORKS]; /* local, then by seasons; NULL: none */
	struct blend_ratios usual; /* of its streams, where new ones begin */
	int64_t trained_us;
};

#endif
