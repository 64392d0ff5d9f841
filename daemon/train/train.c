#include "daemon/train/train.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "daemon/base/clock.h"
#include "daemon/base/thread.h"
#include "daemon/message.h"

enum { NICENESS = 10 }; /* trainers share cores with shards, and forecasts go first */

#define WAIT_US INT64_C(3600000000)

struct train {
	struct train_plan plan;
	pthread_t *threads;
	uint32_t started;
	atomic_bool stopping;
};

bool train_goes_before(const void *a, const void *b)
{
	const struct training *left = a, *right = b;

	return left->urgency > right->urgency;
}

static bool is_stopping(const void *context)
{
	const struct train *train = context;

	return atomic_load_explicit(&train->stopping, memory_order_relaxed);
}

static void run_job(const struct train *train, struct training *training)
{
	int64_t start_us = clock_monotonic_us();
	int r;

	rollcast_job_stop_if(training->job, is_stopping, train);
	r = rollcast_job_run(training->job);
	if (r == -ECANCELED)
		return;
	training->steps = rollcast_job_steps(training->job);
	training->duration_us = clock_monotonic_us() - start_us;
	training->ran = true;
	if (training->group)
		group_learn(training->group, training, is_stopping, train);
}

static void *run(void *argument)
{
	struct train *train = argument;
	struct letter letter = {.kind = LETTER_TRAINED};
	int r;

	/* On Linux this is the thread's alone. Where it is refused, training only competes harder. */
	setpriority(PRIO_PROCESS, 0, NICENESS);
	while ((r = queue_pop(train->plan.queue, WAIT_US, &letter.training)) != QUEUE_CLOSED) {
		if (r == QUEUE_TIMEOUT)
			continue;
		if (!is_stopping(train))
			run_job(train, &letter.training);
		queue_push(&train->plan.inboxes[letter.training.shard], &letter);
	}
	return NULL;
}

int train_create(const struct train_plan *plan, struct train **ret_train)
{
	CLEANUP(train_destroy) struct train *train = calloc(1, sizeof(*train));

	if (!train)
		return -ENOMEM;
	train->plan = *plan;
	train->threads = calloc(plan->threads ? plan->threads : 1, sizeof(*train->threads));
	if (!train->threads)
		return -ENOMEM;
	*ret_train = STEAL(train);
	return 0;
}

int train_start(struct train *train)
{
	while (train->started < train->plan.threads) {
		char name[16];

		snprintf(name, sizeof(name), "train-%hu", (unsigned short)train->started);
		int r = thread_start(&train->threads[train->started], name, run, train);

		if (r < 0)
			return r;
		train->started++;
	}
	return 0;
}

void train_stop(struct train *train)
{
	if (!train)
		return;
	atomic_store_explicit(&train->stopping, true, memory_order_relaxed);
	queue_close(train->plan.queue);
	while (train->started > 0)
		pthread_join(train->threads[--train->started], NULL);
}

void train_destroy(struct train *train)
{
	if (!train)
		return;
	if (train->started)
		train_stop(train);
	free(train->threads);
	free(train);
}
