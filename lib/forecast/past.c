/* The window and its marks side by side: see past.h. */
#include "lib/forecast/past.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int past_init(struct past *past, size_t capacity)
{
	int r;

	*past = (struct past){.lowest = INFINITY};
	past->marks = calloc(capacity, sizeof(*past->marks));
	if (!past->marks)
		return -ENOMEM;
	r = window_init(&past->values, capacity);
	if (r < 0)
		past_finish(past);
	return r;
}

void past_finish(struct past *past)
{
	free(past->marks);
	window_finish(&past->values);
	*past = (struct past){0};
}

static void follow_change(struct past *past, double value)
{
	double count;

	if (past->changes < PAST_CHANGES)
		past->changes++;
	count = past->changes;
	past->change += (fabs(value - past_last(past)) - past->change) / count;
}

void past_push(struct past *past, int64_t time_us, double value, enum past_mark mark)
{
	size_t capacity = past->values.capacity;

	if (mark == PAST_HOLE)
		value = past_count(past) ? past_last(past) : 0;
	else if (past_count(past))
		follow_change(past, value);
	if (mark == PAST_MEASURED)
		past->lowest = fmin(past->lowest, value);
	past->marks[past->steps % capacity] = (uint8_t)mark;
	past->steps++;
	past->time_us = time_us;
	window_push(&past->values, value);
}

void past_marks(const struct past *past, uint8_t *marks)
{
	size_t count = past_count(past), capacity = past->values.capacity;
	uint64_t first = past->steps - count;

	for (size_t i = 0; i < count; i++)
		marks[i] = past->marks[(first + i) % capacity];
}

void past_recent(const struct past *past, double *values, size_t count)
{
	const double *newest = past_values(past) + past_count(past) - count;
	uint64_t first = past->steps - count;

	for (size_t i = 0; i < count; i++) {
		uint8_t mark = past->marks[(first + i) % past->values.capacity];

		values[i] = mark == PAST_HOLE ? (double)NAN : newest[i];
	}
}
