/* Skill, coverage and growth, running. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/forecast/score.h"

static void learn_often(struct score *score, double own, double naive, double seasonal, int times)
{
	struct score_step step = {
		.own = own, .baselines = {naive, seasonal, NAN, NAN}, .inside = {0.9}};

	for (int i = 0; i < times; i++)
		score_learn(score, &step);
}

static void nothing_is_known_at_first(void **state)
{
	struct score score = {.levels = 1};

	(void)state;
	assert_true(isnan(score_skill(&score)));
	assert_true(isnan(score_coverage(&score, 0)));
	assert_true(score_growth(&score) == 1);
}

static void skill_is_against_the_best_baseline(void **state)
{
	struct score score = {.levels = 1};

	(void)state;
	learn_often(&score, 1, 4, 2, 100);
	assert_true(fabs(score_skill(&score) - 0.5) < 1e-12);
	assert_true(fabs(score_coverage(&score, 0) - 0.9) < 1e-12);
}

static void coverage_is_told_for_each_third(void **state)
{
	struct score score = {.levels = 2};
	const double near[] = {0.2, 0}, far[] = {0.5, 0.25};

	(void)state;
	for (int i = 0; i < 50; i++) {
		score_learn_third(&score, 0, near);
		score_learn_third(&score, 2, far);
	}
	assert_true(fabs(score_third_coverage(&score, 0, 0) - 0.8) < 1e-12);
	assert_true(fabs(score_third_coverage(&score, 0, 1) - 1) < 1e-12);
	assert_true(isnan(score_third_coverage(&score, 1, 0)));
	assert_true(fabs(score_third_coverage(&score, 2, 1) - 0.75) < 1e-12);
}

static void an_exact_stream_has_no_skill(void **state)
{
	struct score score = {.levels = 1};

	(void)state;
	learn_often(&score, 0, 0, NAN, 10);
	assert_true(score_skill(&score) == 0);
	learn_often(&score, 1, 0, NAN, 10);
	assert_true(isnan(score_skill(&score))); /* naive stays exact: no ratio */
}

static void growth_shows_errors_that_have_grown(void **state)
{
	struct score score = {.levels = 1};

	(void)state;
	learn_often(&score, 1, 1, 1, 1000);
	assert_true(fabs(score_growth(&score) - 1) < 1e-6);
	learn_often(&score, 3, 1, 1, 50);
	assert_true(score_growth(&score) > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_at_first),
		cmocka_unit_test(skill_is_against_the_best_baseline),
		cmocka_unit_test(coverage_is_told_for_each_third),
		cmocka_unit_test(an_exact_stream_has_no_skill),
		cmocka_unit_test(growth_shows_errors_that_have_grown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
