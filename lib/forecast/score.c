/* Running measures: see score.h. */
#include "lib/forecast/score.h"

#include <math.h>

enum { ENOUGH = 12 }; /* steps, before recent errors mean anything */

void score_learn(struct score *score, const struct score_step *step)
{
	double keep = exp2(-1.0 / SCORE_HALF_LIFE);
	double keep_recent = exp2(-1.0 / SCORE_RECENT_HALF_LIFE);

	score->own = keep * score->own + step->own;
	score->mass = keep * score->mass + 1;
	score->recent = keep_recent * score->recent + step->own;
	score->recent_mass = keep_recent * score->recent_mass + 1;
	for (int i = 0; i < SCORE_BASELINES; i++) {
		if (isnan(step->baselines[i]))
			continue;
		score->baselines[i] = keep * score->baselines[i] + step->baselines[i];
		score->baseline_own[i] = keep * score->baseline_own[i] + step->own;
	}
	for (uint32_t i = 0; i < score->levels; i++)
		score->inside[i] = keep * score->inside[i] + step->inside[i];
}

void score_learn_third(struct score *score, uint32_t third, const double *missed)
{
	double keep = exp2(-1.0 / SCORE_HALF_LIFE), *inside = score->third_inside[third];

	score->third_mass[third] = keep * score->third_mass[third] + 1;
	for (uint32_t i = 0; i < score->levels; i++)
		inside[i] = keep * inside[i] + 1 - missed[i];
}

void score_forget(struct score *score, uint32_t baseline)
{
	score->baselines[baseline] = 0;
	score->baseline_own[baseline] = 0;
}

double score_skill(const struct score *score)
{
	double skill = INFINITY;

	if (score->mass == 0)
		return NAN;
	for (int i = 0; i < SCORE_BASELINES; i++) {
		if (score->baselines[i] > 0)
			skill = fmin(skill, 1 - score->baseline_own[i] / score->baselines[i]);
		else if (i == 0 && score->own > 0)
			return NAN; /* naive is exact */
	}
	return isinf(skill) ? 0 : skill;
}

double score_coverage(const struct score *score, uint32_t level)
{
	return score->mass > 0 ? score->inside[level] / score->mass : NAN;
}

double score_third_coverage(const struct score *score, uint32_t third, uint32_t level)
{
	double mass = score->third_mass[third];

	return mass > 0 ? score->third_inside[third][level] / mass : NAN;
}

double score_growth(const struct score *score)
{
	if (score->recent_mass < ENOUGH || score->own == 0)
		return 1;
	return score->recent / score->recent_mass / (score->own / score->mass);
}

void score_archive(struct archive *archive, struct score *score)
{
	archive_finite(archive, &score->own, 1);
	archive_finite(archive, &score->recent, 1);
	archive_finite(archive, &score->recent_mass, 1);
	archive_finite(archive, &score->mass, 1);
	archive_finite(archive, score->baselines, SCORE_BASELINES);
	archive_finite(archive, score->baseline_own, SCORE_BASELINES);
	archive_finite(archive, score->inside, score->levels);
}

void score_thirds_archive(struct archive *archive, struct score *score)
{
	archive_finite(archive, score->third_mass, ROLLCAST_THIRDS);
	for (int third = 0; third < ROLLCAST_THIRDS; third++)
		archive_finite(archive, score->third_inside[third], score->levels);
}
