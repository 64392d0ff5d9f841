/*
 * What a search found: a leaderboard, the gain over the default with its spread, and the block of
 * YAML that makes the winner the daemon's model.
 */
#include "cli/tune.h"

#include <math.h>
#include <string.h>

#include "cli/when.h"
#include "daemon/base/json.h"

enum { BOARD_LINES = 10 };

static struct spread spread_over_seeds(const struct tuning *tuning, const double *errors)
{
	double sorted[TUNE_SEEDS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < tuning->options->seeds; i++)
		if (!isnan(errors[i]))
			sorted[count++] = errors[i];
	return spread_of(sorted, count);
}

static const struct finalist *standard(const struct tuning *tuning)
{
	return &tuning->finalists[tuning->finalist_count - 1];
}

static void print_head(const struct tuning *tuning)
{
	char first[WHEN_TEXT_MAX], last[WHEN_TEXT_MAX], step[WHEN_TEXT_MAX], when[WHEN_TEXT_MAX];
	const struct history *history = &tuning->history;

	printf("%s: %s, %zu values, step %s, %s to %s; kept for the end: from %s on\n",
	       tuning->path, history->title, history->count, history_step(history, step),
	       history_when(history, 0, first), history_when(history, history->count - 1, last),
	       history_when(history, tuning->test_from, when));
	printf("validation: one step ahead from origins");
	for (int i = 0; i < TUNE_FOLDS; i++)
		printf("%s %s", i ? "," : "", history_when(history, tuning->origins[i], when));
	printf("; %zu trials, rungs of", tuning->trial_count);
	for (int i = 0; i < TUNE_RUNGS; i++)
		printf("%s %zu", i ? "," : "", (size_t)tuning->rung_epochs[i]);
	printf(" epochs, %.1f s%s\n", tuning->seconds,
	       tuning->interrupted   ? ", interrupted"
	       : tuning->out_of_time ? ", ended by the budget"
				     : "");
}

static void print_plan(const struct network_plan *plan)
{
	printf("%-5s %6zu %8zu  %-10s  %-9s  %-9.3g", cell_words[plan->cell], (size_t)plan->hidden,
	       (size_t)plan->lookback, activation_words[plan->activation],
	       optimizer_words[plan->optimizer], plan->rate);
}

static void print_board(const struct tuning *tuning)
{
	printf("\n%4s  %10s  %-5s %6s %8s  %-10s  %-9s  %-9s  %s\n", "rank", "RMSE", "cell",
	       "hidden", "lookback", "activation", "optimizer", "rate", "epochs");
	for (size_t i = 0; i < tuning->trial_count && i < BOARD_LINES; i++) {
		const struct trial *trial = &tuning->trials[i];

		if (!trial->rungs)
			break;
		printf("%4zu  %10.4g  ", i + 1, trial->error);
		print_plan(&trial->plan);
		printf("  %zu%s\n", (size_t)tuning->rung_epochs[trial->rungs - 1],
		       trial->number ? "" : "  (the default)");
	}
}

static void print_spread(const struct spread *spread, int width)
{
	char text[96];

	if (isnan(spread->median))
		snprintf(text, sizeof(text), "not done");
	else
		snprintf(text, sizeof(text), "%.4g (%.4g to %.4g)", spread->median, spread->low,
			 spread->high);
	printf("  %-*s", width, text);
}

static void print_finals(const struct tuning *tuning)
{
	char name[32];

	printf("\n%-58s  %-26s  %s\n", "RMSE with new seeds: median (range)", "validation",
	       "test part");
	for (size_t i = 0; i < tuning->finalist_count; i++) {
		const struct finalist *finalist = &tuning->finalists[i];
		struct spread validation = spread_over_seeds(tuning, finalist->validation);
		struct spread test = spread_over_seeds(tuning, finalist->test);

		print_plan(&finalist->trial.plan);
		print_spread(&validation, 26);
		print_spread(&test, 0);
		puts(finalist == tuning_winner(tuning) ? "  the best"
		     : finalist == standard(tuning)    ? "  the default"
						       : "");
	}
	printf("%-58s  %-26.4g  %.4g\n", "naive", tuning->naive[0], tuning->naive[1]);
	if (tuning->season > 1) {
		snprintf(name, sizeof(name), "seasonal naive, %u", tuning->season);
		printf("%-58s  %-26.4g  %.4g\n", name, tuning->seasonal[0], tuning->seasonal[1]);
	}
}

/* What the winner takes off the default's error, in per cent, seed by seed. */
static struct spread gain_of(const struct tuning *tuning, const struct finalist *winner,
			     bool on_test)
{
	const double *ours = on_test ? winner->test : winner->validation;
	const double *theirs = on_test ? standard(tuning)->test : standard(tuning)->validation;
	double gains[TUNE_SEEDS_MAX];

	for (size_t i = 0; i < tuning->options->seeds; i++)
		gains[i] = 100 * (1 - ours[i] / theirs[i]);
	return spread_over_seeds(tuning, gains);
}

