#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/series/step.h"

#define S 1000000.0

enum { TIMES = 10 };

static void steps_are_found_from_times(void **state)
{
	(void)state;
	const struct {
		const char *what;
		double times_s[TIMES];
		size_t count;
		double step_s;
	} cases[] = {
		{"exact", {0, 10, 20, 30, 40, 50, 60, 70, 80, 90}, 10, 10},
		{"jitter", {0.3, 9.8, 20.4, 29.1, 41, 50.2, 59.7, 70.1, 80.8, 89.6}, 10, 10},
		{"a third missing", {0, 10, 30, 40, 70, 80, 90, 110, 120, 130}, 10, 10},
		{"jitter and missing",
		 {0.4, 9.7, 30.2, 39.5, 70.3, 80.4, 89.6, 110, 120, 130},
		 10,
		 10},
		{"two senders", {0, 0.001, 10, 10.001, 20, 20.001, 30, 30.001, 40, 40.001}, 10, 10},
		{"three senders",
		 {0, 0.001, 0.002, 10, 10.001, 10.002, 20, 20.001, 20.002, 30},
		 10,
		 10},
		{"a long pause", {0, 10, 20, 30, 4000, 4010, 4020, 4030, 4040, 4050}, 10, 10},
		{"1.5 % too long", {0, 10.15, 20.3, 30.45, 40.6}, 5, 10},
		{"no natural value", {0, 7.003, 14, 20.998, 28.001}, 5, 7},
		{"two digits", {0, 1.203, 2.405, 3.604}, 4, 1.2},
		{"three digits", {0, 12.5, 25, 37.5}, 4, 12.5},
		{"no natural value, long", {0, 1234567, 2469134}, 3, 1230000},
		{"milliseconds", {0, 0.005, 0.01, 0.015}, 4, 0.005},
		{"two times", {-100, -40}, 2, 60},
		{"a microsecond", {0, 1e-6, 2e-6}, 3, 1e-6},
		{"nearly nothing else than the longest", {0, 1e12}, 2, 17592186.044416},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t times_us[TIMES];
		for (size_t k = 0; k < cases[i].count; k++)
			times_us[k] = llround(cases[i].times_s[k] * S);
		int64_t step_us = step_find(times_us, cases[i].count);
		if (step_us != llround(cases[i].step_s * S))
			print_error("%s: %g s\n", cases[i].what, (double)step_us / S);
		assert_int_equal(step_us, llround(cases[i].step_s * S));
	}
}

/* Uniform in [-1, 1): a linear congruential generator, so that every run is the same. */
static double noise(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(int64_t)*seed / 9223372036854775808.0;
}

static void jitter_and_missing_samples_hide_neither_step_nor_phase(void **state)
{
	(void)state;
	const double steps_s[] = {1, 5, 10, 60, 3600, 86400};
	uint64_t seed = 1;
	int steps_wrong = 0, phases_wrong = 0;
	for (int trial = 0; trial < 6000; trial++) {
		double step = steps_s[trial % 6] * S;
		double phase = step * (trial % 2 ? 0.3 : 0);
		int64_t times_us[TIMES];
		double at = 1e6 * step;
		for (int i = 0; i < TIMES; i++, at += step) {
			while (noise(&seed) < -0.4)
				at += step;
			times_us[i] = llround(at + phase + 0.05 * step * noise(&seed));
		}
		int64_t step_us = step_find(times_us, TIMES);
		steps_wrong += step_us != llround(step);
		if (step_us == llround(step)) {
			int64_t point_us = step_point(times_us, TIMES, step_us);
			double off = remainder((double)(point_us % step_us) - phase, step);
			phases_wrong += fabs(off) > 0.05 * step;
		}
	}
	/* Seven of nine differences over more than one step are no rarer than one in 230. */
	assert_true(steps_wrong <= 6000 / 150);
	assert_int_equal(phases_wrong, 0);
}

static void points_near_a_multiple_of_the_step_become_it(void **state)
{
	(void)state;
	const struct {
		int64_t times_us[3], point_us;
	} cases[] = {
		{{1000, 2000, 3000}, 1000}, {{1015, 2015, 3015}, 1000}, {{985, 1985, 2985}, 1000},
		{{1300, 2300, 3300}, 1300}, {{-1010, -20, 990}, -1000}, {{-1300, -300, 700}, -1300},
		{{1500, 2490, 3510}, 1500},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(step_point(cases[i].times_us, 3, 1000), cases[i].point_us);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_found_from_times),
		cmocka_unit_test(jitter_and_missing_samples_hide_neither_step_nor_phase),
		cmocka_unit_test(points_near_a_multiple_of_the_step_become_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
