/*
 * Numbers as decimal text, in JSON's notation and whatever the locale is.
 */
#ifndef LIB_WIRE_NUMBER_H
#define LIB_WIRE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NUMBER_TEXT_MAX = 40 };

struct number {
	bool is_whole; /* neither point nor exponent, and it fits in 64 bits */
	bool is_negative;
	uint64_t magnitude; /* of a whole number */
	double real;	    /* in any case; infinite if it is too large for a double */
};

/*
 * Reads the number at `at` by JSON's grammar, to the nearest double. Returns behind it, or NULL if
 * there is none, or it has no end before `end` where one is needed ("1e").
 */
const char *number_read(const char *at, const char *end, struct number *ret_number);

/*
 * The shortest text within `digits` significant digits, up to 15, of a finite number. Returns its
 * length.
 */
size_t number_write(double number, int digits, char text[NUMBER_TEXT_MAX]);

/* A text that reads back as the same double. */
size_t number_write_exactly(double number, char text[NUMBER_TEXT_MAX]);

/* A whole number; `width`: with leading zeros to that many digits. `text` has room for 20 or them. */
size_t number_write_whole(int64_t number, int width, char *text);

#endif
