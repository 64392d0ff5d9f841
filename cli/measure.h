/* How far forecasts were off, and how much several runs differ. */
#ifndef CLI_MEASURE_H
#define CLI_MEASURE_H

#include <stddef.h>
#include <stdint.h>

struct score {
	double rmse, mae, mase;
};

/* `scale`: the library's accuracy_scale of the training part. */
struct score score_of(const double *actual, const double *forecasts, size_t count, double scale);

struct spread {
	double median, low, high;
};

/* Of `count` numbers, which are sorted. All NaN when there are none. */
struct spread spread_of(double *numbers, size_t count);

#endif
