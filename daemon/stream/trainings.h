/* A shard's last trainings, for those who ask. */
#ifndef DAEMON_STREAM_TRAININGS_H
#define DAEMON_STREAM_TRAININGS_H

#include <stdbool.h>
#include <stdint.h>

#include "rollcast/stream.h"

enum { TRAININGS_KEPT = 32 };

struct training_note {
	int64_t at_us, duration_us;
	uint32_t steps;
	bool diverged;
	char name[ROLLCAST_NAME_MAX];
};

struct trainings {
	struct training_note notes[TRAININGS_KEPT]; /* a ring */
	uint64_t count;				    /* ever */
};

#endif
