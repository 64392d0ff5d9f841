/* The library's measures, put together. */
#include "cli/measure.h"

#include <math.h>
#include <stdlib.h>

#include "lib/series/accuracy.h"

struct score score_of(const double *actual, const double *forecasts, size_t count, double scale)
{
	struct accuracy accuracy = {0};

	for (size_t i = 0; i < count; i++)
		accuracy_add(&accuracy, actual[i], forecasts[i]);
	return (struct score){
		.rmse = accuracy_rmse(&accuracy),
		.mae = accuracy_mae(&accuracy),
		.mase = accuracy_mase(&accuracy, scale),
	};
}

static int by_size(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

struct spread spread_of(double *numbers, size_t count)
{
	if (!count)
		return (struct spread){NAN, NAN, NAN};
	qsort(numbers, count, sizeof(*numbers), by_size);
	return (struct spread){
		.median = (numbers[(count - 1) / 2] + numbers[count / 2]) / 2,
		.low = numbers[0],
		.high = numbers[count - 1],
	};
}
