/*
 * rollcast backtest: CSV files through the daemon's own forecaster, in simulated time.
 *
 *	files ─► series ─► streams, on all cores ─► measures ─► a table, CSV, plots
 *
 * Streams that have to do with each other, because they learn together or read each other, are played by
 * one thread from beginning to end, and random numbers hang on names, so results do not depend on how
 * many threads there are.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cblas.h>

#include "cli/args.h"
#include "cli/backtest_parts.h"
#include "cli/backtest_report.h"
#include "cli/backtest_run.h"
#include "cli/csv.h"
#include "cli/csv_options.h"
#include "cli/options.h"
#include "cli/parallel.h"
#include "cli/plot.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "daemon/base/json.h"
#include "daemon/settings/settings.h"
#include "rollcast/name.h"

struct backtest_options {
	struct csv_options csv;
	const char *config, *out, *plot, *expert, *without;
	uint64_t start, stride, threads;
	bool json, no_header;
};
#define ROW(kind, name, value, field, ...) \
	OPTION(kind, name, value, struct backtest_options, field, __VA_ARGS__)

static const struct option_row rows[] = {
	{.help = "What is forecast:"},
	ROW(TEXT, "config", "FILE", config, "settings of streams and models, as the daemon's"),
	ROW(COUNT, "start", "N", start, "the first origin that counts: step N (from 0)",
	    .high = 1e9),
	ROW(COUNT, "stride", "N", stride, "every Nth origin from there (default 1)", .low = 1,
	    .high = 1e9),
	ROW(TEXT, "expert", "NAME", expert, "only this expert"),
	ROW(TEXT, "without", "NAMES", without, "without these experts, separated by commas"),
	ROW(COUNT, "threads", "N", threads, "default: one per core", .low = 1, .high = 1024),
	{.help = "What comes out:"},
	ROW(TEXT, "out", "FILE.csv", out, "all forecasts: stream, origin_ts, step_ahead, ..."),
	ROW(TEXT, "plot", "DIR", plot, "a plot per stream: DIR/STREAM.svg"),
	ROW(FLAG, "json", NULL, json, "the table as JSON"),
	{.help = "The files, where they are not clear by themselves:"},
	CSV_OPTION_ROWS(struct backtest_options, csv, no_header),
};

static const struct options options = {
	"Usage: rollcast backtest [--config FILE] FILE.csv... [OPTION]...\n"
	"Play CSV files through the daemon's forecaster in simulated time and measure it: at each\n"
	"origin only the past is known.\n",
	rows,
	sizeof(rows) / sizeof(rows[0]),
	"MASE divides by the mean change per step before the first origin, rBest by the error of "
	"the\n"
	"better of naive and seasonal naive; MSIS and `inside` are of the widest "
	"interval.\n" CSV_HELP
	"Exit status: 0 done, 1 failed at run time or a line could not be read, 2 wrong usage.\n",
};

struct backtest {
	const char *program;
	const struct backtest_options *options;
	struct settings *settings;
	struct backtest_plan plan;
	struct backtest_series *series;
	struct rollcast_stream_settings *chosen; /* [series_count] */
	struct backtest_result *results;	 /* [series_count] */
	struct backtest_parts parts;
	size_t series_count;
	size_t samples;
	atomic_size_t done;
	uint64_t problems;
	struct progress progress;
};

/* ---- files ---- */

static int add_series(struct backtest *backtest, const char *name)
{
	size_t count = backtest->series_count + 1;
	struct backtest_series *series = reallocarray(backtest->series, count, sizeof(*series));

	if (!series)
		return -ENOMEM;
	backtest->series = series;
	series[count - 1] = (struct backtest_series){.name = strdup(name)};
	if (!series[count - 1].name)
		return -ENOMEM;
	backtest->series_count = count;
	return 0;
}

static int read_file(struct backtest *backtest, const char *path)
{
	CLEANUP(csv_close) struct csv_reader *reader = NULL;
	size_t first = backtest->series_count;
	struct csv_sample sample;
	int r = csv_open(path, &backtest->options->csv, &reader);

	if (r < 0)
		return r;
	while ((r = csv_next(reader, &sample)) > 0) {
		while (r >= 0 && backtest->series_count - first <= sample.stream)
			r = add_series(
				backtest,
				csv_stream(reader, (uint32_t)(backtest->series_count - first)));
		if (r >= 0)
			r = backtest_series_add(&backtest->series[first + sample.stream],
						sample.time_us, sample.value);
		if (r < 0)
			return r;
		backtest->samples++;
	}
	backtest->problems += csv_problems(reader);
	return r;
}

/* ---- settings ---- */

/* Bits of the experts in a list of names; false: one is unknown, and said so. */
static bool read_experts(const struct backtest *backtest, const char *names,
			 enum rollcast_cell cell, uint32_t *ret_bits)
{
	uint32_t bits = 0;

