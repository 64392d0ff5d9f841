/*
 * How good the published forecasts have been, running: skill against the simplest methods, and the
 * coverage of every interval. What is older counts less, by half each SCORE_HALF_LIFE steps.
 */
#ifndef LIB_FORECAST_SCORE_H
#define LIB_FORECAST_SCORE_H

#include <stdint.h>

#include "lib/series/archive.h"
#include "rollcast/stream.h"

enum {
	SCORE_HALF_LIFE = 1000,
	SCORE_RECENT_HALF_LIFE = 24,
	SCORE_BASELINES = 1 + ROLLCAST_SEASONS_MAX, /* naive, seasonal naive */
};

struct score {
	uint32_t levels;
	double own, recent, recent_mass; /* sums of absolute errors */
	double mass;			 /* steps, forgetting */
	double baselines[SCORE_BASELINES];
	double baseline_own[SCORE_BASELINES]; /* own errors on the same cells */
	double inside[ROLLCAST_LEVELS_MAX];
	double third_mass[ROLLCAST_THIRDS]; /* as mass and inside, of each third of the horizon */
	double third_inside[ROLLCAST_THIRDS][ROLLCAST_LEVELS_MAX];
};

/* Mean errors of one step of truth; a baseline that was silent is NaN. */
struct score_step {
	double own;
	double baselines[SCORE_BASELINES];
	double inside[ROLLCAST_LEVELS_MAX];
};

void score_learn(struct score *score, const struct score_step *step);
/* Of one third of the horizon: for each level, which share of the truth missed its interval. */
void score_learn_third(struct score *score, uint32_t third, const double *missed);
/* A baseline has become another one. */
void score_forget(struct score *score, uint32_t baseline);

/* 1 - MAE / MAE of the best baseline; NaN while nothing was measured. */
double score_skill(const struct score *score);
double score_coverage(const struct score *score, uint32_t level);
double score_third_coverage(const struct score *score, uint32_t third, uint32_t level);
/* Recent errors over usual ones; 1 while little is known. */
double score_growth(const struct score *score);

/* Saves, or loads a score of the same levels. */
void score_archive(struct archive *archive, struct score *score);
/* The same for what is known of thirds. */
void score_thirds_archive(struct archive *archive, struct score *score);

#endif
