/* asinh around an anchor: see transform.h. */
#include "lib/forecast/transform.h"

#include <math.h>

/* Squares of greater values than this overflow when many of them are added. */
#define UNIT_OF_HUGE 0x1p512

/* Of the values' distances from their mean, in squares of `unit`. */
static double sum_of_squares(const double *values, size_t count, double unit)
{
	double mean = 0, square = 0;

	for (size_t i = 0; i < count; i++) {
		double value = values[i] / unit, off = value - mean;

		mean += off / (double)(i + 1);
		square += off * (value - mean);
	}
	return square;
}

static double standard_deviation(const double *values, size_t count)
{
	double square = sum_of_squares(values, count, 1);

	if (isfinite(square))
		return sqrt(square / (double)count);
	square = sum_of_squares(values, count, UNIT_OF_HUGE);
	return UNIT_OF_HUGE * sqrt(square / (double)count);
}

double transform_scale(const double *values, size_t count, uint32_t horizon)
{
	size_t k = horizon / 2 ? horizon / 2 : 1;
	double sum = 0, scale;

	if (count == 0)
		return 1;
	for (size_t i = k; i < count; i++)
		sum += fabs(values[i] - values[i - k]);
	scale = count > k ? sum / (double)(count - k) : 0;
	scale = fmax(scale, 1e-3 * standard_deviation(values, count));
	/* What is below the rounding of the values is no movement. */
	return scale > 1e-14 * fabs(values[count - 1]) && scale > 1e-290 ? scale : 1;
}

double transform_median(const double *end, size_t available, uint32_t width)
{
	double sorted[TRANSFORM_MEDIAN_MAX];
	uint32_t count = available < width ? (uint32_t)available : width;

	for (uint32_t i = 0; i < count; i++) {
		double value = end[-1 - (ptrdiff_t)i];
		uint32_t place = i;

		for (; place > 0 && sorted[place - 1] > value; place--)
			sorted[place] = sorted[place - 1];
		sorted[place] = value;
	}
	if (count == 0)
		return 0;
	return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

double transform_there(double value, double anchor, double scale)
{
	double x = (value - anchor) / scale, size = fabs(x);

	/* libm's asinh takes three times as long; beside 1e-16, its last digits are of no use here. */
	if (size > 1e150)
		return copysign(log(size) + M_LN2, x);
	return copysign(log(size + sqrt(size * size + 1)), x);
}

double transform_back(double x, double anchor, double scale)
{
	return anchor + scale * sinh(fmin(fmax(x, -TRANSFORM_LIMIT), TRANSFORM_LIMIT));
}
