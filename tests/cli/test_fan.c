/* The fan, drawn on a canvas. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "cli/detail.h"
#include "cli/fan.h"

enum { HORIZON = 10, PAST = 30 };

static const double levels[] = {0.025, 0.1, 0.5, 0.9, 0.975};
static double mean[HORIZON], quantiles[5 * HORIZON], past[PAST];

/* A line that rises by 1 with each step, from 0 to 40. */
static struct rollcast_forecast rising(void)
{
	for (int h = 0; h < HORIZON; h++) {
		mean[h] = PAST + h;
		for (int q = 0; q < 5; q++)
			quantiles[q * HORIZON + h] = mean[h] + (q - 2) * h / 2.0;
	}
	for (int i = 0; i < PAST; i++)
		past[i] = i;
	return (struct rollcast_forecast){
		.name = "load",
		.origin_us = INT64_C(1700049600) * 1000000,
		.step_us = 60000000,
		.horizon = HORIZON,
		.mean = mean,
		.quantile_count = 5,
		.quantile_levels = levels,
		.quantiles = quantiles,
		.last = PAST - 1,
		.expert = "lstm",
		.weights = {{"naive", 0.25}, {"lstm", 0.75}},
		.weight_count = 2,
		.levels = {0.8, 0.95},
		.coverage = {0.79, NAN},
		.level_count = 2,
		.skill = 0.5,
	};
}

static bool is_braille(const struct canvas_cell *cell)
{
	return !strncmp(cell->glyph, "\xe2\xa0", 2) || !strncmp(cell->glyph, "\xe2\xa1", 2) ||
	       !strncmp(cell->glyph, "\xe2\xa2", 2) || !strncmp(cell->glyph, "\xe2\xa3", 2);
}

/* The row in which a style is drawn in a column; SIZE_MAX: nowhere. */
static size_t row_of(const struct canvas *canvas, size_t column, uint8_t style)
{
	for (size_t row = 0; row < canvas->height; row++) {
		const struct canvas_cell *cell = canvas_at(canvas, row, column);

		if (cell->style == style && is_braille(cell))
			return row;
	}
	return SIZE_MAX;
}

static const char *row_text(const struct canvas *canvas, size_t row)
{
	static char text[1024];

	text[0] = '\0';
	for (size_t column = 0; column < canvas->width; column++)
		strcat(text, canvas_at(canvas, row, column)->glyph);
	return text;
}

static bool has_text(const struct canvas *canvas, const char *text)
{
	for (size_t row = 0; row < canvas->height; row++)
		if (strstr(row_text(canvas, row), text))
			return true;
	return false;
}

static void the_past_rises_and_the_forecast_goes_on(void **state)
{
	const struct rollcast_forecast forecast = rising();
	const struct fan fan = {&forecast, past, PAST};
	struct canvas canvas = {0};
	size_t before = SIZE_MAX, columns = 0;

	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	assert_int_equal(canvas_resize(&canvas, 80, 22), 0);
	fan_draw(&canvas, (struct fan_box){0, 0, 22, 80}, &fan);
	for (size_t column = 0; column < 80; column++) {
		size_t row = row_of(&canvas, column, STYLE_BOLD);

		if (row == SIZE_MAX)
			continue;
		assert_true(row <= before);
		before = row;
		columns++;
	}
	/* Three quarters of the width, and then the shade. */
	assert_in_range(columns, 50, 62);
	assert_true(row_of(&canvas, 79, STYLE_MODEL) != SIZE_MAX);
	assert_true(row_of(&canvas, 79, STYLE_DIM) != SIZE_MAX);
	assert_true(row_of(&canvas, 20, STYLE_MODEL) == SIZE_MAX);
	assert_true(has_text(&canvas, "20 ┤"));
	assert_true(has_text(&canvas, "12:00"));
	canvas_finish(&canvas);
}

