/* The daemon's only clocks. */
#ifndef DAEMON_BASE_CLOCK_H
#define DAEMON_BASE_CLOCK_H

#include <stdint.h>

/* Microseconds since the epoch. */
int64_t clock_wall_us(void);

/* Microseconds that only ever grow. */
int64_t clock_monotonic_us(void);

#endif
