/* The only file that knows cblas. */
#include "lib/network/blas.h"

#include <cblas.h>

void blas_add_product(size_t rows, size_t cols, size_t inner, const float *a, size_t lda,
		      const float *b, size_t ldb, float *c, size_t ldc)
{
	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, cols, inner, 1, a, lda, b, ldb,
		    1, c, ldc);
}

void blas_add_outer(size_t rows, size_t cols, size_t inner, const float *a, size_t lda,
		    const float *b, size_t ldb, float *c, size_t ldc)
{
	cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, rows, cols, inner, 1, a, lda, b, ldb,
		    1, c, ldc);
}

void blas_product_transposed(size_t rows, size_t cols, size_t inner, const float *a, size_t lda,
			     const float *b, size_t ldb, float *c, size_t ldc)
{
	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, cols, inner, 1, a, lda, b, ldb,
		    0, c, ldc);
}
