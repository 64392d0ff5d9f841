#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/series/season.h"

#define S      INT64_C(1000000)
#define MINUTE (60 * S)
#define HOUR   (3600 * S)

enum { TRIALS = 100, COUNT_MAX = 20000 };

static double values[COUNT_MAX];

static double uniform(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return ((double)(*seed >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *seed)
{
	double u = uniform(seed), v = uniform(seed);
	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

/* A kind of series: the value at step i; `memory` is kept from step to step, 0 at first. */
typedef double make(size_t i, double *memory, uint64_t *seed);

static double wave(size_t i, double period)
{
	return sin(2 * M_PI * (double)i / period);
}

static double noise(size_t i, double *memory, uint64_t *seed)
{
	(void)i, (void)memory;
	return normal(seed);
}

static double trend(size_t i, double *memory, uint64_t *seed)
{
	(void)memory;
	return 0.05 * (double)i + normal(seed);
}

static double curved_trend(size_t i, double *memory, uint64_t *seed)
{
	(void)memory;
	return exp(0.003 * (double)i) + 0.1 * normal(seed);
}

static double random_walk(size_t i, double *memory, uint64_t *seed)
{
	(void)i;
	return *memory += normal(seed);
}

static double slow_return(size_t i, double *memory, uint64_t *seed)
{
	(void)i;
	return *memory = 0.95 * *memory + normal(seed);
}

static double level_shifts(size_t i, double *memory, uint64_t *seed)
{
	if (i % 397 == 0)
		*memory = 10 * normal(seed);
	return *memory + normal(seed);
}

static double day_in_hours(size_t i, double *memory, uint64_t *seed)
{
	(void)memory;
	return 2 * wave(i, 24) + normal(seed);
}

static double day_in_minutes_of_five(size_t i, double *memory, uint64_t *seed)
{
	(void)memory;
	return 2 * wave(i, 288) + normal(seed);
}

static double day_over_a_random_walk(size_t i, double *memory, uint64_t *seed)
{
	*memory += 0.3 * normal(seed);
	return *memory + 5 * wave(i, 24) + 0.5 * normal(seed);
}

static double day_and_week_in_hours(size_t i, double *memory, uint64_t *seed)
{
	(void)memory;
	return 2 * wave(i, 24) - 2 * (i / 24 % 7 >= 5) + 0.5 * normal(seed);
}

static double hourly_burst(size_t i, double *memory, uint64_t *seed)
{
	(void)memory;
	return (i % 12 == 7 ? 8 : 0) + normal(seed);
}

static double hourly_burst_of_a_flat_line(size_t i, double *memory, uint64_t *seed)
{
	(void)memory, (void)seed;
	return i % 60 == 7 ? 100 : 1;
}

static double day_with_a_giant_burst(size_t i, double *memory, uint64_t *seed)
{
	(void)memory;
	return i % 331 == 100 ? 1e6 : 100 + 10 * wave(i, 24) + 3 * normal(seed);
}

static double day_with_holes(size_t i, double *memory, uint64_t *seed)
{
	(void)memory;
	return (i > 300 && i < 350) || uniform(seed) < 0.1 ? NAN : wave(i, 24) + 0.3 * normal(seed);
}

static double every_37_steps(size_t i, double *memory, uint64_t *seed)
{
	(void)memory;
	return 2 * wave(i, 37) + normal(seed);
}

static double every_3700_steps(size_t i, double *memory, uint64_t *seed)
{
	(void)memory;
	return 2 * wave(i, 3700) + normal(seed);
}

static double day_on_a_growing_trend(size_t i, double *memory, uint64_t *seed)
{
	(void)memory;
	return 1e6 + 3 * (double)i + 200 * wave(i, 24) + 50 * normal(seed);
}

static double constant(size_t i, double *memory, uint64_t *seed)
{
	(void)i, (void)memory, (void)seed;
	return 1e9;
}

static double holes_only(size_t i, double *memory, uint64_t *seed)
{
	(void)i, (void)memory, (void)seed;
	return NAN;
}

struct expectation {
	const char *what;
	make *make;
	size_t count;
	int64_t step_us;
	uint32_t periods[ROLLCAST_SEASONS_MAX];
	int at_least; /* of TRIALS in which exactly these periods are found */
};

static bool is_expected(const struct expectation *e, const uint32_t *periods, int found)
{
	for (int i = 0; i < ROLLCAST_SEASONS_MAX; i++)
		if ((i < found ? periods[i] : 0) != e->periods[i])
			return false;
	return true;
}

static void check_expectation(const struct expectation *e)
{
	int right = 0;
	for (uint64_t trial = 0; trial < TRIALS; trial++) {
		uint64_t seed = trial * 7919 + 1;
		double memory = 0;
		uint32_t periods[ROLLCAST_SEASONS_MAX] = {0};
		for (size_t i = 0; i < e->count; i++)
			values[i] = e->make(i, &memory, &seed);
		int found = season_find(values, e->count, e->step_us, periods);
		assert_in_range(found, 0, ROLLCAST_SEASONS_MAX);
		right += is_expected(e, periods, found);
	}
	print_message("%s: %d of %d\n", e->what, right, TRIALS);
	assert_true(right >= e->at_least);
}

static void what_has_no_season_shows_none(void **state)
{
	(void)state;
	const struct expectation expectations[] = {
		{"noise, hours", noise, 2000, HOUR, {0}, 95},
		{"noise, 5 minutes", noise, 2000, 5 * MINUTE, {0}, 95},
		{"trend", trend, 2000, HOUR, {0}, 95},
		{"trend, 5 minutes", trend, 2000, 5 * MINUTE, {0}, 95},
		{"curved trend", curved_trend, 2000, HOUR, {0}, 95},
		{"random walk, hours", random_walk, 2000, HOUR, {0}, 90},
		{"random walk, 5 minutes", random_walk, 2000, 5 * MINUTE, {0}, 90},
		{"random walk, short", random_walk, 100, HOUR, {0}, 90},
		{"slow return", slow_return, 2000, HOUR, {0}, 90},
		{"level shifts", level_shifts, 2000, HOUR, {0}, 90},
		{"constant", constant, 500, HOUR, {0}, 100},
		{"holes only", holes_only, 500, HOUR, {0}, 100},
		{"too short", day_in_hours, 7, HOUR, {0}, 100},
		{"one day of days", day_in_hours, 40, HOUR, {0}, 95},
	};
	for (size_t i = 0; i < sizeof(expectations) / sizeof(*expectations); i++)
		check_expectation(&expectations[i]);
}

static void natural_seasons_are_found(void **state)
{
	(void)state;
	const struct expectation expectations[] = {
		{"day, hours", day_in_hours, 24 * 14, HOUR, {24}, 95},
		{"day, 5 days", day_in_hours, 24 * 5, HOUR, {24}, 90},
		{"day, 5 minutes", day_in_minutes_of_five, 288 * 7, 5 * MINUTE, {288}, 95},
		{"day over a random walk", day_over_a_random_walk, 24 * 28, HOUR, {24}, 95},
		{"day and week", day_and_week_in_hours, 168 * 6, HOUR, {24, 168}, 95},
		{"hourly burst", hourly_burst, 2000, 5 * MINUTE, {12}, 95},
		{"hourly burst of a flat line",
		 hourly_burst_of_a_flat_line,
		 2000,
		 MINUTE,
		 {60},
		 100},
		{"day with a giant burst", day_with_a_giant_burst, 24 * 28, HOUR, {24}, 95},
		{"day with holes", day_with_holes, 24 * 28, HOUR, {24}, 95},
		{"day on a trend", day_on_a_growing_trend, 24 * 28, HOUR, {24}, 95},
	};
	for (size_t i = 0; i < sizeof(expectations) / sizeof(*expectations); i++)
		check_expectation(&expectations[i]);
}

static void a_season_of_no_natural_length_is_found_by_its_peak(void **state)
{
	(void)state;
	const struct expectation e = {"37 steps", every_37_steps, 1000, MINUTE, {37}, 95};
	check_expectation(&e);
}

static void a_long_season_is_found_among_means(void **state)
{
	(void)state;
	int found = 0;
	for (uint64_t trial = 0; trial < 10; trial++) {
		uint64_t seed = trial + 1;
		uint32_t periods[ROLLCAST_SEASONS_MAX] = {0};
		for (size_t i = 0; i < COUNT_MAX; i++)
			values[i] = every_3700_steps(i, NULL, &seed);
		int n = season_find(values, COUNT_MAX, 7 * S, periods);
		found += n == 1 && abs((int)periods[0] - 3700) <= 74;
	}
	print_message("3700 steps: %d of 10\n", found);
	assert_true(found >= 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_no_season_shows_none),
		cmocka_unit_test(natural_seasons_are_found),
		cmocka_unit_test(a_season_of_no_natural_length_is_found_by_its_peak),
		cmocka_unit_test(a_long_season_is_found_among_means),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