	while (*names) {
		size_t length = strcspn(names, ",");
		const char *name;
		uint32_t i = 0;

		while ((name = rollcast_expert_name(i, cell)) &&
		       (strlen(name) != length || strncmp(name, names, length) != 0))
			i++;
		if (!name) {
			fprintf(stderr,
				"%s: there is no expert \"%.*s\"; there are:", backtest->program,
				(int)length, names);
			for (i = 0; (name = rollcast_expert_name(i, cell)); i++)
				fprintf(stderr, " %s", name);
			fputc('\n', stderr);
			return false;
		}
		bits |= UINT32_C(1) << i;
		names += length + (names[length] == ',');
	}
	*ret_bits = bits;
	return true;
}

static int choose_settings(struct backtest *backtest)
{
	const struct backtest_options *chosen = backtest->options;
	size_t kept = 0;

	backtest->chosen = calloc(backtest->series_count + 1, sizeof(*backtest->chosen));
	backtest->results = calloc(backtest->series_count + 1, sizeof(*backtest->results));
	if (!backtest->chosen || !backtest->results)
		return -ENOMEM;
	for (size_t i = 0; i < backtest->series_count; i++) {
		struct rollcast_stream_settings *settings = &backtest->chosen[kept];
		const struct rollcast_stream_settings *rule = NULL;
		uint32_t only = 0, without = 0;

		if (backtest->settings)
			rule = backtest_rule(backtest->settings, backtest->series[i].name);
		if (backtest->settings && !rule) {
			fprintf(stderr, "%s: no rule matches %s\n", backtest->program,
				backtest->series[i].name);
			backtest_series_finish(&backtest->series[i]);
			continue;
		}
		if (rule)
			*settings = *rule;
		else
			rollcast_stream_settings_init(settings);
		if (!read_experts(backtest, chosen->expert ? chosen->expert : "",
				  settings->model.cell, &only) ||
		    !read_experts(backtest, chosen->without ? chosen->without : "",
				  settings->model.cell, &without))
			return -EINVAL;
		settings->experts_off = (only ? ~only : 0) | without;
		backtest->series[kept++] = backtest->series[i];
	}
	backtest->series_count = kept;
	return 0;
}

/* ---- the run ---- */

static int play(void *context, size_t index)
{
	struct backtest *backtest = context;
	size_t first = backtest->parts.begins[index];

	return backtest_run(&backtest->plan, backtest->parts.tasks + first,
			    backtest->parts.begins[index + 1] - first);
}

static void look(void *context)
{
	struct backtest *backtest = context;
	size_t done = atomic_load_explicit(&backtest->done, memory_order_relaxed);

	progress_show(&backtest->progress, "backtest", (double)done / (double)backtest->samples);
}

static int run(struct backtest *backtest)
{
	uint32_t threads = (uint32_t)backtest->options->threads;
	int r;

	backtest->plan = (struct backtest_plan){
		.start = backtest->options->start,
		.stride = backtest->options->stride,
		.done = &backtest->done,
	};
	openblas_set_num_threads(1);
	progress_init(&backtest->progress);
	r = parallel_run(backtest->parts.count, threads ? threads : parallel_cores(), play, look,
			 backtest);
	progress_finish(&backtest->progress);
	return r;
}

/* ---- forecasts out ---- */

static void write_stream(FILE *file, const char *name, const struct backtest_result *result)
{
	uint32_t middle = result->quantile_count / 2;

	for (size_t i = 0; i < result->origin_count; i++) {
		int64_t origin_us = result->file_us + (int64_t)result->origins[i] * result->step_us;

		for (uint32_t h = 0; h < result->horizon; h++) {
			json_string(file, name);
			fprintf(file, ",%.17g,%u,%.17g,%.17g,%.17g", (double)origin_us / 1e6, h + 1,
				backtest_quantile(result, i, middle)[h],
				backtest_quantile(result, i, 0)[h],
				backtest_quantile(result, i, result->quantile_count - 1)[h]);
			for (uint32_t q = 0; q < result->quantile_count; q++)
				fprintf(file, ",%.17g", backtest_quantile(result, i, q)[h]);
			fputc('\n', file);
		}
	}
}

static int write_forecasts(const struct backtest *backtest, const char *path)
{
	FILE *file = fopen(path, "w");
	const struct backtest_result *first = NULL;
	int r;

	for (size_t i = 0; i < backtest->series_count && !first; i++)
		if (backtest->results[i].origin_count)
			first = &backtest->results[i];
	if (file) {
		fputs("stream,origin_ts,step_ahead,mean,lower,upper", file);
		for (uint32_t q = 0; first && q < first->quantile_count; q++)
			fprintf(file, ",q%g", first->quantile_levels[q]);
		fputc('\n', file);
		for (size_t i = 0; i < backtest->series_count; i++)
			write_stream(file, backtest->series[i].name, &backtest->results[i]);
	}
	r = !file || ferror(file) ? -errno : 0;
	if (file && fclose(file) && r == 0)
		r = -errno;
	if (r < 0)
		fprintf(stderr, "%s: %s: %s\n", backtest->program, path, strerror(-r));
	return r;
}

/* ---- plots ---- */

enum { PLOTTED = 400 }; /* steps */

