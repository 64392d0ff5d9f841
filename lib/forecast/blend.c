/* Weights from relative errors: see blend.h. */
#include "lib/forecast/blend.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "lib/forecast/vectors.h"

#define FLOOR 0.02 /* smaller weights are dropped: many small ones blur the forecast */
#define CAP   10.0 /* times the median expert's error: one burst must not decide for days */
#define FAR   8.0  /* e to the minus this is nothing */
#define KNOWN 8.0  /* steps that tell something about an expert */
#define PRIOR 3.0  /* steps at the naive error, for one of which little is known */

/* What a memory keeps from step to step: half of it after 36 and after 288. */
static const double keeps[BLEND_MEMORIES] = {0.98093, 0.99760};

struct way {
	bool roots; /* of the errors count */
	double sharpness;
	double median; /* how far from the weighted mean to the weighted median */
};
static const struct way ways[BLEND_WAYS] = {
	{true, 5, 1},
	{true, 20, 0.5},
	{false, 40, 0},
};
static const struct way best_of_ways = {true, 40, 0};

/* fmin and fmax ask for NaN first, which here there is none. */
static double least_of(double a, double b)
{
	return a < b ? a : b;
}

static double most_of(double a, double b)
{
	return a > b ? a : b;
}

void blend_init(struct blend *blend, uint32_t experts, uint32_t off)
{
	*blend = (struct blend){.experts = experts, .off = off};
	for (int third = 0; third < BLEND_THIRDS; third++) {
		for (int way = 0; way < BLEND_WAYS; way++) {
			blend->weights[way][third][0] = 1;
			blend->ways[third][way] = 1.0 / BLEND_WAYS;
		}
	}
}

void blend_forget(struct blend *blend, uint32_t expert)
{
	for (int third = 0; third < BLEND_THIRDS; third++) {
		for (int i = 0; i < BLEND_MEMORIES; i++) {
			struct blend_memory *memory = &blend->memories[third][i];

			memory->count[expert] = 0;
			for (int root = 0; root < 2; root++)
				memory->own[root][expert] = memory->naive[root][expert] = 0;
		}
		for (int way = 0; way < BLEND_WAYS; way++)
			blend->weights[way][third][expert] = 0;
	}
}

/* The median of the experts' mean errors at this step; infinite if there is none above 0. */
static double median_error(const double *own, const double *cells, uint32_t experts)
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

/* An error and its root. */
struct loss {
	double own[2], naive[2];
};

static void remember(struct blend_memory *memory, double keep, uint32_t member,
		     const struct loss *loss)
{
	memory->count[member] = keep * memory->count[member] + 1;
	for (int root = 0; root < 2; root++) {
		memory->own[root][member] = keep * memory->own[root][member] + loss->own[root];
		memory->naive[root][member] =
			keep * memory->naive[root][member] + loss->naive[root];
	}
}

static void learn_third(struct blend *blend, const struct blend_errors *errors, int third)
{
	const double *cells = errors->cells[third];
	double cap = CAP * median_error(errors->own[third], cells, blend->experts);

	for (uint32_t i = 0; i < blend_members(blend); i++) {
		if (cells[i] == 0)
			continue;
		/* The ways are few and alike: what counts between them counts in full. */
		if (i == blend->experts)
			cap = INFINITY;
		double own = least_of(errors->own[third][i] / cells[i], cap);
		double naive = least_of(errors->naive[third][i] / cells[i], cap);
		struct loss loss = {{own, sqrt(own)}, {naive, sqrt(naive)}};

		for (int k = 0; k < BLEND_MEMORIES; k++)
			remember(&blend->memories[third][k], keeps[k], i, &loss);
	}
}

/* Errors relative to naive of some members, and the least of them, in one memory. */
struct ratios {
	double of[VECTORS_WEIGHTS]; /* infinite beyond those there are */
	double best;
};
static_assert((int)ROLLCAST_EXPERTS_MAX <= (int)VECTORS_WEIGHTS, "experts are weighed at once");

/* What was measured of members first..first + count, drawn towards `expected` while that is little. */
static void find_ratios(const struct blend_memory *memory, bool roots, uint32_t first,
			uint32_t count, const double *expected, struct ratios *ret_ratios)
{
	const double *own = memory->own[roots] + first, *naive = memory->naive[roots] + first;
	double prior = PRIOR * memory->naive[roots][0] / most_of(memory->count[0], 1);

	vectors()->ratios(own, naive, memory->count + first, expected, count, prior,
			  ret_ratios->of);
	/* Where nothing moves, only the exact count. */
	for (uint32_t i = 0; i < count && prior == 0; i++)
		if (naive[i] == 0 && memory->count[first + i] > 0)
			ret_ratios->of[i] = own[i] > 0 ? 1e9 : 1;
	for (uint32_t i = count; i < VECTORS_WEIGHTS; i++)
		ret_ratios->of[i] = INFINITY;
}

