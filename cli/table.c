/*
 * The table that `rollcast watch` draws. A column is a row of the list below: its title, its width, how
 * a cell of it is filled, and when it gives way in a narrow terminal.
 */
#include "cli/table.h"

#include <math.h>
#include <string.h>

#include "cli/human.h"

#define DIM   "\033[2m"
#define BOLD  "\033[1m"
#define GREEN "\033[32m"
#define RED   "\033[31m"
#define CYAN  "\033[36m"
#define PLAIN "\033[0m"

enum {
	PAST_CELLS = 6,
	PATH_CELLS = 12,
	EXPERT_CELLS = 16,
	NAME_ENOUGH = 24, /* cells for names before columns give way */
	GAP = 2,
	CELL_BYTES = 256,
};

struct cell {
	char text[CELL_BYTES];
	size_t width;
};

struct column {
	const char *title;
	size_t width;
	bool right;
	int rank; /* the lowest is given room first */
	void (*fill)(const struct table_view *view, const struct board_row *row, struct cell *cell);
};

/* ---- cells ---- */

static bool starts_character(char byte)
{
	return ((unsigned char)byte & 0xc0) != 0x80;
}

static size_t count_cells(const char *text)
{
	size_t cells = 0;

	for (; *text; text++)
		cells += starts_character(*text);
	return cells;
}

static void fill_text(struct cell *cell, bool colours, const char *colour, const char *text)
{
	cell->width = count_cells(text);
	snprintf(cell->text, sizeof(cell->text), "%s%s%s", colours ? colour : "", text,
		 colours && *colour ? PLAIN : "");
}

