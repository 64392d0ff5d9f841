/* Levels as keys. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/wire/level.h"

static void levels_are_written_as_people_write_them(void **state)
{
	static const struct {
		double level;
		const char *text;
	} rows[] = {
		{0.5, "0.5"},
		{0.05, "0.05"},
		{0.95, "0.95"},
		{0.025, "0.025"},
		{0.975, "0.975"},
		{(1 - 0.95) / 2, "0.025"},
		{0.1 + 0.2, "0.3"},
		{1 - (1 - 0.9) / 2, "0.95"},
		{0.9995, "0.9995"},
		{0.0005, "0.0005"},
		{1.0 / 3, "0.3333333333"},
		{1e-9, "0.000000001"},
		{0.000125, "0.000125"},
		/* what is no level still makes a text within the bounds */
		{0, "0"},
		{1, "1"},
		{-3, "0"},
		{7, "1"},
		{NAN, "0"},
		{1e-300, "0"},
		{1 - 1e-13, "1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[LEVEL_TEXT_MAX];
		size_t length = level_write(rows[i].level, text);

		if (length != strlen(rows[i].text) || memcmp(text, rows[i].text, length))
			fail_msg("%.17g: \"%.*s\" instead of \"%s\"", rows[i].level, (int)length,
				 text, rows[i].text);
	}
}

static void levels_read_back_as_the_nearest_double(void **state)
{
	(void)state;
	for (int i = 1; i < 10000; i++) {
		double level = i / 10000.0;
		char text[LEVEL_TEXT_MAX];

		assert_true(level_read((struct rollcast_text){text, level_write(level, text)}) ==
			    level);
	}
}

static void what_is_no_level_is_not_read(void **state)
{
	static const char *const texts[] = {"",
					    ".",
					    ".5",
					    "0.",
					    "1.5",
					    "2",
					    "-0.5",
					    "0.5x",
					    "0.5 ",
					    "0..5",
					    "0.5.5",
					    "nan",
					    "inf",
					    "1e-1",
					    "0,5",
					    "00.5",
					    "0.00000000000000001"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!isnan(level_read((struct rollcast_text){texts[i], strlen(texts[i])})))
			fail_msg("\"%s\" was read", texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_are_written_as_people_write_them),
		cmocka_unit_test(levels_read_back_as_the_nearest_double),
		cmocka_unit_test(what_is_no_level_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
