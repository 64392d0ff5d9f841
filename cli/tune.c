/*
 * rollcast tune: successive halving (Jamieson & Talwalkar 2016) over networks, judged by rolling
 * origins.
 *
 *	│ learn ........ o0 │ judge │                 fold 0
 *	│ learn ................ o1 │ judge │         fold 1       never seen before the end
 *	│ learn ........................ o2 │ judge │ fold 2 │ test part ................ │
 *
 * All trials run for a ninth of the epochs, the better third of them for a third, the better third
 * of these for all. The best then run with several seeds beside the default, and at last on the
 * test part.
 */
#include "cli/tune.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/dice.h"
#include "cli/tune_round.h"
#include "cli/verbs.h"

enum {
	TRIALS_DEFAULT = 54,
	BRACKET = 27, /* trials that start together when the budget decides */
	WINDOWS_LEAST = 8,
};
static const double FIRST_ORIGIN = 0.55; /* of what is before the test part */
static const double SEARCH_SHARE = 0.6;	 /* of the budget; the rest is for the finalists */

#define ROW(kind, name, value, field, help, ...) \
	OPTION(kind, name, value, struct tune_options, field, help, __VA_ARGS__)

static const struct option_row rows[] = {
	{.help = "What is tried:"},
	ROW(RANGE, "rate", "LOW..HIGH", rate, "learning rate (default 1e-4..1e-1)", .low = 1e-9,
	    .high = 100),
	ROW(RANGE, "hidden", "LOW..HIGH", hidden, "units per layer (default 4..128)", .low = 1,
	    .high = 1024),
	ROW(RANGE, "lookback", "LOW..HIGH", lookback, "values that are read (default 6..48)",
	    .low = 1, .high = 4096),
	ROW(WORDS, "cell", "LIST", cells, "some of lstm,gru,rnn (default: all)",
	    .words = cell_words),
	ROW(WORDS, "activation", "LIST", activations, "some of tanh,relu (default: both)",
	    .words = activation_words),
	ROW(WORDS, "optimizer", "LIST", optimizers,
	    "some of adam,adamw,rmsprop,sgd (default adam,rmsprop,sgd)", .words = optimizer_words),
	{.help = "How long:"},
	ROW(COUNT, "trials", "N", trials, "default 54, or as many as the budget allows", .low = 1,
	    .high = 1000000),
	ROW(DURATION, "budget", "DURATION", budget_us,
	    "such as 60s: then it ends with what it has"),
	ROW(COUNT, "seeds", "N", seeds, "for the best and the default (default 5)", .low = 1,
	    .high = TUNE_SEEDS_MAX),
	{.help = "What all trials share:"},
	SPLIT_OPTION_ROWS(struct tune_options, training),
	LEARNING_OPTION_ROWS(struct tune_options, training),
	DATA_OPTION_ROWS(struct tune_options, training),
	{.help = "The result:"},
	ROW(FLAG, "json", NULL, json, "everything, for programs"),
};

static const struct options options = {
	"Usage: rollcast tune FILE.csv [OPTION]...\n"
	"Search for the network that forecasts a series best, one step ahead, and show what is\n"
	"gained over the default (lstm of 50 units, relu, lookback 10, adam at 0.001).\n",
	rows,
	sizeof(rows) / sizeof(rows[0]),
	"SIGINT ends the search; what was found by then is shown. The same seed and number of "
	"trials\n"
	"give the same result unless the budget cuts it short.\n" CSV_HELP
	"Exit status: 0 done, 1 failed at run time, 2 wrong usage.\n",
};

/* Set by SIGINT and by the budget; trainings look at it every epoch. */
static atomic_bool stop;
static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
	atomic_store(&stop, true);
}

static bool is_stopped(void)
{
	return atomic_load(&stop);
}

/* The search. */

static uint64_t draw_count(uint64_t *state, const struct option_range *range)
{
	/* Every whole number has its share of the scale: 4..128 from 3.5 to 128.5. */
	double drawn = round(dice_scale(state, range->low - 0.5, range->high + 0.5));

	return (uint64_t)fmin(fmax(drawn, range->low), range->high);
}

static struct network_plan draw_plan(const struct tune_options *chosen, uint64_t *state)
{
	struct network_plan plan = chosen->training.network;
	char digits[32];

