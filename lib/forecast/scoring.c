/*
 * When a step is measured, every forecast of it that waits is scored: each expert for the blend, the
 * published one for its intervals, its skill and its drift.
 */
#include <math.h>

#include "lib/forecast/state.h"
#include "lib/forecast/vectors.h"

enum {
	THIN_FROM = 100, /* errors, from which on neighbours are left out */
	THIN_LEAST = 2,
};

static void score_members(struct rollcast_stream *stream, const double *row, uint32_t step,
			  double value, struct blend_errors *errors)
{
	uint32_t third = blend_third(step, stream->settings->horizon);
	double naive = fabs(value - row[EXPERT_NAIVE]);

	vectors()->add_errors(row, expert_count + BLEND_WAYS, value, naive, errors->own[third],
			      errors->naive[third], errors->cells[third]);
}

/*
 * Of many errors not all are kept: neighbours say nearly the same, and what is kept should reach back
 * over a season.
 */
static void keep_error(struct rollcast_stream *stream, uint64_t index, uint32_t step, double error)
{
	const struct fit *fit = &stream->fit;
	uint32_t longest = fit->season_count ? fit->seasons[fit->season_count - 1] : 0;
	uint32_t thin = (longest + INTERVALS_ERRORS - 1) / INTERVALS_ERRORS;

	thin = thin > THIN_LEAST ? thin : THIN_LEAST;
	if (intervals_count(&stream->intervals, step) < THIN_FROM || (index + step) % thin == 0)
		intervals_add(&stream->intervals, step, error);
}

/* What one step of truth says about the published forecasts. */
struct verdict {
	struct score_step sums;
	uint32_t missed[ROLLCAST_LEVELS_MAX][INTERVALS_THIRDS], rows[INTERVALS_THIRDS];
};

static void judge(const struct rollcast_stream *stream, const double *quantiles, uint32_t step,
		  double value, struct verdict *verdict)
{
	uint32_t middle = stream->settings->level_count;
	uint32_t third = step * INTERVALS_THIRDS / stream->settings->horizon;

	verdict->rows[third]++;
	verdict->sums.own += fabs(value - quantiles[middle]);
	for (uint32_t i = 0; i < middle; i++) {
		bool inside =
			value >= quantiles[middle - 1 - i] && value <= quantiles[middle + 1 + i];

		verdict->sums.inside[i] += inside;
		verdict->missed[i][third] += !inside;
	}
}

static void learn_verdict(struct rollcast_stream *stream, struct verdict *verdict)
{
	struct score_step *sums = &verdict->sums;
	uint32_t rows = 0;

	for (uint32_t third = 0; third < INTERVALS_THIRDS; third++) {
		double missed[ROLLCAST_LEVELS_MAX];

		if (verdict->rows[third] == 0)
			continue;
		rows += verdict->rows[third];
		for (uint32_t i = 0; i < stream->settings->level_count; i++) {
			missed[i] = (double)verdict->missed[i][third] / verdict->rows[third];
			intervals_adapt(&stream->intervals, i, third, missed[i]);
		}
		score_learn_third(&stream->score, third, missed);
	}
	sums->own /= rows;
	for (uint32_t i = 0; i < SCORE_BASELINES; i++)
		sums->baselines[i] /= rows;
	for (uint32_t i = 0; i < stream->settings->level_count; i++)
		sums->inside[i] /= rows;
	score_learn(&stream->score, sums);
	if (stream->settings->retrain_on_drift && drift_learn(&stream->drift, sums->own)) {
		stream->drifts++;
		stream_hasten_training(stream);
	}
}

void stream_score(struct rollcast_stream *stream, uint64_t index, double value)
{
	struct blend_errors errors = {0};
	struct verdict verdict = {.rows = {0}};
	uint32_t rows = 0, step;

	for (uint32_t slot = 0; slot < stream->pending.slots; slot++) {
		const double *row = pending_row(&stream->pending, slot, index, &step);

		if (!row)
			continue;
		rows++;
		score_members(stream, row, step, value, &errors);
		judge(stream, row + expert_count + BLEND_WAYS, step, value, &verdict);
		for (uint32_t i = 0; i < SCORE_BASELINES; i++)
			verdict.sums.baselines[i] += fabs(value - row[EXPERT_NAIVE + i]);
		keep_error(stream, index, step,
			   value - row[expert_count + BLEND_WAYS + stream->settings->level_count]);
	}
	if (rows == 0)
		return;
	blend_learn(&stream->blend, &errors);
	learn_verdict(stream, &verdict);
}