static void find_best(struct ratios *ratios, uint32_t count, uint32_t off)
{
	ratios->best = INFINITY;
	for (uint32_t i = 0; i < count; i++) {
		if (off >> i & 1)
			ratios->of[i] = INFINITY;
		ratios->best = least_of(ratios->best, ratios->of[i]);
	}
}

/* The weights of members among each other; unchanged while a memory knows nothing. */
static void weigh(const struct ratios ratios[BLEND_MEMORIES], double sharpness, uint32_t count,
		  double *ret_weights)
{
	double weights[VECTORS_WEIGHTS] = {0}, kept = 0;

	for (int k = 0; k < BLEND_MEMORIES; k++) {
		if (isinf(ratios[k].best))
			return;
		vectors()->add_weights(ratios[k].of, VECTORS_WEIGHTS, ratios[k].best, sharpness,
				       FAR, weights);
	}
	for (uint32_t i = 0; i < count; i++) {
		weights[i] = weights[i] < FLOOR * BLEND_MEMORIES ? 0 : weights[i];
		kept += weights[i];
	}
	kept = 1 / kept;
	for (uint32_t i = 0; i < count; i++)
		ret_weights[i] = weights[i] * kept;
}

/* What is expected of experts; of one that is silent, nothing. */
static void find_expected(const struct blend *blend, int third, bool roots, double *ret_expected)
{
	const double *expected = blend->expected.of[roots][third];

	for (uint32_t i = 0; i < blend->experts; i++)
		ret_expected[i] = blend->silent >> i & 1 ? 0 : expected[i];
}

static void weigh_third(struct blend *blend, int third)
{
	static const double nothing[BLEND_WAYS] = {0};
	double expected[ROLLCAST_EXPERTS_MAX];
	struct ratios ratios[2][BLEND_MEMORIES];

	for (int roots = 0; roots < 2; roots++) {
		find_expected(blend, third, roots, expected);
		for (int k = 0; k < BLEND_MEMORIES; k++) {
			find_ratios(&blend->memories[third][k], roots, 0, blend->experts, expected,
				    &ratios[roots][k]);
			find_best(&ratios[roots][k], blend->experts, blend->off);
		}
	}
	for (int way = 0; way < BLEND_WAYS; way++)
		weigh(ratios[ways[way].roots], ways[way].sharpness, blend->experts,
		      blend->weights[way][third]);
	for (int k = 0; k < BLEND_MEMORIES; k++) {
		find_ratios(&blend->memories[third][k], best_of_ways.roots, blend->experts,
			    BLEND_WAYS, nothing, &ratios[0][k]);
		find_best(&ratios[0][k], BLEND_WAYS, 0);
	}
	weigh(ratios[0], best_of_ways.sharpness, BLEND_WAYS, blend->ways[third]);
}

static void weigh_all(struct blend *blend)
{
	for (int third = 0; third < BLEND_THIRDS; third++)
		weigh_third(blend, third);
}

void blend_learn(struct blend *blend, const struct blend_errors *errors)
{
	for (int third = 0; third < BLEND_THIRDS; third++)
		learn_third(blend, errors, third);
	weigh_all(blend);
}

void blend_expect(struct blend *blend, const struct blend_ratios *expected)
{
	blend->expected = *expected;
	weigh_all(blend);
}

void blend_ratios(const struct blend *blend, struct blend_ratios *ret_ratios)
{
	*ret_ratios = (struct blend_ratios){0};
	for (int third = 0; third < BLEND_THIRDS; third++) {
		const struct blend_memory *memory = &blend->memories[third][BLEND_MEMORIES - 1];

		for (uint32_t i = 0; i < blend->experts; i++) {
			for (int root = 0; root < 2; root++)
				if (memory->count[i] >= KNOWN && memory->naive[root][i] > 0)
					ret_ratios->of[root][third][i] = fmin(
						fmax(memory->own[root][i] / memory->naive[root][i],
						     1 / CAP),
						CAP);
		}
	}
}

/* What those who speak say of one step, ascending, relative to naive. */
struct voices {
	double values[ROLLCAST_EXPERTS_MAX];
	uint32_t experts[ROLLCAST_EXPERTS_MAX];
	uint32_t count;
};

/*
 * Sorted by insertion, from the order of the step before, which is nearly that of this one. Around naive,
 * so that a mean of equal values is that value exactly.
 */
static void hear(struct voices *voices, const uint32_t *order, uint32_t experts,
		 const double *forecasts, uint32_t horizon)
{
	double naive = forecasts[0];

	voices->count = 0;
	for (uint32_t i = 0; i < experts; i++) {
		double value = forecasts[(size_t)order[i] * horizon] - naive;
		uint32_t place = voices->count;

		if (!isfinite(value))
			continue;
		for (; place > 0 && voices->values[place - 1] > value; place--) {
			voices->values[place] = voices->values[place - 1];
			voices->experts[place] = voices->experts[place - 1];
		}
		voices->values[place] = value;
		voices->experts[place] = order[i];
		voices->count++;
	}
}

