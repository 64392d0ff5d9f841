#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/series/grid.h"

#define S   INT64_C(1000000)
#define DAY (86400 * S)

enum { A = ROLLCAST_PUSH_ACCEPTED, L = ROLLCAST_PUSH_LATE, T = ROLLCAST_PUSH_TIME };

static const struct rollcast_grid_settings by_ten = {
	.step_us = 10 * S, .gap = ROLLCAST_GAP_LINEAR, .gap_longest = 3};

/*
 * Feeds and what must come of them, in seconds: `time=value` pushes, `|` flushes, `!L` or `!T`
 * says that the push before is refused. Steps read `time=value`, `time~value` if filled,
 * `time~nan`.
 */
struct feed {
	struct rollcast_grid_settings settings;
	const char *samples, *steps;
};

static void take_all(struct grid *grid, char *text)
{
	struct grid_step step;
	while (grid_pop(grid, &step))
		sprintf(text + strlen(text), "%s%g%c%g", *text ? " " : "", (double)step.time_us / S,
			step.filled ? '~' : '=', step.value);
}

static void check_feed(const struct feed *feed)
{
	struct grid grid;
	char steps[4096] = "";
	assert_int_equal(grid_init(&grid, &feed->settings), 0);
	for (const char *at = feed->samples; *at; at += *at == ' ') {
		if (*at == '|') {
			grid_flush(&grid);
			at++;
		} else {
			char *end;
			int64_t time_us = llround(strtod(at, &end) * S);
			double value = strtod(end + 1, &end);
			int expected = *end != '!' ? A : end[1] == 'L' ? L : T;
			at = end + (*end == '!' ? 2 : 0);
			int result = grid_push(&grid, time_us, value);
			if (result != expected)
				print_error("in \"%s\" before \"%s\": %d\n", feed->samples, at,
					    result);
			assert_int_equal(result, expected);
		}
		take_all(&grid, steps);
	}
	assert_string_equal(steps, feed->steps);
	grid_finish(&grid);
}

#define CHECK_FEEDS(feeds)                                               \
	for (size_t i_ = 0; i_ < sizeof(feeds) / sizeof(*(feeds)); i_++) \
	check_feed(&(feeds)[i_])

#define BY_TEN .step_us = 10 * S, .gap = ROLLCAST_GAP_LINEAR, .gap_longest = 3

#define COUNTER BY_TEN, .aggregate = ROLLCAST_AGGREGATE_RATE

static void cells_are_aligned_to_the_epoch_and_labelled_by_their_start(void **state)
{
	(void)state;
	const struct feed feeds[] = {
		{{BY_TEN}, "3=1 4=1 12=2 29.9=3 30=4", "0=1 10=2 20=3"},
		{{BY_TEN}, "-21=1 -30=1 -20=2 -1=3 0=4", "-30=1 -20=2 -10=3"},
	};
	CHECK_FEEDS(feeds);
}

static void a_cell_closes_when_the_newest_sample_passes_end_and_lateness(void **state)
{
	(void)state;
	const struct feed feeds[] = {
		{{BY_TEN, .lateness_us = 5 * S}, "1=1 10=2 14.9=4", ""},
		{{BY_TEN, .lateness_us = 5 * S}, "1=1 10=2 15=4 9=0!L", "0=1"},
		{{BY_TEN, .lateness_us = 20 * S},
		 "25=3 1=1 15=2 30=4 9=9!L 10=4 60=0",
		 "0=1 10=3 20=3 30=4"},
	};
	CHECK_FEEDS(feeds);
}

