/* A grid in a record: as it stands, with what is open and what has not been taken. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "lib/series/grid_inside.h"
#include "lib/series/step.h"

static void cell_archive(struct archive *archive, struct grid_cell *cell)
{
	archive_finite(archive, &cell->value, 1);
	archive_finite(archive, &cell->rest, 1);
	archive_time(archive, &cell->newest_us);
	archive_value(archive, &cell->count);
	archive_check(archive, cell->count > 0);
}

static void sample_archive(struct archive *archive, struct grid_sample *sample)
{
	archive_time(archive, &sample->time_us);
	archive_finite(archive, &sample->value, 1);
	archive_check(archive, fabs(sample->value) <= GRID_VALUE_MAX);
}

/* The samples kept while the step is unknown: sorted, which is checked. */
static void early_archive(struct archive *archive, struct grid *grid)
{
	size_t count = archive_count(archive, grid->early_count, sizeof(*grid->early));

	archive_check(archive, count <= 2 * GRID_EARLY_MAX);
	if (archive_is_loading(archive) && !archive->error && count) {
		grid->early = calloc(count, sizeof(*grid->early));
		grid->early_capacity = grid->early ? count : 0;
		if (!grid->early)
			archive->error = -ENOMEM;
	}
	for (size_t i = 0; i < count && !archive->error; i++) {
		struct grid_sample *sample = &grid->early[i];

		sample_archive(archive, sample);
		archive_check(archive, i == 0 || sample->time_us >= sample[-1].time_us);
		if (archive_is_loading(archive))
			grid->early_distinct += i == 0 || sample->time_us != sample[-1].time_us;
	}
	if (archive_is_loading(archive) && !archive->error)
		grid->early_count = count;
}

/* The open cells that have samples, each with its distance from the oldest. */
static void cells_archive(struct archive *archive, struct grid *grid)
{
	size_t count = archive_count(archive, grid->measured, sizeof(*grid->cells));
	uint64_t place = 0, least = 0;

	for (size_t i = 0; i < count && !archive->error; i++, place++) {
		if (!archive_is_loading(archive))
			while (!grid->cells[(grid->first + place) % grid->cell_capacity].count)
				place++;
		archive_value(archive, &place);
		archive_check(archive, place >= least && place < grid->cell_capacity);
		if (archive->error)
			return;
		least = place + 1;
		cell_archive(archive, &grid->cells[(grid->first + place) % grid->cell_capacity]);
	}
	grid->measured = count;
}

static void closed_archive(struct archive *archive, struct grid *grid)
{
	size_t count = archive_count(archive, grid->closed_count, sizeof(struct grid_sample));

	if (archive_is_loading(archive) && count + grid->measured + 1 > grid->closed_capacity) {
		size_t capacity = count + grid->measured + 1;
		struct grid_closed *closed =
			realloc(grid->closed, capacity * sizeof(*grid->closed));

		if (!closed) {
			archive->error = -ENOMEM;
			return;
		}
		grid->closed = closed;
		grid->closed_capacity = capacity;
	}
	for (size_t i = 0; i < count && !archive->error; i++) {
		struct grid_closed *closed =
			&grid->closed[(grid->closed_first + i) % grid->closed_capacity];

		if (archive_is_loading(archive))
			*closed = (struct grid_closed){0};
		archive_time(archive, &closed->time_us);
		archive_finite(archive, &closed->value, 1);
		archive_flag(archive, &closed->restarted);
	}
	if (!archive->error)
		grid->closed_count = count;
}

/* Memory for a grid that is loaded: for what may be open now, and what was when it was saved. */
static void lay_out_loaded(struct archive *archive, struct grid *grid, int64_t step_us,
			   int64_t lateness_us)
{
	int64_t now_us = grid->settings.lateness_us, longest_us = GRID_OPEN_MAX * step_us;

	now_us = now_us < longest_us ? now_us : longest_us;
	free(grid->cells);
	free(grid->closed);
	grid->cells = NULL;
	grid->closed = NULL;
	archive->error = grid_layout(grid, step_us, now_us > lateness_us ? now_us : lateness_us);
	grid->settings.lateness_us = now_us;
}

/* Step and lateness, as they are in use, and the memory that they need. */
static void layout_archive(struct archive *archive, struct grid *grid)
{
	int64_t step_us = grid->settings.step_us, lateness_us = grid->settings.lateness_us;

	archive_time(archive, &step_us);
	archive_time(archive, &lateness_us);
	archive_check(archive, step_us >= 0 && step_us <= STEP_LONGEST_US && lateness_us >= 0 &&
				       (!step_us || lateness_us / step_us <= GRID_OPEN_MAX));
	if (archive_is_loading(archive) && !archive->error && step_us)
		lay_out_loaded(archive, grid, step_us, lateness_us);
}

