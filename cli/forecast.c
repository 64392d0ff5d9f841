/*
 * rollcast forecast: one stream's forecast of a running daemon, from /api/forecast.
 *
 *	as text: what is known of it and a line per step; as JSON; as a plot of the past and the fan
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/args.h"
#include "cli/http.h"
#include "cli/human.h"
#include "cli/options.h"
#include "cli/plot.h"
#include "cli/verbs.h"
#include "rollcast/wire.h"

enum { PATH_MAX_BYTES = 8192 };

struct options_given {
	const char *http, *plot;
	uint64_t history;
	bool json;
};

static const struct option_row rows[] = {
	{.kind = OPTION_HEADING, .help = "Options:"},
	OPTION(TEXT, "http", "HOST:PORT", struct options_given, http,
	       "the daemon's http.listen (default " HTTP_ADDRESS ")"),
	OPTION(FLAG, "json", NULL, struct options_given, json, "as JSON, with the past"),
	OPTION(TEXT, "plot", "FILE", struct options_given, plot,
	       "draw the past and the forecast into a .svg or .png"),
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

static size_t count_items(struct json_piece array)
{
	struct json_piece item;
	size_t count = 0;

	while (json_piece_next(&array, &item))
		count++;
	return count;
}

/* Lines over the times of past and horizon: the past, the mean, the bounds of the widest interval. */
enum { LINE_CAME, LINE_LOW, LINE_HIGH, LINE_MEAN, LINES };

static void fill_past(struct json_piece past, size_t count, double *came)
{
	struct json_piece item;

	for (size_t i = 0; i < count && json_piece_next(&past, &item); i++)
		if (!json_piece_number(item, &came[i]))
			came[i] = (double)NAN;
}

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

static int draw(const char *program, const char *file, const char *name,
		const struct rollcast_forecast *forecast, struct json_piece past)
{
	size_t before = count_items(past), count = before + forecast->horizon;
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
	fill_past(past, before, values);
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
	const struct plot plot = {.title = name,
				  .x_label = "UTC",
				  .y_label = "value",
				  .times_us = times,
				  .has_times = true,
				  .count = count,
				  .lines = lines + !before,
				  .line_count = LINES - !before};

	return plot_write(program, file, &plot) < 0 ? STATUS_FAILED : STATUS_DONE;
}

/* ---- the verb ---- */

static int show(const char *program, const struct options_given *given, const char *name,
		struct json_piece answer)
{
	CLEANUP(rollcast_forecast_reader_destroy) struct rollcast_forecast_reader *reader = NULL;
	const struct rollcast_forecast *forecast;
	struct json_piece message, history, past;

	if (given->json) {
		printf("%.*s\n", (int)(answer.end - answer.at), answer.at);
		return STATUS_DONE;
	}
	if (!json_piece_find(answer, "forecast", &message) ||
	    !json_piece_find(answer, "history", &history) ||
	    !json_piece_find(history, "values", &past) ||
	    rollcast_forecast_reader_create(ROLLCAST_FORMAT_JSON, &reader) < 0 ||
	    rollcast_forecast_read(reader, message.at, (size_t)(message.end - message.at),
				   &forecast) < 0) {
		fprintf(stderr, "%s: that is no forecast\n", program);
		return STATUS_FAILED;
	}
	if (given->plot)
		return draw(program, given->plot, name, forecast, past);
	print_forecast(name, forecast);
	return STATUS_DONE;
}

int verb_forecast(int argc, char **argv)
{
	struct options_given given = {.http = HTTP_ADDRESS, .history = 240};
	char path[PATH_MAX_BYTES] = "/api/forecast", number[32];
	struct http_answer answer;
	int files, status = options_read(&options, argc, argv, &given, &files);

	if (status != OPTIONS_GO_ON)
		return status;
	if (files != 1)
		return args_refuse(argv[0], files ? "one stream at a time"
						  : "which stream? `rollcast streams` lists them");
	if (given.plot && !plot_can_write(given.plot))
		return args_refuse(argv[0], "--plot: \"%s\" ends in neither .svg nor .png",
				   given.plot);
	snprintf(number, sizeof(number), "%lu", (unsigned long)given.history);
	if (!http_add_query(path, sizeof(path), "history", number) ||
	    !http_add_query(path, sizeof(path), "stream", argv[1]))
		return args_refuse(argv[0], "the stream's name is too long");
	status = http_get_json(argv[0], given.http, path, &answer);
	if (status != STATUS_DONE)
		return status;
	status = show(argv[0], &given, argv[1], answer.body);
	http_answer_finish(&answer);
	return status;
}