static void aggregates_are_what_their_names_say(void **state)
{
	(void)state;
	const struct feed feeds[] = {
		{{BY_TEN, .aggregate = ROLLCAST_AGGREGATE_MEAN}, "2=3 1=8 5=1 |", "0=4"},
		{{BY_TEN, .aggregate = ROLLCAST_AGGREGATE_LAST}, "2=3 5=1 1=8 |", "0=1"},
		{{BY_TEN, .aggregate = ROLLCAST_AGGREGATE_LAST}, "5=1 5=2 1=8 |", "0=2"},
		{{BY_TEN, .aggregate = ROLLCAST_AGGREGATE_SUM}, "2=3 1=8 5=1 |", "0=12"},
		{{BY_TEN, .aggregate = ROLLCAST_AGGREGATE_SUM}, "1=1e200 2=1 3=-1e200 |", "0=1"},
		{{BY_TEN, .aggregate = ROLLCAST_AGGREGATE_MIN}, "2=3 1=8 5=1 6=2 |", "0=1"},
		{{BY_TEN, .aggregate = ROLLCAST_AGGREGATE_MAX}, "2=3 1=8 5=1 6=2 |", "0=8"},
		{{BY_TEN, .aggregate = ROLLCAST_AGGREGATE_MAX}, "2=-3 1=-8 |", "0=-3"},
	};
	CHECK_FEEDS(feeds);
}

static void a_rate_is_the_increase_per_second_between_the_newest_samples_of_steps(void **state)
{
	(void)state;
	const struct feed feeds[] = {
		{{COUNTER}, "0=100 |", ""},
		{{COUNTER}, "0=100 10=150 20=150 30=151 |", "10=5 20=0 30=0.1"},
		{{COUNTER}, "1=1 4=2 8=3 13=33 18=53 22=61 |", "10=5 20=2"},
		{{COUNTER, .lateness_us = 10 * S},
		 "4=2 1=1 18=53 8=3 13=33 22=61 40=0 |",
		 "10=5 20=2 30~1 40=0"},
		{{COUNTER}, "0=1e15 10=1000000000000001 |", "10=0.1"},
	};
	CHECK_FEEDS(feeds);
}

static void a_counter_that_falls_was_reset_and_began_again_at_zero(void **state)
{
	(void)state;
	const struct feed feeds[] = {
		{{COUNTER}, "0=100 10=150 20=30 30=40 |", "10=5 20=3 30=1"},
		{{COUNTER}, "0=100 10=0 20=0 |", "10=0 20=0"},
		/* In the upper half of 32 bits, but far faster than before if it were an overflow. */
		{{COUNTER}, "0=3e9 10=3000000100 20=50 |", "10=10 20=5"},
		/* No rate from before tells how fast it may be. */
		{{COUNTER}, "0=4294967290 10=4 |", "10=0.4"},
		/* Beyond 32 bits there is no overflow. */
		{{COUNTER}, "0=4294967290 10=4294967300 20=4 |", "10=1 20=0.4"},
	};
	CHECK_FEEDS(feeds);
}

static void a_counter_of_32_bits_overflows_at_its_pace(void **state)
{
	(void)state;
	const struct feed feeds[] = {
		{{COUNTER}, "0=4294967000 10=4294967200 20=104 30=304 |", "10=20 20=20 30=20"},
		{{COUNTER}, "0=4294967000 10=4294967200 20=304 |", "10=20 20=40"},
		{{COUNTER}, "0=4294967000 10=4294967200 20=305 |", "10=20 20=30.5"},
	};
	CHECK_FEEDS(feeds);
}

