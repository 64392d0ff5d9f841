/*
 * rollcast forecast: one stream's forecast of a running daemon, from /api/forecast.
 *
 *	as text: what is known of it and a line per step; as JSON; as a picture of the past and the fan
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/detail.h"
#include "cli/forecast_answer.h"
#include "cli/human.h"
#include "cli/options.h"
#include "cli/plot.h"
#include "cli/screen.h"
#include "cli/verbs.h"

enum { TEXT_ROWS = 28, TEXT_WIDTH_MAX = 160 };
#define AS_TEXT "-"

struct options_given {
	const char *http, *plot;
	uint64_t history;
	bool json;
};

static bool is_plot(const char *text)
{
	return plot_can_write(text) || !strcmp(text, AS_TEXT);
}

static const struct option_row rows[] = {
	{.kind = OPTION_HEADING, .help = "Options:"},
	OPTION(TEXT, "http", "HOST:PORT", struct options_given, http,
	       "the daemon's http.listen (default " HTTP_ADDRESS ")"),
	OPTION(FLAG, "json", NULL, struct options_given, json, "as JSON, with the past"),
	OPTION(TEXT, "plot", "FILE", struct options_given, plot,
	       "draw the past and the forecast, here, or into a .svg or .png", .bare = AS_TEXT,
	       .fits = is_plot),
	OPTION(COUNT, "history", "N", struct options_given, history,
	       "values of the past, up to 10000 (default 240)", .low = 0, .high = 10000),
};

static const struct options options = {
	.usage = "Usage: rollcast forecast [OPTION]... STREAM\n"
		 "Show the newest forecast that a running rollcastd has made of a stream.\n"
		 "STREAM is its full name: host_load1, 'cpu_usage{cpu=\"0\",host=\"a\"}'.\n",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.more = "`rollcast streams` lists the names. Exit status: 0 done, 1 failed at run time, 2\n"
		"wrong usage.\n",
};

/* ---- text ---- */

static void print_time(int64_t time_us, bool fraction)
{
	time_t seconds = time_us / 1000000;
	struct tm parts;
	char text[32];

	localtime_r(&seconds, &parts);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
	if (fraction)
		printf("%s.%03d", text, (int)(time_us % 1000000 / 1000));
	else
		printf("%s", text);
}

static void print_quality(const struct rollcast_forecast *forecast)
{
	char text[HUMAN_TEXT_MAX], levels[HUMAN_TEXT_MAX];

	printf("skill %s", human_percent(forecast->skill, text));
	for (uint32_t i = 0; i < forecast->level_count; i++)
		printf(", %s in the %s interval", human_percent(forecast->coverage[i], text),
		       human_percent(forecast->levels[i], levels));
	printf(", %lu samples\nexperts:", (unsigned long)forecast->samples);
	for (uint32_t i = 0; i < forecast->weight_count; i++)
		printf("%s %s %s", i ? "," : "", forecast->weights[i].name,
		       human_percent(forecast->weights[i].weight, text));
	fputs("\n\n", stdout);
}

static void print_forecast(const char *name, const struct rollcast_forecast *forecast)
{
	bool fraction = forecast->step_us % 1000000 != 0;
	enum human_prefix prefix = human_prefix_of(name);
	char text[HUMAN_TEXT_MAX];

	printf("%s: last %s at ", name, human_number(forecast->last, prefix, text));
	print_time(forecast->origin_us, fraction);
	fputs("\n", stdout);
	print_quality(forecast);
	printf("%-*s", fraction ? 23 : 19, "time");
	for (uint32_t i = 0; i < forecast->quantile_count; i++) {
		snprintf(text, sizeof(text), "q%.10g", forecast->quantile_levels[i]);
		printf("  %9s", text);
	}
	fputs("\n", stdout);
	for (uint32_t h = 0; h < forecast->horizon; h++) {
		print_time(forecast->origin_us + (h + 1) * forecast->step_us, fraction);
		for (uint32_t i = 0; i < forecast->quantile_count; i++)
			printf("  %9s",
			       human_number(forecast->quantiles[(size_t)i * forecast->horizon + h],
					    prefix, text));
		fputs("\n", stdout);
	}
}

/* ---- plot ---- */

/* Lines over the times of past and horizon: the past, the mean, the bounds of the widest interval. */
enum { LINE_CAME, LINE_LOW, LINE_HIGH, LINE_MEAN, LINES };

