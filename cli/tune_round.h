/*
 * Many trainings at once, each judged on what follows the part it learned from.
 */
#ifndef CLI_TUNE_ROUND_H
#define CLI_TUNE_ROUND_H

#include "cli/progress.h"
#include "cli/tune.h"

/* A set of trainings that run at the same time. */
struct tune_round {
	struct tuning *tuning;
	const struct network_plan *const *plans; /* of each trial */
	const uint64_t *seeds;			 /* of each trial */
	size_t count;				 /* of trials */
	uint64_t epochs;
	bool on_test;	/* one training each, judged on the test part, instead of folds */
	double *square; /* [count x folds] sums of squared errors; NaN: not done */
	const struct progress *progress;
	double deadline; /* seconds; infinite: none */
	const char *label;
	double from, to;   /* what this round is of the whole, for the bar */
	atomic_bool *stop; /* ends trainings; set when the deadline has passed */
	atomic_size_t done;
};

/*
 * Runs a round and gives the RMSE of each trial: infinite if it diverged, NaN if it was not done. 0
 * or a negative errno.
 */
int tune_round_run(struct tune_round *round, double *ret_errors);

#endif
