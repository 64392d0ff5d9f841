/*
 * The newest value of some streams, known to all threads: limits that other streams are held against.
 * A lock around a table of bounded size; it is asked once per forecast that has such a limit.
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
	size_t capacity, count, most;
};

/* At most `most` names; further ones are not known. */
void values_init(struct values *values, size_t most);
void values_finish(struct values *values);

/* `hash` is that of the name, which is copied. An older time than the one known changes nothing. */
void values_put(struct values *values, uint64_t hash, const char *name, size_t length,
		int64_t time_us, double value);
/* NaN: not known. */
double values_get(struct values *values, uint64_t hash, const char *name, size_t length);

#endif
