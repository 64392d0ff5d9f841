/*
 * Random numbers that are the same in every run and on every machine: splitmix64 (Steele et al.
 * 2014).
 */
#ifndef CLI_DICE_H
#define CLI_DICE_H

#include <math.h>
#include <stdint.h>

static inline uint64_t dice_throw(uint64_t *state)
{
	uint64_t mixed = *state += 0x9e3779b97f4a7c15;

	mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
	mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
	return mixed ^ (mixed >> 31);
}

/* 0 .. count - 1 */
static inline uint64_t dice_below(uint64_t *state, uint64_t count)
{
	return (uint64_t)(((unsigned __int128)dice_throw(state) * count) >> 64);
}

/* low .. high, as likely in every factor of two. */
static inline double dice_scale(uint64_t *state, double low, double high)
{
	double share = (double)(dice_throw(state) >> 11) * 0x1p-53;

	return low * pow(high / low, share);
}

#endif
