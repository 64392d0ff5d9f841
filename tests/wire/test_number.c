/* Numbers as text: read to the nearest double, written short, and back. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/wire/number.h"

static void reads_the_nearest_double(void **state)
{
	/* What the C library reads is the reference. */
	static const char *const texts[] = {
		"0",
		"-0",
		"1",
		"-1",
		"12.5",
		"0.1",
		"1e3",
		"1E+3",
		"1e-3",
		"-1.5e-7",
		"9007199254740992",
		"9007199254740993",
		"9007199254740993.0",
		"1.7976931348623157e308",
		"1e309",
		"-1e309",
		"5e-324",
		"2e-324",
		"1e-400",
		"0e999999999",
		"1e999999999",
		"1e-999999999",
		"0.10000000000000001",
		"123456789012345678901234567890",
		"0.000000000000000000000000000000123456789",
		"3.141592653589793",
		"1e22",
		"1e23",
		"18446744073709551615",
		"18446744073709551616",
		"1.00000000000000000000000000000001",
		"2.2250738585072011e-308",
		"8.5e22",
		"0.30000000000000004",
		"100000000000000000000000e-23",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const char *end = texts[i] + strlen(texts[i]);
		struct number number;

		if (number_read(texts[i], end, &number) != end)
			fail_msg("%s was not read", texts[i]);
		if (number.real != strtod(texts[i], NULL))
			fail_msg("%s: %.17g", texts[i], number.real);
	}
}

static void whole_numbers_keep_all_of_their_digits(void **state)
{
	static const struct {
		const char *text;
		bool is_whole, is_negative;
		uint64_t magnitude;
	} rows[] = {
		{"1700000000123456789", true, false, 1700000000123456789},
		{"-9223372036854775808", true, true, UINT64_C(9223372036854775808)},
		{"18446744073709551615", true, false, UINT64_MAX},
		{"18446744073709551616", false, false, 0},
		{"1.0", false, false, 0},
		{"1e2", false, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct number number;

		assert_non_null(
			number_read(rows[i].text, rows[i].text + strlen(rows[i].text), &number));
		assert_int_equal(number.is_whole, rows[i].is_whole);
		if (!number.is_whole)
			continue;
		assert_int_equal(number.is_negative, rows[i].is_negative);
		assert_true(number.magnitude == rows[i].magnitude);
	}
}

static void stops_behind_a_number_and_reads_none_where_there_is_none(void **state)
{
	static const struct {
		const char *text;
		int length; /* -1: none */
	} rows[] = {
		{"1,", 1},   {"1.5]", 3}, {"1e5x", 3}, {"12i", 2},  {"0x1", 1},	  {"", -1},
		{"-", -1},   {"+1", -1},  {".5", -1},  {"1.", -1},  {"1.e5", -1}, {"1e", -1},
		{"1e+", -1}, {"01", -1},  {"-01", -1}, {"inf", -1}, {"NaN", -1},  {"--1", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct number number;
		const char *end = rows[i].text + strlen(rows[i].text);
		const char *behind = number_read(rows[i].text, end, &number);

		if ((behind ? (int)(behind - rows[i].text) : -1) != rows[i].length)
			fail_msg("\"%s\"", rows[i].text);
	}
}

static void writes_short_texts(void **state)
{
	static const struct {
		double number;
		int digits;
		const char *text;
	} rows[] = {
		{0, 12, "0"},
		{-0.0, 12, "0"},
		{1, 12, "1"},
		{-1.5, 12, "-1.5"},
		{100, 12, "100"},
		{0.1 + 0.2, 12, "0.3"},
		{100 + 1 / 3.0, 12, "100.333333333"},
		{0.001, 12, "0.001"},
		{99999999999.75, 12, "99999999999.8"},
		{999999999999.75, 12, "1000000000000"},
		{123456789012345, 15, "123456789012345"},
		{1e15, 15, "1e+15"},
		{1e-7, 12, "1e-07"},
		{1.5e300, 12, "1.5e+300"},
		{0.9999999999999, 12, "1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[NUMBER_TEXT_MAX];
		size_t length = number_write(rows[i].number, rows[i].digits, text);

		if (length != strlen(rows[i].text) || memcmp(text, rows[i].text, length))
			fail_msg("%.17g: \"%.*s\" instead of \"%s\"", rows[i].number, (int)length,
				 text, rows[i].text);
	}
}

static void writes_whole_numbers(void **state)
{
	char text[NUMBER_TEXT_MAX];

	(void)state;
	assert_int_equal(number_write_whole(INT64_MIN, 1, text), 20);
	assert_memory_equal(text, "-9223372036854775808", 20);
	assert_int_equal(number_write_whole(42, 6, text), 6);
	assert_memory_equal(text, "000042", 6);
	assert_int_equal(number_write_whole(0, 1, text), 1);
	assert_memory_equal(text, "0", 1);
}

/* A small generator of its own, so that a failure can be repeated: xorshift64*. */
static uint64_t draw(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 0x2545f4914f6cdd1d;
}

static void what_is_written_exactly_reads_back_the_same(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint64_t bits = draw(&seed);
		struct number read;
		char text[NUMBER_TEXT_MAX];
		double number;
		size_t length;

		/* Any bits, decimals as people write them, and sums of those. */
		memcpy(&number, &bits, sizeof number);
		if (i % 3)
			number = (double)(int32_t)bits / 1000 + (i % 3 == 2 ? 1 / 3.0 : 0);
		if (!isfinite(number))
			continue;
		length = number_write_exactly(number, text);
		if (number_read(text, text + length, &read) != text + length || read.real != number)
			fail_msg("%.17g: \"%.*s\"", number, (int)length, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_nearest_double),
		cmocka_unit_test(whole_numbers_keep_all_of_their_digits),
		cmocka_unit_test(stops_behind_a_number_and_reads_none_where_there_is_none),
		cmocka_unit_test(writes_short_texts),
		cmocka_unit_test(writes_whole_numbers),
		cmocka_unit_test(what_is_written_exactly_reads_back_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
