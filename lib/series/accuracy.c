/* Sums and their means; the definitions are in accuracy.h. */
#include "lib/series/accuracy.h"

#include <math.h>

void accuracy_add(struct accuracy *accuracy, double actual, double forecast)
{
	if (isnan(actual))
		return;
	double error = fabs(actual - forecast), size = fabs(actual) + fabs(forecast);
	accuracy->points++;
	accuracy->absolute += error;
	accuracy->square += error * error;
	accuracy->percentage += size == 0 ? 0 : 200 * error / size;
}

void accuracy_add_interval(struct accuracy *accuracy, double actual, double lower, double upper,
			   double level)
{
	if (isnan(actual))
		return;
	double outside = fmax(0, lower - actual) + fmax(0, actual - upper);
	accuracy->intervals++;
	accuracy->inside += lower <= actual && actual <= upper;
	accuracy->interval_score += upper - lower + 2 / (1 - level) * outside;
}

static double ratio(double sum, double count)
{
	return count > 0 ? sum / count : NAN;
}

double accuracy_mae(const struct accuracy *accuracy)
{
	return ratio(accuracy->absolute, (double)accuracy->points);
}

double accuracy_rmse(const struct accuracy *accuracy)
{
	return sqrt(ratio(accuracy->square, (double)accuracy->points));
}

double accuracy_smape(const struct accuracy *accuracy)
{
	return ratio(accuracy->percentage, (double)accuracy->points);
}

double accuracy_mase(const struct accuracy *accuracy, double scale)
{
	return ratio(accuracy_mae(accuracy), scale);
}

double accuracy_coverage(const struct accuracy *accuracy)
{
	return ratio((double)accuracy->inside, (double)accuracy->intervals);
}

double accuracy_msis(const struct accuracy *accuracy, double scale)
{
	return ratio(ratio(accuracy->interval_score, (double)accuracy->intervals), scale);
}

double accuracy_pinball(double actual, double quantile, double level)
{
	double error = actual - quantile;
	return error >= 0 ? level * error : (level - 1) * error;
}

double accuracy_scale(const double *values, size_t count, size_t season)
{
	double sum = 0;
	size_t pairs = 0;
	for (size_t i = season; i < count; i++) {
		double change = fabs(values[i] - values[i - season]);
		if (isnan(change))
			continue;
		sum += change;
		pairs++;
	}
	return ratio(sum, (double)pairs);
}
