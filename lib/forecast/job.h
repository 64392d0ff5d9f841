/*
 * A job: one training of one stream, on copies, so that any thread may run it.
 *
 *	window ──copy──► seasons ─► clamp ─► regressions ─► networks ──► fit
 *
 * Everything that costs more than microseconds happens here.
 */
#ifndef LIB_FORECAST_JOB_H
#define LIB_FORECAST_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/forecast/blend.h"
#include "lib/forecast/features.h"
#include "lib/forecast/fit.h"
#include "lib/forecast/network_expert.h"
#include "rollcast/stream.h"

struct rollcast_job {
	struct rollcast_stream_settings settings;
	int64_t step_us, time_us;		 /* of the newest value */
	double *values;				 /* [count], oldest first */
	uint8_t *marks;				 /* [count] */
	double *channels[ROLLCAST_CHANNELS_MAX]; /* [2 x count] each: values, behind */
	size_t count;
	uint64_t seed;
	uint64_t stream;	    /* whose: a hash of its name */
	struct blend_ratios ratios; /* how its experts did */
	struct fit before;	    /* of which the networks go on */
	struct fit fit;		    /* what comes out */
	struct stop stop;
	uint32_t steps; /* optimiser steps done */
	int result;	/* of rollcast_job_run; -EAGAIN before it */
};

/* The job's window, with the seasons that were found. Borrowed from the job. */
struct feature_view job_view(const struct rollcast_job *job);
/* All of it, in its scale. Borrows `origins`, which job_origins fills. */
struct lesson job_lesson(const struct rollcast_job *job, uint32_t *origins);

/* Origins whose lookback and horizon hold no hole, ascending, into origins[count]; how many. */
uint32_t job_origins(const struct rollcast_job *job, uint32_t *origins);

/* Values that a network needs in one piece before it is trained at all: fewer teach nothing. */
size_t job_least_count(const struct rollcast_stream_settings *settings);

#endif
