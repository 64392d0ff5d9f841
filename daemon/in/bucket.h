/*
 * A token bucket: `rate` samples a second, and a second's worth at once after a pause. A rate of 0 is no
 * limit.
 */
#ifndef DAEMON_IN_BUCKET_H
#define DAEMON_IN_BUCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bucket {
	uint64_t rate;
	double tokens; /* below 0: a debt */
	int64_t filled_us;
};

static inline void bucket_init(struct bucket *bucket, uint64_t rate, int64_t now_us)
{
	*bucket = (struct bucket){rate, (double)rate, now_us};
}

static inline void bucket_fill(struct bucket *bucket, int64_t now_us)
{
	double tokens =
		bucket->tokens + (double)(now_us - bucket->filled_us) / 1e6 * (double)bucket->rate;

	bucket->tokens = tokens < (double)bucket->rate ? tokens : (double)bucket->rate;
	bucket->filled_us = now_us;
}

/* Takes what there is for up to `wanted` samples, and returns for how many. */
static inline size_t bucket_take(struct bucket *bucket, size_t wanted)
{
	size_t taken = wanted;

	if (bucket->rate == 0)
		return wanted;
	if (bucket->tokens < (double)wanted)
		taken = bucket->tokens > 0 ? (size_t)bucket->tokens : 0;
	bucket->tokens -= (double)taken;
	return taken;
}

/* Takes all that is wanted, into debt if need be. */
static inline void bucket_owe(struct bucket *bucket, size_t wanted)
{
	if (bucket->rate)
		bucket->tokens -= (double)wanted;
}

/* How long until the bucket is out of debt and has a sample; 0: it has. */
static inline int64_t bucket_wait_us(const struct bucket *bucket)
{
	if (bucket->rate == 0 || bucket->tokens >= 1)
		return 0;
	return (int64_t)((1 - bucket->tokens) / (double)bucket->rate * 1e6) + 1;
}

#endif
