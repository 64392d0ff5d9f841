/* Open cells are a ring, closed ones a queue; steps are filled when taken. The rules: grid.h. */
#include "lib/series/grid.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/series/grid_inside.h"
#include "lib/series/step.h"

#define TIME_MAX_US (INT64_C(1) << 61)
#define WRAP_32	    4294967296.0
#define DAY_US	    INT64_C(86400000000)

enum {
	FAR_STEPS = 1000,
	LATE_STEPS = 16,
};

static void cell_add(struct grid_cell *cell, enum rollcast_aggregate aggregate, int64_t time_us,
		     double value)
{
	bool replace = cell->count == 0;
	switch (aggregate) {
	case ROLLCAST_AGGREGATE_MEAN:
	case ROLLCAST_AGGREGATE_SUM: {
		/* Neumaier 1974: the result does not depend on the order of arrival. */
		double sum = cell->value + value;
		cell->rest += fabs(cell->value) >= fabs(value) ? cell->value - sum + value
							       : value - sum + cell->value;
		cell->value = sum;
		break;
	}
	case ROLLCAST_AGGREGATE_LAST:
	case ROLLCAST_AGGREGATE_RATE:
		replace |= time_us >= cell->newest_us;
		break;
	case ROLLCAST_AGGREGATE_MIN:
		replace |= value < cell->value;
		break;
	case ROLLCAST_AGGREGATE_MAX:
		replace |= value > cell->value;
		break;
	}
	if (replace) {
		cell->value = value;
		cell->newest_us = time_us;
	}
	cell->count++;
}

static double cell_value(const struct grid_cell *cell, enum rollcast_aggregate aggregate)
{
	double value = cell->value + cell->rest;
	return aggregate == ROLLCAST_AGGREGATE_MEAN ? value / (double)cell->count : value;
}

/* Room in the queue for all open cells and one more, so that closing never fails. */
static int grid_reserve(struct grid *grid)
{
	size_t needed = grid->closed_count + grid->measured + 1;
	if (needed <= grid->closed_capacity)
		return 0;
	size_t capacity = 2 * needed;
	struct grid_closed *closed = malloc(capacity * sizeof(*closed));
	if (!closed)
		return -ENOMEM;
	for (size_t i = 0; i < grid->closed_count; i++)
		closed[i] = grid->closed[(grid->closed_first + i) % grid->closed_capacity];
	free(grid->closed);
	grid->closed = closed;
	grid->closed_capacity = capacity;
	grid->closed_first = 0;
	return 0;
}

/* What a counter has grown by, from `before` to `now`; `rate` is its rate before, NaN: unknown. */
static double increase_of(double before, double now, double seconds, double rate)
{
	double wrapped = WRAP_32 - before + now;
	bool fits = before >= WRAP_32 / 2 && before < WRAP_32 && now >= 0;

	if (now >= before)
		return now - before;
	/* A reset that looked like a wrap would not be credible at the counter's rate; NaN never is. */
	return fits && wrapped / seconds <= 2 * rate ? wrapped : now;
}

/*
 * The rate of a counter up to the newest sample of a cell. Returns false if there is none: nothing is
 * known from before, or a hole lies between.
 */
static bool take_rate(struct grid *grid, const struct grid_cell *cell, double *ret_rate)
{
	struct grid_counter *counter = &grid->counter;
	struct grid_counter before = *counter;
	int64_t missing = (grid->open_us - before.begin_us) / grid->settings.step_us - 1;

	*counter = (struct grid_counter){true, cell->newest_us, grid->open_us, cell->value, NAN};
	if (!before.known || missing > grid->settings.gap_longest || missing > GRID_HOLE_LONGEST)
		return false;
	double seconds = (double)(cell->newest_us - before.time_us) / 1e6;
	double increase = increase_of(before.value, cell->value, seconds, before.rate);
	*ret_rate = counter->rate = increase / seconds;
	return true;
}

/* What a cell with samples comes to. Returns false if that is nothing. */
static bool take_value(struct grid *grid, const struct grid_cell *cell, double *ret_value)
{
	if (grid->settings.aggregate == ROLLCAST_AGGREGATE_RATE)
		return take_rate(grid, cell, ret_value);
	*ret_value = cell_value(cell, grid->settings.aggregate);
	return true;
}

