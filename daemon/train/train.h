/*
 * The room where networks are trained: N threads that own nothing.
 *
 *	training queue (most urgent first) ──► run the job ──letter──► the job's shard
 *	                                            └─► its group, if it has one (group/)
 *
 * A job is a copy of window and weights, so a shard never waits for a trainer.
 */
#ifndef DAEMON_TRAIN_TRAIN_H
#define DAEMON_TRAIN_TRAIN_H

#include <stdint.h>

#include "daemon/base/queue.h"
#include "daemon/group/groups.h"
#include "rollcast/cleanup.h"

/* Everything lent to the room, until train_destroy. */
struct train_plan {
	struct queue *queue;   /* of struct training, ordered by train_goes_before */
	struct queue *inboxes; /* [shards], of struct letter */
	uint32_t threads;
};

/* The order of the training queue: the more urgent training goes first. */
bool train_goes_before(const void *a, const void *b);

struct train;

int train_create(const struct train_plan *plan, struct train **ret_train);
int train_start(struct train *train);
/*
 * Closes the queue, gives the trainings in it back untouched, stops those that run, which lose what they
 * have learned, and joins the threads. Harmless if not started.
 */
void train_stop(struct train *train);
void train_destroy(struct train *train);
DEFINE_CLEANUP(struct train *, train_destroy);

/*
 * OpenBLAS with one thread per caller: parallelism is across streams. Logs the core type it chose, and
 * a warning if that is below what the processor can do. Call once, before any thread.
 */
void train_prepare_blas(void);

#endif
