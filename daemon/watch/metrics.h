/* The counters in Prometheus' text exposition format. */
#ifndef DAEMON_WATCH_METRICS_H
#define DAEMON_WATCH_METRICS_H

#include <stdio.h>

#include "daemon/base/counters.h"

/* What is not counted but read when somebody asks. */
struct metrics_gauges {
	double start_seconds;				  /* since the epoch */
	size_t inbox_letters, training_queue, out_blocks; /* waiting now */
};

void metrics_write(FILE *out, const struct all_counters *counters,
		   const struct metrics_gauges *gauges);

#endif
