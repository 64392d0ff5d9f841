/*
 * The window: the last N steps of a stream, oldest first and contiguous in memory.
 *
 * The buffer is twice as long as the window, which slides along it; at the end it is moved back to
 * the front. So a push costs one store, and every N pushes one memmove of N values.
 */
#ifndef LIB_SERIES_WINDOW_H
#define LIB_SERIES_WINDOW_H

#include <stddef.h>

struct window {
	double *values; /* [2 x capacity] */
	size_t capacity;
	size_t begin; /* of the oldest value */
	size_t count;
};

/* An empty window of `capacity` values. -EINVAL (no capacity, or too much), -ENOMEM. */
int window_init(struct window *window, size_t capacity);
void window_finish(struct window *window);

/* Appends a value (NaN: a hole); a full window drops its oldest one. */
void window_push(struct window *window, double value);

/* Another value in the place `back` steps before the newest one, which there must be. */
void window_replace(struct window *window, size_t back, double value);

/* window_count values, oldest first; borrowed until the next push. */
const double *window_values(const struct window *window);
size_t window_count(const struct window *window);

#endif
