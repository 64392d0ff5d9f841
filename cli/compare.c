/*
 * rollcast compare: which cell forecasts a series best, and whether any beats doing nothing.
 *
 *	file ─► history ─► windows ─┬─ training part ─► scaling, networks: cells x seeds, parallel
 *	                            └─ test part ─────► forecasts one step ahead ─► errors
 *
 * The defaults are those of the well-known Keras tutorial on the airline passengers.
 */
#include "cli/compare.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/args.h"
#include "cli/parallel.h"
#include "cli/plot.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "lib/series/accuracy.h"

static const char *const scale_on_words[] = {"train", "all", NULL};

#define ROW(kind, name, value, field, help, ...) \
	OPTION(kind, name, value, struct compare_options, field, help, __VA_ARGS__)

static const struct option_row rows[] = {
	{.help = "What is compared:"},
	ROW(WORDS, "cells", "LIST", cells, "some of lstm,gru,rnn (default: all)",
	    .words = cell_words),
	ROW(COUNT, "seeds", "N", seeds, "networks per cell (default 10)", .low = 1, .high = 1000),
	SPLIT_OPTION_ROWS(struct compare_options, training),
	{.help = "The networks:"},
	NETWORK_OPTION_ROWS(struct compare_options, training),
	LEARNING_OPTION_ROWS(struct compare_options, training),
	DATA_OPTION_ROWS(struct compare_options, training),
	ROW(WORD, "scale-on", "PART", training.scale_on,
	    "train (default), or all: that looks ahead", .words = scale_on_words),
	{.help = "The result:"},
	ROW(TEXT, "plot", "FILE", plot, "the test part as .svg or .png"),
	ROW(FLAG, "json", NULL, json, "everything, for programs"),
};

static const struct options options = {
	"Usage: rollcast compare FILE.csv [OPTION]...\n"
	"Train LSTM, GRU and simple RNN on the first part of a series and show how well each\n"
	"forecasts the rest, one step ahead, beside the naive forecasts.\n",
	rows,
	sizeof(rows) / sizeof(rows[0]),
	CSV_HELP "Exit status: 0 done, 1 failed at run time, 2 wrong usage.\n",
};

struct run *comparison_runs(const struct comparison *comparison, size_t cell)
{
	return comparison->runs + cell * comparison->options->seeds;
}

/* The work of one thread at a time, and what the bar shows. */
struct effort {
	struct comparison *comparison;
	struct progress progress;
	_Atomic uint64_t epochs_done;
};

/* Of this thread: what a training costs, however busy the machine is. */
static double cpu_seconds(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
	return (double)spent.tv_sec + (double)spent.tv_nsec / 1e9;
}

static int train_one(void *context, size_t index)
{
	struct effort *effort = context;
	struct comparison *comparison = effort->comparison;
	const struct compare_options *chosen = comparison->options;
	struct run *run = &comparison->runs[index];
	struct network_plan plan = chosen->training.network;
	struct lessons lessons = {comparison->history.values, comparison->scaling,
				  comparison->split.first, comparison->split.test_from};
	struct training_watch watch = {.epochs_done = &effort->epochs_done};
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
	int r;

	plan.cell = chosen->cells.items[index / chosen->seeds];
	run->seed = chosen->training.seed + index % chosen->seeds;
	run->seconds = -cpu_seconds();
	run->result = training_fit(&plan, &lessons, run->seed, &watch, &weights, &run->loss);
	run->seconds += cpu_seconds();
	if (run->result)
		return run->result < 0 ? run->result : 0;
	run->forecasts = reallocarray(NULL, comparison->test_count, sizeof(double));
	if (!run->forecasts)
		return -ENOMEM;
	r = training_forecast(weights, comparison->history.values, &comparison->scaling,
			      comparison->split.test_from, comparison->split.end, run->forecasts);
	run->score = score_of(comparison->history.values + comparison->split.test_from,
			      run->forecasts, comparison->test_count, comparison->unit);
	return r;
}

static void show(void *context)
{
	struct effort *effort = context;
	const struct compare_options *chosen = effort->comparison->options;
	uint64_t per_cell = chosen->seeds * chosen->training.network.epochs;
	uint64_t cell = effort->epochs_done / per_cell;

	progress_show(&effort->progress,
		      cell_words[chosen->cells.items[cell < chosen->cells.count ? cell : 0]],
		      (double)effort->epochs_done / (double)(per_cell * chosen->cells.count));
}