static void a_counter_begins_anew_after_a_hole_and_a_restart(void **state)
{
	(void)state;
	const struct feed feeds[] = {
		{{COUNTER}, "0=0 10=10 50=410 60=420 |", "10=1 20~3.25 30~5.5 40~7.75 50=10 60=1"},
		{{COUNTER},
		 "0=0 10=10 60=410 70=420 |",
		 "10=1 20~nan 30~nan 40~nan 50~nan 60~nan 70=1"},
	};
	CHECK_FEEDS(feeds);

	struct grid grid;
	struct grid_step step;
	assert_int_equal(grid_init(&grid, &feeds[0].settings), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(grid_push(&grid, DAY + i * 10 * S, 1000 + i), A);
	for (int i = 0; i <= 19; i++)
		grid_push(&grid, i * 10 * S, 5000 + 20 * i);
	grid_flush(&grid);
	int64_t before_us = 0;
	while (grid_pop(&grid, &step)) {
		assert_true(isnan(step.value) ||
			    (step.time_us > DAY ? step.value == 0.1 : step.value == 2));
		assert_true(step.time_us > before_us || isnan(step.value));
		before_us = step.time_us;
	}
	assert_int_equal(before_us, 190 * S);
	grid_finish(&grid);
}

static void gaps_are_bridged_up_to_the_longest(void **state)
{
	(void)state;
#define GAP(kind) .step_us = 10 * S, .gap = ROLLCAST_GAP_##kind, .gap_longest = 3
	const struct feed feeds[] = {
		{{GAP(LINEAR)}, "1=1 41=5 50=0", "0=1 10~2 20~3 30~4 40=5"},
		{{GAP(LINEAR)}, "1=1 51=5 60=0", "0=1 10~nan 20~nan 30~nan 40~nan 50=5"},
		{{GAP(LAST)}, "1=1 21=5 30=0", "0=1 10~1 20=5"},
		{{GAP(NONE)}, "1=1 21=5 30=0", "0=1 10~nan 20=5"},
		/* The gap is known only when what lies behind it has closed. */
		{{GAP(LINEAR)}, "1=1 31=4", "0=1"},
	};
	CHECK_FEEDS(feeds);
}

static void a_silent_stream_gives_its_open_cells_when_flushed(void **state)
{
	(void)state;
	const struct feed feeds[] = {
		{{BY_TEN, .lateness_us = 30 * S},
		 "1=1 22=3 | 5=5!L 29=1!L 33=4 |",
		 "0=1 10~2 20=3 30=4"},
		{{BY_TEN}, "| 1=1 | |", "0=1"},
	};
	CHECK_FEEDS(feeds);
}

static void a_regular_stream_closes_its_cells_at_once(void **state)
{
	(void)state;
	const struct feed feeds[] = {
		/* Three closed cells with one sample each: from then on at once. */
		{{BY_TEN}, "1=1 11=2 21=3", "0=1 10=2"},
		{{BY_TEN}, "1=1 11=2 21=3 31=4", "0=1 10=2 20=3 30=4"},
		{{BY_TEN}, "1=1 11=2 21=3 31=4 41=5 51=6", "0=1 10=2 20=3 30=4 40=5 50=6"},
		/* Not with a lateness, and not when cells have more samples. */
		{{BY_TEN, .lateness_us = 1}, "1=1 11=2 21=3 31=4 41=5", "0=1 10=2 20=3 30=4"},
		{{BY_TEN}, "1=1 2=3 11=2 21=3 31=4", "0=2 10=2 20=3"},
	};
	CHECK_FEEDS(feeds);
}

static void a_second_sample_after_haste_is_late_and_the_proof_doubles(void **state)
{
	(void)state;
	const struct feed feeds[] = {
		/* After 32 six single cells are needed, and 30 is none of them. */
		{{BY_TEN},
		 "1=1 11=2 21=3 31=4 32=9!L 41=5 51=6 61=7 71=8 81=9 91=10 101=11",
		 "0=1 10=2 20=3 30=4 40=5 50=6 60=7 70=8 80=9 90=10 100=11"},
		{{BY_TEN},
		 "1=1 11=2 21=3 31=4 32=9!L 41=5 51=6 61=7 71=8 81=9 91=10",
		 "0=1 10=2 20=3 30=4 40=5 50=6 60=7 70=8 80=9"},
		/* A late sample of an older cell is no reason. */
		{{BY_TEN}, "1=1 11=2 21=3 31=4 22=9!L 41=5", "0=1 10=2 20=3 30=4 40=5"},
	};
	CHECK_FEEDS(feeds);
}

static void a_wild_time_is_refused_until_a_second_one_confirms_it(void **state)
{
	(void)state;
	const struct feed feeds[] = {
		{{BY_TEN}, "1=1 86402=9!T 11=2 21=3", "0=1 10=2"},
		{{BY_TEN},
		 "1=1 9e6=9!T 11=2 9e6=9!T 21=3 9e6=9!T 31=3 41=5",
		 "0=1 10=2 20=3 30=3 40=5"},
	};
	struct grid grid;
	CHECK_FEEDS(feeds);

	/* A jump of a year, confirmed: of the hole come its last steps, then the right time. */
	assert_int_equal(grid_init(&grid, &by_ten), 0);
	assert_int_equal(grid_push(&grid, 5 * S, 1), A);
	assert_int_equal(grid_push(&grid, 365 * DAY + 5 * S, 2), T);
	assert_int_equal(grid_push(&grid, 365 * DAY + 15 * S, 3), A);
	grid_flush(&grid);
	struct grid_step step;
	assert_true(grid_pop(&grid, &step) && step.time_us == 0 && step.value == 1);
	for (int i = GRID_HOLE_LONGEST; i > 0; i--) {
		assert_true(grid_pop(&grid, &step) && isnan(step.value) && step.filled);
		assert_int_equal(step.time_us, 365 * DAY + (1 - i) * 10 * S);
	}
	assert_true(grid_pop(&grid, &step));
	assert_true(step.time_us == 365 * DAY + 10 * S && step.value == 3 && !step.filled);
	assert_false(grid_pop(&grid, &step));
	grid_finish(&grid);
}

static void the_bound_of_wild_times_is_a_day_and_a_thousand_steps(void **state)
{
	(void)state;
	const struct {
		int64_t step_us, jump_us;
		int result;
	} cases[] = {
		{10 * S, DAY, A},
		{10 * S, DAY + 1, T},
		{3600 * S, 1000 * 3600 * S, A},
		{3600 * S, 1000 * 3600 * S + 1, T},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct grid grid;
		struct rollcast_grid_settings settings = {.step_us = cases[i].step_us};
		assert_int_equal(grid_init(&grid, &settings), 0);
		assert_int_equal(grid_push(&grid, 7 * S, 1), A);
		assert_int_equal(grid_push(&grid, 7 * S + cases[i].jump_us, 1), cases[i].result);
		grid_finish(&grid);
	}
}

static void a_clock_put_back_for_good_restarts_the_grid(void **state)
{
	(void)state;
	struct grid grid;
	struct grid_step step;
	assert_int_equal(grid_init(&grid, &by_ten), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(grid_push(&grid, DAY + i * 10 * S, i), A);
	for (int i = 0; i < 16; i++) {
		assert_int_equal(grid_push(&grid, i * 10 * S, 1), L);
		assert_int_equal(grid_push(&grid, i * 10 * S + S, 1), L); /* no further step */
	}
	while (grid_pop(&grid, &step))
		assert_true(step.time_us >= DAY);
	assert_int_equal(grid_push(&grid, 160 * S, 7), A);
	assert_int_equal(grid_push(&grid, 170 * S, 8), A);
	assert_true(grid_pop(&grid, &step) && isnan(step.value) && step.filled);
	assert_int_equal(step.time_us, 150 * S);
	assert_true(grid_pop(&grid, &step) && step.value == 7 && !step.filled);
	assert_int_equal(step.time_us, 160 * S);
	grid_finish(&grid);
}

static void stragglers_do_not_restart_the_grid(void **state)
{
	(void)state;
	struct grid grid;
	assert_int_equal(grid_init(&grid, &by_ten), 0);
	assert_int_equal(grid_push(&grid, DAY, 0), A);
	/* A sender that lags behind, with live samples between. */
	for (int i = 1; i < 100; i++) {
		assert_int_equal(grid_push(&grid, DAY - 1000 * S + i * 10 * S, 1), L);
		assert_int_equal(grid_push(&grid, DAY + i * 10 * S, 1), A);
	}
	/* Old samples that do not move forward. */
	for (int i = 1; i < 100; i++)
		assert_int_equal(grid_push(&grid, DAY - i * 10 * S, 1), L);
	for (int i = 1; i < 100; i++)
		assert_int_equal(grid_push(&grid, 5 * S + i, 1), L);
	grid_finish(&grid);
}

static void what_is_not_finite_or_out_of_range_is_refused(void **state)
{
	(void)state;
	for (int64_t step_us = 0; step_us <= 10 * S; step_us += 10 * S) {
		struct rollcast_grid_settings settings = {.step_us = step_us};
		struct grid grid;
		assert_int_equal(grid_init(&grid, &settings), 0);
		const double values[] = {NAN, INFINITY, -INFINITY, 1e301, -1e301};
		for (size_t i = 0; i < 5; i++)
			assert_int_equal(grid_push(&grid, 0, values[i]), ROLLCAST_PUSH_NOT_FINITE);
		const int64_t times[] = {INT64_MAX, INT64_MIN, INT64_MAX / 2, INT64_MIN / 2};
		for (size_t i = 0; i < 4; i++)
			assert_int_equal(grid_push(&grid, times[i], 0), T);
		grid_finish(&grid);
	}
}

static void settings_that_cannot_work_are_refused(void **state)
{
	(void)state;
	const struct rollcast_grid_settings cases[] = {
		{.step_us = -1},
		{.step_us = INT64_MAX},
		{.step_us = S, .lateness_us = -1},
		{.step_us = S, .lateness_us = 100001 * S},
		{.step_us = 0, .lateness_us = -1},
	};
	struct grid grid;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(grid_init(&grid, &cases[i]), -EINVAL);
	struct rollcast_grid_settings longest = {.step_us = S, .lateness_us = 100000 * S};
	assert_int_equal(grid_init(&grid, &longest), 0);
	grid_finish(&grid);
}

static void steps_left_untaken_are_all_there_later(void **state)
{
	(void)state;
	struct grid grid;
	struct grid_step step;
	assert_int_equal(grid_init(&grid, &by_ten), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(grid_push(&grid, i * 10 * S, i), A);
	for (int i = 0; i < 1000; i++) {
		assert_true(grid_pop(&grid, &step) && step.value == i);
		assert_int_equal(step.time_us, i * 10 * S);
	}
	assert_false(grid_pop(&grid, &step));
	grid_finish(&grid);
}

static void auto_finds_step_and_phase_and_plays_the_first_samples_again(void **state)
{
	(void)state;
	const struct feed feeds[] = {
		{{0}, "3=0 13=1 23=2 33=3 43=4 53=5 63=6 73=7 83=8", ""},
		/* Ten times tell the step; the newest closes at once. */
		{{0},
		 "3=0 13=1 23=2 33=3 43=4 53=5 63=6 73=7 83=8 93=9 103=10",
		 "3=0 13=1 23=2 33=3 43=4 53=5 63=6 73=7 83=8 93=9 103=10"},
		/* Jitter, out of order, a double time: each at its nearest grid point. */
		{{.gap_longest = 2},
		 "0.2=0 9.6=1 30.4=3 20=2 40.1=4 49=5 49=7 61=6 70=7 79.9=8 90.2=9 99.1=10 "
		 "111.2=11 "
		 "119=12",
		 "0=0 10=1 20=2 30=3 40=4 50=6 60=6 70=7 80=8 90=9 100=10 110=11 120=12"},
	};
	CHECK_FEEDS(feeds);
}

static void auto_keeps_a_bounded_number_of_samples_of_one_time(void **state)
{
	(void)state;
	struct rollcast_grid_settings settings = {.aggregate = ROLLCAST_AGGREGATE_SUM};
	struct grid grid;
	struct grid_step step;
	assert_int_equal(grid_init(&grid, &settings), 0);
	for (int i = 0; i < 256; i++)
		assert_int_equal(grid_push(&grid, 60 * S, 1), A);
	assert_int_equal(grid_push(&grid, 60 * S, 1), T);
	assert_int_equal(grid_step_us(&grid), 0);
	assert_int_equal(grid_push(&grid, 120 * S, 1), A);
	assert_int_equal(grid_step_us(&grid), 60 * S);
	assert_true(grid_pop(&grid, &step) && step.time_us == 60 * S && step.value == 256);
	assert_false(grid_pop(&grid, &step));
	grid_finish(&grid);
}

static void auto_restarts_at_the_phase_of_a_clock_put_back(void **state)
{
	(void)state;
	struct rollcast_grid_settings settings = {0};
	struct grid grid;
	struct grid_step step;
	assert_int_equal(grid_init(&grid, &settings), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(grid_push(&grid, DAY + i * 10 * S, i), A);
	for (int i = 0; i <= 16; i++)
		assert_int_equal(grid_push(&grid, 4 * S + i * 10 * S, i), i < 16 ? L : A);
	while (grid_pop(&grid, &step) && step.time_us >= DAY)
		continue;
	assert_true(isnan(step.value) && step.time_us == 154 * S);
	assert_true(grid_pop(&grid, &step) && step.time_us == 164 * S && step.value == 16);
	grid_finish(&grid);
}

/* Takes what there is; the value of the last step, and its time. */
static double take_last(struct grid *grid, int64_t *ret_time_us)
{
	struct grid_step step = {0};
	while (grid_pop(grid, &step))
		;
	*ret_time_us = step.time_us;
	return step.value;
}

static void auto_finds_another_step_when_the_rate_changes_for_good(void **state)
{
	(void)state;
	static const int64_t rates[][2] = {{10 * S, S},	     {S, 10 * S},	 {10 * S, 15 * S},
					   {15 * S, 10 * S}, {60 * S, 3600 * S}, {S, S / 100}};
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		const struct rollcast_grid_settings settings = {.gap_longest = 3};
		int64_t time_us = 5000 * S, step_us = rates[i][1], last_us;
		struct grid grid;
		int needed = 0;
		assert_int_equal(grid_init(&grid, &settings), 0);
		for (int j = 0; j < 200; j++, time_us += rates[i][0])
			assert_int_equal(grid_push(&grid, time_us, j), A);
		assert_int_equal(grid_step_us(&grid), rates[i][0]);
		for (; grid_step_us(&grid) != step_us && needed < 20000; needed++) {
			assert_in_range(grid_push(&grid, time_us, needed), A, L);
			time_us += step_us;
		}
		/* The first ten may be of both rates; it takes ten of the steps before. */
		assert_true(needed <= 80 || needed * step_us <= 20 * rates[i][0]);
		assert_true(take_last(&grid, &last_us) == needed - 1);
		assert_int_equal(last_us, time_us - step_us);
		for (int j = 0; j < 20; j++, time_us += step_us) {
			assert_int_equal(grid_push(&grid, time_us, j), A);
			assert_true(take_last(&grid, &last_us) == j && last_us == time_us);
		}
		grid_finish(&grid);
	}
}

static void a_burst_and_an_outage_are_no_other_step(void **state)
{
	(void)state;
	const struct rollcast_grid_settings settings = {.gap_longest = 3};
	int64_t time_us = 0;
	struct grid grid;
	assert_int_equal(grid_init(&grid, &settings), 0);
	for (int i = 0; i < 3000; i++) {
		time_us += 10 * S;
		/* A hundred samples within five steps, and sometimes nothing for nine. */
		for (int j = 0; j < 100 && i % 300 == 299; j++)
			grid_push(&grid, time_us += S / 2, 0);
		if (i % 500 == 499)
			time_us += 90 * S;
		grid_push(&grid, time_us, i);
		assert_true(i < 10 || grid_step_us(&grid) == 10 * S);
		take_last(&grid, &(int64_t){0});
	}
	grid_finish(&grid);
}

/* Uniform in [0, 1). */
static double draw(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(*seed >> 11) / (double)(UINT64_C(1) << 53);
}

static void samples_at_random_times_do_not_change_the_step_all_the_time(void **state)
{
	(void)state;
	const struct rollcast_grid_settings settings = {.gap_longest = 3};
	int64_t time_us = 0, step_us = 0;
	struct grid grid;
	uint64_t seed = 1;
	int changes = 0;
	assert_int_equal(grid_init(&grid, &settings), 0);
	for (int i = 0; i < 100000; i++) {
		time_us += (int64_t)(-10e6 * log(1 - draw(&seed))) + 1;
		grid_push(&grid, time_us, i);
		changes += grid_step_us(&grid) != step_us;
		step_us = grid_step_us(&grid);
		take_last(&grid, &(int64_t){0});
	}
	assert_in_range(changes, 1, 3);
	grid_finish(&grid);
}

static void jitter_and_missing_samples_are_no_other_step(void **state)
{
	(void)state;
	const struct rollcast_grid_settings settings = {.gap_longest = 3};
	struct grid grid;
	uint64_t seed = 2;
	assert_int_equal(grid_init(&grid, &settings), 0);
	for (int i = 0; i < 20000; i++) {
		double jitter = draw(&seed) - 0.5;
		if (i < 10 || draw(&seed) > 0.3)
			grid_push(&grid, (int64_t)((i + 0.1 * jitter) * 1e7), i);
		assert_true(i < 10 || grid_step_us(&grid) == 10 * S);
		take_last(&grid, &(int64_t){0});
	}
	grid_finish(&grid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_are_aligned_to_the_epoch_and_labelled_by_their_start),
		cmocka_unit_test(a_cell_closes_when_the_newest_sample_passes_end_and_lateness),
		cmocka_unit_test(aggregates_are_what_their_names_say),
		cmocka_unit_test(
			a_rate_is_the_increase_per_second_between_the_newest_samples_of_steps),
		cmocka_unit_test(a_counter_that_falls_was_reset_and_began_again_at_zero),
		cmocka_unit_test(a_counter_of_32_bits_overflows_at_its_pace),
		cmocka_unit_test(a_counter_begins_anew_after_a_hole_and_a_restart),
		cmocka_unit_test(gaps_are_bridged_up_to_the_longest),
		cmocka_unit_test(a_silent_stream_gives_its_open_cells_when_flushed),
		cmocka_unit_test(a_regular_stream_closes_its_cells_at_once),
		cmocka_unit_test(a_second_sample_after_haste_is_late_and_the_proof_doubles),
		cmocka_unit_test(a_wild_time_is_refused_until_a_second_one_confirms_it),
		cmocka_unit_test(the_bound_of_wild_times_is_a_day_and_a_thousand_steps),
		cmocka_unit_test(a_clock_put_back_for_good_restarts_the_grid),
		cmocka_unit_test(stragglers_do_not_restart_the_grid),
		cmocka_unit_test(what_is_not_finite_or_out_of_range_is_refused),
		cmocka_unit_test(settings_that_cannot_work_are_refused),
		cmocka_unit_test(steps_left_untaken_are_all_there_later),
		cmocka_unit_test(auto_finds_step_and_phase_and_plays_the_first_samples_again),
		cmocka_unit_test(auto_keeps_a_bounded_number_of_samples_of_one_time),
		cmocka_unit_test(auto_restarts_at_the_phase_of_a_clock_put_back),
		cmocka_unit_test(auto_finds_another_step_when_the_rate_changes_for_good),
		cmocka_unit_test(a_burst_and_an_outage_are_no_other_step),
		cmocka_unit_test(samples_at_random_times_do_not_change_the_step_all_the_time),
		cmocka_unit_test(jitter_and_missing_samples_are_no_other_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
