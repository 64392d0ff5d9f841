/* Threads that draw numbers; the caller only looks on. */
#include "cli/parallel.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

enum { LOOK_NS = 100000000, THREADS_MAX = 256 };

struct crew {
	size_t count;
	parallel_work *work;
	void *context;
	atomic_size_t next;
	atomic_int result;
	pthread_mutex_t lock;
	pthread_cond_t all_gone;
	uint32_t at_work; /* under lock */
};

uint32_t parallel_cores(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return (uint32_t)CPU_COUNT(&set);
}

static void *labour(void *argument)
{
	struct crew *crew = argument;
	size_t index;

	while (!atomic_load(&crew->result) &&
	       (index = atomic_fetch_add(&crew->next, 1)) < crew->count) {
		int none = 0, r = crew->work(crew->context, index);

		if (r)
			atomic_compare_exchange_strong(&crew->result, &none, r);
	}
	pthread_mutex_lock(&crew->lock);
	if (--crew->at_work == 0)
		pthread_cond_signal(&crew->all_gone);
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

static void look_on(struct crew *crew, parallel_look *look, void *context)
{
	pthread_mutex_lock(&crew->lock);
	while (crew->at_work) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += LOOK_NS;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&crew->all_gone, &crew->lock, &until);
		if (look) {
			pthread_mutex_unlock(&crew->lock);
			look(context);
			pthread_mutex_lock(&crew->lock);
		}
	}
	pthread_mutex_unlock(&crew->lock);
}

int parallel_run(size_t count, uint32_t threads, parallel_work *work, parallel_look *look,
		 void *context)
{
	struct crew crew = {.count = count, .work = work, .context = context};
	pthread_t members[THREADS_MAX];
	uint32_t started;

	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	if (threads > count)
		threads = (uint32_t)count;
	pthread_mutex_init(&crew.lock, NULL);
	pthread_cond_init(&crew.all_gone, NULL);
	crew.at_work = threads;
	for (started = 0; started < threads; started++)
		if (pthread_create(&members[started], NULL, labour, &crew))
			break;
	if (started < threads) {
		pthread_mutex_lock(&crew.lock);
		crew.at_work -= threads - started;
		pthread_mutex_unlock(&crew.lock);
		if (!started)
			atomic_store(&crew.result, -EAGAIN);
	}
	look_on(&crew, look, context);
	for (uint32_t i = 0; i < started; i++)
		pthread_join(members[i], NULL);
	pthread_cond_destroy(&crew.all_gone);
	pthread_mutex_destroy(&crew.lock);
	return atomic_load(&crew.result);
}