static void times_archive(struct archive *archive, struct grid *grid)
{
	archive_time(archive, &grid->phase_us);
	archive_time(archive, &grid->label_us);
	archive_flag(archive, &grid->started);
	archive_time(archive, &grid->open_us);
	archive_time(archive, &grid->newest_us);
	archive_flag(archive, &grid->taken);
	archive_time(archive, &grid->taken_us);
	archive_time(archive, &grid->measured_us);
	archive_finite(archive, &grid->measured_value, 1);
	archive_value(archive, &grid->regular);
	archive_value(archive, &grid->proof);
	archive_flag(archive, &grid->hasty);
	archive_flag(archive, &grid->far);
	archive_time(archive, &grid->far_us);
	archive_value(archive, &grid->late);
	archive_time(archive, &grid->late_us);
	archive_flag(archive, &grid->restarted);
	archive_check(archive,
		      grid->measured_us <= grid->taken_us && grid->regular <= GRID_PROOF_MAX &&
			      grid->proof >= GRID_PROOF_FIRST && grid->proof <= GRID_PROOF_MAX);
}

/* Only of a counter, so that other grids are saved as they were before there were any. */
static void counter_archive(struct archive *archive, struct grid *grid)
{
	struct grid_counter *counter = &grid->counter;

	archive_flag(archive, &counter->known);
	archive_time(archive, &counter->time_us);
	archive_time(archive, &counter->begin_us);
	archive_finite(archive, &counter->value, 1);
	archive_value(archive, &counter->rate); /* NaN: not known yet */
	archive_check(archive, !counter->known || (counter->begin_us < grid->open_us &&
						   counter->time_us >= counter->begin_us));
}

/* Whether the newest sample lies within the open cells, as it must. */
static bool are_times_good(const struct grid *grid)
{
	int64_t step_us = grid->settings.step_us;

	if (!grid->started)
		return !grid->measured;
	return grid_begin_of(grid, grid->open_us) == grid->open_us &&
	       (grid->newest_us - grid->open_us) / step_us < (int64_t)grid->cell_capacity;
}

static bool is_auto(const struct grid *grid)
{
	return grid->settings.step_us == 0 || grid->label_us;
}

/* What tells whether a grid fits the settings. */
struct kind {
	bool automatic;
	uint32_t aggregate;
	int64_t step_us;
};

static void kind_archive(struct archive *archive, struct kind *kind)
{
	archive_flag(archive, &kind->automatic);
	archive_value(archive, &kind->aggregate);
	archive_time(archive, &kind->step_us);
}

int64_t grid_saved_step_us(struct archive *archive)
{
	struct kind kind = {0};

	kind_archive(archive, &kind);
	archive_check(archive, kind.step_us >= 0 && kind.step_us <= STEP_LONGEST_US);
	return archive->error ? 0 : kind.step_us;
}

void grid_spacing_archive(struct archive *archive, struct grid *grid)
{
	struct grid_spacing *spacing = &grid->spacing;

	archive_value(archive, &spacing->agreeing);
	archive_time(archive, &spacing->step_us);
	archive_time(archive, &spacing->since_us);
	archive_check(archive, !spacing->agreeing || spacing->step_us > 0);
	early_archive(archive, grid);
	archive_check(archive, grid->early_count == grid->early_distinct &&
				       grid->early_count < GRID_EARLY_DISTINCT);
}

bool grid_archive(struct archive *archive, struct grid *grid)
{
	const struct kind now = {is_auto(grid), grid->settings.aggregate, grid->settings.step_us};
	struct kind kind = now;

	kind_archive(archive, &kind);
	if (kind.automatic != now.automatic || kind.aggregate != now.aggregate ||
	    (!now.automatic && kind.step_us != now.step_us))
		return false;
	layout_archive(archive, grid);
	times_archive(archive, grid);
	archive_check(archive, grid->label_us == (kind.automatic ? grid->settings.step_us / 2 : 0));
	if (grid->settings.aggregate == ROLLCAST_AGGREGATE_RATE)
		counter_archive(archive, grid);
	if (archive->error)
		return false;
	if (!grid->settings.step_us) {
		early_archive(archive, grid);
		return true;
	}
	cells_archive(archive, grid);
	closed_archive(archive, grid);
	archive_check(archive, archive->error || are_times_good(grid));
	return true;
}
