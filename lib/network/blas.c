/*
 * OpenBLAS behind four calls. A single row is a matrix times a vector, which OpenBLAS does faster
 * than a product of matrices.
 */
#include "lib/network/blas.h"

#include <cblas.h>

/*
 * One thread per caller: callers are already spread over the cores, and products as small as these
 * only lose by being split. Before main, so that no other thread is in OpenBLAS yet.
 */
__attribute__((constructor)) static void one_thread_per_caller(void)
{
	openblas_set_num_threads(1);
}

void product_add(size_t rows, size_t columns, size_t inner, const float *a, size_t lda,
		 const float *b, size_t ldb, float *c, size_t ldc)
{
	if (rows == 1)
		cblas_sgemv(CblasRowMajor, CblasTrans, inner, columns, 1, b, ldb, a, 1, 1, c, 1);
	else
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, columns, inner, 1, a,
			    lda, b, ldb, 1, c, ldc);
}

void product_set(size_t rows, size_t columns, size_t inner, const float *a, size_t lda,
		 const float *b, size_t ldb, float *c, size_t ldc)
{
	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, columns, inner, 1, a, lda, b,
		    ldb, 0, c, ldc);
}

void product_add_transposed(size_t rows, size_t columns, size_t inner, const float *a, size_t lda,
			    const float *b, size_t ldb, float *c, size_t ldc)
{
	cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, rows, columns, inner, 1, a, lda, b,
		    ldb, 1, c, ldc);
}

void product_set_transposed(size_t rows, size_t columns, size_t inner, const float *a, size_t lda,
			    const float *b, size_t ldb, float *c, size_t ldc)
{
	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, columns, inner, 1, a, lda, b,
		    ldb, 0, c, ldc);
}