static int train_all(struct comparison *comparison)
{
	const struct compare_options *chosen = comparison->options;
	struct effort effort = {.comparison = comparison};
	size_t count = chosen->cells.count * chosen->seeds;
	int r;

	comparison->runs = calloc(count, sizeof(*comparison->runs));
	if (!comparison->runs)
		return -ENOMEM;
	progress_init(&effort.progress);
	r = parallel_run(count, (uint32_t)chosen->training.threads, train_one, show, &effort);
	progress_finish(&effort.progress);
	return r;
}

/* The value `season` steps before each target. */
static int forecast_naively(struct comparison *comparison, size_t season, double **ret_forecasts,
			    struct score *ret_score)
{
	const double *actual = comparison->history.values + comparison->split.test_from;
	double *forecasts = reallocarray(NULL, comparison->test_count, sizeof(double));

	if (!forecasts)
		return -ENOMEM;
	memcpy(forecasts, actual - season, comparison->test_count * sizeof(double));
	*ret_forecasts = forecasts;
	*ret_score = score_of(actual, forecasts, comparison->test_count, comparison->unit);
	return 0;
}

static int compare(struct comparison *comparison)
{
	const struct training_options *training = &comparison->options->training;
	const struct history *history = &comparison->history;
	size_t known = comparison->split.test_from;
	uint32_t season = training->season ? (uint32_t)training->season : history_season(history);
	int r;

	comparison->season = 2 * (size_t)season <= known ? season : 1;
	comparison->unit = accuracy_scale(history->values, known, comparison->season);
	comparison->scaling =
		scaling_fit(training->scale, history->values,
			    training->scale_on == SCALE_ON_ALL ? history->count : known);
	r = forecast_naively(comparison, 1, &comparison->naive_forecasts, &comparison->naive);
	if (!r && comparison->season > 1)
		r = forecast_naively(comparison, comparison->season,
				     &comparison->seasonal_forecasts, &comparison->seasonal);
	return r ? r : train_all(comparison);
}

static int load(struct comparison *comparison)
{
	const struct training_options *training = &comparison->options->training;
	const struct split *split = &comparison->split;
	int r = history_load(comparison->path, training->stream, &training->csv,
			     &comparison->history);

	if (r)
		return r;
	comparison->split = split_make(comparison->history.count,
				       (uint32_t)training->network.lookback, 1, training->train);
	comparison->test_count = split->end - split->test_from;
	if (split->test_from > split->first && comparison->test_count)
		return 0;
	fprintf(stderr, "%s: %s: %zu values are too few for windows of %zu to train and to test\n",
		comparison->program, comparison->path, comparison->history.count,
		(size_t)training->network.lookback);
	return -EINVAL;
}

static void finish(struct comparison *comparison)
{
	size_t count = comparison->options->cells.count * comparison->options->seeds;

	for (size_t i = 0; comparison->runs && i < count; i++)
		free(comparison->runs[i].forecasts);
	free(comparison->runs);
	free(comparison->naive_forecasts);
	free(comparison->seasonal_forecasts);
	history_finish(&comparison->history);
}

static int show_all(const struct comparison *comparison)
{
	if (comparison->options->json)
		comparison_print_json(comparison);
	else
		comparison_print(comparison);
	return comparison->options->plot ? comparison_plot(comparison) : 0;
}

int verb_compare(int argc, char **argv)
{
	struct compare_options chosen = {
		.training = training_options_default(),
		.cells = {{ROLLCAST_CELL_LSTM, ROLLCAST_CELL_GRU, ROLLCAST_CELL_RNN}, 3},
		.seeds = 10,
	};
	struct comparison comparison = {.program = argv[0], .options = &chosen};
	int files, r, status = options_read(&options, argc, argv, &chosen, &files);

	if (status != OPTIONS_GO_ON)
		return status;
	if (files != 1)
		return args_refuse(argv[0], "one file is needed");
	if (chosen.plot && !plot_can_write(chosen.plot))
		return args_refuse(argv[0], "--plot: \"%s\" ends neither in .svg nor in .png",
				   chosen.plot);
	chosen.training.csv.header = chosen.training.no_header ? CSV_HEADER_NO : CSV_HEADER_AUTO;
	comparison.path = argv[1];
	r = load(&comparison);
	if (!r) {
		r = compare(&comparison);
		if (r)
			fprintf(stderr, "%s: %s\n", argv[0], strerror(-r));
	}
	if (!r)
		r = show_all(&comparison);
	finish(&comparison);
	return r ? STATUS_FAILED : STATUS_DONE;
}
