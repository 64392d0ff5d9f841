/*
 * Least squares with a ridge (Hoerl & Kennard 1970): the only file that calls BLAS and LAPACK.
 * Matrices are row-major.
 */
#ifndef LIB_FORECAST_SOLVE_H
#define LIB_FORECAST_SOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* gram [features x features] = X'X, of X [rows x features]; only its lower triangle is set. */
void solve_gram(const double *x, size_t rows, uint32_t features, double *gram);

/* cross [features x targets] = X'Y, of Y [rows x targets]. */
void solve_cross(const double *x, const double *y, size_t rows, uint32_t features, uint32_t targets,
		 double *cross);

/* y [rows x targets] = X coefficients [features x targets]. */
void solve_predict(const double *x, const double *coefficients, size_t rows, uint32_t features,
		   uint32_t targets, double *y);

/*
 * coefficients [features x targets] = (gram + lambda I)^-1 cross; the last feature, the constant, has
 * no lambda. `factor` [features x features] is scratch. False if the system cannot be solved.
 */
bool solve_ridge(const double *gram, const double *cross, uint32_t features, uint32_t targets,
		 double lambda, double *factor, double *coefficients);

#endif
