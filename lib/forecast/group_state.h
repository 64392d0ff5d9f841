/* A group, for the files that work on it: group.c, and group_record.c, which saves and loads it. */
#ifndef LIB_FORECAST_GROUP_STATE_H
#define LIB_FORECAST_GROUP_STATE_H

#include "lib/forecast/fit.h"
#include "lib/forecast/shared.h"
#include "rollcast/group.h"

struct stretch;

/* What is not made anew from the settings, or by streams that bring their windows, goes into the record. */
struct rollcast_group {
	struct rollcast_stream_settings settings;
	struct stretch **stretches; /* [STRETCHES_MAX] */
	uint32_t count;
	size_t values;		  /* of all stretches */
	uint64_t origins;	  /* of all stretches */
	uint64_t origins_trained; /* when the last training was made */
	uint32_t learned;	  /* windows, since then, */
	uint32_t fresh;		  /* and from how many streams */
	uint32_t before; /* streams that it had when it was saved; 0: it was trained since */
	bool job_out;
	uint64_t trainings;
	struct network_fit networks[SHARED_NETWORKS];
	struct rollcast_shared *shared;
};

#endif
