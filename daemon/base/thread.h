/* Threads with names, and the heartbeats that show they are alive. */
#ifndef DAEMON_BASE_THREAD_H
#define DAEMON_BASE_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

/* A named thread that receives no signals. Returns 0 or a negative errno. */
int thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument);

/* When a thread last went round its loop; monotonic microseconds. */
struct heartbeat {
	_Atomic int64_t at_us;
};

void heartbeat_beat(struct heartbeat *heartbeat);
int64_t heartbeat_age_us(const struct heartbeat *heartbeat);

#endif
