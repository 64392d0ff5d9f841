/*
 * What a comparison found: as a table for people, as JSON, as a plot. Of a cell's seeds the table
 * shows median and range; JSON has all; the plot draws the one with the median error.
 */
#include "cli/compare.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "cli/plot.h"
#include "cli/when.h"
#include "daemon/base/json.h"

enum { TITLE_MAX = 160 };

struct cell_result {
	struct spread rmse, mae, mase, seconds;
	size_t count; /* seeds that did not diverge */
	size_t wins;  /* of them, better than the better naive forecast */
};

static double best_naive(const struct comparison *comparison)
{
	if (!comparison->seasonal_forecasts)
		return comparison->naive.rmse;
	return fmin(comparison->naive.rmse, comparison->seasonal.rmse);
}

static struct cell_result result_of(const struct comparison *comparison, size_t cell)
{
	const struct run *runs = comparison_runs(comparison, cell);
	size_t seeds = comparison->options->seeds;
	double rmse[seeds], mae[seeds], mase[seeds], seconds[seeds];
	struct cell_result result = {.count = 0};

	for (size_t i = 0; i < seeds; i++) {
		if (runs[i].result)
			continue;
		rmse[result.count] = runs[i].score.rmse;
		mae[result.count] = runs[i].score.mae;
		mase[result.count] = runs[i].score.mase;
		seconds[result.count++] = runs[i].seconds;
		result.wins += runs[i].score.rmse < best_naive(comparison);
	}
	result.rmse = spread_of(rmse, result.count);
	result.mae = spread_of(mae, result.count);
	result.mase = spread_of(mase, result.count);
	result.seconds = spread_of(seconds, result.count);
	return result;
}

/* The run whose error is nearest to the median; NULL if all diverged. */
static const struct run *typical_run(const struct comparison *comparison, size_t cell)
{
	const struct run *runs = comparison_runs(comparison, cell), *nearest = NULL;
	double median = result_of(comparison, cell).rmse.median;

	for (size_t i = 0; i < comparison->options->seeds; i++)
		if (!runs[i].result && (!nearest || fabs(runs[i].score.rmse - median) <
							    fabs(nearest->score.rmse - median)))
			nearest = &runs[i];
	return nearest;
}

/* Four digits that count. */
static const char *short_number(double number, char *text)
{
	int before = isfinite(number) && number != 0 ? (int)floor(log10(fabs(number))) + 1 : 1;

	if (before > 9 || before < -4)
		snprintf(text, WHEN_TEXT_MAX, "%.3g", number);
	else
		snprintf(text, WHEN_TEXT_MAX, "%.*f",
			 before >= 4 ? 0 : (before > 0 ? 4 : 3) - before, number);
	return text;
}

static void print_spread(const struct spread *spread, int width)
{
	char median[WHEN_TEXT_MAX], low[WHEN_TEXT_MAX], high[WHEN_TEXT_MAX];
	char all[3 * WHEN_TEXT_MAX + 8];

	snprintf(all, sizeof(all), "%s (%s to %s)", short_number(spread->median, median),
		 short_number(spread->low, low), short_number(spread->high, high));
	printf("  %-*s", width, all);
}

static void print_naive(const char *name, const struct score *score)
{
	char rmse[WHEN_TEXT_MAX], mae[WHEN_TEXT_MAX], mase[WHEN_TEXT_MAX];

	printf("%-19s  %-23s  %-23s  %s\n", name, short_number(score->rmse, rmse),
	       short_number(score->mae, mae), short_number(score->mase, mase));
}

static void print_setting(const struct comparison *comparison)
{
	const struct training_options *training = &comparison->options->training;
	const struct network_plan *network = &training->network;
	const struct history *history = &comparison->history;
	const struct split *split = &comparison->split;
	char step[WHEN_TEXT_MAX], first[WHEN_TEXT_MAX], last[WHEN_TEXT_MAX], test[WHEN_TEXT_MAX];

	printf("%s: %s, %zu values, step %s, %s to %s", comparison->path, history->title,
	       history->count, history_step(history, step), history_when(history, 0, first),
	       history_when(history, history->count - 1, last));
	if (history->filled)
		printf("; %zu were missing and are interpolated", history->filled);
	printf("\n%zu windows of %zu values: %zu to train, %zu to test from %s on\n",
	       split->end - split->first, (size_t)network->lookback,
	       split->test_from - split->first, comparison->test_count,
	       history_when(history, split->test_from, test));
	printf("scale %s on %s, %zu units, %s, %s at %g, batch %zu, %zu epochs, loss %s, %zu "
	       "seed%s\n",
	       scaling_words[training->scale],
	       training->scale_on == SCALE_ON_ALL ? "all values, which looks ahead"
						  : "the training part",
	       (size_t)network->hidden, activation_words[network->activation],
	       optimizer_words[network->optimizer], network->rate, (size_t)network->batch,
	       (size_t)network->epochs, loss_words[network->loss],
	       (size_t)comparison->options->seeds, comparison->options->seeds == 1 ? "" : "s");
}