	plan.cell = chosen->cells.items[dice_below(state, chosen->cells.count)];
	plan.activation = chosen->activations.items[dice_below(state, chosen->activations.count)];
	plan.optimizer = chosen->optimizers.items[dice_below(state, chosen->optimizers.count)];
	plan.hidden = draw_count(state, &chosen->hidden);
	plan.lookback = draw_count(state, &chosen->lookback);
	plan.rate = dice_scale(state, chosen->rate.low, chosen->rate.high);
	/* Two digits are what anybody wants to paste, and they are what was tried. */
	snprintf(digits, sizeof(digits), "%.1e", plan.rate);
	plan.rate = strtod(digits, NULL);
	return plan;
}

static int add_trials(struct tuning *tuning, size_t count, uint64_t *state)
{
	size_t room = tuning->trial_count + count;
	struct trial *trials = reallocarray(tuning->trials, room, sizeof(*trials));

	if (!trials)
		return -ENOMEM;
	tuning->trials = trials;
	for (; tuning->trial_count < room; tuning->trial_count++)
		trials[tuning->trial_count] = (struct trial){
			.plan = tuning->trial_count ? draw_plan(tuning->options, state)
						    : tuning->options->training.network,
			.number = tuning->trial_count,
		};
	return 0;
}

static int by_merit(const void *left, const void *right)
{
	const struct trial *a = left, *b = right;

	if (a->rungs != b->rungs)
		return b->rungs - a->rungs;
	if (a->rungs && a->error != b->error)
		return a->error < b->error ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

void tuning_sort(struct tuning *tuning)
{
	qsort(tuning->trials, tuning->trial_count, sizeof(*tuning->trials), by_merit);
}

/* One rung for the first `count` of `trials`. */
static int climb(struct tuning *tuning, struct trial *trials, size_t count, int rung,
		 const struct progress *progress, double deadline)
{
	assert(count > 0);

	CLEANUP(free) const struct network_plan **plans = calloc(count, sizeof(*plans));
	CLEANUP(free) uint64_t *seeds = calloc(count, sizeof(*seeds));
	CLEANUP(free) double *errors = calloc(count, sizeof(*errors));
	struct tune_round round = {
		.tuning = tuning,
		.plans = plans,
		.seeds = seeds,
		.count = count,
		.epochs = tuning->rung_epochs[rung],
		.stop = &stop,
		.progress = progress,
		.deadline = deadline,
		.label = "searching",
		.from = rung * 0.25,
		.to = (rung + 1) * 0.25,
	};
	int r;

	if (!plans || !seeds || !errors)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		plans[i] = &trials[i].plan;
		seeds[i] = tuning->options->training.seed;
	}
	r = tune_round_run(&round, errors);
	for (size_t i = 0; i < count; i++)
		if (!isnan(errors[i])) {
			trials[i].error = errors[i];
			trials[i].rungs = rung + 1;
		}
	return r;
}

/* Successive halving of the trials from `start` on. */
static int run_bracket(struct tuning *tuning, size_t start, const struct progress *progress,
		       double deadline)
{
	struct trial *trials = tuning->trials + start;
	size_t all = tuning->trial_count - start, count = all;
	int r = 0;

	for (int rung = 0; rung < TUNE_RUNGS && !r && !is_stopped(); rung++) {
		r = climb(tuning, trials, count, rung, progress, deadline);
		qsort(trials, all, sizeof(*trials), by_merit);
		count = (count + TUNE_KEEP - 1) / TUNE_KEEP;
	}
	return r;
}

static int search(struct tuning *tuning, const struct progress *progress)
{
	const struct tune_options *chosen = tuning->options;
	double deadline =
		chosen->budget_us ? SEARCH_SHARE * (double)chosen->budget_us / 1e6 : INFINITY;
	uint64_t state = chosen->training.seed;
	int r;

	do {
		size_t start = tuning->trial_count;

		r = add_trials(tuning, chosen->trials ? chosen->trials : BRACKET, &state);
		if (!r)
			r = run_bracket(tuning, start, progress, deadline);
	} while (!r && !chosen->trials && !is_stopped());
	tuning->out_of_time = is_stopped() && !interrupted && chosen->trials;
	tuning_sort(tuning);
	return r;
}

/* The finalists. */

