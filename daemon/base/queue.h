/*
 * A bounded queue between threads: how rooms hand things over. Who pops an item owns it.
 *
 * Items are small values of one size, copied in and out. Any number of threads push and pop. A queue
 * is first in first out, or, with an order, "most urgent first".
 */
#ifndef DAEMON_BASE_QUEUE_H
#define DAEMON_BASE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	QUEUE_FULL = 1,
	QUEUE_TIMEOUT = 2,
	QUEUE_CLOSED = 3, /* for pop: closed and empty */
};

/* Whether the item `a` goes before the item `b`. */
typedef bool queue_order(const void *a, const void *b);

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t not_empty, not_full;
	queue_order *goes_before; /* NULL: first in, first out */
	unsigned char *items;	  /* NULL: not made, or finished */
	size_t item_size, capacity, first, count;
	int event_fd; /* readable while the queue is not empty or closed; -1: not asked for */
	bool closed;
};

/*
 * `order` may be NULL; an ordered queue looks through all items at each pop, so keep it short. With
 * `event`, queue_event_fd can be polled. -ENOMEM or the errno of eventfd.
 */
int queue_init(struct queue *queue, size_t capacity, size_t item_size, queue_order *order,
	       bool event);
/* Forgets what is still in it: pop until QUEUE_CLOSED first. Only on what queue_init made. */
void queue_finish(struct queue *queue);

/* Waits for room. 0 or QUEUE_CLOSED: the item was not taken. */
int queue_push(struct queue *queue, const void *item);
/* 0, QUEUE_FULL or QUEUE_CLOSED: the item was not taken. */
int queue_try_push(struct queue *queue, const void *item);
/* 0, QUEUE_TIMEOUT or QUEUE_CLOSED. A timeout of 0 does not wait. */
int queue_pop(struct queue *queue, int64_t timeout_us, void *ret_item);
bool queue_is_closed(struct queue *queue);
/* No more pushes; what is in the queue can still be popped. Wakes everybody. */
void queue_close(struct queue *queue);

size_t queue_count(struct queue *queue);
/* Whether a push would not be taken now; so it is once the queue is closed. */
bool queue_is_full(struct queue *queue);
int queue_event_fd(const struct queue *queue);

#endif