/* Those who count in some way in this third, in the order of the experts; how many. */
static uint32_t find_speakers(const struct blend *blend, uint32_t third, uint32_t *order)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < blend->experts; i++) {
		double weight = 0;

		for (uint32_t way = 0; way < BLEND_WAYS; way++)
			weight += blend->weights[way][third][i];
		if (weight > 0 && !(blend->silent >> i & 1))
			order[count++] = i;
	}
	return count;
}

/*
 * The weighted median, interpolated between the middles of the weights; those without weight do not
 * count.
 */
static double median_of(const struct voices *voices, const double *weights, double mass)
{
	double below = 0, last_middle = -1, last_value = 0, half = mass / 2;

	for (uint32_t i = 0; i < voices->count; i++) {
		double weight = weights[i], value = voices->values[i];
		double middle = below + weight / 2;

		if (weight == 0)
			continue;
		if (middle >= half)
			return last_middle < 0
				       ? value
				       : last_value + (value - last_value) * (half - last_middle) /
							      (middle - last_middle);
		last_middle = middle;
		last_value = value;
		below += weight;
	}
	return last_value;
}

static double mix(const struct way *way, const struct voices *voices, const double *weights)
{
	double mass = 0, mean = 0, sorted[ROLLCAST_EXPERTS_MAX];

	for (uint32_t i = 0; i < voices->count; i++) {
		sorted[i] = weights[voices->experts[i]];
		mass += sorted[i];
		mean += sorted[i] * voices->values[i];
	}
	if (mass == 0)
		return 0;
	mean /= mass;
	return way->median == 0 ? mean
				: mean + way->median * (median_of(voices, sorted, mass) - mean);
}

/* Who has something to say; weights follow if that has changed. */
static void look_who_speaks(struct blend *blend, const double *forecasts, uint32_t horizon)
{
	uint32_t silent = 0;

	for (uint32_t i = 0; i < blend->experts; i++)
		silent |= (uint32_t)!isfinite(forecasts[(size_t)i * horizon]) << i;
	if (silent == blend->silent)
		return;
	blend->silent = silent;
	weigh_all(blend);
}

void blend_mix(struct blend *blend, double *forecasts, uint32_t horizon, double *mean)
{
	double *mixed = forecasts + (size_t)blend->experts * horizon;
	uint32_t order[ROLLCAST_EXPERTS_MAX], speakers = 0, before = BLEND_THIRDS;

	look_who_speaks(blend, forecasts, horizon);
	for (uint32_t h = 0; h < horizon; h++) {
		uint32_t third = blend_third(h, horizon);
		double naive = forecasts[h], sum = 0;
		struct voices voices;

		if (third != before)
			speakers = find_speakers(blend, before = third, order);
		hear(&voices, order, speakers, forecasts + h, horizon);
		if (voices.count == speakers)
			memcpy(order, voices.experts, speakers * sizeof(*order));
		for (uint32_t way = 0; way < BLEND_WAYS; way++) {
			double value = mix(&ways[way], &voices, blend->weights[way][third]);

			mixed[(size_t)way * horizon + h] = naive + value;
			sum += blend->ways[third][way] * value;
		}
		mean[h] = naive + sum;
	}
}

double blend_weight(const struct blend *blend, uint32_t expert, uint32_t horizon)
{
	double sum = 0;

	for (uint32_t third = 0; third < BLEND_THIRDS; third++) {
		/* blend_third(step) is `third` from here to there. */
		uint32_t from = (third * horizon + BLEND_THIRDS - 1) / BLEND_THIRDS;
		uint32_t to = ((third + 1) * horizon + BLEND_THIRDS - 1) / BLEND_THIRDS;

		for (uint32_t way = 0; way < BLEND_WAYS; way++)
			sum += (to - from) * blend->ways[third][way] *
			       blend->weights[way][third][expert];
	}
	return sum / horizon;
}

static void memory_archive(struct archive *archive, const struct roll *roll, uint32_t members,
			   struct blend_memory *memory)
{
	for (int i = 0; i < 2; i++) {
		roll_finite_archive(archive, roll, members, memory->own[i], 1);
		roll_finite_archive(archive, roll, members, memory->naive[i], 1);
	}
	roll_finite_archive(archive, roll, members, memory->count, 1);
}

void blend_archive(struct archive *archive, const struct roll *roll, struct blend *blend)
{
	for (int third = 0; third < BLEND_THIRDS; third++) {
		for (int i = 0; i < BLEND_MEMORIES; i++)
			memory_archive(archive, roll, blend_members(blend),
				       &blend->memories[third][i]);
		for (int i = 0; i < BLEND_WAYS; i++)
			roll_finite_archive(archive, roll, blend->experts, blend->weights[i][third],
					    1);
		archive_finite(archive, blend->ways[third], BLEND_WAYS);
	}
}