/* At each step the forecast of the newest origin before it; the last steps of the series. */
static int plot_stream(const struct backtest *backtest, size_t index, const char *path)
{
	const struct backtest_result *result = &backtest->results[index];
	size_t count = result->step_count < PLOTTED ? result->step_count : PLOTTED;
	size_t first = result->step_count - count;
	uint32_t rows_of[3] = {0, result->quantile_count - 1, result->quantile_count / 2};
	CLEANUP(free) int64_t *times = malloc((count + 1) * sizeof(*times));
	CLEANUP(free) double *lines = malloc((3 * count + 1) * sizeof(*lines));

	if (!times || !lines)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		times[i] = result->file_us + (int64_t)(first + i) * result->step_us;
	for (size_t i = 0; i < 3 * count; i++)
		lines[i] = NAN;
	for (size_t i = 0; i < result->origin_count; i++)
		for (uint32_t h = 0; h < result->horizon; h++) {
			uint64_t step = result->origins[i] + 1 + h;

			for (int k = 0; k < 3 && step >= first && step < first + count; k++)
				lines[(size_t)k * count + step - first] =
					backtest_quantile(result, i, rows_of[k])[h];
		}

	struct plot_line plotted[] = {
		{"interval", PLOT_BAND, lines},
		{"", PLOT_BAND, lines + count},
		{"forecast", PLOT_MODEL, lines + 2 * count},
		{"actual", PLOT_ACTUAL, result->steps + first},
	};
	struct plot plot = {
		.title = backtest->series[index].name,
		.x_label = "time (UTC)",
		.y_label = "value",
		.times_us = times,
		.has_times = true,
		.count = count,
		.lines = plotted,
		.line_count = 4,
	};

	return plot_write(backtest->program, path, &plot);
}

static int plot_all(const struct backtest *backtest, const char *directory)
{
	char path[4096];
	int r = mkdir(directory, 0777) < 0 && errno != EEXIST ? -errno : 0;

	if (r < 0)
		fprintf(stderr, "%s: %s: %s\n", backtest->program, directory, strerror(-r));
	for (size_t i = 0; i < backtest->series_count && r == 0; i++) {
		int length = snprintf(path, sizeof(path), "%s/%s.svg", directory,
				      backtest->series[i].name);

		if (length >= (int)sizeof(path))
			return -ENAMETOOLONG;
		/* A name is no path. */
		for (char *c = path + strlen(directory) + 1; *c; c++)
			*c = *c == '/' ? '_' : *c;
		if (backtest->results[i].step_count)
			r = plot_stream(backtest, i, path);
	}
	return r;
}

/* ---- the verb ---- */

static int work(struct backtest *backtest, int files, char **paths)
{
	const struct backtest_options *chosen = backtest->options;
	struct backtest_report report;
	int r = 0;

	if (chosen->config)
		r = settings_load_offline(&chosen->config, 1, stderr, &backtest->settings);
	for (int i = 0; i < files && r == 0; i++)
		r = read_file(backtest, paths[i]);
	if (r == 0)
		r = choose_settings(backtest);
	if (r == 0)
		r = backtest_parts_make(backtest->settings, backtest->series, backtest->chosen,
					backtest->results, backtest->series_count,
					&backtest->parts);
	if (r == 0)
		r = run(backtest);
	if (r == 0 && chosen->out)
		r = write_forecasts(backtest, chosen->out);
	if (r == 0 && chosen->plot)
		r = plot_all(backtest, chosen->plot);
	if (r)
		return r;
	report = (struct backtest_report){
		.count = backtest->series_count,
		.series = backtest->series,
		.settings = backtest->chosen,
		.results = backtest->results,
	};
	if (chosen->json)
		backtest_print_json(&report);
	else
		backtest_print_table(&report);
	return 0;
}

static void finish(struct backtest *backtest)
{
	for (size_t i = 0; i < backtest->series_count; i++) {
		backtest_series_finish(&backtest->series[i]);
		if (backtest->results)
			backtest_result_finish(&backtest->results[i]);
	}
	free(backtest->series);
	free(backtest->results);
	free(backtest->chosen);
	backtest_parts_finish(&backtest->parts);
	settings_destroy(backtest->settings);
}

int verb_backtest(int argc, char **argv)
{
	struct backtest_options chosen = {.csv.errors = stderr, .stride = 1};
	struct backtest backtest = {.program = argv[0], .options = &chosen};
	int files, status, r;

	status = options_read(&options, argc, argv, &chosen, &files);
	if (status == OPTIONS_GO_ON && files < 1)
		status = args_refuse(argv[0], "no file is given");
	if (status != OPTIONS_GO_ON)
		return status;
	chosen.csv.header = chosen.no_header ? CSV_HEADER_NO : CSV_HEADER_AUTO;
	r = work(&backtest, files, argv + 1);
	if (r == -ENOMEM)
		fprintf(stderr, "%s: %s\n", argv[0], strerror(ENOMEM));
	status = r || backtest.problems ? STATUS_FAILED : STATUS_DONE;
	finish(&backtest);
	return status;
}
