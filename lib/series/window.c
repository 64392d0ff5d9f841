/* The window slides along a buffer of twice its length: see window.h. */
#include "lib/series/window.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int window_init(struct window *window, size_t capacity)
{
	if (capacity == 0 || capacity > SIZE_MAX / 2 / sizeof(double))
		return -EINVAL;
	/* Not cleared: pages that a young stream has not reached cost no memory. */
	double *values = malloc(2 * capacity * sizeof(*values));
	if (!values)
		return -ENOMEM;
	*window = (struct window){.values = values, .capacity = capacity};
	return 0;
}

void window_finish(struct window *window)
{
	free(window->values);
	*window = (struct window){0};
}

void window_push(struct window *window, double value)
{
	if (window->count == window->capacity) {
		window->begin++;
		window->count--;
	}
	if (window->begin + window->count == 2 * window->capacity) {
		memmove(window->values, window->values + window->begin,
			window->count * sizeof(*window->values));
		window->begin = 0;
	}
	window->values[window->begin + window->count++] = value;
}

void window_replace(struct window *window, size_t back, double value)
{
	window->values[window->begin + window->count - 1 - back] = value;
}

const double *window_values(const struct window *window)
{
	return window->values + window->begin;
}

size_t window_count(const struct window *window)
{
	return window->count;
}
