/*
 * Levels as text. Subscribers look quantiles up by key, so that a key must be the number people
 * write and not depend on how the level was computed, nor on the locale as printf would.
 */
#include "lib/wire/level.h"

#include <math.h>

enum { DIGITS_MAX = 10 };

size_t level_write(double level, char text[LEVEL_TEXT_MAX])
{
	double scale = 1;
	long long digits;
	size_t length = 0, decimals = 0;

	level = level > 0 ? fmin(level, 1) : 0;
	while (decimals < DIGITS_MAX && fabs(rint(level * scale) / scale - level) > 1e-10) {
		decimals++;
		scale *= 10;
	}
	digits = llrint(level * scale);
	text[length++] = digits >= (long long)scale ? '1' : '0';
	if (!decimals)
		return length;
	text[length] = '.';
	for (size_t i = decimals; i; i--, digits /= 10)
		text[length + i] = (char)('0' + digits % 10);
	return length + 1 + decimals;
}

double level_read(struct rollcast_text text)
{
	double digits = 0, scale = 1;

	if (!text.length || text.length > LEVEL_TEXT_MAX || text.bytes[text.length - 1] == '.')
		return NAN;
	for (size_t i = 0; i < text.length; i++) {
		char byte = text.bytes[i];

		if (i == 1 && byte == '.')
			continue;
		if (byte < '0' || byte > '9')
			return NAN;
		digits = 10 * digits + (byte - '0');
		scale *= i > 1 ? 10 : 1;
	}
	/* Both are whole and below 2^53: the quotient is the double next to the decimal. */
	return digits <= scale ? digits / scale : NAN;
}
