#include "daemon/base/histogram.h"

const int64_t histogram_bounds_us[HISTOGRAM_BOUNDS] = {
	50,    100,   250,    500,    1000,   2500,    5000,	10000,
	25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 10000000,
};

void histogram_add(struct histogram *histogram, int64_t us, uint64_t times)
{
	int bucket = 0;

	while (bucket < HISTOGRAM_BOUNDS && us > histogram_bounds_us[bucket])
		bucket++;
	atomic_fetch_add_explicit(&histogram->counts[bucket], times, memory_order_relaxed);
	atomic_fetch_add_explicit(&histogram->sum_us, (uint64_t)us * times, memory_order_relaxed);
}