static void thresholds_are_lines_with_a_name_if_they_are_near(void **state)
{
	struct rollcast_forecast forecast = rising();
	const struct fan fan = {&forecast, past, PAST};
	struct canvas canvas = {0};
	size_t row = SIZE_MAX;

	(void)state;
	forecast.thresholds[0] = (struct rollcast_breach){.name = "near", .limit = 45};
	forecast.thresholds[1] = (struct rollcast_breach){.name = "far", .limit = 4500};
	forecast.thresholds[2] = (struct rollcast_breach){.name = "unknown", .limit = NAN};
	forecast.threshold_count = 3;
	assert_int_equal(canvas_resize(&canvas, 80, 22), 0);
	fan_draw(&canvas, (struct fan_box){0, 0, 22, 80}, &fan);
	for (size_t column = 0; column < 60 && row == SIZE_MAX; column++)
		row = row_of(&canvas, column, STYLE_WARNING);
	assert_in_range(row, 0, 6);
	assert_true(has_text(&canvas, "near 45"));
	assert_false(has_text(&canvas, "far"));
	assert_false(has_text(&canvas, "k ┤"));
	canvas_finish(&canvas);
}

static void gaps_stay_empty(void **state)
{
	const struct rollcast_forecast forecast = rising();
	const struct fan fan = {&forecast, past, PAST};
	struct canvas canvas = {0};

	(void)state;
	for (int i = 10; i < 20; i++)
		past[i] = NAN;
	assert_int_equal(canvas_resize(&canvas, 80, 22), 0);
	fan_draw(&canvas, (struct fan_box){0, 0, 22, 80}, &fan);
	assert_true(row_of(&canvas, 10, STYLE_BOLD) != SIZE_MAX);
	assert_true(row_of(&canvas, 32, STYLE_BOLD) == SIZE_MAX);
	assert_true(row_of(&canvas, 50, STYLE_BOLD) != SIZE_MAX);
	canvas_finish(&canvas);
}

static void any_size_and_any_values_are_drawn_or_left_out(void **state)
{
	static double values[] = {0, NAN, 1e308, -1e308, INFINITY, 5e-324, 3};
	struct rollcast_forecast forecast = rising();
	struct canvas canvas = {0};

	(void)state;
	srand(1);
	for (size_t height = 1; height < 30; height += 3)
		for (size_t width = 1; width < 130; width += 7)
			for (int i = 0; i < 12; i++) {
				const struct fan fan = {&forecast, values, (size_t)(i % 7) + 1};

				for (int h = 0; h < 5 * HORIZON; h++)
					quantiles[h] = i < 6 ? values[(h + i) % 7] : 1000 * (i % 2);
				mean[0] = values[i % 7];
				forecast.horizon = (uint32_t)(i % HORIZON) + 1;
				assert_int_equal(canvas_resize(&canvas, width, height), 0);
				detail_draw(&canvas, 0, &fan);
			}
	canvas_finish(&canvas);
}

static void what_is_known_of_a_stream_stands_below(void **state)
{
	struct rollcast_forecast forecast = rising();
	const struct fan fan = {&forecast, past, PAST};
	struct canvas canvas = {0};

	(void)state;
	forecast.thresholds[0] = (struct rollcast_breach){
		.name = "full", .limit = 45, .probability = 0.31, .seconds = 300, .raised = true};
	forecast.threshold_count = 1;
	assert_int_equal(canvas_resize(&canvas, 110, 26), 0);
	detail_draw(&canvas, 0, &fan);
	assert_int_equal(strncmp(row_text(&canvas, 0), "load ", 5), 0);
	assert_true(has_text(&canvas, "29 at 2023-11-15 12:00:00  step 1m"));
	assert_true(has_text(&canvas,
			     "skill 50.0%   79.0% in the 80% interval   - in the 95% interval"));
	assert_true(has_text(&canvas, "no network trained yet"));
	assert_true(has_text(&canvas, "full 45: breach 31.0% in about 5m, alert raised"));
	assert_true(has_text(&canvas, "lstm 75% ▇▇▇▇▇▇▇▇   naive 25%"));
	canvas_finish(&canvas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_past_rises_and_the_forecast_goes_on),
		cmocka_unit_test(thresholds_are_lines_with_a_name_if_they_are_near),
		cmocka_unit_test(gaps_stay_empty),
		cmocka_unit_test(any_size_and_any_values_are_drawn_or_left_out),
		cmocka_unit_test(what_is_known_of_a_stream_stands_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
