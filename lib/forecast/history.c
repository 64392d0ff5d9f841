/* The window and its marks side by side: see history.h. */
#include "lib/forecast/history.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int history_init(struct history *history, size_t capacity)
{
	int r;

	*history = (struct history){.lowest = INFINITY};
	history->marks = calloc(capacity, sizeof(*history->marks));
	if (!history->marks)
		return -ENOMEM;
	r = window_init(&history->values, capacity);
	if (r < 0)
		history_finish(history);
	return r;
}

void history_finish(struct history *history)
{
	free(history->marks);
	window_finish(&history->values);
	*history = (struct history){0};
}

static void follow_change(struct history *history, double value)
{
	double count;

	if (history->changes < HISTORY_CHANGES)
		history->changes++;
	count = history->changes;
	history->change += (fabs(value - history_last(history)) - history->change) / count;
}

void history_push(struct history *history, int64_t time_us, double value, enum history_mark mark)
{
	size_t capacity = history->values.capacity;

	if (mark == HISTORY_HOLE)
		value = history_count(history) ? history_last(history) : 0;
	else if (history_count(history))
		follow_change(history, value);
	if (mark == HISTORY_MEASURED)
		history->lowest = fmin(history->lowest, value);
	history->marks[history->steps % capacity] = (uint8_t)mark;
	history->steps++;
	history->time_us = time_us;
	window_push(&history->values, value);
}

void history_marks(const struct history *history, uint8_t *marks)
{
	size_t count = history_count(history), capacity = history->values.capacity;
	uint64_t first = history->steps - count;

	for (size_t i = 0; i < count; i++)
		marks[i] = history->marks[(first + i) % capacity];
}
