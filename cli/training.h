/*
 * One network trained on one series, offline: windows of `lookback` scaled values, each with the
 * `horizon` values that follow; every epoch goes through all windows once, in a new order.
 */
#ifndef CLI_TRAINING_H
#define CLI_TRAINING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/scaling.h"
#include "rollcast/network.h"

/* The words of the command line, in the order of the library's enumerations; ended by NULL. */
extern const char *const cell_words[];
extern const char *const activation_words[];
extern const char *const loss_words[]; /* without the quantile loss */
extern const char *const optimizer_words[];
extern const char *const schedule_words[];

/* What a network is and how it learns. The fields are as options.h reads them. */
struct network_plan {
	uint32_t cell, activation, loss, optimizer; /* enum rollcast_... */
	uint64_t lookback, hidden, layers, horizon;
	uint64_t batch, epochs;
	double rate;
	uint32_t schedule; /* enum rollcast_schedule_kind, over all optimiser steps */
	double weight_decay, dropout, clip_norm;
	bool skip;
	/* Early stopping: this many epochs without a better loss on the last windows, which are then
	 * not trained on, end the training; the best weights stay. 0: all epochs are run. */
	uint64_t patience;
};

/* The tutorial's: an LSTM of 50 units, relu, reads 10 values; Adam .001, MSE, 100 epochs of 32. */
struct network_plan network_plan_default(void);

/* Values with what may be learned from them: the windows whose first target is in first..end. */
struct lessons {
	const double *values;
	struct scaling scaling;
	size_t first, end;
};

enum {
	/* ROLLCAST_NETWORK_DIVERGED is 1 */
	TRAINING_STOPPED = 2,
};

/* What a training tells others while it runs. */
struct training_watch {
	const atomic_bool *stop;       /* looked at every epoch; NULL: never */
	_Atomic uint64_t *epochs_done; /* counted up; NULL: not */
};

/*
 * Trains. The same seed gives the same bits. 0 and weights that the caller owns and the mean loss of
 * their epoch, on the windows held back if there are any; ROLLCAST_NETWORK_DIVERGED, TRAINING_STOPPED, -EINVAL (a network that the
 * library cannot hold, or no window), -ENOMEM.
 */
int training_fit(const struct network_plan *plan, const struct lessons *lessons, uint64_t seed,
		 const struct training_watch *watch, struct rollcast_weights **ret_weights,
		 double *ret_loss);

/*
 * Forecasts for the windows whose first target is in first..end, in the values' own units:
 * ret_forecasts [(end - first) x horizon]. Reads values before each target only. -ENOMEM.
 */
int training_forecast(const struct rollcast_weights *weights, const double *values,
		      const struct scaling *scaling, size_t first, size_t end,
		      double *ret_forecasts);

#endif
