/* What `rollcast tune` found, between the search and the part that shows it. */
#ifndef CLI_TUNE_H
#define CLI_TUNE_H

#include <signal.h>

#include "cli/history.h"
#include "cli/measure.h"
#include "cli/training_options.h"

enum {
	TUNE_FOLDS = 3,
	TUNE_RUNGS = 3,
	TUNE_KEEP =
		3, /* one of so many goes on to the next rung, which trains so many times longer */
	TUNE_FINALISTS = 3,
	TUNE_SEEDS_MAX = 100,
};

struct tune_options {
	struct training_options training; /* its network: the default that is to be beaten */
	struct option_range rate, hidden, lookback;
	struct option_words cells, activations, optimizers;
	uint64_t trials; /* 0: as many as the budget allows */
	int64_t budget_us;
	uint64_t seeds;
	bool json;
};

struct trial {
	struct network_plan plan;
	size_t number; /* 0: the default */
	int rungs;     /* completed */
	double error;  /* validation RMSE on the last of them; infinite if it diverged */
};

/* A trial trained from many seeds, for all epochs. */
struct finalist {
	struct trial trial;
	double validation[TUNE_SEEDS_MAX], test[TUNE_SEEDS_MAX]; /* RMSE; NaN: not done */
};

struct tuning {
	const char *program, *path;
	const struct tune_options *options;
	struct history history;
	size_t test_from; /* nothing from here on is looked at before the end */
	size_t origins[TUNE_FOLDS +
		       1]; /* fold k learns before origins[k], is tested up to the next */
	uint64_t rung_epochs[TUNE_RUNGS];
	struct trial *trials;
	size_t trial_count, trial_room;
	struct finalist finalists[TUNE_FINALISTS + 1]; /* the default is the last */
	size_t finalist_count;
	double naive[2], seasonal[2]; /* RMSE in validation and on the test part */
	uint32_t season;
	double seconds;
	bool interrupted, out_of_time;
};

/* The best trials first: those of later rungs, of these the smaller errors. */
void tuning_sort(struct tuning *tuning);
/* The finalist with the smallest median in validation, or NULL if none is complete. */
const struct finalist *tuning_winner(const struct tuning *tuning);
/* Optimiser steps of a training on everything before the test part. */
uint64_t tuning_steps(const struct tuning *tuning, const struct network_plan *plan);

void tuning_print(const struct tuning *tuning);
void tuning_print_json(const struct tuning *tuning);

#endif
