/* Weights from relative errors: see blend.h. */
#include "lib/forecast/blend.h"

#include <math.h>

#define SHARPNESS 20.0
#define FLOOR     0.02 /* smaller weights are dropped: many small ones blur the forecast */
#define HALF_LIFE 144.0 /* steps */
#define CAP       10.0 /* times the median expert's error: one burst must not decide for days */
#define PRIOR     3.0  /* steps at the naive error, for an expert of which little is known */

void blend_init(struct blend *blend, uint32_t experts, uint32_t off)
{
	*blend = (struct blend){.experts = experts, .off = off};
	for (int third = 0; third < BLEND_THIRDS; third++)
		blend->weights[third][0] = 1;
}

void blend_forget(struct blend *blend, uint32_t expert)
{
	for (int third = 0; third < BLEND_THIRDS; third++) {
		blend->own[third][expert] = 0;
		blend->naive[third][expert] = 0;
		blend->count[third][expert] = 0;
		blend->weights[third][expert] = 0;
	}
}

/* The median of the experts' mean errors at this step; infinite if there are none. */
static double median_error(const double *own, const uint32_t *cells, uint32_t experts)
{
	double sorted[ROLLCAST_EXPERTS_MAX];
	uint32_t count = 0;

	for (uint32_t i = 0; i < experts; i++) {
		if (cells[i] == 0)
			continue;
		double error = own[i] / cells[i];
		uint32_t place = count++;

		for (; place > 0 && sorted[place - 1] > error; place--)
			sorted[place] = sorted[place - 1];
		sorted[place] = error;
	}
	return count ? sorted[count / 2] : INFINITY;
}

static void learn_third(struct blend *blend, const struct blend_errors *errors, int third)
{
	const uint32_t *cells = errors->cells[third];
	double keep = exp2(-1 / HALF_LIFE);
	double cap = CAP * median_error(errors->own[third], cells, blend->experts);

	for (uint32_t i = 0; i < blend->experts; i++) {
		if (cells[i] == 0)
			continue;
		double own = errors->own[third][i] / cells[i];
		double naive = errors->naive[third][i] / cells[i];

		blend->own[third][i] = keep * blend->own[third][i] + fmin(own, cap);
		blend->naive[third][i] = keep * blend->naive[third][i] + fmin(naive, cap);
		blend->count[third][i] = keep * blend->count[third][i] + 1;
	}
}

/* Errors relative to naive, drawn towards 1 while little is known. */
static double ratio(const struct blend *blend, int third, uint32_t expert)
{
	double naive = blend->naive[third][expert], own = blend->own[third][expert];
	double count = blend->count[third][expert];
	double usual = blend->naive[third][0] / fmax(blend->count[third][0], 1);
	double prior = PRIOR * usual;

	if (count == 0 || (blend->off >> expert & 1))
		return INFINITY;
	if (naive + prior > 0)
		return (own + prior) / (naive + prior);
	return own > 0 ? 1e9 : 1;
}

static void weigh_third(struct blend *blend, int third)
{
	double ratios[ROLLCAST_EXPERTS_MAX], best = INFINITY, sum = 0, kept = 0;
	double *weights = blend->weights[third];

	for (uint32_t i = 0; i < blend->experts; i++) {
		ratios[i] = ratio(blend, third, i);
		best = fmin(best, ratios[i]);
	}
	if (isinf(best))
		return;
	best = fmax(best, 1e-9);
	for (uint32_t i = 0; i < blend->experts; i++) {
		weights[i] = exp(-SHARPNESS * (fmax(ratios[i], 1e-9) / best - 1));
		sum += weights[i];
	}
	for (uint32_t i = 0; i < blend->experts; i++) {
		if (weights[i] < FLOOR * sum)
			weights[i] = 0;
		kept += weights[i];
	}
	for (uint32_t i = 0; i < blend->experts; i++)
		weights[i] /= kept;
}

void blend_learn(struct blend *blend, const struct blend_errors *errors)
{
	for (int third = 0; third < BLEND_THIRDS; third++) {
		learn_third(blend, errors, third);
		weigh_third(blend, third);
	}
}

void blend_mix(const struct blend *blend, const double *forecasts, uint32_t horizon, double *mean)
{
	for (uint32_t h = 0; h < horizon; h++) {
		const double *weights = blend->weights[blend_third(h, horizon)];
		double sum = 0, mass = 0;

		for (uint32_t i = 0; i < blend->experts; i++) {
			double forecast = forecasts[(size_t)i * horizon + h];

			if (weights[i] == 0 || !isfinite(forecast))
				continue;
			sum += weights[i] * forecast;
			mass += weights[i];
		}
		mean[h] = mass > 0 ? sum / mass : forecasts[h];
	}
}

double blend_weight(const struct blend *blend, uint32_t expert, uint32_t horizon)
{
	double sum = 0;

	for (uint32_t h = 0; h < horizon; h++)
		sum += blend->weights[blend_third(h, horizon)][expert];
	return sum / horizon;
}
