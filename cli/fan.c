/*
 * Braille has 2 x 4 dots in a cell. Each cell keeps the dots of the foremost thing in it alone, so
 * that a line is not lost in the shade that it crosses.
 *
 *	0 3	x = 2 * column + 0..1, from the left
 *	1 4	y = 4 * row + 0..3, from the top
 *	2 5
 *	6 7
 */
#include "cli/fan.h"

#include <math.h>
#include <string.h>

#include "cli/axis.h"
#include "cli/human.h"

enum { PAST_ENOUGH = 60 };

/* From the back to the front. */
enum layer { LAYER_NONE, LAYER_OUTER, LAYER_INNER, LAYER_LIMIT, LAYER_MEDIAN, LAYER_PAST };

struct dots {
	uint8_t mask;
	uint8_t layer;
};

struct chart {
	const struct fan *fan;
	const double *median, *past;
	size_t shown;	      /* values of the past */
	size_t width, height; /* in dots */
	double low, high;
	struct dots *cells;
	struct axis values, times;
	struct canvas *canvas;
	struct fan_box plot; /* without the axes */
};

/* ---- what is shown, and where ---- */

/* Ranges of still larger numbers are infinite. */
static bool is_drawable(double value)
{
	return fabs(value) < 1e300;
}

static void widen(struct chart *chart, const double *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_drawable(values[i]))
			continue;
		chart->low = fmin(chart->low, values[i]);
		chart->high = fmax(chart->high, values[i]);
	}
}

/* A limit that is near enough is worth the room; one that is far would press all else flat. */
static void widen_for_limits(struct chart *chart)
{
	const struct rollcast_forecast *forecast = chart->fan->forecast;
	double low = chart->low, high = chart->high, reach = 0.6 * (high - low);

	for (uint32_t i = 0; i < forecast->threshold_count; i++) {
		double limit = forecast->thresholds[i].limit;

		if (limit >= low - reach && limit <= high + reach)
			widen(chart, &limit, 1);
	}
}

static void find_range(struct chart *chart)
{
	const struct rollcast_forecast *forecast = chart->fan->forecast;

	chart->low = INFINITY;
	chart->high = -INFINITY;
	widen(chart, chart->past, chart->shown);
	widen(chart, chart->median, forecast->horizon);
	widen(chart, forecast->quantiles, (size_t)forecast->quantile_count * forecast->horizon);
	if (chart->low > chart->high)
		chart->low = chart->high = 0;
	widen_for_limits(chart);
	double room = 0.03 * (chart->high - chart->low);

	if (!(room > 0) || !isfinite(room))
		room = fmax(fabs(chart->low) * 0.05, 0.5);
	chart->low -= room;
	chart->high += room;
}

static const double *find_median(const struct rollcast_forecast *forecast)
{
	for (uint32_t i = 0; i < forecast->quantile_count; i++)
		if (fabs(forecast->quantile_levels[i] - 0.5) < 1e-9)
			return forecast->quantiles + (size_t)i * forecast->horizon;
	return forecast->mean;
}

/* Steps are counted from the first value shown; a value per two dots at most, if there are as many. */
static double place_x(const struct chart *chart, double step)
{
	double last = (double)(chart->shown + chart->fan->forecast->horizon) - 1;

	return last > 0 ? step * (double)(chart->width - 1) / last : 0;
}

static double place_y(const struct chart *chart, double value)
{
	double share = (chart->high - value) / (chart->high - chart->low);

	return fmin(fmax(share, 0), 1) * (double)(chart->height - 1);
}

/* ---- dots ---- */

static void put_dot(struct chart *chart, long x, long y, enum layer layer)
{
	static const uint8_t bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
	struct dots *cell;

	if (x < 0 || y < 0 || x >= (long)chart->width || y >= (long)chart->height)
		return;
	cell = &chart->cells[(y / 4) * (long)(chart->width / 2) + x / 2];
	if (layer < cell->layer)
		return;
	if (layer > cell->layer)
		*cell = (struct dots){0, (uint8_t)layer};
	cell->mask |= bits[y % 4][x % 2];
}

static void draw_segment(struct chart *chart, double from_x, double from_y, double to_x,
			 double to_y, enum layer layer)
{
	double length = fmax(fabs(to_x - from_x), fabs(to_y - from_y));
	long dots = lround(ceil(length));

	for (long i = 0; i <= dots; i++) {
		double share = dots ? (double)i / (double)dots : 0;

		put_dot(chart, lround(from_x + share * (to_x - from_x)),
			lround(from_y + share * (to_y - from_y)), layer);
	}
}

/* A line through values from step `first` on, broken where they are not known. */
static void draw_line(struct chart *chart, const double *values, size_t count, double first,
		      enum layer layer)
{
	for (size_t i = 0; i < count; i++) {
		size_t from = i && is_drawable(values[i - 1]) ? i - 1 : i;

		if (is_drawable(values[i]))
			draw_segment(chart, place_x(chart, first + (double)from),
				     place_y(chart, values[from]),
				     place_x(chart, first + (double)i), place_y(chart, values[i]),
				     layer);
	}
}

