/*
 * Repeatable random numbers: SplitMix64 (Steele, Lea & Flood 2014), the same on every machine.
 */
#ifndef NETWORK_RANDOM_H
#define NETWORK_RANDOM_H

#include <math.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline void random_init(struct random *random, uint64_t seed)
{
	random->state = seed;
}

static inline uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* In [0, 1). */
static inline float random_uniform(struct random *random)
{
	return (float)(random_next(random) >> 40) * 0x1p-24F;
}

/* Standard normal, by Box and Muller's transform. */
static inline double random_normal(struct random *random)
{
	double u = ((double)(random_next(random) >> 11) + 1) * 0x1p-53;
	double v = (double)(random_next(random) >> 11) * 0x1p-53;

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

#endif