static void queue_step(struct grid *grid, double value)
{
	size_t end = (grid->closed_first + grid->closed_count++) % grid->closed_capacity;
	grid->closed[end] = (struct grid_closed){
		.time_us = grid->open_us + grid->label_us,
		.value = value,
		.restarted = grid->restarted,
	};
	grid->restarted = false;
}

/* The oldest open cell becomes a closed step if it has samples, and is no longer open. */
static void close_first(struct grid *grid)
{
	struct grid_cell *cell = &grid->cells[grid->first];
	if (cell->count) {
		double value;
		if (take_value(grid, cell, &value))
			queue_step(grid, value);
		grid->regular =
			cell->count == 1 ? grid->regular + (grid->regular < GRID_PROOF_MAX) : 0;
		grid->measured--;
		*cell = (struct grid_cell){0};
	}
	grid->first = (grid->first + 1) % grid->cell_capacity;
	grid->open_us += grid->settings.step_us;
}

static void close_until(struct grid *grid, int64_t until_us)
{
	while (grid->measured && grid->open_us < until_us)
		close_first(grid);
	if (grid->open_us < until_us)
		grid->open_us = until_us;
}

static void grid_start(struct grid *grid, int64_t time_us)
{
	grid->started = true;
	grid->newest_us = time_us;
	grid->open_us = grid_begin_of(grid, time_us - grid->settings.lateness_us);
}

/* Whether a sample so far ahead is to be believed. */
static bool believe_far(struct grid *grid, int64_t time_us, int64_t far_us)
{
	bool believed = grid->far && time_us >= grid->far_us - far_us;
	grid->far = true;
	grid->far_us = time_us;
	return believed;
}

/* Whether so many samples were late that the clock must have been put back. */
static bool believe_late(struct grid *grid, int64_t time_us)
{
	int64_t begin_us = grid_begin_of(grid, time_us);
	if (grid->hasty && begin_us + grid->settings.step_us == grid->open_us) {
		grid->hasty = false;
		grid->regular = 0;
		grid->proof = grid->proof < GRID_PROOF_MAX ? 2 * grid->proof : GRID_PROOF_MAX;
	}
	if (grid->late && begin_us == grid->late_us)
		return false;
	grid->late = grid->late && begin_us > grid->late_us ? grid->late + 1 : 1;
	grid->late_us = begin_us;
	return grid->late > LATE_STEPS;
}

static void grid_restart(struct grid *grid, int64_t time_us)
{
	grid_flush(grid);
	grid->counter.known = false;
	if (grid->label_us) /* `step: auto`: the phase, too, is that of the data */
		grid->phase_us = time_us - grid->label_us;
	grid_start(grid, time_us);
	grid->restarted = true;
}

static void accept_sample(struct grid *grid, int64_t time_us, double value, bool may_haste)
{
	const struct rollcast_grid_settings *settings = &grid->settings;
	grid->far = false;
	grid->late = 0;
	if (time_us > grid->newest_us) {
		grid->newest_us = time_us;
		close_until(grid, grid_begin_of(grid, time_us - settings->lateness_us));
	}
	size_t ahead = (size_t)((grid_begin_of(grid, time_us) - grid->open_us) / settings->step_us);
	struct grid_cell *cell = &grid->cells[(grid->first + ahead) % grid->cell_capacity];
	grid->measured += cell->count == 0;
	cell_add(cell, settings->aggregate, time_us, value);

	grid->hasty = may_haste && settings->lateness_us == 0 && grid->regular >= grid->proof;
	if (grid->hasty)
		close_first(grid);
}

/* A sample, once the step is known. */
int grid_admit(struct grid *grid, int64_t time_us, double value, bool may_haste)
{
	int64_t far_us = FAR_STEPS * grid->settings.step_us;
	if (far_us < DAY_US)
		far_us = DAY_US;
	int r = grid_reserve(grid);
	if (r)
		return r;
	if (!grid->started)
		grid_start(grid, time_us);
	if (time_us - grid->newest_us > far_us && !believe_far(grid, time_us, far_us))
		return ROLLCAST_PUSH_TIME;
	if (time_us < grid->open_us) {
		if (!believe_late(grid, time_us))
			return ROLLCAST_PUSH_LATE;
		grid_restart(grid, time_us);
	}
	accept_sample(grid, time_us, value, may_haste);
	return ROLLCAST_PUSH_ACCEPTED;
}

