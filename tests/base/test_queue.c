/* The queue between rooms: order, bounds, closing, and many threads at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>

#include "daemon/base/clock.h"
#include "daemon/base/queue.h"

static bool smaller_first(const void *a, const void *b)
{
	return *(const int *)a < *(const int *)b;
}

static void push_all(struct queue *queue, const int *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(queue_try_push(queue, &items[i]), 0);
}

static void items_leave_in_the_order_they_came(void **state)
{
	(void)state;
	struct queue queue;
	int item;

	assert_int_equal(queue_init(&queue, 3, sizeof(int), NULL, false), 0);
	for (int round = 0; round < 5; round++) {
		push_all(&queue, (int[]){round, round + 1}, 2);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(queue_pop(&queue, 0, &item), 0);
			assert_int_equal(item, round + i);
		}
	}
	queue_finish(&queue);
}

static void ordered_items_leave_most_urgent_first(void **state)
{
	(void)state;
	static const int sorted[] = {1, 2, 3, 5, 9};
	struct queue queue;
	int item;

	assert_int_equal(queue_init(&queue, 8, sizeof(int), smaller_first, false), 0);
	push_all(&queue, (int[]){5, 1, 9, 3, 2}, 5);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(queue_pop(&queue, 0, &item), 0);
		assert_int_equal(item, sorted[i]);
	}
	queue_finish(&queue);
}

static void a_full_queue_refuses_and_keeps_what_it_has(void **state)
{
	(void)state;
	struct queue queue;
	int item = 7;

	assert_int_equal(queue_init(&queue, 2, sizeof(int), NULL, false), 0);
	push_all(&queue, (int[]){1, 2}, 2);
	assert_true(queue_is_full(&queue));
	assert_int_equal(queue_try_push(&queue, &item), QUEUE_FULL);
	assert_int_equal(queue_count(&queue), 2);
	assert_int_equal(queue_pop(&queue, 0, &item), 0);
	assert_int_equal(item, 1);
	queue_finish(&queue);
}

static void an_empty_queue_times_out(void **state)
{
	(void)state;
	struct queue queue;
	int item;
	int64_t start_us = clock_monotonic_us();

	assert_int_equal(queue_init(&queue, 2, sizeof(int), NULL, false), 0);
	assert_int_equal(queue_pop(&queue, 20000, &item), QUEUE_TIMEOUT);
	assert_true(clock_monotonic_us() - start_us >= 20000);
	queue_finish(&queue);
}

static void a_closed_queue_gives_what_is_left_and_takes_no_more(void **state)
{
	(void)state;
	struct queue queue;
	int item = 4;

	assert_int_equal(queue_init(&queue, 2, sizeof(int), NULL, false), 0);
	push_all(&queue, &item, 1);
	queue_close(&queue);
	assert_int_equal(queue_push(&queue, &item), QUEUE_CLOSED);
	assert_int_equal(queue_try_push(&queue, &item), QUEUE_CLOSED);
	assert_true(queue_is_full(&queue));
	assert_int_equal(queue_pop(&queue, 0, &item), 0);
	assert_int_equal(queue_pop(&queue, 1000000, &item), QUEUE_CLOSED);
	queue_finish(&queue);
}

static bool is_readable(const struct queue *queue)
{
	struct pollfd event = {.fd = queue_event_fd(queue), .events = POLLIN};

	return poll(&event, 1, 0) == 1;
}

static void the_event_shows_whether_there_is_something_to_pop(void **state)
{
	(void)state;
	struct queue queue;
	int item;

	assert_int_equal(queue_init(&queue, 2, sizeof(int), NULL, true), 0);
	assert_false(is_readable(&queue));
	push_all(&queue, (int[]){1, 2}, 2);
	assert_true(is_readable(&queue));
	queue_pop(&queue, 0, &item);
	assert_true(is_readable(&queue));
	queue_pop(&queue, 0, &item);
	assert_false(is_readable(&queue));
	queue_close(&queue);
	assert_true(is_readable(&queue));
	queue_finish(&queue);
}

enum { PRODUCERS = 3, CONSUMERS = 2, EACH = 20000 };

static void *produce(void *argument)
{
	for (int i = 1; i <= EACH; i++)
		queue_push(argument, &i);
	return NULL;
}

static void *consume(void *argument)
{
	long sum = 0;
	int item;

	while (queue_pop(argument, 1000000, &item) == 0)
		sum += item;
	return (void *)sum;
}

static void many_threads_lose_and_double_nothing(void **state)
{
	(void)state;
	pthread_t producers[PRODUCERS], consumers[CONSUMERS];
	struct queue queue;
	long sum = 0;

	assert_int_equal(queue_init(&queue, 16, sizeof(int), NULL, false), 0);
	for (int i = 0; i < CONSUMERS; i++)
		pthread_create(&consumers[i], NULL, consume, &queue);
	for (int i = 0; i < PRODUCERS; i++)
		pthread_create(&producers[i], NULL, produce, &queue);
	for (int i = 0; i < PRODUCERS; i++)
		pthread_join(producers[i], NULL);
	queue_close(&queue);
	for (int i = 0; i < CONSUMERS; i++) {
		void *part;

		pthread_join(consumers[i], &part);
		sum += (long)part;
	}
	assert_int_equal(sum, (long)PRODUCERS * EACH * (EACH + 1) / 2);
	queue_finish(&queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_leave_in_the_order_they_came),
		cmocka_unit_test(ordered_items_leave_most_urgent_first),
		cmocka_unit_test(a_full_queue_refuses_and_keeps_what_it_has),
		cmocka_unit_test(an_empty_queue_times_out),
		cmocka_unit_test(a_closed_queue_gives_what_is_left_and_takes_no_more),
		cmocka_unit_test(the_event_shows_whether_there_is_something_to_pop),
		cmocka_unit_test(many_threads_lose_and_double_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
