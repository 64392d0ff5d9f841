/* Training offline: windows end where they should, seeds repeat, and it can be stopped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "cli/parallel.h"
#include "cli/training.h"

enum { COUNT = 120 };

static double values[COUNT];

static struct network_plan small_plan(void)
{
	struct network_plan plan = network_plan_default();

	plan.hidden = 8;
	plan.lookback = 6;
	plan.epochs = 20;
	plan.rate = 0.01;
	plan.activation = ROLLCAST_ACTIVATION_TANH;
	return plan;
}

static struct lessons lessons_up_to(const struct network_plan *plan, size_t end)
{
	return (struct lessons){values, {0, 1}, plan->lookback, end};
}

static int make_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		values[i] = sin((double)i / 3) + 0.2 * cos((double)i);
	return 0;
}

static void train(const struct network_plan *plan, size_t end, uint64_t seed, double *ret_forecasts)
{
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
	struct lessons lessons = lessons_up_to(plan, end);
	struct training_watch watch = {0};
	double loss = NAN;

	assert_int_equal(training_fit(plan, &lessons, seed, &watch, &weights, &loss), 0);
	assert_true(isfinite(loss));
	assert_int_equal(
		training_forecast(weights, values, &lessons.scaling, 100, 110, ret_forecasts), 0);
}

static void the_same_seed_gives_the_same_bits(void **state)
{
	struct network_plan plan = small_plan();
	double first[10], second[10], other[10];

	(void)state;
	train(&plan, 100, 1, first);
	train(&plan, 100, 1, second);
	train(&plan, 100, 2, other);
	assert_memory_equal(first, second, sizeof(first));
	assert_memory_not_equal(first, other, sizeof(first));
}

static void training_does_not_see_values_behind_its_end(void **state)
{
	struct network_plan plan = small_plan();

	(void)state;
	for (plan.horizon = 1; plan.horizon <= 3; plan.horizon += 2) {
		/*
		 * The window of first target 97 is the last. Forecasts for 109 read 103 and later.
		 */
		size_t unseen = 98 + plan.horizon - 1;
		double clean[30], dirty[30], kept = values[unseen];

		assert_true(unseen < 103);
		train(&plan, 98, 1, clean);
		values[unseen] = 50;
		train(&plan, 98, 1, dirty);
		values[unseen] = kept;
		assert_memory_equal(clean + 9 * plan.horizon, dirty + 9 * plan.horizon,
				    plan.horizon * sizeof(double));
		values[unseen - 1] += 1; /* that one is learned from */
		train(&plan, 98, 1, dirty);
		values[unseen - 1] -= 1;
		assert_memory_not_equal(clean + 9 * plan.horizon, dirty + 9 * plan.horizon,
					plan.horizon * sizeof(double));
	}
}

static void a_forecast_reads_only_what_is_before_its_target(void **state)
{
	struct network_plan plan = small_plan();
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
	struct lessons lessons = lessons_up_to(&plan, 100);
	struct training_watch watch = {0};
	double loss, forecast, changed, kept = values[100];

	(void)state;
	assert_int_equal(training_fit(&plan, &lessons, 1, &watch, &weights, &loss), 0);
	training_forecast(weights, values, &lessons.scaling, 100, 101, &forecast);
	values[100] = 50;
	training_forecast(weights, values, &lessons.scaling, 100, 101, &changed);
	values[100] = kept;
	assert_true(forecast == changed);
	values[94] += 1; /* the first of the six that are read */
	training_forecast(weights, values, &lessons.scaling, 100, 101, &changed);
	values[94] -= 1;
	assert_true(forecast != changed);
}

static void forecasts_in_batches_are_those_of_single_windows(void **state)
{
	enum { MANY = 600 };
	static double series[MANY], all[MANY], one;
	struct network_plan plan = small_plan();
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
	struct lessons lessons = lessons_up_to(&plan, 100);
	struct training_watch watch = {0};
	double loss;

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		series[i] = sin((double)i / 5);
	plan.epochs = 1;
	assert_int_equal(training_fit(&plan, &lessons, 1, &watch, &weights, &loss), 0);
	training_forecast(weights, series, &lessons.scaling, 6, MANY, all);
	for (size_t i = 6; i < MANY; i += 97) {
		training_forecast(weights, series, &lessons.scaling, i, i + 1, &one);
		assert_float_equal((float)one, (float)all[i - 6], 1e-5f);
	}
}

static void all_horizon_steps_are_learned(void **state)
{
	struct network_plan plan = small_plan();
	double forecasts[30];

	(void)state;
	plan.horizon = 3;
	plan.hidden = 16;
	plan.epochs = 150;
	train(&plan, 98, 1, forecasts);
	for (size_t i = 0; i < 10; i++)
		for (size_t j = 0; j < 3; j++)
			assert_true(fabs(forecasts[3 * i + j] - values[100 + i + j]) < 0.3);
}

