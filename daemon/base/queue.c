#include "daemon/base/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

int queue_init(struct queue *queue, size_t capacity, size_t item_size, queue_order *order,
	       bool event)
{
	*queue = (struct queue){
		.goes_before = order,
		.item_size = item_size,
		.capacity = capacity,
		.event_fd = -1,
	};
	queue->items = calloc(capacity, item_size);
	if (!queue->items)
		return -ENOMEM;
	if (event) {
		queue->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (queue->event_fd < 0) {
			int error = errno;

			free(queue->items);
			queue->items = NULL;
			return -error;
		}
	}

	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->not_empty, &monotonic);
	pthread_cond_init(&queue->not_full, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return 0;
}

void queue_finish(struct queue *queue)
{
	if (queue->event_fd >= 0)
		close(queue->event_fd);
	pthread_cond_destroy(&queue->not_full);
	pthread_cond_destroy(&queue->not_empty);
	pthread_mutex_destroy(&queue->lock);
	free(queue->items);
	queue->items = NULL;
}

static void *item_at(const struct queue *queue, size_t place)
{
	return queue->items + (queue->first + place) % queue->capacity * queue->item_size;
}

/* The eventfd is readable exactly while there is something to pop. */
static void show_event(struct queue *queue)
{
	uint64_t one = 1;

	if (queue->event_fd >= 0 && write(queue->event_fd, &one, sizeof(one)) < 0)
		return; /* the counter is at its limit: readable already */
}

static void hide_event(struct queue *queue)
{
	uint64_t all;

	if (queue->event_fd >= 0 && read(queue->event_fd, &all, sizeof(all)) < 0)
		return; /* not readable: hidden already */
}

static void append(struct queue *queue, const void *item)
{
	memcpy(item_at(queue, queue->count), item, queue->item_size);
	if (queue->count++ == 0)
		show_event(queue);
	pthread_cond_signal(&queue->not_empty);
}

int queue_push(struct queue *queue, const void *item)
{
	pthread_mutex_lock(&queue->lock);
	while (queue->count == queue->capacity && !queue->closed)
		pthread_cond_wait(&queue->not_full, &queue->lock);
	bool closed = queue->closed;

	if (!closed)
		append(queue, item);
	pthread_mutex_unlock(&queue->lock);
	return closed ? QUEUE_CLOSED : 0;
}

int queue_try_push(struct queue *queue, const void *item)
{
	int r = 0;

	pthread_mutex_lock(&queue->lock);
	if (queue->closed)
		r = QUEUE_CLOSED;
	else if (queue->count == queue->capacity)
		r = QUEUE_FULL;
	else
		append(queue, item);
	pthread_mutex_unlock(&queue->lock);
	return r;
}

/* Brings the item that goes before all others to the front; the first of equals wins. */
static void order_front(struct queue *queue)
{
	size_t best = 0;

	for (size_t i = 1; i < queue->count; i++)
		if (queue->goes_before(item_at(queue, i), item_at(queue, best)))
			best = i;

	unsigned char swap[queue->item_size];

	memcpy(swap, item_at(queue, 0), queue->item_size);
	memcpy(item_at(queue, 0), item_at(queue, best), queue->item_size);
	memcpy(item_at(queue, best), swap, queue->item_size);
}

static struct timespec deadline_after(int64_t timeout_us)
{
	struct timespec deadline;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += timeout_us / 1000000;
	deadline.tv_nsec += timeout_us % 1000000 * 1000;
	if (deadline.tv_nsec >= 1000000000) {
		deadline.tv_sec++;
		deadline.tv_nsec -= 1000000000;
	}
	return deadline;
}

/* Waits, locked, for an item. 0, QUEUE_TIMEOUT or QUEUE_CLOSED. */
static int wait_for_item(struct queue *queue, int64_t timeout_us)
{
	if (queue->count == 0 && !queue->closed && timeout_us > 0) {
		struct timespec deadline = deadline_after(timeout_us);
		int r = 0;

		while (queue->count == 0 && !queue->closed && r == 0)
			r = pthread_cond_timedwait(&queue->not_empty, &queue->lock, &deadline);
	}
	if (queue->count > 0)
		return 0;
	return queue->closed ? QUEUE_CLOSED : QUEUE_TIMEOUT;
}

int queue_pop(struct queue *queue, int64_t timeout_us, void *ret_item)
{
	pthread_mutex_lock(&queue->lock);
	int r = wait_for_item(queue, timeout_us);

	if (r == 0) {
		if (queue->goes_before)
			order_front(queue);
		memcpy(ret_item, item_at(queue, 0), queue->item_size);
		queue->first = (queue->first + 1) % queue->capacity;
		if (--queue->count == 0 && !queue->closed)
			hide_event(queue);
		pthread_cond_signal(&queue->not_full);
	}
	pthread_mutex_unlock(&queue->lock);
	return r;
}

void queue_close(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->closed = true;
	show_event(queue);
	pthread_cond_broadcast(&queue->not_empty);
	pthread_cond_broadcast(&queue->not_full);
	pthread_mutex_unlock(&queue->lock);
}

size_t queue_count(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	size_t count = queue->count;

	pthread_mutex_unlock(&queue->lock);
	return count;
}

bool queue_is_full(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	bool full = queue->closed || queue->count == queue->capacity;

	pthread_mutex_unlock(&queue->lock);
	return full;
}

bool queue_is_closed(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	bool closed = queue->closed;

	pthread_mutex_unlock(&queue->lock);
	return closed;
}

int queue_event_fd(const struct queue *queue)
{
	return queue->event_fd;
}
