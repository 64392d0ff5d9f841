/* Weights from relative errors: see blend.h. */
#include "lib/forecast/blend.h"

#include <math.h>
#include <stdbool.h>

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
	const uint32_t *cells = errors->cells[third];
	double cap = CAP * median_error(errors->own[third], cells, blend->experts);

	for (uint32_t i = 0; i < blend_members(blend); i++) {
		if (cells[i] == 0)
			continue;
		/* The ways are few and alike: what counts between them counts in full. */
		if (i == blend->experts)
			cap = INFINITY;
		double own = fmin(errors->own[third][i] / cells[i], cap);
		double naive = fmin(errors->naive[third][i] / cells[i], cap);
		struct loss loss = {{own, sqrt(own)}, {naive, sqrt(naive)}};

		for (int k = 0; k < BLEND_MEMORIES; k++)
			remember(&blend->memories[third][k], keeps[k], i, &loss);
	}
}

/* Errors relative to naive, drawn towards what is expected (0: as naive) while little is known. */
static double ratio(const struct blend_memory *memory, bool roots, uint32_t member, double expected)
{
	double naive = memory->naive[roots][member], own = memory->own[roots][member];
	double prior = PRIOR * memory->naive[roots][0] / fmax(memory->count[0], 1);

	if (memory->count[member] == 0)
		return expected > 0 ? expected : INFINITY;
	if (naive + prior > 0)
		return fmax((own + prior * (expected > 0 ? expected : 1)) / (naive + prior), 1e-9);
	return own > 0 ? 1e9 : 1;
}

/* Adds one memory's weights, which add up to 1; false if it knows nothing yet. */
static bool add_weights(const struct blend *blend, int third, int k, const struct way *way,
			uint32_t first, uint32_t count, uint32_t off, double *weights)
{
	const struct blend_memory *memory = &blend->memories[third][k];
	const double *expected = blend->expected.of[way->roots][third];
	double added[ROLLCAST_EXPERTS_MAX], best = INFINITY, sum = 0;

	for (uint32_t i = 0; i < count; i++) {
		bool unknown = first || blend->silent >> i & 1;

		added[i] = off >> i & 1 ? INFINITY
					: ratio(memory, way->roots, first + i,
						unknown ? 0 : expected[i]);
		best = fmin(best, added[i]);
	}
	if (isinf(best))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		double excess = way->sharpness * (added[i] / best - 1);

		added[i] = excess < FAR ? exp(-excess) : 0;
		sum += added[i];
	}
	for (uint32_t i = 0; i < count; i++)
		weights[i] += added[i] / sum;
	return true;
}

/* The weights of members first..first + count among each other. */
static void weigh(const struct blend *blend, int third, const struct way *way, uint32_t first,
		  uint32_t count, uint32_t off, double *ret_weights)
{
	double weights[ROLLCAST_EXPERTS_MAX] = {0}, kept = 0;

	for (int k = 0; k < BLEND_MEMORIES; k++)
		if (!add_weights(blend, third, k, way, first, count, off, weights))
			return;
	for (uint32_t i = 0; i < count; i++) {
		if (weights[i] < FLOOR * BLEND_MEMORIES)
			weights[i] = 0;
		kept += weights[i];
	}
	for (uint32_t i = 0; i < count; i++)
		ret_weights[i] = weights[i] / kept;
}

static void weigh_all(struct blend *blend)
{
	for (int third = 0; third < BLEND_THIRDS; third++) {
		for (int way = 0; way < BLEND_WAYS; way++)
			weigh(blend, third, &ways[way], 0, blend->experts, blend->off,
			      blend->weights[way][third]);
		weigh(blend, third, &best_of_ways, blend->experts, BLEND_WAYS, 0,
		      blend->ways[third]);
	}
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

static void hear(struct voices *voices, uint32_t expert, double value)
{
	uint32_t place = voices->count++;

	for (; place > 0 && voices->values[place - 1] > value; place--) {
		voices->values[place] = voices->values[place - 1];
		voices->experts[place] = voices->experts[place - 1];
	}
	voices->values[place] = value;
	voices->experts[place] = expert;
}

/* The weighted median, interpolated between the middles of the weights. */
static double median_of(const struct voices *voices, const double *weights, double mass)
{
	double below = 0, last_middle = 0, last_value = 0;
	bool first = true;

	for (uint32_t i = 0; i < voices->count; i++) {
		double weight = weights[voices->experts[i]], value = voices->values[i];
		double middle = below + weight / 2;

		if (weight == 0)
			continue;
		if (middle >= mass / 2 && !first)
			return last_value + (value - last_value) * (mass / 2 - last_middle) /
						    (middle - last_middle);
		if (middle >= mass / 2)
			return value;
		last_middle = middle;
		last_value = value;
		first = false;
		below += weight;
	}
	return last_value;
}

static double mix(const struct way *way, const struct voices *voices, const double *weights)
{
	double mass = 0, mean = 0;

	for (uint32_t i = 0; i < voices->count; i++) {
		double weight = weights[voices->experts[i]];

		mass += weight;
		mean += weight * voices->values[i];
	}
	if (mass == 0)
		return 0;
	mean /= mass;
	return way->median == 0 ? mean
				: mean + way->median * (median_of(voices, weights, mass) - mean);
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

	look_who_speaks(blend, forecasts, horizon);
	for (uint32_t h = 0; h < horizon; h++) {
		uint32_t third = blend_third(h, horizon);
		double naive = forecasts[h], sum = 0;
		struct voices voices = {.count = 0};

		/* Around naive, so that a mean of equal values is that value exactly. */
		for (uint32_t i = 0; i < blend->experts; i++) {
			double forecast = forecasts[(size_t)i * horizon + h];

			if (isfinite(forecast))
				hear(&voices, i, forecast - naive);
		}
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

	for (uint32_t h = 0; h < horizon; h++) {
		uint32_t third = blend_third(h, horizon);

		for (uint32_t way = 0; way < BLEND_WAYS; way++)
			sum += blend->ways[third][way] * blend->weights[way][third][expert];
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