static void fill_last(const struct table_view *view, const struct board_row *row, struct cell *cell)
{
	const struct rollcast_forecast *forecast = row->forecast;
	char text[HUMAN_TEXT_MAX];

	human_number(forecast->last, human_prefix_of(forecast->name), text);
	fill_text(cell, view->colours, BOLD, text);
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
static void fill_chart(const struct table_view *view, const struct board_row *row,
		       struct cell *cell)
{
	const struct rollcast_forecast *forecast = row->forecast;
	char past_text[SPARKLINE_SIZE(PAST_CELLS)], path_text[SPARKLINE_SIZE(PATH_CELLS)];
	double past[PAST_CELLS], low = INFINITY, high = -INFINITY;
	size_t known = row->history_count < PAST_CELLS ? row->history_count : PAST_CELLS - 1;
	size_t cells;

	memcpy(past, row->history + row->history_count - known, known * sizeof(past[0]));
	past[known++] = forecast->last;
	widen(past, known, &low, &high);
	widen(forecast->mean, forecast->horizon, &low, &high);
	cells = sparkline(past, known, PAST_CELLS, low, high, past_text);
	cell->width =
		PAST_CELLS + 1 +
		sparkline(forecast->mean, forecast->horizon, PATH_CELLS, low, high, path_text);
	snprintf(cell->text, sizeof(cell->text), "%*s%s%s%s|%s%s%s", (int)(PAST_CELLS - cells), "",
		 view->colours ? DIM : "", past_text, view->colours ? PLAIN : "",
		 view->colours ? CYAN : "", path_text, view->colours ? PLAIN : "");
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

static void fill_interval(const struct table_view *view, const struct board_row *row,
			  struct cell *cell)
{
	char text[3 * HUMAN_TEXT_MAX];

	interval_text(row->forecast, text, sizeof(text));
	fill_text(cell, view->colours, "", text);
}

/* The leading expert, its name in at most `width` cells, and its weight. */
static void expert_text(const struct rollcast_forecast *forecast, size_t width, char *text,
			size_t size)
{
	char name[2 * BOARD_EXPERT_NAME_MAX], weight[16] = "";

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

static void fill_expert(const struct table_view *view, const struct board_row *row,
			struct cell *cell)
{
	char text[3 * HUMAN_TEXT_MAX];

	expert_text(row->forecast, EXPERT_CELLS, text, sizeof(text));
	fill_text(cell, view->colours, board_network_share(row->forecast) > 0 ? CYAN : "", text);
}

static void fill_skill(const struct table_view *view, const struct board_row *row,
		       struct cell *cell)
{
	double skill = row->forecast->skill;
	char text[HUMAN_TEXT_MAX];

	human_percent(skill, text);
	fill_text(cell, view->colours, skill > 0 ? GREEN : skill < 0 ? RED : "", text);
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

static void fill_coverage(const struct table_view *view, const struct board_row *row,
			  struct cell *cell)
{
	char text[48];

	coverage_text(row->forecast, text, sizeof(text));
	fill_text(cell, view->colours, "", text);
}

static void fill_age(const struct table_view *view, const struct board_row *row, struct cell *cell)
{
	char text[HUMAN_TEXT_MAX];

	/* A snapshot says nothing about when it was made. */
	if (row->forecast->snapshot)
		snprintf(text, sizeof(text), "-");
	else
		human_age(view->now_us - row->arrived_us, text);
	fill_text(cell, view->colours, DIM, text);
}

static const struct column columns[] = {
	{"LAST", 7, true, 0, fill_last},
	{"PAST  |FORECAST", PAST_CELLS + 1 + PATH_CELLS, false, 4, fill_chart},
	{"AT THE END", 18, false, 1, fill_interval},
	{"EXPERT", EXPERT_CELLS, false, 2, fill_expert},
	{"SKILL", 7, true, 3, fill_skill},
	{"COVERED", 8, true, 5, fill_coverage},
	{"AGE", 4, true, 6, fill_age},
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* ---- layout ---- */

size_t table_fit_name(const char *name, size_t width, char *text, size_t size)
{
	size_t cells = count_cells(name), at = 0, used = 0, written = 0;
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

static size_t longest_name(const struct board *board, size_t rows)
{
	size_t longest = strlen("STREAM");

	for (size_t i = 0; i < rows; i++) {
		size_t cells = count_cells(board->rows[i]->forecast->name);

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

static void put_cell(FILE *file, const struct cell *cell, size_t width, bool right)
{
	int pad = cell->width < width ? (int)(width - cell->width) : 0;

	fprintf(file, "%*s%s%*s", GAP + (right ? pad : 0), "", cell->text, right ? 0 : pad, "");
}

static void draw_titles(FILE *file, const struct layout *layout, bool colours)
{
	struct cell cell;

	fprintf(file, "%s%-*s%s", colours ? DIM : "", (int)layout->name_width, "STREAM",
		colours ? PLAIN : "");
	for (size_t i = 0; i < COLUMNS; i++) {
		if (!layout->shown[i])
			continue;
		fill_text(&cell, colours, DIM, columns[i].title);
		put_cell(file, &cell, columns[i].width, columns[i].right);
	}
	fputc('\n', file);
}

static void draw_row(FILE *file, const struct layout *layout, const struct table_view *view,
		     const struct board_row *row)
{
	char name[ROLLCAST_NAME_MAX];
	struct cell cell;
	size_t used = table_fit_name(row->forecast->name, layout->name_width, name, sizeof(name));

	fprintf(file, "%s%*s", name,
		(int)(layout->name_width > used ? layout->name_width - used : 0), "");
	for (size_t i = 0; i < COLUMNS; i++) {
		if (!layout->shown[i])
			continue;
		columns[i].fill(view, row, &cell);
		put_cell(file, &cell, columns[i].width, columns[i].right);
	}
	fputc('\n', file);
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
	if (view->counts_losses)
		fprintf(file, "%llu lost  ", (unsigned long long)board->lost);
	fprintf(file, "networks lead %zu, share %zu", networks.leading, networks.sharing);
}

static void draw_totals(FILE *file, const struct board *board, const struct table_view *view)
{
	char text[512], fitted[512];
	FILE *memory = fmemopen(text, sizeof(text), "w");

	if (!memory)
		return;
	if (board->count)
		table_print_totals(memory, board, view);
	else
		fputs("waiting for forecasts", memory);
	fprintf(memory, "  %s", view->endpoint);
	fclose(memory);
	text[sizeof(text) - 1] = '\0';
	table_fit_name(text, view->width, fitted, sizeof(fitted));
	fprintf(file, "%s%s%s\n", view->colours ? BOLD : "", fitted, view->colours ? PLAIN : "");
}

size_t table_draw(FILE *file, const struct board *board, const struct table_view *view)
{
	size_t room = view->height > 3 ? view->height - 3 : 0;
	size_t shown = board->count < room ? board->count : room;
	char text[80], fitted[80];
	struct layout layout;

	draw_totals(file, board, view);
	if (!shown)
		return 1;
	/* The line of what is left out takes the place of a stream's. */
	if (shown < board->count)
		shown--;
	layout = lay_out(view->width, longest_name(board, shown));
	draw_titles(file, &layout, view->colours);
	for (size_t i = 0; i < shown; i++)
		draw_row(file, &layout, view, board->rows[i]);
	if (shown == board->count)
		return 2 + shown;
	snprintf(text, sizeof(text), "%zu more: a larger terminal or --match shows them",
		 board->count - shown);
	table_fit_name(text, view->width, fitted, sizeof(fitted));
	fprintf(file, "%s\n", fitted);
	return 3 + shown;
}

void table_print_line(FILE *file, const struct board_row *row)
{
	const struct rollcast_forecast *forecast = row->forecast;
	char number[HUMAN_TEXT_MAX], path[SPARKLINE_SIZE(PATH_CELLS)], text[3 * HUMAN_TEXT_MAX];
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
