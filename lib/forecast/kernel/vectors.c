/*
 * Loops that the compiler turns into vectors, for one instruction set: see vectors.h.
 *
 * The C library says only under relaxed mathematics that it has vector functions, which would take NaN
 * away from us; so it is said here.
 */
#include "lib/forecast/vectors.h"

#include <math.h>

#include "lib/forecast/transform.h"

#if defined(__GLIBC__) && defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VECTOR __attribute__((simd("notinbranch")))
extern double exp(double x) VECTOR;
extern double log(double x) VECTOR;
extern double sin(double x) VECTOR;
extern double cos(double x) VECTOR;
#endif

#define TEXT_OF(word)	    #word
#define TEXT(word)	    TEXT_OF(word)
#define JOIN_OF(name, with) name##_##with
#define JOIN(name, with)    JOIN_OF(name, with)

enum { LANES = 8 };

/* Squares beyond this are infinite. */
#define HUGE_SIZE 1e150

static void there(const double *restrict values, size_t count, double anchor, double scale,
		  double *restrict ret_x)
{
	for (size_t i = 0; i < count; i++) {
		double x = (values[i] - anchor) / scale, size = fabs(x);
		double sum = size > HUGE_SIZE ? size : size + sqrt(size * size + 1);

		ret_x[i] = copysign(log(sum) + (size > HUGE_SIZE ? M_LN2 : 0), x);
	}
}

static void back(const double *x, size_t count, double anchor, double scale, double *ret_values)
{
	for (size_t i = 0; i < count; i++) {
		double there = x[i] < -TRANSFORM_LIMIT	? -TRANSFORM_LIMIT
			       : x[i] > TRANSFORM_LIMIT ? TRANSFORM_LIMIT
							: x[i];
		double up = exp(there);

		ret_values[i] = anchor + scale * (0.5 * (up - 1 / up));
	}
}

static void roots(const double *restrict values, size_t count, double *restrict ret_roots)
{
	for (size_t i = 0; i < count; i++)
		ret_roots[i] = sqrt(values[i] > 0 ? values[i] : 0);
}

static void logs(const double *restrict values, size_t count, double least,
		 double *restrict ret_logs)
{
	for (size_t i = 0; i < count; i++)
		ret_logs[i] = log((values[i] > 0 ? values[i] : 0) + least);
}

static void ratios(const double *restrict own, const double *restrict naive,
		   const double *restrict counts, const double *restrict expected, size_t count,
		   double prior, double *restrict ret_ratios)
{
	for (size_t i = 0; i < count; i++) {
		double usual = expected[i] > 0 ? expected[i] : 1;
		double ratio = (own[i] + prior * usual) / (naive[i] + prior);
		double never = expected[i] > 0 ? expected[i] : INFINITY;

		ratio = ratio > 1e-9 ? ratio : 1e-9;
		ret_ratios[i] = counts[i] == 0 ? never : ratio;
	}
}

static void add_errors(const double *restrict said, size_t count, double value, double naive,
		       double *restrict own, double *restrict naives, double *restrict cells)
{
	for (size_t i = 0; i < count; i++) {
		double error = fabs(value - said[i]);

		own[i] += error < INFINITY ? error : 0;
		naives[i] += error < INFINITY ? naive : 0;
		cells[i] += error < INFINITY ? 1 : 0;
	}
}

static void clamp(double *values, size_t count, double low, double high)
{
	for (size_t i = 0; i < count; i++) {
		double value = values[i] < low ? low : values[i];

		values[i] = value > high ? high : value;
	}
}

static void add_weights(const double *restrict ratios, size_t count, double best, double sharpness,
			double far, double *restrict weights)
{
	double bounded[VECTORS_WEIGHTS], shares[VECTORS_WEIGHTS], sums[LANES] = {0}, sum = 0;

	/* In loops of their own, or the compiler takes exponentials of infinity, which are slow. */
	for (size_t i = 0; i < count; i++) {
		double excess = sharpness * (ratios[i] / best - 1);

		bounded[i] = excess < far ? excess : far;
	}
	for (size_t i = 0; i < count; i++)
		shares[i] = exp(-bounded[i]);
	for (size_t i = 0; i < count; i++)
		shares[i] = bounded[i] < far ? shares[i] : 0;
	for (size_t i = 0; i < count; i += LANES)
		for (int k = 0; k < LANES; k++)
			sums[k] += shares[i + k];
	for (int k = 0; k < LANES; k++)
		sum += sums[k];
	sum = 1 / sum;
	for (size_t i = 0; i < count; i++)
		weights[i] += shares[i] * sum;
}

static void waves(const double *restrict angles, size_t count, double *restrict ret_sines,
		  double *restrict ret_cosines)
{
	for (size_t i = 0; i < count; i++)
		ret_sines[i] = sin(angles[i]);
	for (size_t i = 0; i < count; i++)
		ret_cosines[i] = cos(angles[i]);
}

/* Eight doubles, wherever they begin. */
typedef double lanes __attribute__((vector_size(LANES * sizeof(double)), aligned(8), may_alias));

/* The sum of the lanes and of what is left over. */
static double add_up(lanes sums, const double *a, const double *b, size_t from, size_t count)
{
	double sum = ((sums[0] + sums[4]) + (sums[1] + sums[5])) +
		     ((sums[2] + sums[6]) + (sums[3] + sums[7]));

	for (size_t i = from; i < count; i++)
		sum += a[i] * b[i];
	return sum;
}

static void one_product(const double *row, const double *vector, size_t columns,
			double *ret_product)
{
	size_t whole = columns / LANES * LANES;
	lanes sum = {0};

	for (size_t i = 0; i < whole; i += LANES)
		sum += *(const lanes *)(row + i) * *(const lanes *)(vector + i);
	*ret_product = add_up(sum, row, vector, whole, columns);
}

/* Four sums side by side, so that none waits for itself. */
static void four_products(const double *rows, size_t stride, size_t columns, const double *vector,
			  double *ret_products)
{
	size_t whole = columns / LANES * LANES;
	lanes sums[4] = {{0}};

	for (size_t i = 0; i < whole; i += LANES) {
		lanes factor = *(const lanes *)(vector + i);

		for (int k = 0; k < 4; k++)
			sums[k] += *(const lanes *)(rows + k * stride + i) * factor;
	}
	for (int k = 0; k < 4; k++)
		ret_products[k] = add_up(sums[k], rows + k * stride, vector, whole, columns);
}

static void products(const double *matrix, size_t stride, size_t rows, size_t columns,
		     const double *vector, double *ret_products)
{
	size_t i = 0;

	for (; i + 4 <= rows; i += 4)
		four_products(matrix + i * stride, stride, columns, vector, ret_products + i);
	for (; i < rows; i++)
		one_product(matrix + i * stride, vector, columns, ret_products + i);
}

extern const struct vectors JOIN(vectors, KERNEL_SUFFIX);
const struct vectors JOIN(vectors, KERNEL_SUFFIX) = {
	.name = TEXT(KERNEL_SUFFIX),
	.there = there,
	.back = back,
	.roots = roots,
	.logs = logs,
	.ratios = ratios,
	.add_errors = add_errors,
	.clamp = clamp,
	.add_weights = add_weights,
	.waves = waves,
	.products = products,
};
