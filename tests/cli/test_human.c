/* Numbers for people, and bars for them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/human.h"

static void numbers_have_four_digits_and_a_suffix(void **state)
{
	static const struct {
		double value;
		enum human_prefix prefix;
		const char *text;
	} cases[] = {
		{0, HUMAN_SI, "0"},
		{5, HUMAN_SI, "5"},
		{-5, HUMAN_SI, "-5"},
		{0.123456, HUMAN_SI, "0.1235"},
		{1.5, HUMAN_SI, "1.500"},
		{12.3456, HUMAN_SI, "12.35"},
		{123.456, HUMAN_SI, "123.5"},
		{9999, HUMAN_SI, "9999"},
		{10000, HUMAN_SI, "10.00k"},
		{1234.5, HUMAN_SI, "1.234k"},
		{-1234567, HUMAN_SI, "-1.235M"},
		/* what rounds up to the next suffix takes it */
		{999.96, HUMAN_SI, "1.000k"},
		{999999, HUMAN_SI, "1.000M"},
		{9.9999, HUMAN_SI, "10.00"},
		{1e18, HUMAN_SI, "1.000E"},
		{1e30, HUMAN_SI, "1e+30"},
		{1e-7, HUMAN_SI, "1e-07"},
		{1024, HUMAN_IEC, "1024"},
		{16384, HUMAN_IEC, "16.00Ki"},
		{1023.4 * 1024, HUMAN_IEC, "1023Ki"},
		{24319148.0 * 1024, HUMAN_IEC, "23.19Gi"},
		{NAN, HUMAN_SI, "-"},
		{INFINITY, HUMAN_SI, "inf"},
		{-INFINITY, HUMAN_SI, "-inf"},
	};
	char text[HUMAN_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(human_number(cases[i].value, cases[i].prefix, text),
				    cases[i].text);
}

static void bytes_are_counted_by_1024_whatever_the_labels_say(void **state)
{
	(void)state;
	assert_int_equal(human_prefix_of("host_memory_used_bytes"), HUMAN_IEC);
	assert_int_equal(human_prefix_of("rx_bytes_per_second{device=\"eth0\"}"), HUMAN_IEC);
	assert_int_equal(human_prefix_of("requests{unit=\"bytes\"}"), HUMAN_SI);
}

static void fractions_are_percent_and_ages_have_one_unit(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} ages[] = {
		{-1, "0s"},   {0, "0s"},      {59, "59s"},   {60, "1m"},	{3599, "59m"},
		{3600, "1h"}, {86399, "23h"}, {86400, "1d"}, {8640000, "100d"},
	};
	char text[HUMAN_TEXT_MAX];

	(void)state;
	assert_string_equal(human_percent(0.1234, text), "12.3%");
	assert_string_equal(human_percent(-0.045, text), "-4.5%");
	assert_string_equal(human_percent(-123456, text), "-1.23e+07%");
	assert_string_equal(human_percent(NAN, text), "-");
	for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++)
		assert_string_equal(human_age(ages[i].seconds * 1000000, text), ages[i].text);
}

static void bars_span_the_range_from_low_to_high(void **state)
{
	static const double rising[] = {0, 1, 2, 3, 4, 5, 6, 7};
	char text[SPARKLINE_SIZE(8)];

	(void)state;
	assert_int_equal(sparkline(rising, 8, 8, 0, 8, text), 8);
	assert_string_equal(text, "▁▂▃▄▅▆▇█");
	assert_int_equal(sparkline(rising, 8, 8, 0, 7, text), 8);
	assert_string_equal(text, "▁▂▃▄▅▆▇█");
}

static void neighbours_share_a_cell_when_there_are_more_values_than_cells(void **state)
{
	static const double values[] = {0, 0, 8, 8, 0, NAN, NAN, NAN};
	char text[SPARKLINE_SIZE(4)];

	(void)state;
	assert_int_equal(sparkline(values, 8, 4, 0, 8, text), 4);
	assert_string_equal(text, "▁█▁ ");
	assert_int_equal(sparkline(values, 1, 4, 0, 8, text), 1);
	assert_string_equal(text, "▁");
	assert_int_equal(sparkline(values, 0, 4, 0, 8, text), 0);
	assert_string_equal(text, "");
}

static void a_flat_line_and_values_outside_the_range_have_bars_too(void **state)
{
	static const double flat[] = {3, 3, 3}, wild[] = {-1e300, 1e300, INFINITY};
	char text[SPARKLINE_SIZE(3)];

	(void)state;
	sparkline(flat, 3, 3, 3, 3, text);
	assert_string_equal(text, "▄▄▄");
	sparkline(wild, 3, 3, 0, 1, text);
	assert_string_equal(text, "▁█ ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_four_digits_and_a_suffix),
		cmocka_unit_test(bytes_are_counted_by_1024_whatever_the_labels_say),
		cmocka_unit_test(fractions_are_percent_and_ages_have_one_unit),
		cmocka_unit_test(bars_span_the_range_from_low_to_high),
		cmocka_unit_test(neighbours_share_a_cell_when_there_are_more_values_than_cells),
		cmocka_unit_test(a_flat_line_and_values_outside_the_range_have_bars_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
