/* Row-major products by OpenBLAS; lda, ldb, ldc are the floats from one row to the next. */
#ifndef NETWORK_BLAS_H
#define NETWORK_BLAS_H

#include <stddef.h>

/* c += a b, with a [rows x inner], b [inner x cols] */
void blas_add_product(size_t rows, size_t cols, size_t inner, const float *a, size_t lda,
		      const float *b, size_t ldb, float *c, size_t ldc);
/* c += a' b, with a [inner x rows], b [inner x cols] */
void blas_add_outer(size_t rows, size_t cols, size_t inner, const float *a, size_t lda,
		    const float *b, size_t ldb, float *c, size_t ldc);
/* c = a b', with a [rows x inner], b [cols x inner] */
void blas_product_transposed(size_t rows, size_t cols, size_t inner, const float *a, size_t lda,
			     const float *b, size_t ldb, float *c, size_t ldc);

#endif
