/*
 * The elementary functions of a step, on whole arrays: compiled once per instruction set from
 * lib/forecast/kernel/, with the vector functions of the C library, and chosen when the program runs.
 *
 * A step of a stream needs some hundred logarithms and exponentials; one by one they would be most of
 * what it costs. Results differ from the functions for one value in the last digits only.
 */
#ifndef LIB_FORECAST_VECTORS_H
#define LIB_FORECAST_VECTORS_H

#include <stddef.h>

enum { VECTORS_WEIGHTS = 24 };

struct vectors {
	const char *name;

	/* x[i] = asinh((values[i] - anchor) / scale), as transform_there */
	void (*there)(const double *values, size_t count, double anchor, double scale,
		      double *ret_x);
	/* values[i] = anchor + scale sinh(x[i]), as transform_back; in place or not */
	void (*back)(const double *x, size_t count, double anchor, double scale,
		     double *ret_values);
	/* The root, or the logarithm of `least` more, of values that count as 0 if they are negative. */
	void (*roots)(const double *values, size_t count, double *ret_roots);
	void (*logs)(const double *values, size_t count, double least, double *ret_logs);
	/*
	 * (own[i] + prior expected[i]) / (naive[i] + prior), at least 1e-9, and infinite where counts[i]
	 * is 0; where expected[i] is known (not 0) it stands for the 1 that is else expected, and for
	 * what was never counted.
	 */
	void (*ratios)(const double *own, const double *naive, const double *counts,
		       const double *expected, size_t count, double prior, double *ret_ratios);
	/* Adds |value - said[i]|, `naive` and 1 to the sums of those that said something finite. */
	void (*add_errors)(const double *said, size_t count, double value, double naive,
			   double *own, double *naives, double *cells);
	/* Each value not below `low` and not above `high`; NaN stays. */
	void (*clamp)(double *values, size_t count, double low, double high);
	/*
	 * Adds to each weight exp(-sharpness (ratios[i] / best - 1)), or nothing where that is below
	 * exp(-far); what is added is scaled to add up to 1. `count` is a multiple of 8, at most
	 * VECTORS_WEIGHTS.
	 */
	void (*add_weights)(const double *ratios, size_t count, double best, double sharpness,
			    double far, double *weights);
	void (*waves)(const double *angles, size_t count, double *ret_sines, double *ret_cosines);
	/* products[i] = the first `columns` of row i, times `vector`; rows are `stride` apart */
	void (*products)(const double *matrix, size_t stride, size_t rows, size_t columns,
			 const double *vector, double *ret_products);
};

/* The fastest of this processor. */
const struct vectors *vectors(void);

/* By name ("generic", "avx2", "avx512"), for tests; NULL if this processor or this build has none. */
const struct vectors *vectors_named(const char *name);

#endif