/* Between two quantiles: every other dot, or for the outer interval one per cell. */
static void shade(struct chart *chart, const double *lower, const double *upper, enum layer layer)
{
	uint32_t horizon = chart->fan->forecast->horizon;
	long begin = lround(place_x(chart, (double)chart->shown));

	for (long x = begin; x < (long)chart->width; x++) {
		double step = horizon > 1 && (long)chart->width - 1 > begin
				      ? (double)(x - begin) * (horizon - 1) /
						(double)((long)chart->width - 1 - begin)
				      : 0;
		size_t left = (size_t)step, right = left + 1 < horizon ? left + 1 : left;
		double share = step - (double)left;
		double top = upper[left] + share * (upper[right] - upper[left]);
		double bottom = lower[left] + share * (lower[right] - lower[left]);

		if (!is_drawable(top) || !is_drawable(bottom))
			continue;
		for (long y = lround(place_y(chart, top)); y <= lround(place_y(chart, bottom)); y++)
			if (layer == LAYER_INNER ? (x + y) % 2 == 0
						 : x % 2 == 0 && y % 4 == (x / 2 % 2 ? 3 : 1))
				put_dot(chart, x, y, layer);
	}
}

static void draw_limits(struct chart *chart)
{
	const struct rollcast_forecast *forecast = chart->fan->forecast;

	for (uint32_t i = 0; i < forecast->threshold_count; i++) {
		double limit = forecast->thresholds[i].limit;

		if (!(limit >= chart->low && limit <= chart->high))
			continue;
		for (long x = 0; x < (long)chart->width; x++)
			if (x % 6 < 4)
				put_dot(chart, x, lround(place_y(chart, limit)), LAYER_LIMIT);
	}
}

static void draw_lines(struct chart *chart)
{
	const struct rollcast_forecast *forecast = chart->fan->forecast;
	uint32_t horizon = forecast->horizon, count = forecast->quantile_count;

	for (uint32_t i = 0; i < count / 2; i++)
		shade(chart, forecast->quantiles + (size_t)i * horizon,
		      forecast->quantiles + (size_t)(count - 1 - i) * horizon,
		      i ? LAYER_INNER : LAYER_OUTER);
	draw_limits(chart);
	draw_line(chart, chart->median, horizon, (double)chart->shown, LAYER_MEDIAN);
	draw_line(chart, chart->past, chart->shown, 0, LAYER_PAST);
}

/* ---- onto the canvas ---- */

static void put_dots(struct chart *chart)
{
	static const uint8_t styles[] = {
		[LAYER_NONE] = STYLE_PLAIN,   [LAYER_OUTER] = STYLE_DIM,
		[LAYER_INNER] = STYLE_MODEL,  [LAYER_LIMIT] = STYLE_WARNING,
		[LAYER_MEDIAN] = STYLE_MODEL, [LAYER_PAST] = STYLE_BOLD,
	};
	size_t width = chart->width / 2;

	for (size_t i = 0; i < width * (chart->height / 4); i++) {
		const struct dots *dots = &chart->cells[i];
		/* U+2800 and the mask. */
		const char glyph[] = {(char)0xe2, (char)(0xa0 | dots->mask >> 6),
				      (char)(0x80 | (dots->mask & 0x3f)), 0};

		if (dots->mask)
			canvas_put(chart->canvas, chart->plot.row + i / width,
				   chart->plot.column + i % width, 1, styles[dots->layer], glyph);
	}
}

static bool is_blank(const struct chart *chart, size_t row, size_t column)
{
	const struct canvas_cell *cell = canvas_at(chart->canvas, row, column);

	return cell && !strcmp(cell->glyph, " ");
}

static void put_origin(struct chart *chart)
{
	size_t column =
		chart->plot.column + (size_t)lround(place_x(chart, (double)chart->shown - 0.5)) / 2;

	for (size_t row = chart->plot.row; row < chart->plot.row + chart->plot.height; row++)
		if (is_blank(chart, row, column))
			canvas_put(chart->canvas, row, column, 1, STYLE_DIM, "┊");
}

/* The names of limits that are in sight, on their lines if nothing is in the way. */
static void put_limit_names(struct chart *chart)
{
	const struct rollcast_forecast *forecast = chart->fan->forecast;
	size_t columns = chart->width / 2;

	for (uint32_t i = 0; i < forecast->threshold_count; i++) {
		const struct rollcast_breach *breach = &forecast->thresholds[i];
		char number[HUMAN_TEXT_MAX], text[64];
		size_t row, cells;
		bool free_row = true;

		if (!(breach->limit >= chart->low && breach->limit <= chart->high))
			continue;
		snprintf(text, sizeof(text), " %.30s %s ", breach->name,
			 human_number(breach->limit, human_prefix_of(forecast->name), number));
		row = (size_t)lround(place_y(chart, breach->limit)) / 4;
		cells = canvas_cells(text);
		if (cells + 1 > columns)
			continue;
		for (size_t j = 1; j <= cells; j++)
			free_row = free_row && chart->cells[row * columns + j].layer <= LAYER_LIMIT;
		if (free_row)
			canvas_put(chart->canvas, chart->plot.row + row, chart->plot.column + 1,
				   cells, STYLE_WARNING, text);
	}
}