static void fill_future(const struct rollcast_forecast *forecast, size_t past, size_t count,
			double *values)
{
	size_t top = forecast->quantile_count ? forecast->quantile_count - 1 : 0;

	for (size_t i = LINE_LOW; i < LINES && past; i++)
		values[i * count + past - 1] = forecast->last;
	for (uint32_t h = 0; h < forecast->horizon; h++) {
		values[LINE_MEAN * count + past + h] = forecast->mean[h];
		if (forecast->quantile_count == 0)
			continue;
		values[LINE_LOW * count + past + h] = forecast->quantiles[h];
		values[LINE_HIGH * count + past + h] =
			forecast->quantiles[top * forecast->horizon + h];
	}
}

static int draw(const char *program, const char *file, const struct forecast_answer *answer)
{
	const struct rollcast_forecast *forecast = answer->forecast;
	size_t before = answer->count, count = before + forecast->horizon;
	CLEANUP(free) double *values = malloc(LINES * count * sizeof(*values));
	CLEANUP(free) int64_t *times = malloc(count * sizeof(*times));

	if (!values || !times) {
		fprintf(stderr, "%s: there is not enough memory\n", program);
		return STATUS_FAILED;
	}
	for (size_t i = 0; i < LINES * count; i++)
		values[i] = (double)NAN;
	for (size_t i = 0; i < count; i++)
		times[i] = forecast->origin_us +
			   ((int64_t)i + 1 - (int64_t)before) * forecast->step_us;
	memcpy(values + LINE_CAME * count, answer->past, before * sizeof(*values));
	fill_future(forecast, before, count, values);
	char band[64] = "interval", level[HUMAN_TEXT_MAX];

	if (forecast->level_count)
		snprintf(band, sizeof(band), "%s interval",
			 human_percent(forecast->levels[forecast->level_count - 1], level));
	const struct plot_line lines[LINES] = {
		[LINE_CAME] = {"came", PLOT_ACTUAL, values},
		[LINE_LOW] = {band, PLOT_BAND, values + LINE_LOW * count},
		[LINE_HIGH] = {band, PLOT_BAND, values + LINE_HIGH * count},
		[LINE_MEAN] = {"forecast", PLOT_MODEL, values + LINE_MEAN * count},
	};
	const struct plot plot = {.title = forecast->name,
				  .x_label = "UTC",
				  .y_label = "value",
				  .times_us = times,
				  .has_times = true,
				  .count = count,
				  .lines = lines + !before,
				  .line_count = LINES - !before};

	return plot_write(program, file, &plot) < 0 ? STATUS_FAILED : STATUS_DONE;
}

/* The same in characters, as wide as the terminal. */
static int draw_text(const char *program, const struct forecast_answer *answer)
{
	const struct fan fan = {answer->forecast, answer->past, answer->count};
	struct canvas canvas = {0};
	size_t width = screen_width();

	if (canvas_resize(&canvas, width < TEXT_WIDTH_MAX ? width : TEXT_WIDTH_MAX, TEXT_ROWS) <
	    0) {
		fprintf(stderr, "%s: there is not enough memory\n", program);
		return STATUS_FAILED;
	}
	detail_draw(&canvas, 0, &fan);
	canvas_print(stdout, &canvas, TEXT_ROWS, isatty(STDOUT_FILENO) && screen_wants_colours());
	canvas_finish(&canvas);
	return STATUS_DONE;
}

/* ---- the verb ---- */

static int show(const char *program, const struct options_given *given,
		const struct forecast_answer *answer)
{
	struct json_piece body = answer->http.body;

	if (given->json)
		printf("%.*s\n", (int)(body.end - body.at), body.at);
	else if (!given->plot)
		print_forecast(answer->forecast->name, answer->forecast);
	else if (strcmp(given->plot, AS_TEXT) != 0)
		return draw(program, given->plot, answer);
	else
		return draw_text(program, answer);
	return STATUS_DONE;
}

int verb_forecast(int argc, char **argv)
{
	struct options_given given = {.http = HTTP_ADDRESS, .history = 240};
	struct forecast_answer answer;
	int files, status = options_read(&options, argc, argv, &given, &files);

	if (status != OPTIONS_GO_ON)
		return status;
	if (given.plot && !is_plot(given.plot))
		return args_refuse(argv[0], "--plot: \"%s\" ends in neither .svg nor .png",
				   given.plot);
	if (given.plot && files == 2)
		return args_refuse(argv[0],
				   "one stream at a time; \"%s\" ends in neither .svg nor .png",
				   argv[2]);
	if (files != 1)
		return args_refuse(argv[0], files ? "one stream at a time"
						  : "which stream? `rollcast streams` lists them");
	status = forecast_answer_get(argv[0], given.http, argv[1], given.history, &answer);
	if (status != STATUS_DONE)
		return status;
	status = show(argv[0], &given, &answer);
	forecast_answer_finish(&answer);
	return status;
}
