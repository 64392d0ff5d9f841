/*
 * Random numbers that are the same bits on every machine: splitmix64 (Steele, Lea & Flood 2014).
 */
#ifndef NETWORK_RANDOM_H
#define NETWORK_RANDOM_H

#include <stdint.h>

/* The next 64 bits; `state` may start anywhere. */
static inline uint64_t random_bits(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Uniform in [0, 1). */
static inline float random_unit(uint64_t *state)
{
	return (float)(random_bits(state) >> 40) * 0x1p-24f;
}

#endif
