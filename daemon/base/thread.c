#include "daemon/base/thread.h"

#include <signal.h>

#include "daemon/base/clock.h"

/*
 * Those that a thread brings upon itself stay: blocked, they end the process before a sanitizer or a
 * crash reporter can say where it was.
 */
static void fill_mask(sigset_t *mask)
{
	static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};

	sigfillset(mask);
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		sigdelset(mask, own[i]);
}

int thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument)
{
	sigset_t mask, before;

	fill_mask(&mask);
	pthread_sigmask(SIG_SETMASK, &mask, &before);
	int error = pthread_create(thread, NULL, run, argument);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		pthread_setname_np(*thread, name);
	return -error;
}

void heartbeat_beat(struct heartbeat *heartbeat)
{
	atomic_store_explicit(&heartbeat->at_us, clock_monotonic_us(), memory_order_relaxed);
}

int64_t heartbeat_age_us(const struct heartbeat *heartbeat)
{
	return clock_monotonic_us() - atomic_load_explicit(&heartbeat->at_us, memory_order_relaxed);
}