static void print_verdict(const struct comparison *comparison)
{
	size_t best = 0, cells = comparison->options->cells.count;
	char text[WHEN_TEXT_MAX];
	struct cell_result result;

	for (size_t i = 1; i < cells; i++)
		if (!(result_of(comparison, i).rmse.median >=
		      result_of(comparison, best).rmse.median))
			best = i;
	result = result_of(comparison, best);
	printf("\nOf the cells %s is the best here: better than the %s forecast (%s) with %zu of "
	       "%zu "
	       "seeds.\n",
	       cell_words[comparison->options->cells.items[best]],
	       best_naive(comparison) < comparison->naive.rmse ? "seasonal naive" : "naive",
	       short_number(best_naive(comparison), text), result.wins,
	       (size_t)comparison->options->seeds);
}

void comparison_print(const struct comparison *comparison)
{
	const struct compare_options *chosen = comparison->options;
	char name[TITLE_MAX];

	print_setting(comparison);
	printf("\n%-19s  %-23s  %-23s  %-23s  %-9s  %s\n", "", "test RMSE", "MAE", "MASE", "wins",
	       "CPU seconds");
	for (size_t i = 0; i < chosen->cells.count; i++) {
		struct cell_result result = result_of(comparison, i);

		printf("%-19s", cell_words[chosen->cells.items[i]]);
		if (!result.count) {
			puts("  diverged with every seed");
			continue;
		}
		print_spread(&result.rmse, 23);
		print_spread(&result.mae, 23);
		print_spread(&result.mase, 23);
		snprintf(name, sizeof(name), "%zu of %zu", result.wins, (size_t)chosen->seeds);
		printf("  %-9s", name);
		print_spread(&result.seconds, 0);
		if (result.count < chosen->seeds)
			printf("; %zu diverged", (size_t)chosen->seeds - result.count);
		putchar('\n');
	}
	print_naive("naive", &comparison->naive);
	if (comparison->seasonal_forecasts) {
		snprintf(name, sizeof(name), "seasonal naive, %u", comparison->season);
		print_naive(name, &comparison->seasonal);
	}
	print_verdict(comparison);
}

static void json_score(const struct score *score)
{
	fputs("\"rmse\": ", stdout);
	json_number(stdout, score->rmse);
	fputs(", \"mae\": ", stdout);
	json_number(stdout, score->mae);
	fputs(", \"mase\": ", stdout);
	json_number(stdout, score->mase);
}

static void json_spread(const char *name, const struct spread *spread)
{
	printf("\"%s\": {\"median\": ", name);
	json_number(stdout, spread->median);
	fputs(", \"low\": ", stdout);
	json_number(stdout, spread->low);
	fputs(", \"high\": ", stdout);
	json_number(stdout, spread->high);
	putchar('}');
}

static void json_cell(const struct comparison *comparison, size_t cell)
{
	const struct run *runs = comparison_runs(comparison, cell);
	struct cell_result result = result_of(comparison, cell);

	printf("    {\"cell\": \"%s\", ", cell_words[comparison->options->cells.items[cell]]);
	json_spread("rmse", &result.rmse);
	fputs(", ", stdout);
	json_spread("mae", &result.mae);
	fputs(", ", stdout);
	json_spread("mase", &result.mase);
	fputs(", ", stdout);
	json_spread("seconds", &result.seconds);
	fputs(",\n     \"runs\": [", stdout);
	for (size_t i = 0; i < comparison->options->seeds; i++) {
		printf("%s\n      {\"seed\": %zu, \"diverged\": %s", i ? "," : "",
		       (size_t)runs[i].seed, runs[i].result ? "true" : "false");
		if (!runs[i].result) {
			fputs(", ", stdout);
			json_score(&runs[i].score);
			fputs(", \"loss\": ", stdout);
			json_number(stdout, runs[i].loss);
			fputs(", \"seconds\": ", stdout);
			json_number(stdout, runs[i].seconds);
			fputs(", \"forecasts\": ", stdout);
			json_numbers(stdout, runs[i].forecasts, comparison->test_count);
		}
		putchar('}');
	}
	fputs("]}", stdout);
}

