/*
 *	load{host="a"}   12.3 at 14:05:30   step 1s
 *	(the fan)
 *	skill 31.0%   trained 2m before   3,600 samples
 *	experts    lstm  71% ███████    naive 29% ███
 *	intervals  80%: 79.5% inside   95%: 94.1% inside
 *	thresholds full 95: 31.0% within 1h, about 20m
 */
#include "cli/detail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/human.h"
#include "cli/table.h"

enum { INDENT = 12, BAR_CELLS = 10, TEXT = 256, FAN_ENOUGH = 12 };

/* A line of words that goes on in the next one when it is full. */
struct flow {
	struct canvas *canvas;
	size_t row, column;
};

static void begin(struct flow *flow, const char *title)
{
	canvas_put(flow->canvas, flow->row, 0, INDENT, STYLE_DIM, title);
	flow->column = INDENT;
}

static void end(struct flow *flow)
{
	flow->row++;
}

/* One item, whole on a line. */
static void put(struct flow *flow, uint8_t style, const char *text)
{
	size_t cells = canvas_cells(text);

	if (flow->column > INDENT && flow->column + cells > flow->canvas->width) {
		flow->row++;
		flow->column = INDENT;
	}
	canvas_put(flow->canvas, flow->row, flow->column, cells, style, text);
	flow->column += cells + 3;
}

static void time_text(int64_t time_us, bool fraction, char *text, size_t size)
{
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm parts;
	size_t used;

	if (!localtime_r(&seconds, &parts)) {
		snprintf(text, size, "-");
		return;
	}
	used = strftime(text, size, "%Y-%m-%d %H:%M:%S", &parts);
	if (fraction)
		snprintf(text + used, size - used, ".%03d", abs((int)(time_us % 1000000 / 1000)));
}

/* `250ms`, `10s`, `1h`: exactly, unlike an age. */
static void step_text(int64_t step_us, char *text, size_t size)
{
	static const struct {
		int64_t us;
		const char *unit;
	} units[] = {{86400000000, "d"}, {3600000000, "h"}, {60000000, "m"},
		     {1000000, "s"},	 {1000, "ms"},	    {1, "us"}};
	size_t i = 0;

	while (step_us % units[i].us)
		i++;
	snprintf(text, size, "%lld%s", (long long)(step_us / units[i].us), units[i].unit);
}

static void draw_title(struct canvas *canvas, size_t row, const struct rollcast_forecast *forecast)
{
	char name[ROLLCAST_NAME_MAX], last[HUMAN_TEXT_MAX], when[64], step[32], right[TEXT];
	size_t cells;

	human_number(forecast->last, human_prefix_of(forecast->name), last);
	time_text(forecast->origin_us, forecast->step_us % 1000000 != 0, when, sizeof(when));
	step_text(forecast->step_us, step, sizeof(step));
	snprintf(right, sizeof(right), "%s at %s  step %s", last, when, step);
	cells = canvas_cells(right);
	if (cells + 20 > canvas->width) {
		snprintf(right, sizeof(right), "%s", last);
		cells = canvas_cells(right);
	}
	table_fit_name(forecast->name, canvas->width > cells + 4 ? canvas->width - cells - 2 : 2,
		       name, sizeof(name));
	canvas_put(canvas, row, 0, SIZE_MAX, STYLE_BOLD, name);
	if (canvas->width > cells)
		canvas_put(canvas, row, canvas->width - cells, cells, STYLE_PLAIN, right);
}

static void draw_quality(struct flow *flow, const struct rollcast_forecast *forecast)
{
	char text[TEXT], number[HUMAN_TEXT_MAX];

	begin(flow, "measured");
	snprintf(text, sizeof(text), "skill %s", human_percent(forecast->skill, number));
	put(flow,
	    forecast->skill > 0	  ? STYLE_GOOD
	    : forecast->skill < 0 ? STYLE_BAD
				  : STYLE_PLAIN,
	    text);
	for (uint32_t i = 0; i < forecast->level_count; i++) {
		snprintf(text, sizeof(text), "%s in the %.4g%% interval",
			 human_percent(forecast->coverage[i], number), 100 * forecast->levels[i]);
		put(flow, STYLE_PLAIN, text);
	}
	snprintf(text, sizeof(text), "%llu samples", (unsigned long long)forecast->samples);
	put(flow, STYLE_PLAIN, text);
	if (forecast->trained_us)
		snprintf(text, sizeof(text), "trained on data up to %s before",
			 human_age(forecast->origin_us - forecast->trained_us, number));
	else
		snprintf(text, sizeof(text), "no network trained yet");
	put(flow, STYLE_PLAIN, text);
	end(flow);
}

