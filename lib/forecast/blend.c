/* Weights from relative errors: see blend.h. */
#include "lib/forecast/blend.h"

#include <math.h>
#include <stdbool.h>

#define SHARPNESS 20.0
#define FLOOR     0.02 /* smaller weights are dropped: many small ones blur the forecast */
#define CAP       10.0 /* times the median expert's error: one burst must not decide for days */
#define POWER     0.7  /* of the errors */
#define PRIOR     3.0  /* steps at the naive error, for an expert of which little is known */

static const double half_lives[BLEND_MEMORIES] = {36, 288}; /* steps */

void blend_init(struct blend *blend, uint32_t experts, uint32_t off)
{
	*blend = (struct blend){.experts = experts, .off = off};
	for (int third = 0; third < BLEND_THIRDS; third++)
		blend->weights[third][0] = 1;
}

void blend_forget(struct blend *blend, uint32_t expert)
{
	for (int third = 0; third < BLEND_THIRDS; third++) {
		for (int i = 0; i < BLEND_MEMORIES; i++) {
			struct blend_memory *memory = &blend->memories[third][i];

			memory->own[expert] = memory->naive[expert] = memory->count[expert] = 0;
		}
		blend->weights[third][expert] = 0;
	}
}

/* The median of the experts' mean errors at this step; infinite if there is none above 0. */
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
	return count && sorted[count / 2] > 0 ? sorted[count / 2] : INFINITY;
}

static void learn_third(struct blend *blend, const struct blend_errors *errors, int third)
{
	const uint32_t *cells = errors->cells[third];
	double cap = CAP * median_error(errors->own[third], cells, blend->experts);

	for (uint32_t i = 0; i < blend->experts; i++) {
		if (cells[i] == 0)
			continue;
		double own = pow(fmin(errors->own[third][i] / cells[i], cap), POWER);
		double naive = pow(fmin(errors->naive[third][i] / cells[i], cap), POWER);

		for (int k = 0; k < BLEND_MEMORIES; k++) {
			struct blend_memory *memory = &blend->memories[third][k];
			double keep = exp2(-1 / half_lives[k]);

			memory->own[i] = keep * memory->own[i] + own;
			memory->naive[i] = keep * memory->naive[i] + naive;
			memory->count[i] = keep * memory->count[i] + 1;
		}
	}
}

/* Errors relative to naive, drawn towards 1 while little is known. */
static double ratio(const struct blend_memory *memory, uint32_t expert)
{
	double naive = memory->naive[expert], own = memory->own[expert];
	double prior = PRIOR * memory->naive[0] / fmax(memory->count[0], 1);

	if (memory->count[expert] == 0)
		return INFINITY;
	if (naive + prior > 0)
		return fmax((own + prior) / (naive + prior), 1e-9);
	return own > 0 ? 1e9 : 1;
}

/* Adds one memory's weights, which add up to 1; false if it knows nothing yet. */
static bool add_weights(const struct blend *blend, const struct blend_memory *memory,
			double *weights)
{
	double added[ROLLCAST_EXPERTS_MAX], best = INFINITY, sum = 0;

	for (uint32_t i = 0; i < blend->experts; i++) {
		added[i] = blend->off >> i & 1 ? INFINITY : ratio(memory, i);
		best = fmin(best, added[i]);
	}
	if (isinf(best))
		return false;
	for (uint32_t i = 0; i < blend->experts; i++) {
		added[i] = exp(-SHARPNESS * (added[i] / best - 1));
		sum += added[i];
	}
	for (uint32_t i = 0; i < blend->experts; i++)
		weights[i] += added[i] / sum;
	return true;
}

static void weigh_third(struct blend *blend, int third)
{
	double weights[ROLLCAST_EXPERTS_MAX] = {0}, kept = 0;

	for (int k = 0; k < BLEND_MEMORIES; k++)
		if (!add_weights(blend, &blend->memories[third][k], weights))
			return;
	for (uint32_t i = 0; i < blend->experts; i++) {
		if (weights[i] < FLOOR * BLEND_MEMORIES)
			weights[i] = 0;
		kept += weights[i];
	}
	for (uint32_t i = 0; i < blend->experts; i++)
		blend->weights[third][i] = weights[i] / kept;
}

void blend_learn(struct blend *blend, const struct blend_errors *errors)
{
	for (int third = 0; third < BLEND_THIRDS; third++) {
		learn_third(blend, errors, third);
		weigh_third(blend, third);
	}
}

/* What those who speak say of one step, ascending, relative to naive. */
struct voices {
	double values[ROLLCAST_EXPERTS_MAX], weights[ROLLCAST_EXPERTS_MAX];
	uint32_t count;
	double mass, mean;
};

static void hear(struct voices *voices, double value, double weight)
{
	uint32_t place = voices->count++;

	for (; place > 0 && voices->values[place - 1] > value; place--) {
		voices->values[place] = voices->values[place - 1];
		voices->weights[place] = voices->weights[place - 1];
	}
	voices->values[place] = value;
	voices->weights[place] = weight;
	voices->mass += weight;
	voices->mean += weight * value;
}

/* The weighted median, interpolated between the middles of the weights. */
static double median_of(const struct voices *voices)
{
	double below = 0, last_middle = 0;

	for (uint32_t i = 0; i < voices->count; i++) {
		double middle = below + voices->weights[i] / 2;

		if (middle >= voices->mass / 2) {
			if (i == 0)
				return voices->values[0];
			return voices->values[i - 1] +
			       (voices->values[i] - voices->values[i - 1]) *
				       (voices->mass / 2 - last_middle) / (middle - last_middle);
		}
		last_middle = middle;
		below += voices->weights[i];
	}
	return voices->values[voices->count - 1];
}

void blend_mix(const struct blend *blend, const double *forecasts, uint32_t horizon, double *mean)
{
	for (uint32_t h = 0; h < horizon; h++) {
		const double *weights = blend->weights[blend_third(h, horizon)];
		double naive = forecasts[h];
		struct voices voices = {.count = 0};

		/* Around naive, so that a mean of equal values is that value exactly. */
		for (uint32_t i = 0; i < blend->experts; i++) {
			double forecast = forecasts[(size_t)i * horizon + h];

			if (weights[i] > 0 && isfinite(forecast))
				hear(&voices, forecast - naive, weights[i]);
		}
		mean[h] = naive;
		if (voices.count)
			mean[h] += (voices.mean / voices.mass + median_of(&voices)) / 2;
	}
}

double blend_weight(const struct blend *blend, uint32_t expert, uint32_t horizon)
{
	double sum = 0;

	for (uint32_t h = 0; h < horizon; h++)
		sum += blend->weights[blend_third(h, horizon)][expert];
	return sum / horizon;
}
