/* Random numbers that a seed repeats: splitmix64 (Steele, Lea & Flood 2014). */
#ifndef LIB_FORECAST_RANDOM_H
#define LIB_FORECAST_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0..count - 1; the bias of a 64 bit multiplication is below 1e-9 for any count in use. */
static inline uint32_t random_below(struct random *random, uint32_t count)
{
	return (uint32_t)(((random_next(random) >> 32) * count) >> 32);
}

/* A seed from the one before and something that tells this one apart. */
static inline uint64_t random_mix(uint64_t seed, uint64_t other)
{
	struct random random = {seed ^ (other * UINT64_C(0xff51afd7ed558ccd))};

	return random_next(&random);
}

#endif
