/* What `rollcast compare` found, between the part that trains and the part that shows it. */
#ifndef CLI_COMPARE_H
#define CLI_COMPARE_H

#include "cli/history.h"
#include "cli/measure.h"
#include "cli/training_options.h"

struct compare_options {
	struct training_options training;
	struct option_words cells;
	uint64_t seeds;
	bool json;
	const char *plot;
};

/* One network: a cell trained from one seed. */
struct run {
	int result; /* 0 or ROLLCAST_NETWORK_DIVERGED */
	uint64_t seed;
	double loss, seconds; /* seconds of processor time */
	struct score score;
	double *forecasts; /* [test windows] */
};

struct comparison {
	const char *program, *path;
	const struct compare_options *options;
	struct history history;
	struct split split;
	size_t test_count;
	uint32_t season; /* 1: none */
	double unit;	 /* of MASE: accuracy_scale of the training part */
	struct scaling scaling;
	struct run *runs; /* [cells x seeds] */
	struct score naive, seasonal;
	double *naive_forecasts,
		*seasonal_forecasts; /* [test windows]; seasonal: NULL without season */
};

/* All seeds of a cell. */
struct run *comparison_runs(const struct comparison *comparison, size_t cell);

void comparison_print(const struct comparison *comparison);
void comparison_print_json(const struct comparison *comparison);
int comparison_plot(const struct comparison *comparison);

#endif
