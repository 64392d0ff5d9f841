/* How long something took, counted in buckets as Prometheus wants them; lock-free. */
#ifndef DAEMON_BASE_HISTOGRAM_H
#define DAEMON_BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 16 };

struct histogram {
	_Atomic uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* the last one: above all bounds */
	_Atomic uint64_t sum_us;
};

/* Ascending, each within its bucket. */
extern const int64_t histogram_bounds_us[HISTOGRAM_BOUNDS];

void histogram_add(struct histogram *histogram, int64_t us, uint64_t times);

#endif
