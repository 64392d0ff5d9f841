/* Weights that follow measured errors. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/forecast/blend.h"

/* One step of truth at which expert i errs by errors[i], in every third; negative: it was silent. */
static void learn(struct blend *blend, const double *errors)
{
	struct blend_errors step = {0};

	for (uint32_t third = 0; third < BLEND_THIRDS; third++)
		for (uint32_t i = 0; i < blend->experts; i++) {
			step.own[third][i] = fmax(errors[i], 0);
			step.naive[third][i] = errors[i] < 0 ? 0 : errors[0];
			step.cells[third][i] = errors[i] >= 0;
		}
	/* The ways: the last of them is the best. */
	for (uint32_t third = 0; third < BLEND_THIRDS; third++)
		for (uint32_t way = 0; way < BLEND_WAYS; way++) {
			step.own[third][blend->experts + way] = errors[0] * (2 - 0.5 * way);
			step.naive[third][blend->experts + way] = errors[0];
			step.cells[third][blend->experts + way] = 1;
		}
	blend_learn(blend, &step);
}

static void learn_often(struct blend *blend, const double *errors, int times)
{
	for (int i = 0; i < times; i++)
		learn(blend, errors);
}

static void naive_counts_before_anything_is_known(void **state)
{
	struct blend blend;

	(void)state;
	blend_init(&blend, 3, 0);
	assert_true(fabs(blend_weight(&blend, 0, 12) - 1) < 1e-12);
}

static void the_better_expert_gets_the_weight(void **state)
{
	struct blend blend;
	double errors[] = {1.0, 0.7, 0.9};

	(void)state;
	blend_init(&blend, 3, 0);
	learn_often(&blend, errors, 300);
	assert_true(blend_weight(&blend, 1, 12) > 0.9);
	assert_true(fabs(blend_weight(&blend, 0, 12) + blend_weight(&blend, 1, 12) +
			 blend_weight(&blend, 2, 12) - 1) < 1e-12);
}

static void equals_share(void **state)
{
	struct blend blend;
	double errors[] = {1.0, 0.7, 0.7};

	(void)state;
	blend_init(&blend, 3, 0);
	learn_often(&blend, errors, 300);
	assert_true(fabs(blend_weight(&blend, 1, 12) - 0.5) < 0.02);
}

/* It joins in better times: against naive on the same steps it is worse, whatever its mean says. */
static void one_that_joins_late_is_compared_on_its_own_steps(void **state)
{
	struct blend blend;
	double hard[] = {10, 8, -1}, easy[] = {1, 0.8, 0.95};

	(void)state;
	blend_init(&blend, 3, 0);
	learn_often(&blend, hard, 100);
	learn_often(&blend, easy, 60);
	assert_true(blend_weight(&blend, 1, 12) > 0.8);
	assert_true(blend_weight(&blend, 2, 12) < 0.2);
}

static void one_burst_does_not_decide_for_long(void **state)
{
	struct blend blend;
	double usual[] = {1, 0.7, 0.9}, burst[] = {1, 1000, 1};

	(void)state;
	blend_init(&blend, 3, 0);
	learn_often(&blend, usual, 300);
	learn(&blend, burst);
	learn_often(&blend, usual, 50);
	assert_true(blend_weight(&blend, 1, 12) > 0.5);
}

static void what_is_forgotten_or_off_has_no_weight(void **state)
{
	struct blend blend;
	double errors[] = {1, 0.5, 0.9};

	(void)state;
	blend_init(&blend, 3, 1 << 2);
	learn_often(&blend, errors, 100);
	assert_true(blend_weight(&blend, 2, 12) == 0);
	blend_forget(&blend, 1);
	assert_true(blend_weight(&blend, 1, 12) == 0);
}

static void silent_experts_hand_their_weight_on(void **state)
{
	struct blend blend;
	double errors[] = {1, 0.5, 0.5}, mean[2];
	double forecasts[6 + 2 * BLEND_WAYS] = {1, 1, 4, NAN, 6, 6};

	(void)state;
	blend_init(&blend, 3, 0);
	learn_often(&blend, errors, 100);
	blend_mix(&blend, forecasts, 2, mean);
	assert_true(fabs(mean[0] - 5) < 0.01 && fabs(mean[1] - 6) < 0.01);
}

static void equal_forecasts_are_mixed_exactly(void **state)
{
	struct blend blend;
	double errors[] = {1, 0.9, 0.95}, mean[1], forecasts[3 + BLEND_WAYS] = {0.1, 0.1, 0.1};

	(void)state;
	blend_init(&blend, 3, 0);
	learn_often(&blend, errors, 10);
	blend_mix(&blend, forecasts, 1, mean);
	assert_true(mean[0] == 0.1);
}

static void perfect_experts_divide_by_nothing(void **state)
{
	struct blend blend;
	double errors[] = {0, 0, 1}, mean[1], forecasts[3 + BLEND_WAYS] = {3, 3, 7};

	(void)state;
	blend_init(&blend, 3, 0);
	learn_often(&blend, errors, 10);
	blend_mix(&blend, forecasts, 1, mean);
	assert_true(mean[0] == 3);
}

/* Other streams told that expert 2 is best, then expert 1. */
static void expect(struct blend *blend)
{
	struct blend other;
	struct blend_ratios ratios;
	double errors[] = {1, 0.6, 0.3};

	blend_init(&other, 3, 0);
	learn_often(&other, errors, 100);
	blend_ratios(&other, &ratios);
	blend_init(blend, 3, 0);
	blend_expect(blend, &ratios);
}

static void a_new_stream_begins_with_what_others_found(void **state)
{
	struct blend blend;
	double errors[] = {1, 0.5, 1.5}, mean[1], forecasts[3 + BLEND_WAYS] = {0, 1, 2};

	(void)state;
	expect(&blend);
	blend_mix(&blend, forecasts, 1, mean);
	assert_true(mean[0] > 1.8);
	/* What is measured on the stream itself soon counts more. */
	learn_often(&blend, errors, 30);
	blend_mix(&blend, forecasts, 1, mean);
	assert_true(mean[0] > 0.9 && mean[0] < 1.1);
}

static void what_is_expected_of_a_silent_expert_does_not_count(void **state)
{
	struct blend blend;
	double mean[1], forecasts[3 + BLEND_WAYS] = {0, 1, NAN};

	(void)state;
	expect(&blend);
	blend_mix(&blend, forecasts, 1, mean);
	assert_true(mean[0] > 0.9 && blend_weight(&blend, 2, 1) == 0);
	forecasts[2] = 2;
	blend_mix(&blend, forecasts, 1, mean);
	assert_true(mean[0] > 1.8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(naive_counts_before_anything_is_known),
		cmocka_unit_test(the_better_expert_gets_the_weight),
		cmocka_unit_test(equals_share),
		cmocka_unit_test(one_that_joins_late_is_compared_on_its_own_steps),
		cmocka_unit_test(one_burst_does_not_decide_for_long),
		cmocka_unit_test(what_is_forgotten_or_off_has_no_weight),
		cmocka_unit_test(silent_experts_hand_their_weight_on),
		cmocka_unit_test(equal_forecasts_are_mixed_exactly),
		cmocka_unit_test(perfect_experts_divide_by_nothing),
		cmocka_unit_test(a_new_stream_begins_with_what_others_found),
		cmocka_unit_test(what_is_expected_of_a_silent_expert_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
