/*
 * One item of work is a trial and a fold, so that few trials, too, keep all cores busy. Sums of
 * squares land in a table, so that the result does not depend on who came first.
 */
#include "cli/tune_round.h"

#include <errno.h>
#include <math.h>

#include "cli/parallel.h"

static size_t folds_of(const struct tune_round *round)
{
	return round->on_test ? 1 : TUNE_FOLDS;
}

/* Trains on what is before `origin` and sums up the squared errors of origin..end. */
static int judge(const struct tune_round *round, const struct network_plan *plan, uint64_t seed,
		 size_t origin, size_t end, double *ret_square)
{
	const double *values = round->tuning->history.values;
	const struct training_options *training = &round->tuning->options->training;
	struct lessons lessons = {values, scaling_fit(training->scale, values, origin),
				  plan->lookback, origin};
	struct training_watch watch = {.stop = round->stop};
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
	CLEANUP(free) double *forecasts = reallocarray(NULL, end - origin, sizeof(double));
	double loss, square = 0;
	int r;

	if (!forecasts)
		return -ENOMEM;
	r = training_fit(plan, &lessons, seed, &watch, &weights, &loss);
	if (r == ROLLCAST_NETWORK_DIVERGED)
		*ret_square = INFINITY;
	if (r)
		return r < 0 ? r : 0;
	r = training_forecast(weights, values, &lessons.scaling, origin, end, forecasts);
	for (size_t i = 0; !r && i < end - origin; i++)
		square += (forecasts[i] - values[origin + i]) * (forecasts[i] - values[origin + i]);
	if (!r)
		*ret_square = isfinite(square) ? square : INFINITY;
	return r;
}

static int judge_one(void *context, size_t index)
{
	struct tune_round *round = context;
	struct tuning *tuning = round->tuning;
	size_t folds = folds_of(round), trial = index / folds, fold = index % folds;
	struct network_plan plan = *round->plans[trial];
	size_t origin = round->on_test ? tuning->test_from : tuning->origins[fold];
	size_t end = round->on_test ? tuning->history.count : tuning->origins[fold + 1];
	int r;

	if (atomic_load_explicit(round->stop, memory_order_relaxed))
		return 0;
	plan.epochs = round->epochs;
	r = judge(round, &plan, round->seeds[trial], origin, end, &round->square[index]);
	atomic_fetch_add(&round->done, 1);
	return r;
}

static void look(void *context)
{
	struct tune_round *round = context;
	double share = (double)round->done / (double)(round->count * folds_of(round));

	if (progress_seconds(round->progress) > round->deadline)
		atomic_store(round->stop, true);
	progress_show(round->progress, round->label,
		      round->from + (round->to - round->from) * share);
}

int tune_round_run(struct tune_round *round, double *ret_errors)
{
	const struct tuning *tuning = round->tuning;
	size_t folds = folds_of(round), items = round->count * folds;
	size_t judged = round->on_test ? tuning->history.count - tuning->test_from
				       : tuning->origins[TUNE_FOLDS] - tuning->origins[0];
	int r;

	round->square = reallocarray(NULL, items, sizeof(double));
	if (!round->square)
		return -ENOMEM;
	for (size_t i = 0; i < items; i++)
		round->square[i] = NAN;
	r = parallel_run(items, (uint32_t)tuning->options->training.threads, judge_one, look,
			 round);
	for (size_t i = 0; i < round->count; i++) {
		double sum = 0;

		for (size_t j = 0; j < folds; j++)
			sum += round->square[i * folds + j];
		ret_errors[i] = sqrt(sum / (double)judged);
	}
	free(round->square);
	return r;
}
