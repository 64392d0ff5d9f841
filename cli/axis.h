/*
 * Marks of an axis: round numbers or times between two bounds, and how they are written. All marks of
 * an axis have the same unit and as many decimals as tell them apart.
 */
#ifndef CLI_AXIS_H
#define CLI_AXIS_H

#include <stddef.h>
#include <stdint.h>

#include "cli/human.h"

enum { AXIS_MARKS_MAX = 32, AXIS_TEXT_MAX = 32 };

struct axis_mark {
	double at;
	char text[AXIS_TEXT_MAX];
};

struct axis {
	struct axis_mark marks[AXIS_MARKS_MAX];
	size_t count;
};

/*
 * About `wanted` round values between `low` and `high`, in steps of 1, 2 or 5 times a power of ten of
 * the unit that suits the larger bound: `0`, `20`, `40`; `1.5Gi`, `2.0Gi`. None if the bounds are the
 * same or not finite.
 */
void axis_values(struct axis *axis, double low, double high, size_t wanted,
		 enum human_prefix prefix);

/*
 * The same for times in microseconds since 1970, in local time: `14:05:30`, `14:05`, `24 Nov`. A step
 * is a round number of seconds, minutes, hours or days.
 */
void axis_times(struct axis *axis, int64_t from_us, int64_t to_us, size_t wanted);

#endif
