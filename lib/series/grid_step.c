/*
 * `step: auto`: the step is found from the first samples, and found again when a stream's rate has changed for
 * good. The rules: grid.h.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/series/grid_inside.h"
#include "lib/series/step.h"

#define OTHER_STEP 0.2	/* of the larger of two: nearer, they are one step */
#define SAME_STEP  0.05 /* and about the same one */

enum {
	EARLY_FIRST = 16,  /* samples that there is room for */
	AGREEING_TENS = 6, /* tens of samples, and steps, that tell of another step */
	AGREEING_STEPS = 10,
};

/* Keeps a sample in its place by time, behind those of the same time. */
static int keep_early(struct grid *grid, int64_t time_us, double value, size_t *ret_place)
{
	size_t place = grid->early_count;
	while (place && grid->early[place - 1].time_us > time_us)
		place--;
	bool known = place && grid->early[place - 1].time_us == time_us;
	if (known && grid->early_count >= GRID_EARLY_MAX)
		return ROLLCAST_PUSH_TIME;
	if (grid->early_count == grid->early_capacity) {
		size_t capacity = grid->early_capacity ? 2 * grid->early_capacity : EARLY_FIRST;
		struct grid_sample *early = realloc(grid->early, capacity * sizeof(*early));
		if (!early)
			return -ENOMEM;
		grid->early = early;
		grid->early_capacity = capacity;
	}
	memmove(grid->early + place + 1, grid->early + place,
		(grid->early_count - place) * sizeof(*grid->early));
	grid->early[place] = (struct grid_sample){time_us, value};
	grid->early_count++;
	grid->early_distinct += !known;
	*ret_place = place;
	return ROLLCAST_PUSH_ACCEPTED;
}

/* Step and phase from the samples kept. */
static int find_step(struct grid *grid)
{
	int64_t times_us[GRID_EARLY_DISTINCT];
	size_t count = 0;
	for (size_t i = 0; i < grid->early_count && count < GRID_EARLY_DISTINCT; i++)
		if (!count || grid->early[i].time_us != times_us[count - 1])
			times_us[count++] = grid->early[i].time_us;
	int64_t step_us = step_find(times_us, count);
	int64_t lateness_us = grid->settings.lateness_us;
	if (lateness_us / step_us > GRID_OPEN_MAX)
		lateness_us = GRID_OPEN_MAX * step_us;
	int r = grid_layout(grid, step_us, lateness_us);
	if (r)
		return r;
	grid->label_us = step_us / 2;
	grid->phase_us = step_point(times_us, count, step_us) - grid->label_us;
	return 0;
}

/* What is kept has been played; the memory of a burst of samples goes. */
static void forget_early(struct grid *grid)
{
	struct grid_sample *early = NULL;
	grid->early_count = grid->early_distinct = 0;
	if (grid->early_capacity > EARLY_FIRST)
		early = realloc(grid->early, EARLY_FIRST * sizeof(*early));
	if (early) {
		grid->early = early;
		grid->early_capacity = EARLY_FIRST;
	}
}

/* Finds the step and plays what was kept; the result is that of the sample at `place`. */
static int begin(struct grid *grid, size_t place)
{
	int r = find_step(grid);
	int result = r;
	for (size_t i = 0; r >= 0 && i < grid->early_count; i++) {
		/* Haste only at the end: what is kept already need not be lost. */
		r = grid_admit(grid, grid->early[i].time_us, grid->early[i].value,
			       i + 1 == grid->early_count);
		if (i == place || r < 0)
			result = r;
	}
	if (grid_step_us(grid))
		forget_early(grid);
	return result;
}

int grid_learn_step(struct grid *grid, int64_t time_us, double value)
{
	size_t place;
	int r = keep_early(grid, time_us, value, &place);
	if (r)
		return r;
	bool enough =
		grid->early_distinct >= GRID_EARLY_DISTINCT || grid->early_count >= GRID_EARLY_MAX;
	if (!enough || grid->early_distinct < 2)
		return ROLLCAST_PUSH_ACCEPTED;
	return begin(grid, place);
}

/* ---- another step ---- */

static bool is_about(int64_t a, int64_t b, double tolerance)
{
	return fabs((double)(a - b)) < tolerance * (double)(a > b ? a : b);
}

/* Whether the ten samples kept, with those before them, tell that the step is another one for good. */
static bool is_other_step(struct grid *grid)
{
	struct grid_spacing *spacing = &grid->spacing;
	int64_t times_us[GRID_EARLY_DISTINCT];
	for (size_t i = 0; i < GRID_EARLY_DISTINCT; i++)
		times_us[i] = grid->early[i].time_us;
	int64_t found_us = step_find(times_us, GRID_EARLY_DISTINCT);
	if (is_about(found_us, grid->settings.step_us, OTHER_STEP))
		*spacing = (struct grid_spacing){0};
	else if (spacing->agreeing && is_about(found_us, spacing->step_us, SAME_STEP))
		spacing->agreeing++;
	else
		*spacing = (struct grid_spacing){1, found_us, times_us[0]};
	int64_t steps =
		(times_us[GRID_EARLY_DISTINCT - 1] - spacing->since_us) / grid->settings.step_us;
	return spacing->agreeing >= AGREEING_TENS && steps >= AGREEING_STEPS;
}

/* Back to where no step is known, but for the samples kept. */
static void forget_step(struct grid *grid)
{
	struct grid fresh = {
		.settings = grid->settings,
		.lateness_us = grid->lateness_us,
		.proof = GRID_PROOF_FIRST,
		.early = grid->early,
		.early_count = grid->early_count,
		.early_capacity = grid->early_capacity,
		.early_distinct = grid->early_distinct,
	};
	fresh.settings.step_us = 0;
	fresh.settings.lateness_us = grid->lateness_us;
	free(grid->cells);
	free(grid->closed);
	*grid = fresh;
}

int grid_watch_step(struct grid *grid, int64_t time_us, double value)
{
	size_t place = grid->early_count;
	while (place && grid->early[place - 1].time_us > time_us)
		place--;
	if (place && grid->early[place - 1].time_us == time_us) {
		grid->early[place - 1].value = value;
		return ROLLCAST_PUSH_ACCEPTED;
	}
	int r = keep_early(grid, time_us, value, &place);
	if (r || grid->early_distinct < GRID_EARLY_DISTINCT)
		return r;
	if (is_other_step(grid)) {
		forget_step(grid);
		return begin(grid, place);
	}
	forget_early(grid);
	return ROLLCAST_PUSH_ACCEPTED;
}
