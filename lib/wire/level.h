/*
 * Levels of quantiles and intervals as text: the keys of a forecast message.
 */
#ifndef LIB_WIRE_LEVEL_H
#define LIB_WIRE_LEVEL_H

#include "rollcast/name.h"

enum { LEVEL_TEXT_MAX = 16 };

/*
 * The shortest decimal within 1e-10 of `level`, which is within 0 and 1: 0.025 is "0.025", and so is
 * 0.025000000000000022, which is what (1 - 0.95) / 2 gives. Returns its length.
 */
size_t level_write(double level, char text[LEVEL_TEXT_MAX]);

/* The level a text stands for; NaN if it is no decimal within 0 and 1. */
double level_read(struct rollcast_text text);

#endif
