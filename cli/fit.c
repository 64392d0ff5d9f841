/*
 * rollcast fit: a network trained on a whole file and kept, for `rollcast predict`.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/history.h"
#include "cli/model.h"
#include "cli/progress.h"
#include "cli/parallel.h"
#include "cli/training_options.h"
#include "cli/verbs.h"
#include "cli/when.h"

struct fit_options {
	struct training_options training;
	const char *out;
};

#define ROW(kind, name, value, field, help, ...) \
	OPTION(kind, name, value, struct fit_options, field, help, __VA_ARGS__)

static const struct option_row rows[] = {
	{.help = "The result:"},
	ROW(TEXT, "out", "MODEL", out, "the file to write (safetensors); needed"),
	ROW(COUNT, "horizon", "N", training.network.horizon, "steps forecast at once (default 1)",
	    .low = 1, .high = 1024),
	{.help = "The network:"},
	ROW(WORD, "cell", "NAME", training.network.cell, "lstm (default), gru or rnn",
	    .words = cell_words),
	NETWORK_OPTION_ROWS(struct fit_options, training),
	LEARNING_OPTION_ROWS(struct fit_options, training),
	DATA_OPTION_ROWS(struct fit_options, training),
};

static const struct options options = {
	"Usage: rollcast fit FILE.csv --out MODEL [OPTION]...\n"
	"Train a network on a whole series and save it. How good it is, `rollcast compare` says "
	"with\n"
	"the same options.\n",
	rows,
	sizeof(rows) / sizeof(rows[0]),
	CSV_HELP "Exit status: 0 done, 1 failed at run time, 2 wrong usage.\n",
};

/* One training, in a thread of its own so that the bar can be drawn. */
struct effort {
	const struct network_plan *plan;
	const struct lessons *lessons;
	uint64_t seed;
	struct progress progress;
	_Atomic uint64_t epochs_done;
	struct rollcast_weights *weights;
	double loss;
	int result;
};

static int train(void *context, size_t index)
{
	struct effort *effort = context;
	struct training_watch watch = {.epochs_done = &effort->epochs_done};

	(void)index;
	effort->result = training_fit(effort->plan, effort->lessons, effort->seed, &watch,
				      &effort->weights, &effort->loss);
	return effort->result < 0 ? effort->result : 0;
}

static void show(void *context)
{
	struct effort *effort = context;

	progress_show(&effort->progress, cell_words[effort->plan->cell],
		      (double)effort->epochs_done / (double)effort->plan->epochs);
}

static int fit(const char *program, const struct fit_options *chosen, const struct history *history,
	       struct model *model)
{
	const struct training_options *training = &chosen->training;
	struct split split = split_make(history->count, (uint32_t)training->network.lookback,
					(uint32_t)training->network.horizon, 1);
	struct lessons lessons = {history->values, model->scaling, split.first, split.end};
	struct effort effort = {
		.plan = &training->network, .lessons = &lessons, .seed = training->seed};
	char step[WHEN_TEXT_MAX];
	int r;

	if (split.end == split.first) {
		fprintf(stderr, "%s: %zu values are too few for windows of %zu and %zu to follow\n",
			program, history->count, (size_t)training->network.lookback,
			(size_t)training->network.horizon);
		return -EINVAL;
	}
	progress_init(&effort.progress);
	r = parallel_run(1, 1, train, show, &effort);
	progress_finish(&effort.progress);
	model->weights = effort.weights;
	if (r)
		fprintf(stderr, "%s: %s\n", program, strerror(-r));
	else if (effort.result)
		fprintf(stderr, "%s: the training diverged: a smaller --rate may help\n", program);
	if (r || effort.result)
		return r ? r : -EDOM;
	printf("%s: %s, trained on %zu windows of %zu values (step %s) for %s%zu epochs in %.2f s; "
	       "loss %.4g\n",
	       history->title, cell_words[training->network.cell], split.end - split.first,
	       (size_t)training->network.lookback, history_step(history, step),
	       training->network.patience ? "up to " : "", (size_t)training->network.epochs,
	       progress_seconds(&effort.progress), effort.loss);
	return 0;
}

int verb_fit(int argc, char **argv)
{
	struct fit_options chosen = {.training = training_options_default()};
	struct history history;
	struct model model = {0};
	int files, r, status = options_read(&options, argc, argv, &chosen, &files);

	if (status != OPTIONS_GO_ON)
		return status;
	if (files != 1 || !chosen.out)
		return args_refuse(argv[0], files != 1 ? "one file is needed" : "--out is needed");
	chosen.training.csv.header = chosen.training.no_header ? CSV_HEADER_NO : CSV_HEADER_AUTO;
	if (history_load(argv[1], chosen.training.stream, &chosen.training.csv, &history))
		return STATUS_FAILED;
	model = (struct model){
		.scaling = scaling_fit(chosen.training.scale, history.values, history.count),
		.title = strdup(history.title),
		.has_times = history.has_times,
		.step_us = history.step_us,
		.months = history.months,
	};
	r = model.title ? fit(argv[0], &chosen, &history, &model) : -ENOMEM;
	if (!r)
		r = model_save(argv[0], chosen.out, &model);
	if (!r)
		printf("saved as %s\n", chosen.out);
	model_finish(&model);
	history_finish(&history);
	return r ? STATUS_FAILED : STATUS_DONE;
}
