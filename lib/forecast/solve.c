/* Normal equations by OpenBLAS: see solve.h. */
#include "lib/forecast/solve.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

/* LAPACK's Cholesky decomposition, which OpenBLAS has: column-major, lengths in int. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a, const int *lda,
	     double *b, const int *ldb, int *info);

void solve_gram(const double *x, size_t rows, uint32_t features, double *gram)
{
	cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (int)features, (int)rows, 1, x,
		    (int)features, 0, gram, (int)features);
}

void solve_cross(const double *x, const double *y, size_t rows, uint32_t features, uint32_t targets,
		 double *cross)
{
	cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)features, (int)targets, (int)rows,
		    1, x, (int)features, y, (int)targets, 0, cross, (int)targets);
}

void solve_predict(const double *x, const double *coefficients, size_t rows, uint32_t features,
		   uint32_t targets, double *y)
{
	cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)targets,
		    (int)features, 1, x, (int)features, coefficients, (int)targets, 0, y,
		    (int)targets);
}

/* The lower triangle in rows is the upper one in columns: U'U = gram + lambda I. */
static bool factorise(const double *gram, uint32_t features, double lambda, double *factor)
{
	int n = (int)features, info;
	double trace = 0;

	memcpy(factor, gram, (size_t)features * features * sizeof(*factor));
	for (uint32_t i = 0; i < features; i++)
		trace += gram[(size_t)i * features + i];
	for (uint32_t i = 0; i < features; i++)
		factor[(size_t)i * features + i] +=
			1e-6 + 1e-9 * trace + (i + 1 < features ? lambda : 0);
	dpotrf_("U", &n, factor, &n, &info);
	return info == 0;
}

bool solve_ridge(const double *gram, const double *cross, uint32_t features, uint32_t targets,
		 double lambda, double *factor, double *coefficients)
{
	int n = (int)features, one = 1, info;
	double column[features];

	if (!factorise(gram, features, lambda, factor))
		return false;
	for (uint32_t target = 0; target < targets; target++) {
		for (uint32_t i = 0; i < features; i++)
			column[i] = cross[(size_t)i * targets + target];
		dpotrs_("U", &n, &one, factor, &n, column, &n, &info);
		for (uint32_t i = 0; i < features; i++) {
			if (!isfinite(column[i]))
				return false;
			coefficients[(size_t)i * targets + target] = column[i];
		}
	}
	return true;
}