static void choose_finalists(struct tuning *tuning)
{
	struct trial standard = {.plan = tuning->options->training.network};

	for (size_t i = 0; i < tuning->trial_count; i++) {
		struct trial *trial = &tuning->trials[i];

		if (trial->number == 0)
			standard = *trial;
		else if (tuning->finalist_count < TUNE_FINALISTS && trial->rungs &&
			 isfinite(trial->error))
			tuning->finalists[tuning->finalist_count++].trial = *trial;
	}
	tuning->finalists[tuning->finalist_count++].trial = standard;
	for (size_t i = 0; i < tuning->finalist_count; i++)
		for (size_t j = 0; j < TUNE_SEEDS_MAX; j++)
			tuning->finalists[i].validation[j] = tuning->finalists[i].test[j] = NAN;
}

/* All finalists with all seeds, in validation or on the test part. */
static int run_finals(struct tuning *tuning, const struct progress *progress, bool on_test)
{
	const struct tune_options *chosen = tuning->options;
	size_t count = tuning->finalist_count * chosen->seeds;
	const struct network_plan *plans[(TUNE_FINALISTS + 1) * TUNE_SEEDS_MAX];
	uint64_t seeds[(TUNE_FINALISTS + 1) * TUNE_SEEDS_MAX];
	double errors[(TUNE_FINALISTS + 1) * TUNE_SEEDS_MAX];
	struct tune_round round = {
		.tuning = tuning,
		.plans = plans,
		.seeds = seeds,
		.count = count,
		.epochs = chosen->training.network.epochs,
		.on_test = on_test,
		.stop = &stop,
		.progress = progress,
		.deadline = chosen->budget_us ? (double)chosen->budget_us / 1e6 : INFINITY,
		.label = on_test ? "test part" : "finalists",
		.from = on_test ? 0.95 : 0.75,
		.to = on_test ? 1 : 0.95,
	};
	int r;

	for (size_t i = 0; i < count; i++) {
		plans[i] = &tuning->finalists[i / chosen->seeds].trial.plan;
		/* Not the seed of the search: it favoured the winner. */
		seeds[i] = chosen->training.seed + 1 + i % chosen->seeds;
	}
	r = tune_round_run(&round, errors);
	for (size_t i = 0; i < count; i++) {
		struct finalist *finalist = &tuning->finalists[i / chosen->seeds];

		(on_test ? finalist->test : finalist->validation)[i % chosen->seeds] = errors[i];
	}
	return r;
}

const struct finalist *tuning_winner(const struct tuning *tuning)
{
	const struct finalist *best = NULL;
	double least = INFINITY;

	for (size_t i = 0; i < tuning->finalist_count; i++) {
		double errors[TUNE_SEEDS_MAX], median;

		memcpy(errors, tuning->finalists[i].validation, sizeof(errors));
		for (size_t j = 0; j < tuning->options->seeds; j++)
			if (isnan(errors[j]))
				return NULL;
		median = spread_of(errors, tuning->options->seeds).median;
		if (median < least) {
			least = median;
			best = &tuning->finalists[i];
		}
	}
	return best;
}

uint64_t tuning_steps(const struct tuning *tuning, const struct network_plan *plan)
{
	uint64_t windows = tuning->test_from - plan->lookback;

	return (windows + plan->batch - 1) / plan->batch * plan->epochs;
}

/* Setting up. */

static double naive_rmse(const struct tuning *tuning, size_t season, size_t from, size_t end)
{
	const double *values = tuning->history.values;

	return score_of(values + from, values + from - season, end - from, 1).rmse;
}

static void forecast_naively(struct tuning *tuning)
{
	uint64_t season = tuning->options->training.season;
	size_t first = tuning->origins[0], end = tuning->history.count;

	tuning->season = season ? (uint32_t)season : history_season(&tuning->history);
	if (2 * (size_t)tuning->season > first)
		tuning->season = 1;
	tuning->naive[0] = naive_rmse(tuning, 1, first, tuning->test_from);
	tuning->naive[1] = naive_rmse(tuning, 1, tuning->test_from, end);
	tuning->seasonal[0] = naive_rmse(tuning, tuning->season, first, tuning->test_from);
	tuning->seasonal[1] = naive_rmse(tuning, tuning->season, tuning->test_from, end);
}