static int heavier(const void *left, const void *right)
{
	const struct rollcast_expert_weight *a = left, *b = right;

	return (a->weight < b->weight) - (a->weight > b->weight);
}

static void draw_experts(struct flow *flow, const struct rollcast_forecast *forecast)
{
	struct rollcast_expert_weight weights[ROLLCAST_EXPERTS_MAX];
	char text[TEXT];

	memcpy(weights, forecast->weights, sizeof(weights));
	qsort(weights, forecast->weight_count, sizeof(weights[0]), heavier);
	begin(flow, "experts");
	for (uint32_t i = 0; i < forecast->weight_count; i++) {
		double share = fmin(fmax(weights[i].weight, 0), 1);
		char bar[3 * BAR_CELLS + 1] = "";

		for (int j = 0; j < lround(share * BAR_CELLS); j++)
			strcat(bar, "▇");
		snprintf(text, sizeof(text), "%s %.3g%%%s%s", weights[i].name,
			 share < 0.01 ? 100 * share : round(100 * share), *bar ? " " : "", bar);
		put(flow, board_is_network(weights[i].name) ? STYLE_MODEL : STYLE_PLAIN, text);
	}
	if (!forecast->weight_count)
		put(flow, STYLE_PLAIN, "-");
	end(flow);
}

static void draw_thresholds(struct flow *flow, const struct rollcast_forecast *forecast)
{
	enum human_prefix prefix = human_prefix_of(forecast->name);

	if (!forecast->threshold_count)
		return;
	begin(flow, "thresholds");
	for (uint32_t i = 0; i < forecast->threshold_count; i++) {
		const struct rollcast_breach *breach = &forecast->thresholds[i];
		char text[TEXT], limit[HUMAN_TEXT_MAX], share[HUMAN_TEXT_MAX], age[HUMAN_TEXT_MAX];

		human_number(breach->limit, prefix, limit);
		human_percent(breach->probability, share);
		if (isfinite(breach->seconds))
			human_age((int64_t)(1e6 * fmin(breach->seconds, 1e12)), age);
		snprintf(text, sizeof(text), "%.40s %s: breach %s%s%s%s", breach->name, limit,
			 share, isfinite(breach->seconds) ? " in about " : "",
			 isfinite(breach->seconds) ? age : "",
			 breach->raised ? ", alert raised" : "");
		put(flow,
		    breach->raised		  ? STYLE_BAD
		    : breach->probability >= 0.05 ? STYLE_WARNING
						  : STYLE_PLAIN,
		    text);
	}
	end(flow);
}

static size_t draw_facts(struct canvas *canvas, size_t row,
			 const struct rollcast_forecast *forecast)
{
	struct flow flow = {.canvas = canvas, .row = row};

	draw_quality(&flow, forecast);
	draw_thresholds(&flow, forecast);
	draw_experts(&flow, forecast);
	return flow.row;
}

void detail_draw(struct canvas *canvas, size_t top, const struct fan *fan)
{
	struct canvas nowhere = {canvas->width, 0, NULL};
	size_t facts = draw_facts(&nowhere, 0, fan->forecast);
	size_t room = canvas->height > top + 1 ? canvas->height - top - 1 : 0;
	/* The facts need not all be in sight, but the chart has to be readable. */
	size_t height = room > facts + FAN_ENOUGH ? room - facts
			: room < FAN_ENOUGH	  ? room
						  : FAN_ENOUGH;

	draw_title(canvas, top, fan->forecast);
	fan_draw(canvas, (struct fan_box){top + 1, 0, height, canvas->width}, fan);
	draw_facts(canvas, top + 1 + height, fan->forecast);
}