static void put_value_axis(struct chart *chart, size_t left)
{
	size_t wide = chart->plot.column - left - 2;

	for (size_t row = 0; row <= chart->plot.height; row++)
		canvas_put(chart->canvas, chart->plot.row + row, chart->plot.column - 1, 1,
			   STYLE_DIM, row == chart->plot.height ? "└" : "│");
	for (size_t i = 0; i < chart->values.count; i++) {
		const struct axis_mark *mark = &chart->values.marks[i];
		size_t row = chart->plot.row + (size_t)lround(place_y(chart, mark->at)) / 4;
		size_t cells = canvas_cells(mark->text);

		canvas_put(chart->canvas, row, left + (wide > cells ? wide - cells : 0), wide,
			   STYLE_DIM, mark->text);
		canvas_put(chart->canvas, row, chart->plot.column - 1, 1, STYLE_DIM, "┤");
	}
}

static int64_t first_time(const struct chart *chart)
{
	const struct rollcast_forecast *forecast = chart->fan->forecast;

	return forecast->origin_us - ((int64_t)chart->shown - 1) * forecast->step_us;
}

static void put_time_axis(struct chart *chart)
{
	const struct rollcast_forecast *forecast = chart->fan->forecast;
	size_t row = chart->plot.row + chart->plot.height, columns = chart->width / 2;
	size_t end = 0;

	for (size_t i = 0; i < columns; i++)
		canvas_put(chart->canvas, row, chart->plot.column + i, 1, STYLE_DIM, "─");
	for (size_t i = 0; i < chart->times.count; i++) {
		const struct axis_mark *mark = &chart->times.marks[i];
		double step = (mark->at - (double)first_time(chart)) / (double)forecast->step_us;
		size_t column = (size_t)lround(place_x(chart, step)) / 2;
		size_t cells = canvas_cells(mark->text);
		size_t begin = column > cells / 2 ? column - cells / 2 : 0;

		if (begin + cells > columns)
			begin = columns > cells ? columns - cells : 0;
		if (begin < end)
			continue;
		canvas_put(chart->canvas, row, chart->plot.column + column, 1, STYLE_DIM, "┬");
		canvas_put(chart->canvas, row + 1, chart->plot.column + begin, cells, STYLE_DIM,
			   mark->text);
		end = begin + cells + 2;
	}
}

/* ---- the whole ---- */

/* Room for the labels at the left, and what is left of the box. */
static void lay_out(struct chart *chart, struct fan_box box)
{
	enum human_prefix prefix = human_prefix_of(chart->fan->forecast->name);
	size_t widest = 0;

	axis_values(&chart->values, chart->low, chart->high, (box.height - 2) / 3 + 1, prefix);
	for (size_t i = 0; i < chart->values.count; i++)
		widest = fmax(widest, canvas_cells(chart->values.marks[i].text));
	if (widest > box.width / 2)
		widest = box.width / 2;
	chart->plot = (struct fan_box){box.row, box.column + widest + 2, box.height - 2,
				       box.width - widest - 2};
	chart->width = 2 * chart->plot.width;
	chart->height = 4 * chart->plot.height;
}

/* Three times as much of the past as of the future, but no more than has a dot for each value. */
static void choose_past(struct chart *chart, size_t dots)
{
	size_t horizon = chart->fan->forecast->horizon;
	size_t most = horizon > PAST_ENOUGH / 3 ? 3 * horizon : PAST_ENOUGH;

	if (most + horizon > dots)
		most = dots > 2 * horizon ? dots - horizon : horizon;
	chart->shown = chart->fan->count < most ? chart->fan->count : most;
	chart->past = chart->fan->past + (chart->fan->count - chart->shown);
}

void fan_draw(struct canvas *canvas, struct fan_box box, const struct fan *fan)
{
	const struct rollcast_forecast *forecast = fan->forecast;
	struct chart chart = {.fan = fan, .canvas = canvas, .median = find_median(forecast)};

	if (box.height < FAN_HEIGHT_MIN || box.width < FAN_WIDTH_MIN || !forecast->horizon)
		return;
	choose_past(&chart, 2 * (box.width - 8));
	find_range(&chart);
	lay_out(&chart, box);
	axis_times(&chart.times, first_time(&chart),
		   forecast->origin_us + forecast->horizon * forecast->step_us,
		   chart.plot.width / 14 + 1);
	chart.cells = calloc(chart.plot.width * chart.plot.height, sizeof(*chart.cells));
	if (!chart.cells)
		return;
	draw_lines(&chart);
	put_dots(&chart);
	put_origin(&chart);
	put_limit_names(&chart);
	put_value_axis(&chart, box.column);
	put_time_axis(&chart);
	free(chart.cells);
}
