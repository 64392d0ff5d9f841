/*
 * Medians of the latest values over some widths, kept sorted from step to step: a new value takes the
 * place of the one that falls out, and costs a memmove between the two instead of a sort.
 */
#ifndef LIB_FORECAST_MEDIANS_H
#define LIB_FORECAST_MEDIANS_H

#include <stddef.h>
#include <stdint.h>

enum { MEDIANS = 5, MEDIANS_VALUES = 3 + 6 + 12 + 24 + 48 };
static const uint32_t medians_widths[MEDIANS] = {3, 6, 12, 24, 48};

struct medians {
	double sorted
		[MEDIANS_VALUES]; /* those of the widths, one after the other, each ascending */
};

/*
 * The newest value comes after `end`, before which there are `available`, of which the oldest `drop` (0 or
 * 1) go. All zero before the first.
 */
void medians_push(struct medians *medians, const double *end, size_t available, size_t drop,
		  double value);

/* The median over medians_widths[index] of the `available` values; 0 if there is none. */
double medians_of(const struct medians *medians, uint32_t index, size_t available);

#endif