int grid_layout(struct grid *grid, int64_t step_us, int64_t lateness_us)
{
	size_t capacity = (size_t)(lateness_us / step_us) + 2;
	grid->cells = calloc(capacity, sizeof(*grid->cells));
	grid->closed = malloc((capacity + 1) * sizeof(*grid->closed));
	if (!grid->cells || !grid->closed) {
		free(grid->cells);
		free(grid->closed);
		grid->cells = NULL;
		grid->closed = NULL;
		return -ENOMEM;
	}
	grid->cell_capacity = capacity;
	grid->closed_capacity = capacity + 1;
	grid->settings.step_us = step_us;
	grid->settings.lateness_us = lateness_us;
	return 0;
}

int grid_init(struct grid *grid, const struct rollcast_grid_settings *settings)
{
	int64_t step_us = settings->step_us, lateness_us = settings->lateness_us;
	if (step_us < 0 || step_us > STEP_LONGEST_US || lateness_us < 0)
		return -EINVAL;
	if (step_us && lateness_us / step_us > GRID_OPEN_MAX)
		return -EINVAL;
	*grid = (struct grid){
		.settings = *settings, .lateness_us = lateness_us, .proof = GRID_PROOF_FIRST};
	return step_us ? grid_layout(grid, step_us, lateness_us) : 0;
}

void grid_finish(struct grid *grid)
{
	free(grid->early);
	free(grid->cells);
	free(grid->closed);
	*grid = (struct grid){0};
}

int grid_push(struct grid *grid, int64_t time_us, double value)
{
	if (!(fabs(value) <= GRID_VALUE_MAX))
		return ROLLCAST_PUSH_NOT_FINITE;
	if (time_us < -TIME_MAX_US || time_us > TIME_MAX_US)
		return ROLLCAST_PUSH_TIME;
	if (!grid_step_us(grid))
		return grid_learn_step(grid, time_us, value);
	int r = grid_admit(grid, time_us, value, true);
	if (r == ROLLCAST_PUSH_ACCEPTED && grid->label_us)
		r = grid_watch_step(grid, time_us, value);
	return r;
}

/* The step that is missing at `time_us`, between the last measured one and `next`. */
static double fill(const struct grid *grid, const struct grid_closed *next, int64_t time_us)
{
	const struct rollcast_grid_settings *settings = &grid->settings;
	int64_t missing = (next->time_us - grid->measured_us) / settings->step_us - 1;
	if (missing > settings->gap_longest || missing > GRID_HOLE_LONGEST)
		return NAN;
	double share =
		(double)(time_us - grid->measured_us) / (double)(next->time_us - grid->measured_us);
	switch (settings->gap) {
	case ROLLCAST_GAP_LINEAR:
		return grid->measured_value + share * (next->value - grid->measured_value);
	case ROLLCAST_GAP_LAST:
		return grid->measured_value;
	case ROLLCAST_GAP_NONE:
		break;
	}
	return NAN;
}

/* Takes a step of NaN before the first one after a restart. */
static struct grid_step take_break(struct grid *grid, struct grid_closed *next)
{
	next->restarted = false;
	grid->taken = true;
	grid->taken_us = grid->measured_us = next->time_us - grid->settings.step_us;
	return (struct grid_step){grid->taken_us, NAN, true};
}

bool grid_pop(struct grid *grid, struct grid_step *ret_step)
{
	if (!grid->closed_count)
		return false;
	struct grid_closed *next = &grid->closed[grid->closed_first];
	if (next->restarted) {
		*ret_step = take_break(grid, next);
		return true;
	}
	int64_t step_us = grid->settings.step_us;
	int64_t time_us = grid->taken ? grid->taken_us + step_us : next->time_us;
	if (time_us < next->time_us) {
		int64_t earliest_us = next->time_us - GRID_HOLE_LONGEST * step_us;
		if (time_us < earliest_us)
			time_us = earliest_us;
		*ret_step = (struct grid_step){time_us, fill(grid, next, time_us), true};
	} else {
		*ret_step = (struct grid_step){next->time_us, next->value, false};
		grid->measured_us = next->time_us;
		grid->measured_value = next->value;
		grid->closed_first = (grid->closed_first + 1) % grid->closed_capacity;
		grid->closed_count--;
	}
	grid->taken = true;
	grid->taken_us = time_us;
	return true;
}

bool grid_is_ready(const struct grid *grid)
{
	return grid->closed_count > 0;
}

void grid_flush(struct grid *grid)
{
	while (grid->measured)
		close_first(grid);
}

int64_t grid_step_us(const struct grid *grid)
{
	return grid->settings.step_us;
}