static void print_gain(const struct tuning *tuning, const struct finalist *winner)
{
	struct spread validation = gain_of(tuning, winner, false);
	struct spread test = gain_of(tuning, winner, true);

	if (winner == standard(tuning)) {
		puts("\nNothing that was tried is better than the default.");
		return;
	}
	printf("\nError less than the default's by %.0f %% (%.0f to %.0f) in validation",
	       validation.median, validation.low, validation.high);
	if (!isnan(test.median))
		printf(", by %.0f %% (%.0f to %.0f) on the test part", test.median, test.low,
		       test.high);
	puts(".");
}

static void print_yaml(const struct tuning *tuning, const struct network_plan *plan)
{
	uint64_t steps = tuning_steps(tuning, plan);
	uint64_t refit = steps * 2 / 5 ? steps * 2 / 5 : 1;

	printf("\nmodels:\n"
	       "  tuned:\n"
	       "    cell: %s\n    hidden: %zu\n    layers: %zu\n    activation: %s\n"
	       "    lookback: %zu\n    loss: %s\n    optimizer: {kind: %s, rate: %g}\n"
	       "    batch: %zu\n    steps: {first: %zu, refit: %zu}\n",
	       cell_words[plan->cell], (size_t)plan->hidden, (size_t)plan->layers,
	       activation_words[plan->activation], (size_t)plan->lookback, loss_words[plan->loss],
	       optimizer_words[plan->optimizer], plan->rate, (size_t)plan->batch, (size_t)steps,
	       (size_t)refit);
}

void tuning_print(const struct tuning *tuning)
{
	const struct finalist *winner = tuning_winner(tuning);

	print_head(tuning);
	print_board(tuning);
	if (winner) {
		print_finals(tuning);
		print_gain(tuning, winner);
		print_yaml(tuning, &winner->trial.plan);
	} else if (tuning->trial_count && tuning->trials[0].rungs) {
		puts("\nThe best was not compared with the default over several seeds.");
		print_yaml(tuning, &tuning->trials[0].plan);
	} else
		puts("\nNothing was finished.");
}

static void json_plan(const struct network_plan *plan)
{
	printf("\"cell\": \"%s\", \"hidden\": %zu, \"layers\": %zu, \"lookback\": %zu, "
	       "\"activation\": \"%s\", \"optimizer\": \"%s\", \"rate\": %g, \"batch\": %zu, "
	       "\"loss\": \"%s\"",
	       cell_words[plan->cell], (size_t)plan->hidden, (size_t)plan->layers,
	       (size_t)plan->lookback, activation_words[plan->activation],
	       optimizer_words[plan->optimizer], plan->rate, (size_t)plan->batch,
	       loss_words[plan->loss]);
}

static void json_finalist(const char *name, const struct tuning *tuning,
			  const struct finalist *finalist)
{
	printf("  \"%s\": ", name);
	if (!finalist) {
		puts("null,");
		return;
	}
	putchar('{');
	json_plan(&finalist->trial.plan);
	fputs(",\n    \"validation\": ", stdout);
	json_numbers(stdout, finalist->validation, tuning->options->seeds);
	fputs(", \"test\": ", stdout);
	json_numbers(stdout, finalist->test, tuning->options->seeds);
	puts("},");
}

void tuning_print_json(const struct tuning *tuning)
{
	fputs("{\n  \"file\": ", stdout);
	json_string(stdout, tuning->path);
	fputs(", \"series\": ", stdout);
	json_string(stdout, tuning->history.title);
	printf(", \"values\": %zu, \"test_from\": %zu, \"origins\": [%zu, %zu, %zu],\n",
	       tuning->history.count, tuning->test_from, tuning->origins[0], tuning->origins[1],
	       tuning->origins[2]);
	printf("  \"interrupted\": %s, \"out_of_time\": %s, \"seconds\": %.3f,\n  \"trials\": [",
	       tuning->interrupted ? "true" : "false", tuning->out_of_time ? "true" : "false",
	       tuning->seconds);
	for (size_t i = 0; i < tuning->trial_count; i++) {
		const struct trial *trial = &tuning->trials[i];

		printf("%s\n    {\"number\": %zu, \"rungs\": %d, \"rmse\": ", i ? "," : "",
		       trial->number, trial->rungs);
		json_number(stdout, trial->rungs ? trial->error : NAN);
		fputs(", ", stdout);
		json_plan(&trial->plan);
		putchar('}');
	}
	puts("\n  ],");
	json_finalist("best", tuning, tuning_winner(tuning));
	json_finalist("default", tuning, standard(tuning));
	fputs("  \"naive\": ", stdout);
	json_numbers(stdout, tuning->naive, 2);
	printf(", \"season\": %u, \"seasonal_naive\": ", tuning->season);
	json_numbers(stdout, tuning->seasonal, 2);
	puts("\n}");
}
