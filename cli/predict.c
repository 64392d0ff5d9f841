/*
 * rollcast predict: what a saved network forecasts behind the end of a file.
 *
 * A network forecasts its own horizon at once. What is asked for beyond it is forecast from the
 * forecasts, horizon by horizon, and gets worse accordingly.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/history.h"
#include "cli/model.h"
#include "cli/plot.h"
#include "cli/training_options.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "daemon/base/json.h"

enum { HORIZON_MAX = 100000, PLOTTED_LEAST = 48 };

struct predict_options {
	struct csv_options csv;
	bool no_header, json;
	const char *stream, *plot;
	uint64_t horizon; /* 0: the model's */
};

#define ROW(kind, name, value, field, help, ...) \
	OPTION(kind, name, value, struct predict_options, field, help, __VA_ARGS__)

static const struct option_row rows[] = {
	{.help = "The forecast:"},
	ROW(COUNT, "horizon", "N", horizon, "steps (default: those the model was made for)",
	    .low = 1, .high = HORIZON_MAX),
	ROW(TEXT, "plot", "FILE", plot, "the end of the series and its forecast as .svg or .png"),
	ROW(FLAG, "json", NULL, json, "JSON instead of CSV"),
	{.help = "The data:"},
	CSV_OPTION_ROWS(struct predict_options, csv, no_header),
	ROW(TEXT, "stream", "NAME", stream, "the one of several to take"),
};

static const struct options options = {
	"Usage: rollcast predict MODEL FILE.csv [OPTION]...\n"
	"Forecast what follows a series with a network saved by `rollcast fit`; CSV on standard "
	"output.\n",
	rows,
	sizeof(rows) / sizeof(rows[0]),
	CSV_HELP "Exit status: 0 done, 1 failed at run time, 2 wrong usage.\n",
};

struct prediction {
	const char *program, *model_path, *path;
	const struct predict_options *options;
	struct model model;
	struct history history;
	size_t horizon;
	double *values; /* the history's, then the forecast */
};

static int check_fit(const struct prediction *prediction)
{
	const struct model *model = &prediction->model;
	const struct history *history = &prediction->history;
	struct history trained = {
		.has_times = model->has_times, .step_us = model->step_us, .months = model->months};
	uint32_t lookback = rollcast_weights_shape(model->weights)->lookback;
	char ours[WHEN_TEXT_MAX], theirs[WHEN_TEXT_MAX];

	if (history->count < lookback) {
		fprintf(stderr, "%s: %s: the model reads %u values, there are %zu\n",
			prediction->program, prediction->path, lookback, history->count);
		return -EINVAL;
	}
	if (model->has_times == history->has_times && model->months == history->months &&
	    model->step_us == history->step_us)
		return 0;
	fprintf(stderr, "%s: %s: its step is %s, the model was trained on steps of %s\n",
		prediction->program, prediction->path, history_step(history, theirs),
		history_step(&trained, ours));
	return -EINVAL;
}

static int forecast(struct prediction *prediction)
{
	const struct model *model = &prediction->model;
	size_t at_once = rollcast_weights_shape(model->weights)->outputs;
	size_t known = prediction->history.count, done = 0;
	double *values;
	int r = 0;

	prediction->horizon = prediction->options->horizon ? prediction->options->horizon : at_once;
	/* The last piece may be cut: there is room for all of it. */
	values = reallocarray(NULL, known + prediction->horizon + at_once, sizeof(*values));
	if (!values)
		return -ENOMEM;
	prediction->values = values;
	memcpy(values, prediction->history.values, known * sizeof(*values));
	for (; !r && done < prediction->horizon; done += at_once)
		r = training_forecast(model->weights, values, &model->scaling, known + done,
				      known + done + 1, values + known + done);
	return r;
}

static void print_csv(const struct prediction *prediction)
{
	const struct history *history = &prediction->history;
	char when[WHEN_TEXT_MAX];

	puts("time,forecast");
	for (size_t i = history->count; i < history->count + prediction->horizon; i++)
		printf("%s,%.10g\n", history_when(history, i, when), prediction->values[i]);
}

