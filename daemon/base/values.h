/*
 * The newest values of some streams, known to all threads: limits that other streams are held against, and
 * steps that their networks read. A lock around a table of bounded size; it is asked once per forecast
 * that has such a limit, or reads such a stream.
 *
 * A value is known until its place is needed for another name and it was not renewed for the time to
 * live. The newest is that of the latest time, unless nothing newer has come for a minute: then a clock was
 * put back, or had been ahead.
 */
#ifndef DAEMON_BASE_VALUES_H
#define DAEMON_BASE_VALUES_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct value;

struct values {
	pthread_mutex_t lock;
	struct value **slots; /* [capacity], a power of two; NULL: none was ever put */
	size_t capacity, count, most, depth;
	int64_t ttl_us, swept_us;
};

/*
 * At most `most` names, and of each the newest `depth` values; while all are in use, further ones are not
 * known. A time to live of 0: for ever.
 */
void values_init(struct values *values, size_t most, size_t depth, int64_t ttl_us);
void values_finish(struct values *values);

/* A value that came at `now_us`, monotonic; `hash` is that of the name, which is copied. */
void values_put(struct values *values, uint64_t hash, const char *name, size_t length,
		int64_t time_us, double value, int64_t now_us);
/* The newest. NaN: not known. */
double values_get(struct values *values, uint64_t hash, const char *name, size_t length);
/*
 * What is known at the `count` steps that end with the one at `time_us`, into ret_values, oldest first: at
 * each step the newest value of its time or less than a step before it. What is not known stays.
 */
void values_at_steps(struct values *values, uint64_t hash, const char *name, size_t length,
		     int64_t time_us, int64_t step_us, double *ret_values, size_t count);

#endif