static int refuse_length(const struct tuning *tuning, size_t longest)
{
	fprintf(stderr,
		"%s: %s: %zu values are too few: the first origin would leave no more than "
		"lookbacks of %zu\n",
		tuning->program, tuning->path, tuning->history.count, longest);
	return -EINVAL;
}

static int set_up(struct tuning *tuning, struct tune_options *chosen)
{
	const struct training_options *training = &chosen->training;
	size_t first, longest;
	int r = history_load(tuning->path, training->stream, &training->csv, &tuning->history);

	if (r)
		return r;
	tuning->test_from = split_make(tuning->history.count, (uint32_t)training->network.lookback,
				       1, training->train)
				    .test_from;
	first = (size_t)((double)tuning->test_from * FIRST_ORIGIN);
	longest = first > WINDOWS_LEAST ? first - WINDOWS_LEAST : 0;
	if (longest < training->network.lookback || (double)longest < chosen->lookback.low ||
	    tuning->test_from == tuning->history.count)
		return refuse_length(tuning, longest);
	if ((double)longest < chosen->lookback.high) {
		fprintf(stderr,
			"%s: lookbacks are tried up to %zu only: the first origin has %zu values\n",
			tuning->program, longest, first);
		chosen->lookback.high = (double)longest;
	}
	for (size_t i = 0; i <= TUNE_FOLDS; i++)
		tuning->origins[i] = first + (tuning->test_from - first) * i / TUNE_FOLDS;
	for (int i = TUNE_RUNGS - 1; i >= 0; i--)
		tuning->rung_epochs[i] =
			i == TUNE_RUNGS - 1
				? training->network.epochs
				: (tuning->rung_epochs[i + 1] + TUNE_KEEP - 1) / TUNE_KEEP;
	forecast_naively(tuning);
	return 0;
}

static int tune(struct tuning *tuning)
{
	struct progress progress;
	int r;

	progress_init(&progress);
	r = search(tuning, &progress);
	choose_finalists(tuning);
	if (!interrupted)
		atomic_store(&stop, false); /* the search's share of the budget may be spent */
	if (!r && !is_stopped())
		r = run_finals(tuning, &progress, false);
	if (!r && !is_stopped())
		r = run_finals(tuning, &progress, true);
	tuning->out_of_time |= is_stopped() && !interrupted;
	tuning->interrupted = interrupted;
	tuning->seconds = progress_seconds(&progress);
	progress_finish(&progress);
	return r;
}

int verb_tune(int argc, char **argv)
{
	struct tune_options chosen = {
		.training = training_options_default(),
		.rate = {1e-4, 1e-1},
		.hidden = {4, 128},
		.lookback = {6, 48},
		.cells = {{ROLLCAST_CELL_LSTM, ROLLCAST_CELL_GRU, ROLLCAST_CELL_RNN}, 3},
		.activations = {{ROLLCAST_ACTIVATION_TANH, ROLLCAST_ACTIVATION_RELU}, 2},
		.optimizers = {{ROLLCAST_OPTIMIZER_ADAM, ROLLCAST_OPTIMIZER_RMSPROP,
				ROLLCAST_OPTIMIZER_SGD},
			       3},
		.seeds = 5,
	};
	struct tuning tuning = {.program = argv[0], .options = &chosen};
	struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};
	int files, r, status = options_read(&options, argc, argv, &chosen, &files);

	if (status != OPTIONS_GO_ON)
		return status;
	if (files != 1)
		return args_refuse(argv[0], "one file is needed");
	if (!chosen.trials && !chosen.budget_us)
		chosen.trials = TRIALS_DEFAULT;
	chosen.training.csv.header = chosen.training.no_header ? CSV_HEADER_NO : CSV_HEADER_AUTO;
	tuning.path = argv[1];
	sigaction(SIGINT, &action, NULL);
	r = set_up(&tuning, &chosen);
	if (!r) {
		r = tune(&tuning);
		if (r)
			fprintf(stderr, "%s: %s\n", argv[0], strerror(-r));
	}
	if (!r && chosen.json)
		tuning_print_json(&tuning);
	else if (!r)
		tuning_print(&tuning);
	free(tuning.trials);
	history_finish(&tuning.history);
	return r ? STATUS_FAILED : STATUS_DONE;
}
