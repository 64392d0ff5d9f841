/* Round marks, told apart. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "cli/axis.h"

static const char *join(const struct axis *axis)
{
	static char text[AXIS_MARKS_MAX * AXIS_TEXT_MAX];

	text[0] = '\0';
	for (size_t i = 0; i < axis->count; i++) {
		strcat(text, i ? " | " : "");
		strcat(text, axis->marks[i].text);
	}
	return text;
}

static void values_are_round_and_in_the_unit_of_the_largest(void **state)
{
	static const struct {
		double low, high;
		size_t wanted;
		enum human_prefix prefix;
		const char *marks;
	} rows[] = {
		{0, 100, 5, HUMAN_SI, "0 | 20 | 40 | 60 | 80 | 100"},
		{-1.2, 1.2, 4, HUMAN_SI, "-1 | 0 | 1"},
		{0.001, 0.0034, 3, HUMAN_SI, "0.001 | 0.002 | 0.003"},
		{0, 9000, 3, HUMAN_SI, "0 | 5000"},
		{0, 25000, 3, HUMAN_SI, "0 | 10k | 20k"},
		{1e6, 1000010, 3, HUMAN_SI, "1.000000M | 1.000005M | 1.000010M"},
		{1.4 * (1 << 30), 2.6 * (1 << 30), 3, HUMAN_IEC, "1.5Gi | 2.0Gi | 2.5Gi"},
		{0, 700, 2, HUMAN_IEC, "0 | 500"},
		{1e300, 2e300, 2, HUMAN_SI, "1e+282E | 1.5e+282E | 2e+282E"},
		{5, 5, 3, HUMAN_SI, ""},
		{NAN, 5, 3, HUMAN_SI, ""},
		{0, INFINITY, 3, HUMAN_SI, ""},
		{1, 1 + 1e-15, 3, HUMAN_SI, ""},
		{0, 1, 0, HUMAN_SI, ""},
	};
	struct axis axis;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		axis_values(&axis, rows[i].low, rows[i].high, rows[i].wanted, rows[i].prefix);
		assert_string_equal(join(&axis), rows[i].marks);
	}
}

static void marks_lie_within_the_bounds_and_differ(void **state)
{
	struct axis axis;

	(void)state;
	srand(1);
	for (int i = 0; i < 20000; i++) {
		double size = pow(10, rand() % 40 - 20),
		       low = (rand() / (double)RAND_MAX - 0.5) * size;
		double high = low + rand() / (double)RAND_MAX * pow(10, rand() % 40 - 20);

		axis_values(&axis, low, high, (size_t)(rand() % 12), i % 2 ? HUMAN_SI : HUMAN_IEC);
		for (size_t j = 0; j < axis.count; j++) {
			double room = 1e-6 * (high - low);

			assert_true(axis.marks[j].at >= low - room &&
				    axis.marks[j].at <= high + room);
			assert_true(!j || axis.marks[j].at > axis.marks[j - 1].at);
			assert_true(!j || strcmp(axis.marks[j].text, axis.marks[j - 1].text) != 0);
		}
	}
}

static void times_are_round_in_local_time(void **state)
{
	static const int64_t second = 1000000, noon = INT64_C(1700049600) * 1000000;
	static const struct {
		const char *zone;
		int64_t from, span;
		size_t wanted;
		const char *marks;
	} rows[] = {
		{"UTC0", 0, 90, 3, "12:00:00 | 12:00:30 | 12:01:00 | 12:01:30"},
		{"UTC0", 7, 3600, 3, "12:30 | 13:00"},
		{"NIL-5:30", 0, 86400, 3, "00:00 | 12:00"},
		{"UTC0", 0, 3 * 86400, 3, "16 Nov | 17 Nov | 18 Nov"},
		{"UTC0", 0, 0, 3, ""},
	};
	struct axis axis;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setenv("TZ", rows[i].zone, 1);
		tzset();
		axis_times(&axis, noon + rows[i].from * second,
			   noon + (rows[i].from + rows[i].span) * second, rows[i].wanted);
		assert_string_equal(join(&axis), rows[i].marks);
	}
	setenv("TZ", "UTC0", 1);
	tzset();
	axis_times(&axis, noon, noon + 1000000, 2);
	assert_string_equal(join(&axis), "12:00:00.0 | 12:00:00.5 | 12:00:01.0");
	axis_times(&axis, -1500000, 0, 2);
	assert_string_equal(join(&axis), "23:59:59 | 00:00:00");
	axis_times(&axis, noon, noon + 20 * 365 * 86400 * second, 3);
	assert_in_range(axis.count, 2, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_round_and_in_the_unit_of_the_largest),
		cmocka_unit_test(marks_lie_within_the_bounds_and_differ),
		cmocka_unit_test(times_are_round_in_local_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