static void json_series(const struct comparison *comparison)
{
	const struct history *history = &comparison->history;
	char step[WHEN_TEXT_MAX], first[WHEN_TEXT_MAX], last[WHEN_TEXT_MAX];

	fputs("  \"file\": ", stdout);
	json_string(stdout, comparison->path);
	fputs(", \"series\": ", stdout);
	json_string(stdout, history->title);
	printf(", \"values\": %zu, \"filled\": %zu,\n  \"step\": \"%s\", \"first\": \"%s\", "
	       "\"last\": "
	       "\"%s\", \"season\": %u,\n",
	       history->count, history->filled, history_step(history, step),
	       history_when(history, 0, first), history_when(history, history->count - 1, last),
	       comparison->season);
	printf("  \"windows\": {\"train\": %zu, \"test\": %zu},\n",
	       comparison->split.test_from - comparison->split.first, comparison->test_count);
	fputs("  \"scaling\": {\"shift\": ", stdout);
	json_number(stdout, comparison->scaling.shift);
	fputs(", \"scale\": ", stdout);
	json_number(stdout, comparison->scaling.scale);
	fputs("},\n", stdout);
}

void comparison_print_json(const struct comparison *comparison)
{
	const struct history *history = &comparison->history;
	char when[WHEN_TEXT_MAX];

	puts("{");
	json_series(comparison);
	puts("  \"cells\": [");
	for (size_t i = 0; i < comparison->options->cells.count; i++) {
		json_cell(comparison, i);
		puts(i + 1 < comparison->options->cells.count ? "," : "");
	}
	fputs("  ],\n  \"naive\": {", stdout);
	json_score(&comparison->naive);
	fputs("},\n  \"seasonal_naive\": ", stdout);
	if (comparison->seasonal_forecasts) {
		putchar('{');
		json_score(&comparison->seasonal);
		fputs("},\n", stdout);
	} else
		fputs("null,\n", stdout);
	fputs("  \"test\": {\"times\": [", stdout);
	for (size_t i = comparison->split.test_from; i < comparison->split.end; i++)
		printf("%s\"%s\"", i > comparison->split.test_from ? ", " : "",
		       history_when(history, i, when));
	fputs("],\n           \"actual\": ", stdout);
	json_numbers(stdout, history->values + comparison->split.test_from, comparison->test_count);
	puts("}\n}");
}

/* Actual values, the typical run of each cell, the better naive forecast. */
static size_t choose_lines(const struct comparison *comparison, struct plot_line *lines,
			   char (*titles)[TITLE_MAX])
{
	bool seasonal = best_naive(comparison) < comparison->naive.rmse;
	char rmse[WHEN_TEXT_MAX];
	size_t count = 0;

	lines[count++] = (struct plot_line){
		"actual", PLOT_ACTUAL, comparison->history.values + comparison->split.test_from};
	for (size_t i = 0; i < comparison->options->cells.count; i++) {
		const struct run *run = typical_run(comparison, i);

		if (!run)
			continue;
		snprintf(titles[i], TITLE_MAX, "%s, RMSE %s",
			 cell_words[comparison->options->cells.items[i]],
			 short_number(run->score.rmse, rmse));
		lines[count++] = (struct plot_line){titles[i], PLOT_MODEL, run->forecasts};
	}
	snprintf(titles[OPTION_WORDS_MAX], TITLE_MAX, "%s, RMSE %s",
		 seasonal ? "seasonal naive" : "naive", short_number(best_naive(comparison), rmse));
	lines[count++] = (struct plot_line){titles[OPTION_WORDS_MAX], PLOT_BASELINE,
					    seasonal ? comparison->seasonal_forecasts
						     : comparison->naive_forecasts};
	return count;
}

int comparison_plot(const struct comparison *comparison)
{
	const struct history *history = &comparison->history;
	char titles[OPTION_WORDS_MAX + 1][TITLE_MAX], title[2 * TITLE_MAX], step[WHEN_TEXT_MAX];
	struct plot_line lines[OPTION_WORDS_MAX + 2];
	int64_t *times = reallocarray(NULL, comparison->test_count, sizeof(*times));
	struct plot plot = {
		.title = title,
		.x_label = step,
		.y_label = history->title,
		.times_us = times,
		.has_times = history->has_times,
		.count = comparison->test_count,
		.lines = lines,
	};
	int r;

	if (!times)
		return -ENOMEM;
	for (size_t i = 0; i < plot.count; i++)
		times[i] = history_time(history, comparison->split.test_from + i);
	history_step(history, step);
	snprintf(title, sizeof(title), "%.*s: forecasts one step (%s) ahead on the test part",
		 TITLE_MAX, history->title, step);
	plot.line_count = choose_lines(comparison, lines, titles);
	r = plot_write(comparison->program, comparison->options->plot, &plot);
	free(times);
	return r;
}
