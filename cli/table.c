/*
 * The table that `rollcast watch` draws. A column is a row of the list below: its title, its width, how
 * a cell of it is filled, and when it gives way in a narrow terminal.
 */
#include "cli/table.h"

#include <math.h>
#include <string.h>

#include "cli/human.h"

enum {
	PAST_CELLS = 6,
	PATH_CELLS = 12,
	EXPERT_CELLS = 16,
	NAME_ENOUGH = 24, /* cells for names before columns give way */
	GAP = 2,
};

/* Where a cell of the table is. */
struct place {
	struct canvas *canvas;
	size_t row, column, width;
	int64_t now_us;
};

struct column {
	const char *title;
	size_t width;
	bool right;
	int rank; /* the lowest is given room first */
	void (*fill)(const struct place *place, const struct board_row *row);
};

/* ---- cells ---- */

static void put_left(const struct place *place, uint8_t style, const char *text)
{
	canvas_put(place->canvas, place->row, place->column, place->width, style, text);
}

static void put_right(const struct place *place, uint8_t style, const char *text)
{
	size_t cells = canvas_cells(text), pad = cells < place->width ? place->width - cells : 0;

	canvas_put(place->canvas, place->row, place->column + pad, place->width - pad, style, text);
}

static void fill_last(const struct place *place, const struct board_row *row)
{
	const struct rollcast_forecast *forecast = row->forecast;
	char text[HUMAN_TEXT_MAX];

	human_number(forecast->last, human_prefix_of(forecast->name), text);
	put_right(place, STYLE_BOLD, text);
}

static void widen(const double *values, size_t count, double *low, double *high)
{
	for (size_t i = 0; i < count; i++) {
		if (!isfinite(values[i]))
			continue;
		*low = fmin(*low, values[i]);
		*high = fmax(*high, values[i]);
	}
}

/* The past up to the last value, and the path of the mean, on one scale. */
static void fill_chart(const struct place *place, const struct board_row *row)
{
	const struct rollcast_forecast *forecast = row->forecast;
	char past_text[SPARKLINE_SIZE(PAST_CELLS)], path_text[SPARKLINE_SIZE(PATH_CELLS)];
	size_t known = row->past_count < PAST_CELLS ? row->past_count : PAST_CELLS, cells;
	size_t origin = place->column + PAST_CELLS;
	const double *past = row->past + row->past_count - known;
	double low = INFINITY, high = -INFINITY;

	widen(past, known, &low, &high);
	widen(forecast->mean, forecast->horizon, &low, &high);
	cells = sparkline(past, known, PAST_CELLS, low, high, past_text);
	canvas_put(place->canvas, place->row, origin - cells, cells, STYLE_DIM, past_text);
	canvas_put(place->canvas, place->row, origin, 1, STYLE_PLAIN, "|");
	sparkline(forecast->mean, forecast->horizon, PATH_CELLS, low, high, path_text);
	canvas_put(place->canvas, place->row, origin + 1, PATH_CELLS, STYLE_MODEL, path_text);
}

/* The outermost quantiles at the last step. */
static void interval_text(const struct rollcast_forecast *forecast, char *text, size_t size)
{
	enum human_prefix prefix = human_prefix_of(forecast->name);
	const double *quantiles = forecast->quantiles;
	char lower[HUMAN_TEXT_MAX], upper[HUMAN_TEXT_MAX];
	size_t step;

	if (forecast->quantile_count < 2 || !forecast->horizon) {
		snprintf(text, size, "-");
		return;
	}
	step = forecast->horizon - 1;
	human_number(quantiles[step], prefix, lower);
	human_number(quantiles[(forecast->quantile_count - 1) * forecast->horizon + step], prefix,
		     upper);
	snprintf(text, size, "%s .. %s", lower, upper);
}

static void fill_interval(const struct place *place, const struct board_row *row)
{
	char text[3 * HUMAN_TEXT_MAX];

	interval_text(row->forecast, text, sizeof(text));
	put_left(place, STYLE_PLAIN, text);
}

/* The leading expert, its name in at most `width` cells, and its weight. */
static void expert_text(const struct rollcast_forecast *forecast, size_t width, char *text,
			size_t size)
{
	char name[2 * BOARD_NAME_MAX], weight[16] = "";

	if (!forecast->expert) {
		snprintf(text, size, "-");
		return;
	}
	for (uint32_t i = 0; i < forecast->weight_count; i++)
		if (!strcmp(forecast->weights[i].name, forecast->expert))
			snprintf(weight, sizeof(weight), " %.3g%%",
				 round(100 * forecast->weights[i].weight));
	table_fit_name(forecast->expert, width - strlen(weight), name, sizeof(name));
	snprintf(text, size, "%s%s", name, weight);
}