static void stops_when_it_is_told_to(void **state)
{
	struct network_plan plan = small_plan();
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
	struct lessons lessons = lessons_up_to(&plan, 100);
	atomic_bool stop = true;
	_Atomic uint64_t epochs = 0;
	struct training_watch watch = {&stop, &epochs};
	double loss;

	(void)state;
	assert_int_equal(training_fit(&plan, &lessons, 1, &watch, &weights, &loss),
			 TRAINING_STOPPED);
	assert_null(weights);
	assert_int_equal(epochs, 0);
	stop = false;
	assert_int_equal(training_fit(&plan, &lessons, 1, &watch, &weights, &loss), 0);
	assert_int_equal(epochs, plan.epochs);
}

/* The first 85 windows are a wave, the last ones, which are held back, its mirror: learning makes it worse. */
static void patience_ends_a_training_that_gets_worse_and_keeps_the_best_weights(void **state)
{
	struct network_plan plan = small_plan();
	_Atomic uint64_t done = 0;
	struct training_watch watch = {.epochs_done = &done};
	double mirrored[COUNT], loss, full_loss;

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		mirrored[i] = i < 90 ? values[i] : -values[i];
	plan.epochs = 400;
	plan.patience = 5;
	for (int round = 0; round < 2; round++) { /* the second time without an end */
		CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
		struct lessons lessons = {mirrored, {0, 1}, plan.lookback, 100};

		assert_int_equal(training_fit(&plan, &lessons, 1, &watch, &weights,
					      round ? &full_loss : &loss),
				 0);
		plan.patience = 1000;
	}
	assert_int_equal(done, 800); /* epochs that were not needed count as done */
	/* More patience never ends with worse weights. */
	assert_true(full_loss <= loss);
	plan.patience = 5;
	assert_int_equal(training_fit(&plan, &(struct lessons){mirrored, {0, 1}, 6, 7}, 1, &watch,
				      &(struct rollcast_weights *){NULL}, &loss),
			 -EINVAL); /* one window cannot be held back and learned from */
}

static void refuses_what_has_no_window(void **state)
{
	struct network_plan plan = small_plan();
	struct rollcast_weights *weights = NULL;
	struct lessons empty = lessons_up_to(&plan, plan.lookback);
	struct lessons early = {values, {0, 1}, plan.lookback - 1, 50};
	struct training_watch watch = {0};
	double loss;

	(void)state;
	assert_int_equal(training_fit(&plan, &empty, 1, &watch, &weights, &loss), -EINVAL);
	assert_int_equal(training_fit(&plan, &early, 1, &watch, &weights, &loss), -EINVAL);
	assert_null(weights);
}

static void wild_rates_end_as_divergence_or_finite(void **state)
{
	struct network_plan plan = small_plan();
	struct lessons lessons = lessons_up_to(&plan, 100);
	struct training_watch watch = {0};

	(void)state;
	plan.activation = ROLLCAST_ACTIVATION_RELU;
	plan.optimizer = ROLLCAST_OPTIMIZER_SGD;
	plan.rate = 100;
	for (uint32_t cell = 0; cell_words[cell]; cell++) {
		CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
		double loss = NAN;
		int r;

		plan.cell = cell;
		r = training_fit(&plan, &lessons, 1, &watch, &weights, &loss);
		assert_true(r == ROLLCAST_NETWORK_DIVERGED || (r == 0 && isfinite(loss)));
	}
}

static int square(void *context, size_t index)
{
	((_Atomic uint64_t *)context)[index] += index * index;
	return index == 777 ? -EDOM : 0;
}

static void parallel_work_is_done_once_each(void **state)
{
	static _Atomic uint64_t squares[700];

	(void)state;
	assert_int_equal(parallel_run(700, 7, square, NULL, squares), 0);
	for (size_t i = 0; i < 700; i++)
		assert_int_equal(squares[i], i * i);
	assert_int_equal(parallel_run(0, 7, square, NULL, squares), 0);
}

static void parallel_work_ends_with_the_first_error(void **state)
{
	static _Atomic uint64_t squares[100000];
	size_t done = 0;

	(void)state;
	assert_int_equal(parallel_run(100000, 2, square, NULL, squares), -EDOM);
	for (size_t i = 1; i < 100000; i++)
		done += squares[i] > 0;
	assert_true(done >= 700 && done < 99999);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_gives_the_same_bits),
		cmocka_unit_test(training_does_not_see_values_behind_its_end),
		cmocka_unit_test(a_forecast_reads_only_what_is_before_its_target),
		cmocka_unit_test(forecasts_in_batches_are_those_of_single_windows),
		cmocka_unit_test(all_horizon_steps_are_learned),
		cmocka_unit_test(stops_when_it_is_told_to),
		cmocka_unit_test(
			patience_ends_a_training_that_gets_worse_and_keeps_the_best_weights),
		cmocka_unit_test(refuses_what_has_no_window),
		cmocka_unit_test(wild_rates_end_as_divergence_or_finite),
		cmocka_unit_test(parallel_work_is_done_once_each),
		cmocka_unit_test(parallel_work_ends_with_the_first_error),
	};

	return cmocka_run_group_tests(tests, make_values, NULL);
}
