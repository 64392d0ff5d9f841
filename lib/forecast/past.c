/* The window and its marks side by side: see past.h. */
#include "lib/forecast/past.h"

#include <assert.h>
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

static void append(struct past *past, double value)
{
	size_t count = past_count(past);

	medians_push(&past->medians, past_values(past) + count, count,
		     count == past->values.capacity, value);
	window_push(&past->values, value);
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
	append(past, value);
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

static void values_archive(struct archive *archive, struct past *past, size_t count)
{
	size_t capacity = past->values.capacity;
	size_t dropped = count > capacity ? count - capacity : 0;

	assert(capacity > 0);
	for (size_t i = 0; i < count && !archive->error; i++) {
		double value = archive_is_loading(archive) ? 0 : past_values(past)[i];

		archive_finite(archive, &value, 1);
		if (archive_is_loading(archive) && !archive->error && i >= dropped)
			append(past, value);
	}
	for (size_t i = 0; i < count && !archive->error; i++) {
		uint8_t *kept = &past->marks[(past->steps - count + i) % capacity];
		uint8_t mark = *kept;

		archive_value(archive, &mark);
		archive_check(archive, mark <= PAST_HOLE);
		if (!archive->error && i >= dropped)
			*kept = mark;
	}
}

void past_archive(struct archive *archive, struct past *past)
{
	size_t count = archive_count(archive, past_count(past), sizeof(double) + 1);

	archive_value(archive, &past->steps);
	archive_time(archive, &past->time_us);
	archive_finite(archive, &past->change, 1);
	archive_value(archive, &past->changes);
	archive_value(archive, &past->lowest);
	archive_check(archive, past->steps >= count && past->steps < UINT64_MAX / 2 &&
				       past->changes <= PAST_CHANGES && !isnan(past->lowest));
	if (!archive->error)
		values_archive(archive, past, count);
}
