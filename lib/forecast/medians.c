/* Sorted widths: see medians.h. */
#include "lib/forecast/medians.h"

#include <string.h>

/* Index of the first of `count` values that is not below `value`. */
static size_t place_of(const double *sorted, size_t count, double value)
{
	size_t place = 0;

	while (place < count && sorted[place] < value)
		place++;
	return place;
}

void medians_push(struct medians *medians, const double *end, size_t available, size_t drop,
		  double value)
{
	double *sorted = medians->sorted;

	for (uint32_t i = 0; i < MEDIANS; sorted += medians_widths[i++]) {
		size_t width = medians_widths[i];
		size_t count = available < width ? available : width;
		size_t to = place_of(sorted, count, value), from = count;

		if (count == width)
			from = place_of(sorted, count, end[-(ptrdiff_t)width]);
		else if (drop)
			from = place_of(sorted, count, end[-(ptrdiff_t)available]);
		if (to <= from)
			memmove(sorted + to + 1, sorted + to, (from - to) * sizeof(*sorted));
		else
			memmove(sorted + from, sorted + from + 1, (--to - from) * sizeof(*sorted));
		sorted[to] = value;
	}
}

double medians_of(const struct medians *medians, uint32_t index, size_t available)
{
	const double *sorted = medians->sorted;
	size_t count = available < medians_widths[index] ? available : medians_widths[index];

	for (uint32_t i = 0; i < index; i++)
		sorted += medians_widths[i];
	if (count == 0)
		return 0;
	return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}