static void fill_expert(const struct place *place, const struct board_row *row)
{
	char text[3 * BOARD_NAME_MAX];

	expert_text(row->forecast, EXPERT_CELLS, text, sizeof(text));
	put_left(place, board_network_share(row->forecast) > 0 ? STYLE_MODEL : STYLE_PLAIN, text);
}

static void fill_skill(const struct place *place, const struct board_row *row)
{
	double skill = row->forecast->skill;
	char text[HUMAN_TEXT_MAX];

	human_percent(skill, text);
	put_right(place, skill > 0 ? STYLE_GOOD : skill < 0 ? STYLE_BAD : STYLE_PLAIN, text);
}

/* Measured / promised, in percent. */
static void coverage_text(const struct rollcast_forecast *forecast, char *text, size_t size)
{
	size_t level = board_widest_level(forecast);

	if (level == SIZE_MAX || !isfinite(forecast->coverage[level]))
		snprintf(text, size, "-");
	else
		snprintf(text, size, "%.1f/%.4g", 100 * forecast->coverage[level],
			 100 * forecast->levels[level]);
}

static void fill_coverage(const struct place *place, const struct board_row *row)
{
	char text[48];

	coverage_text(row->forecast, text, sizeof(text));
	put_right(place, STYLE_PLAIN, text);
}

/* The most probable breach of a threshold; red while an alert stands. */
static void fill_breach(const struct place *place, const struct board_row *row)
{
	double probability = board_breach(row->forecast);
	uint8_t style = probability >= 0.05 ? STYLE_WARNING : STYLE_PLAIN;
	char text[HUMAN_TEXT_MAX];

	for (uint32_t i = 0; i < row->forecast->threshold_count; i++)
		if (row->forecast->thresholds[i].raised)
			style = STYLE_BAD;
	put_right(place, style, human_percent(probability, text));
}

static void fill_age(const struct place *place, const struct board_row *row)
{
	char text[HUMAN_TEXT_MAX];

	/* A snapshot says nothing about when it was made. */
	if (row->forecast->snapshot)
		snprintf(text, sizeof(text), "-");
	else
		human_age(place->now_us - row->arrived_us, text);
	put_right(place, STYLE_DIM, text);
}

