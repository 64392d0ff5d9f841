/*
 * Between values and what networks and regressions read: x = asinh((y - anchor) / scale).
 *
 * The anchor makes values relative to where the series is now, the scale to how much it usually moves
 * within a horizon, and asinh keeps a burst from counting more than its rank deserves (Burbidge et
 * al. 1988): near zero it is linear, far away a logarithm.
 */
#ifndef LIB_FORECAST_TRANSFORM_H
#define LIB_FORECAST_TRANSFORM_H

#include <stddef.h>
#include <stdint.h>

enum { TRANSFORM_MEDIAN_MAX = 64 };
#define TRANSFORM_LIMIT 9.0 /* of |x| on the way back: 4051 times the scale */

/*
 * The scale of a window: mean |y(t + k) - y(t)| with k half a horizon, and not less than a thousandth
 * of the standard deviation; 1 for a constant window.
 */
double transform_scale(const double *values, size_t count, uint32_t horizon);

/* The median of the last `width` values (fewer if there are not so many) up to `end`. */
double transform_median(const double *end, size_t available, uint32_t width);

double transform_there(double value, double anchor, double scale);
double transform_back(double x, double anchor, double scale);

#endif
