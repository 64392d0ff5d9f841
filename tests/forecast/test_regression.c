/* Direct linear autoregressions: what they can represent, they find. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/forecast/past.h"
#include "lib/forecast/regression.h"
#include "lib/forecast/solve.h"
#include "lib/forecast/transform.h"
#include "tests/forecast/play.h"

enum { COUNT = 600, LOOKBACK = 12, HORIZON = 4 };

/* The error of regression `which`, fitted to all but the last values and asked at the end. */
static double error_at_end(uint32_t which, const double *values, const double *future,
			   const uint32_t *seasons, uint32_t season_count)
{
	struct rollcast_stream_settings settings;
	double forecast[HORIZON], sum = 0;
	struct fit_scratch scratch;
	struct fit fit = {.season_count = season_count};
	struct past past;
	uint32_t origins[COUNT], count = 0;
	struct expert_row row = {.name = "test", .regression = which};
	struct expert_view view = {
		.past = &past,
		.fit = &fit,
		.model = &settings.model,
		.horizon = HORIZON,
		.step_us = 1,
		.scratch = &scratch,
	};

	rollcast_stream_settings_init(&settings);
	settings.horizon = HORIZON;
	settings.model.lookback = LOOKBACK;
	assert_int_equal(fit_scratch_init(&scratch, &settings), 0);
	assert_int_equal(past_init(&past, COUNT), 0);
	for (uint32_t i = 0; i < COUNT; i++) {
		past_push(&past, i, values[i], PAST_MEASURED);
		if (i >= LOOKBACK - 1 && i + HORIZON < COUNT)
			origins[count++] = i;
	}
	if (season_count)
		memcpy(fit.seasons, seasons, season_count * sizeof(*seasons));
	struct lesson job = {
		.view = {.lookback = LOOKBACK,
			 .horizon = HORIZON,
			 .seasons = seasons,
			 .season_count = season_count,
			 .values = values},
		.origins = origins,
		.origin_count = count,
		.scale = transform_scale(values, COUNT, HORIZON),
	};

	assert_int_equal(regression_fit(&job, which, &fit.regressions[which]), 0);
	assert_non_null(fit.regressions[which].coefficients);
	assert_true(regression_expert_forecast(&row, &view, NULL, forecast));
	for (uint32_t h = 0; h < HORIZON; h++)
		sum += fabs(forecast[h] - future[h]) / HORIZON;
	fit_finish(&fit);
	fit_scratch_finish(&scratch);
	past_finish(&past);
	return sum;
}

static void a_sine_is_continued(void **state)
{
	double values[COUNT + HORIZON];

	(void)state;
	for (size_t i = 0; i < COUNT + HORIZON; i++)
		values[i] = 100 + sin((double)i / 4);
	assert_true(error_at_end(REGRESSION_LAGS, values, values + COUNT, NULL, 0) < 0.02);
}

/* A pattern longer than the lookback, without any memory within it. */
static void a_season_is_continued(void **state)
{
	static const uint32_t season = 50;
	double values[COUNT + HORIZON];

	(void)state;
	for (size_t i = 0; i < COUNT + HORIZON; i++)
		values[i] = play_noise(i % season) + 0.01 * play_noise(1000 + i);
	assert_true(error_at_end(REGRESSION_SEASONAL, values, values + COUNT, &season, 1) < 0.05);
	assert_true(error_at_end(REGRESSION_LEVELS_SEASONAL, values, values + COUNT, &season, 1) <
		    0.05);
	assert_true(error_at_end(REGRESSION_LAGS, values, values + COUNT, NULL, 0) > 0.15);
}

/* One value in ten is a giant: least squares would be drawn to the mean, 100 higher. */
static void giants_do_not_move_the_median(void **state)
{
	double values[COUNT + HORIZON], future[HORIZON] = {10, 10, 10, 10};

	(void)state;
	for (size_t i = 0; i < COUNT + HORIZON; i++)
		values[i] = 10 + play_noise(i) + (play_noise(5000 + i) > 0.8 ? 1000 : 0);
	values[COUNT - 1] = 10;
	assert_true(error_at_end(REGRESSION_LEVELS, values, future, NULL, 0) < 2);
}

static void too_few_rows_fit_nothing(void **state)
{
	double values[60] = {0};
	uint32_t origins[20];
	struct regression_fit fit;
	struct lesson job = {
		.view = {.lookback = LOOKBACK, .horizon = HORIZON, .values = values},
		.origins = origins,
		.origin_count = 20,
		.scale = 1,
	};

	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		origins[i] = LOOKBACK + i;
	assert_int_equal(regression_fit(&job, REGRESSION_LAGS, &fit), 0);
	assert_null(fit.coefficients);
}

static void ridge_solves_normal_equations(void **state)
{
	/* y = 2 a - b + 3, without noise. */
	double x[20 * 3], y[20], gram[9], factor[9], cross[3], coefficients[3], fitted[20];

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		x[3 * i] = play_noise(i);
		x[3 * i + 1] = play_noise(100 + i);
		x[3 * i + 2] = 1;
		y[i] = 2 * x[3 * i] - x[3 * i + 1] + 3;
	}
	solve_gram(x, 20, 3, gram);
	solve_cross(x, y, 20, 3, 1, cross);
	assert_true(solve_ridge(gram, cross, 3, 1, 0, factor, coefficients));
	assert_true(fabs(coefficients[0] - 2) < 1e-4 && fabs(coefficients[1] + 1) < 1e-4 &&
		    fabs(coefficients[2] - 3) < 1e-4);
	solve_predict(x, coefficients, 20, 3, 1, fitted);
	for (size_t i = 0; i < 20; i++)
		assert_true(fabs(fitted[i] - y[i]) < 1e-4);
	/* A large lambda leaves the constant alone: the mean. */
	assert_true(solve_ridge(gram, cross, 3, 1, 1e9, factor, coefficients));
	assert_true(fabs(coefficients[0]) < 1e-6 && fabs(coefficients[2] - 3) < 0.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sine_is_continued),
		cmocka_unit_test(a_season_is_continued),
		cmocka_unit_test(giants_do_not_move_the_median),
		cmocka_unit_test(too_few_rows_fit_nothing),
		cmocka_unit_test(ridge_solves_normal_equations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
