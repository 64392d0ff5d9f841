/*
 * What a training finds, and the fitted experts that use it. A fit is made by a job (job.c), then only
 * read: a stream takes it as a whole and drops the one before.
 */
#ifndef LIB_FORECAST_FIT_H
#define LIB_FORECAST_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/forecast/features.h"
#include "rollcast/stream.h"

enum { FIT_NETWORKS = 2, FIT_REGRESSIONS = 7 };

/* A network and the scale that it was trained in. */
struct network_fit {
	struct rollcast_weights *weights; /* NULL: not trained */
	float *moments;			  /* of the optimiser, for a warm start */
	size_t moments_count;
	double scale;
	bool afresh; /* a training of it diverged: the next one does not go on from here */
};

/* A regression and the scale that it was fitted in. */
struct regression_fit {
	double *coefficients; /* [horizon x features]; NULL: not fitted */
	uint32_t features;
	double scale;
};

struct fit {
	uint32_t seasons[ROLLCAST_SEASONS_MAX]; /* periods in steps, ascending */
	uint32_t season_count;
	struct network_fit networks[FIT_NETWORKS];
	struct regression_fit regressions[FIT_REGRESSIONS];
	double scale; /* of the window: networks of a group work in it; 0: not trained yet */
	double channel_scales[ROLLCAST_CHANNELS_MAX]; /* 0: as if not known */
	double low, high; /* no expert is believed beyond; infinite before the first training */
	int64_t trained_us;
};

/* Working memory of the fitted experts, so that a forecast allocates nothing. */
struct fit_scratch {
	float *inputs, *extras, *outputs, *network;
	double *features;
	struct feature_memory memory;
};

int fit_scratch_init(struct fit_scratch *scratch, const struct rollcast_stream_settings *settings);
void fit_scratch_finish(struct fit_scratch *scratch);

/* A copy of what the next training goes on from; it shares the weights. -ENOMEM. */
int fit_copy(const struct fit *fit, struct fit *ret_copy);
/* Bytes of memory that the allocator gave to what the fit owns or shares. */
size_t fit_bytes(const struct fit *fit);
/* Frees what the fit owns. */
void fit_finish(struct fit *fit);

#endif
