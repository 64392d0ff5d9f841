/* Ridge regressions on a season of lags, in a stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/forecast/ridge.h"
#include "tests/forecast/play.h"

enum { COUNT = 300, PERIOD = 24, HORIZON = 6 };

struct last {
	double mean[HORIZON];
	double share; /* of ridges in the weights */
	size_t index;
};

static void keep(void *context, const struct rollcast_forecast *forecast)
{
	struct last *last = context;

	memcpy(last->mean, forecast->mean, sizeof(last->mean));
	last->index =
		(size_t)((forecast->origin_us - PLAY_BEGIN_US + PLAY_STEP_US / 2) / PLAY_STEP_US);
	last->share = 0;
	for (uint32_t i = 0; i < forecast->weight_count; i++)
		if (strncmp(forecast->weights[i].name, "ridge_", 6) == 0)
			last->share += forecast->weights[i].weight;
}

/* A swing that grows with the level, and the level by a percent a step. */
static double growing(size_t i)
{
	return exp(0.01 * (double)i) * (2 + sin(2 * M_PI * (double)i / PERIOD));
}

/* A forecast by only naive and the ridges, the season being `season` steps long. */
static struct last play(uint32_t season, double offset)
{
	struct rollcast_stream_settings settings = play_settings();
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	struct last last = {0};
	const char *name;

	settings.season_count = season > 0;
	settings.seasons[0].steps = season;
	for (uint32_t i = 1; (name = rollcast_expert_name(i, ROLLCAST_CELL_LSTM)); i++)
		if (strncmp(name, "ridge_", 6) != 0)
			settings.experts_off |= UINT32_C(1) << i;
	assert_int_equal(rollcast_stream_create("test", &settings, &stream), 0);
	for (size_t i = 0; i < COUNT; i++)
		assert_true(play_value(stream, i, growing(i) + offset, keep, &last) >= 0);
	return last;
}

static void a_swing_that_grows_with_the_level_is_learned(void **state)
{
	struct last last = play(PERIOD, 0);
	double own = 0, seasonal = 0;

	(void)state;
	for (uint32_t h = 0; h < HORIZON; h++) {
		double actual = growing(last.index + 1 + h);

		own += fabs(actual - last.mean[h]);
		seasonal += fabs(actual - growing(last.index + 1 + h - PERIOD));
	}
	assert_true(last.share > 0.9);
	assert_true(own < 0.1 * seasonal);
}

static void without_a_season_they_are_silent(void **state)
{
	(void)state;
	assert_true(play(0, 0).share == 0);
	assert_true(play(RIDGE_LAGS_MAX + 1, 0).share == 0);
}

static void values_below_zero_are_not_for_them(void **state)
{
	(void)state;
	assert_true(play(PERIOD, -3).share == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_swing_that_grows_with_the_level_is_learned),
		cmocka_unit_test(without_a_season_they_are_silent),
		cmocka_unit_test(values_below_zero_are_not_for_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