static const struct column columns[] = {
	{"LAST", 7, true, 0, fill_last},
	{"PAST  |FORECAST", PAST_CELLS + 1 + PATH_CELLS, false, 4, fill_chart},
	{"AT THE END", 18, false, 1, fill_interval},
	{"EXPERT", EXPERT_CELLS, false, 2, fill_expert},
	{"SKILL", 7, true, 3, fill_skill},
	{"COVERED", 8, true, 5, fill_coverage},
	{"BREACH", 6, true, 7, fill_breach},
	{"AGE", 4, true, 6, fill_age},
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* ---- layout ---- */

static bool starts_character(char byte)
{
	return ((unsigned char)byte & 0xc0) != 0x80;
}

size_t table_fit_name(const char *name, size_t width, char *text, size_t size)
{
	size_t cells = canvas_cells(name), at = 0, used = 0, written = 0;
	/* The beginning tells more streams apart than the labels at the end. */
	size_t head = (width - 1) * 2 / 3, tail = width - 1 - head;

	for (; *name; name++) {
		bool control = (unsigned char)*name < ' ' || *name == 0x7f;

		if (starts_character(*name))
			at++;
		/* Characters number head + 1 to cells - tail are left out. */
		if (cells > width && at > head && at <= cells - tail) {
			if (at == head + 1 && starts_character(*name) && written + 4 < size) {
				memcpy(text + written, "…", 3);
				written += 3;
				used++;
			}
			continue;
		}
		if (written + 1 >= size)
			break;
		used += starts_character(*name);
		text[written++] = control ? '?' : *name;
	}
	text[written] = '\0';
	return used;
}

struct layout {
	size_t name_width;
	bool shown[COLUMNS];
};

static size_t longest_name(struct board_row *const *rows, size_t count)
{
	size_t longest = strlen("STREAM");

	for (size_t i = 0; i < count; i++) {
		size_t cells = canvas_cells(rows[i]->forecast->name);

		if (cells > longest)
			longest = cells;
	}
	return longest;
}

/* Room for names first, then for the columns by rank, as far as they fit. */
static struct layout lay_out(size_t width, size_t longest)
{
	size_t used = longest < NAME_ENOUGH ? longest : NAME_ENOUGH;
	struct layout layout = {.name_width = used};

	for (int rank = 0; rank < COLUMNS; rank++) {
		for (size_t i = 0; i < COLUMNS; i++) {
			size_t wanted = GAP + columns[i].width;

			if (columns[i].rank != rank || used + wanted > width)
				continue;
			layout.shown[i] = true;
			used += wanted;
		}
	}
	layout.name_width += width > used ? width - used : 0;
	if (layout.name_width > longest)
		layout.name_width = longest;
	return layout;
}

static void draw_titles(struct canvas *canvas, size_t row, const struct layout *layout)
{
	struct place place = {canvas, row, layout->name_width, 0, 0};

	canvas_put(canvas, row, 0, SIZE_MAX, STYLE_DIM, "STREAM");
	for (size_t i = 0; i < COLUMNS; i++) {
		if (!layout->shown[i])
			continue;
		place.column += place.width + GAP;
		place.width = columns[i].width;
		if (columns[i].right)
			put_right(&place, STYLE_DIM, columns[i].title);
		else
			put_left(&place, STYLE_DIM, columns[i].title);
	}
}

static void draw_row(struct place place, const struct layout *layout, const struct board_row *row)
{
	char name[ROLLCAST_NAME_MAX];

	place.width = layout->name_width;
	table_fit_name(row->forecast->name, place.width, name, sizeof(name));
	put_left(&place, STYLE_PLAIN, name);
	for (size_t i = 0; i < COLUMNS; i++) {
		if (!layout->shown[i])
			continue;
		place.column += place.width + GAP;
		place.width = columns[i].width;
		columns[i].fill(&place, row);
	}
}

/* ---- what is public ---- */

void table_print_totals(FILE *file, const struct board *board, const struct table_view *view)
{
	struct board_networks networks = board_networks(board);
	char rate[HUMAN_TEXT_MAX];

	fprintf(file, "%zu stream%s  ", board->count, board->count == 1 ? "" : "s");
	if (isfinite(view->per_second))
		fprintf(file, "%s forecasts/s  ", human_number(view->per_second, HUMAN_SI, rate));
	else
		fprintf(file, "%llu forecasts  ", (unsigned long long)board->forecasts);
	if (view->counts_losses && board->gaps)
		fprintf(file, "%llu lost in %llu gap%s  ", (unsigned long long)board->lost,
			(unsigned long long)board->gaps, board->gaps == 1 ? "" : "s");
	else if (view->counts_losses)
		fputs("0 lost  ", file);
	fprintf(file, "networks lead %zu, share %zu", networks.leading, networks.sharing);
}

void table_draw_totals(struct canvas *canvas, size_t row, const struct board *board,
		       const struct table_view *view)
{
	char text[512] = "", fitted[512];
	FILE *memory = fmemopen(text, sizeof(text), "w");

	if (!memory)
		return;
	if (board->count)
		table_print_totals(memory, board, view);
	else
		fputs("waiting for forecasts", memory);
	fprintf(memory, "  %s", view->endpoint);
	if (view->trouble)
		fprintf(memory, " %s", view->trouble);
	fclose(memory);
	text[sizeof(text) - 1] = '\0';
	table_fit_name(text, canvas->width, fitted, sizeof(fitted));
	canvas_put(canvas, row, 0, SIZE_MAX, STYLE_BOLD, fitted);
}

void table_draw(struct canvas *canvas, size_t top, struct board_row *const *rows, size_t count,
		const struct table_view *view)
{
	struct layout layout = lay_out(canvas->width, longest_name(rows, count));

	draw_titles(canvas, top, &layout);
	for (size_t i = 0; i < count; i++) {
		const struct place place = {canvas, top + 1 + i, 0, 0, view->now_us};

		draw_row(place, &layout, rows[i]);
	}
}

void table_print_line(FILE *file, const struct board_row *row)
{
	const struct rollcast_forecast *forecast = row->forecast;
	char number[HUMAN_TEXT_MAX], path[SPARKLINE_SIZE(PATH_CELLS)], text[3 * BOARD_NAME_MAX];
	double low = INFINITY, high = -INFINITY;

	widen(&forecast->last, 1, &low, &high);
	widen(forecast->mean, forecast->horizon, &low, &high);
	sparkline(forecast->mean, forecast->horizon, PATH_CELLS, low, high, path);
	fprintf(file, "%s  last %s", forecast->name,
		human_number(forecast->last, human_prefix_of(forecast->name), number));
	interval_text(forecast, text, sizeof(text));
	fprintf(file, "  %s  end %s", path, text);
	expert_text(forecast, sizeof(text), text, sizeof(text));
	fprintf(file, "  by %s  skill %s", text, human_percent(forecast->skill, number));
	coverage_text(forecast, text, sizeof(text));
	fprintf(file, "  covered %s%s\n", text, forecast->snapshot ? "  snapshot" : "");
}
