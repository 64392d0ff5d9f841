/* The step of a stream, found from the times of its first samples. */
#ifndef LIB_SERIES_STEP_H
#define LIB_SERIES_STEP_H

#include <stddef.h>
#include <stdint.h>

#define STEP_LONGEST_US (INT64_C(1) << 44) /* 203 days */

enum { STEP_TIMES_MAX = 64 };

/*
 * The step of 2..STEP_TIMES_MAX distinct, ascending times: the median of their smaller
 * differences, made sharper by those of up to three steps. If a natural value (1 s, 5 s, 1 min, 1
 * h, ...) is within 2 %, it is that; else the fewest digits, up to three, within 1 %. Stands
 * bursts and, in more than 99 cases of 100, jitter of 5 % of a step to either side together with a
 * third of the samples missing. 1..STEP_LONGEST_US.
 */
int64_t step_find(const int64_t *times_us, size_t count);

/*
 * A grid point of `step_us` that suits the times: their median phase; a multiple of the step if
 * that is within 2 % of it. Stands jitter up to a quarter of a step to either side.
 */
int64_t step_point(const int64_t *times_us, size_t count, int64_t step_us);

#endif