static void print_json(const struct prediction *prediction)
{
	const struct history *history = &prediction->history;
	char when[WHEN_TEXT_MAX];

	fputs("{\"model\": ", stdout);
	json_string(stdout, prediction->model_path);
	fputs(", \"file\": ", stdout);
	json_string(stdout, prediction->path);
	fputs(", \"series\": ", stdout);
	json_string(stdout, history->title);
	printf(",\n \"step\": \"%s\", ", history_step(history, when));
	printf("\"origin\": \"%s\",\n \"times\": [",
	       history_when(history, history->count - 1, when));
	for (size_t i = 0; i < prediction->horizon; i++)
		printf("%s\"%s\"", i ? ", " : "", history_when(history, history->count + i, when));
	fputs("],\n \"forecast\": ", stdout);
	json_numbers(stdout, prediction->values + history->count, prediction->horizon);
	puts("}");
}

/* The end of the series, and the forecast from its last value on. */
static int draw(const struct prediction *prediction)
{
	const struct history *history = &prediction->history;
	size_t shown =
		2 * prediction->horizon > PLOTTED_LEAST ? 2 * prediction->horizon : PLOTTED_LEAST;
	size_t from = history->count > shown ? history->count - shown : 0;
	size_t count = history->count + prediction->horizon - from;
	CLEANUP(free) int64_t *times = reallocarray(NULL, count, sizeof(*times));
	CLEANUP(free) double *actual = reallocarray(NULL, count, sizeof(*actual));
	CLEANUP(free) double *ahead = reallocarray(NULL, count, sizeof(*ahead));
	const struct rollcast_shape *shape = rollcast_weights_shape(prediction->model.weights);
	struct plot_line lines[] = {{"actual", PLOT_ACTUAL, actual},
				    {cell_words[shape->cell], PLOT_MODEL, ahead}};
	char title[256], step[WHEN_TEXT_MAX];
	struct plot plot = {title, step, history->title, times, history->has_times, count,
			    lines, 2};

	if (!times || !actual || !ahead)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		double value = prediction->values[from + i];

		times[i] = history_time(history, from + i);
		actual[i] = from + i < history->count ? value : NAN;
		ahead[i] = from + i + 1 < history->count ? NAN : value;
	}
	history_step(history, step);
	snprintf(title, sizeof(title), "%.100s: forecast of %zu steps (%s)", history->title,
		 prediction->horizon, step);
	return plot_write(prediction->program, prediction->options->plot, &plot);
}

static int predict(struct prediction *prediction)
{
	int r = model_load(prediction->program, prediction->model_path, &prediction->model);

	if (!r)
		r = history_load(prediction->path, prediction->options->stream,
				 &prediction->options->csv, &prediction->history);
	if (!r)
		r = check_fit(prediction);
	if (!r)
		r = forecast(prediction);
	if (r)
		return r;
	if (prediction->options->json)
		print_json(prediction);
	else
		print_csv(prediction);
	return prediction->options->plot ? draw(prediction) : 0;
}

int verb_predict(int argc, char **argv)
{
	struct predict_options chosen = {.csv.errors = stderr};
	struct prediction prediction = {.program = argv[0], .options = &chosen};
	int files, r, status = options_read(&options, argc, argv, &chosen, &files);

	if (status != OPTIONS_GO_ON)
		return status;
	if (files != 2)
		return args_refuse(argv[0], "a model and a file are needed");
	if (chosen.plot && !plot_can_write(chosen.plot))
		return args_refuse(argv[0], "--plot: \"%s\" ends neither in .svg nor in .png",
				   chosen.plot);
	chosen.csv.header = chosen.no_header ? CSV_HEADER_NO : CSV_HEADER_AUTO;
	prediction.model_path = argv[1];
	prediction.path = argv[2];
	r = predict(&prediction);
	if (r == -ENOMEM)
		fprintf(stderr, "%s: %s\n", argv[0], strerror(ENOMEM));
	free(prediction.values);
	model_finish(&prediction.model);
	history_finish(&prediction.history);
	return r ? STATUS_FAILED : STATUS_DONE;
}
