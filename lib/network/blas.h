/* Matrix products, row-major: the only place that knows of BLAS. */
#ifndef NETWORK_BLAS_H
#define NETWORK_BLAS_H

#include <stddef.h>

/*
 * c[rows x columns] += a[rows x inner] * b[inner x columns]; `lda`, `ldb` and `ldc` are the
 * distances between rows.
 */
void product_add(size_t rows, size_t columns, size_t inner, const float *a, size_t lda,
		 const float *b, size_t ldb, float *c, size_t ldc);
/* The same, but what c held is forgotten. */
void product_set(size_t rows, size_t columns, size_t inner, const float *a, size_t lda,
		 const float *b, size_t ldb, float *c, size_t ldc);
/* c[rows x columns] += a^T * b, where a is [inner x rows]. */
void product_add_transposed(size_t rows, size_t columns, size_t inner, const float *a, size_t lda,
			    const float *b, size_t ldb, float *c, size_t ldc);
/* c[rows x columns] = a * b^T, where b is [columns x inner]. */
void product_set_transposed(size_t rows, size_t columns, size_t inner, const float *a, size_t lda,
			    const float *b, size_t ldb, float *c, size_t ldc);

#endif
