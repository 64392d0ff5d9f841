/*
 * Decimal numbers. Most have up to 15 digits and small exponents: there a double holds the digits as
 * a whole number, and one multiplication or division by a power of ten, which is exact too, rounds
 * once and so to the nearest double (Clinger 1990). The rest is left to the C library, in a notation
 * without a decimal point, which the locale could change.
 */
#include "lib/wire/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POWER_MAX = 22, EXPONENT_MAX = 100000, DIGITS_EXACT = 15 };

/* The powers of ten that a double holds. */
static const double powers[POWER_MAX + 1] = {
	1e0,  1e1,  1e2,  1e3,	1e4,  1e5,  1e6,  1e7,	1e8,  1e9,  1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

static bool is_digit(const char *at, const char *end)
{
	return at < end && *at >= '0' && *at <= '9';
}

/* The digits of a number as they are taken: magnitude x 10^exponent. */
struct digits {
	uint64_t magnitude;
	int exponent;
	bool overflow; /* there are more digits than the magnitude holds */
};

static const char *digits_take(const char *at, const char *end, int shift, struct digits *digits)
{
	for (; is_digit(at, end); at++) {
		uint64_t more;

		if (digits->overflow || __builtin_mul_overflow(digits->magnitude, 10, &more) ||
		    __builtin_add_overflow(more, (uint64_t)(*at - '0'), &more)) {
			/* What does not fit is below the last place of a double. */
			digits->overflow = true;
			digits->exponent += digits->exponent < EXPONENT_MAX ? 1 - shift : 0;
		} else {
			digits->magnitude = more;
			digits->exponent -= digits->exponent > -EXPONENT_MAX ? shift : 0;
		}
	}
	return at;
}

static const char *exponent_take(const char *at, const char *end, struct digits *digits)
{
	bool negative = at < end && *at == '-';
	int exponent = 0;

	if (at < end && (*at == '-' || *at == '+'))
		at++;
	if (!is_digit(at, end))
		return NULL;
	for (; is_digit(at, end); at++)
		exponent = exponent < EXPONENT_MAX ? 10 * exponent + (*at - '0') : exponent;
	digits->exponent += negative ? -exponent : exponent;
	return at;
}

static double digits_value(const struct digits *digits)
{
	char text[NUMBER_TEXT_MAX];

	if (digits->magnitude <= UINT64_C(1) << 53) {
		if (digits->exponent >= 0 && digits->exponent <= POWER_MAX)
			return (double)digits->magnitude * powers[digits->exponent];
		if (digits->exponent < 0 && digits->exponent >= -POWER_MAX)
			return (double)digits->magnitude / powers[-digits->exponent];
	}
	snprintf(text, sizeof text, "%llue%d", (unsigned long long)digits->magnitude,
		 digits->exponent);
	return strtod(text, NULL);
}

const char *number_read(const char *at, const char *end, struct number *ret_number)
{
	struct digits digits = {0};
	bool is_negative = at < end && *at == '-';
	bool is_whole = true;

	at += is_negative;
	if (!is_digit(at, end) || (*at == '0' && is_digit(at + 1, end)))
		return NULL;
	at = digits_take(at, end, 0, &digits);
	if (at < end && *at == '.') {
		is_whole = false;
		if (!is_digit(at + 1, end))
			return NULL;
		at = digits_take(at + 1, end, 1, &digits);
	}
	if (at < end && (*at == 'e' || *at == 'E')) {
		is_whole = false;
		at = exponent_take(at + 1, end, &digits);
		if (!at)
			return NULL;
	}
	ret_number->is_whole = is_whole && !digits.overflow;
	ret_number->is_negative = is_negative;
	ret_number->magnitude = digits.magnitude;
	ret_number->real =
		is_whole && !digits.overflow ? (double)digits.magnitude : digits_value(&digits);
	if (is_negative)
		ret_number->real = -ret_number->real;
	return at;
}

size_t number_write_whole(int64_t number, int width, char *text)
{
	uint64_t magnitude = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char reversed[NUMBER_TEXT_MAX];
	int count = 0;
	size_t length = 0;

	do {
		reversed[count++] = (char)('0' + magnitude % 10);
		magnitude /= 10;
	} while (magnitude);
	while (count < width)
		reversed[count++] = '0';
	if (number < 0)
		text[length++] = '-';
	while (count)
		text[length++] = reversed[--count];
	return length;
}

/* By the C library, with exponents; only its decimal point is the locale's. */
static size_t write_printf(double number, int digits, char text[NUMBER_TEXT_MAX])
{
	size_t length = (size_t)snprintf(text, NUMBER_TEXT_MAX, "%.*g", digits, number);

	for (size_t i = 0; i < length; i++)
		if (!strchr("0123456789+-e", text[i]))
			text[i] = '.';
	return length;
}

/* `magnitude` / 10^decimals, without zeros at its end. */
static size_t write_decimal(bool is_negative, uint64_t magnitude, int decimals,
			    char text[NUMBER_TEXT_MAX])
{
	uint64_t scale;
	size_t length = 0;

	for (; decimals > 0 && magnitude % 10 == 0; decimals--)
		magnitude /= 10;
	scale = (uint64_t)powers[decimals];
	if (is_negative)
		text[length++] = '-';
	length += number_write_whole((int64_t)(magnitude / scale), 1, text + length);
	if (!decimals)
		return length;
	text[length++] = '.';
	return length + number_write_whole((int64_t)(magnitude % scale), decimals, text + length);
}

size_t number_write(double number, int digits, char text[NUMBER_TEXT_MAX])
{
	double magnitude = fabs(number);
	int decimals = digits;

	if (magnitude == 0) {
		text[0] = '0';
		return 1;
	}
	if (magnitude < 1e-3 || magnitude >= powers[digits])
		return write_printf(number, digits, text);
	for (double bound = 1; decimals > 0 && magnitude >= bound; bound *= 10)
		decimals--;
	/* Below 1 the zeros behind the point are no digits: that costs up to three of them. */
	return write_decimal(number < 0, (uint64_t)llrint(magnitude * powers[decimals]), decimals,
			     text);
}

size_t number_write_exactly(double number, char text[NUMBER_TEXT_MAX])
{
	size_t length = number_write(number, DIGITS_EXACT, text);
	struct number read;

	if (number_read(text, text + length, &read) && read.real == number)
		return length;
	return write_printf(number, 17, text);
}
