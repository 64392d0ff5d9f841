/*
 * Vectors of floats, as wide as the flags of the compilation allow, with GCC's vector extensions: the
 * same source serves SSE2, AVX2, AVX-512, NEON and plain floats.
 *
 * Every function lets NaN through, so that a diverging network is seen.
 */
#ifndef NETWORK_KERNEL_VEC_H
#define NETWORK_KERNEL_VEC_H

#if defined(__SSE__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define WIDTH	  16
#define REGISTERS 32
#elif defined(__AVX__)
#define WIDTH	  8
#define REGISTERS 16
#else
#define WIDTH 4
#if defined(__aarch64__)
#define REGISTERS 32
#else
#define REGISTERS 16
#endif
#endif

#ifndef KERNEL_SUFFIX
#define KERNEL_SUFFIX generic
#endif

/* The name of this compilation's copy: KERNEL(sgd) is sgd_avx2 with -DKERNEL_SUFFIX=avx2. */
#define KERNEL_PASTE(name, suffix)  name##_##suffix
#define KERNEL_EXPAND(name, suffix) KERNEL_PASTE(name, suffix)
#define KERNEL(name)		    KERNEL_EXPAND(name, KERNEL_SUFFIX)

#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(WIDTH * sizeof(float)), may_alias));
typedef int ivec __attribute__((vector_size(WIDTH * sizeof(int)), may_alias));

INLINE vec load(const float *from)
{
	return *(const vec *)from;
}

INLINE void store(float *to, vec value)
{
	*(vec *)to = value;
}

INLINE vec broadcast(float value)
{
	return value - (vec){0};
}

/* yes where the mask is set, no elsewhere */
INLINE vec choose(ivec mask, vec yes, vec no)
{
	return (vec)((mask & (ivec)yes) | (~mask & (ivec)no));
}

/* x limited to [-limit, limit]. The instructions return their second operand when one is NaN. */
INLINE vec clamp(vec x, float limit)
{
	vec high = broadcast(limit), low = broadcast(-limit);
#if defined(__AVX512F__)
	return _mm512_max_ps(low, _mm512_min_ps(high, x));
#elif defined(__AVX__)
	return _mm256_max_ps(low, _mm256_min_ps(high, x));
#elif defined(__SSE__)
	return _mm_max_ps(low, _mm_min_ps(high, x));
#else
	x = choose(x > high, high, x);
	return choose(x < low, low, x);
#endif
}

/*
 * tanh by the rational function x p(t) / q(t), t = x^2, with the least relative error on [-8, 8]:
 * 2.2e-7, in floats 4.5e-7; beyond, tanh is 1 to as much. Found by Lawson's weighted least squares.
 * (A division takes less here than an estimate of 1/q and a step of Newton's: it has a unit of its own.)
 */
INLINE vec vec_tanh(vec x)
{
	x = clamp(x, 8.0F);
	vec t = x * x;
	vec p = -6.142282682e-9F * t + 7.162487691e-6F;
	p = p * t + 2.696407260e-3F;
	p = p * t + 1.271230876e-1F;
	p = p * t + 9.999997616e-1F;
	vec q = 1.967449352e-4F * t + 2.285028994e-2F;
	q = q * t + 4.604546974e-1F;
	q = q * t + 1.0F;
	return x * p / q;
}

/*
 * 1 / (1 + exp(-x)), where exp(-x) = 2^n 2^f with n whole and |f| <= 1/2: n is rounded off by adding a
 * number so large that its last bit counts ones, and added to the exponent; 2^f is the polynomial of
 * least relative error, 7.5e-8. Fewer multiplications than by tanh(x/2).
 */
INLINE vec vec_sigmoid(vec x)
{
	const float rounder = 0x1.8p23F;

	vec t = clamp(x, 80.0F) * -1.442695041F;
	vec n = t + rounder;
	vec f = t - (n - rounder);
	vec p = 1.327647205e-3F * f + 9.675541385e-3F;
	p = p * f + 5.550713274e-2F;
	p = p * f + 2.402211972e-1F;
	p = p * f + 6.931469671e-1F;
	p = p * f + 1.000000072F;
	return 1.0F / (1.0F + (vec)((ivec)p + ((ivec)n << 23)));
}

INLINE vec vec_relu(vec x)
{
	return choose(x < 0.0F, (vec){0}, x);
}

INLINE vec activate(int relu, vec x)
{
	if (relu)
		return vec_relu(x);
	return vec_tanh(x);
}

/* The derivative of the activation where it has given `y`, times `gradient`. */
INLINE vec activate_back(int relu, vec y, vec gradient)
{
	if (relu)
		return choose(y > 0.0F, gradient, y * 0.0F);
	return gradient - gradient * y * y;
}

#endif
