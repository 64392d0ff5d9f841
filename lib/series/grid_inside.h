/* What grid.c, grid_step.c and grid_archive.c share: the cells, and a grid's memory. */
#ifndef LIB_SERIES_GRID_INSIDE_H
#define LIB_SERIES_GRID_INSIDE_H

#include "lib/series/grid.h"

#define GRID_VALUE_MAX 1e300

enum {
	GRID_EARLY_DISTINCT = 10, /* times that tell the step */
	GRID_EARLY_MAX = 256,	  /* samples kept while the step is unknown */
	GRID_PROOF_FIRST = 3,
	GRID_PROOF_MAX = 1 << 16,
};

struct grid_cell {
	double value, rest; /* the aggregate so far; what the rounding of a sum has lost */
	int64_t newest_us;  /* for `last` */
	uint64_t count;
};

struct grid_closed {
	int64_t time_us; /* the label */
	double value;
	bool restarted; /* a step of NaN goes before it */
};

struct grid_sample {
	int64_t time_us;
	double value;
};

/* Memory for a known step, and lateness. -ENOMEM. */
int grid_layout(struct grid *grid, int64_t step_us, int64_t lateness_us);

/* A sample, once the step is known. `may_haste`: its cell may close with it. An enum rollcast_push, or -ENOMEM. */
int grid_admit(struct grid *grid, int64_t time_us, double value, bool may_haste);

/* A sample while the step is unknown; the same results. */
int grid_learn_step(struct grid *grid, int64_t time_us, double value);
/* After an accepted sample of `step: auto`; the same results. Of one time only the newest value is kept. */
int grid_watch_step(struct grid *grid, int64_t time_us, double value);

/* When the cell of that time begins. */
static inline int64_t grid_begin_of(const struct grid *grid, int64_t time_us)
{
	int64_t remainder = (time_us - grid->phase_us) % grid->settings.step_us;
	return time_us - remainder - (remainder < 0 ? grid->settings.step_us : 0);
}

#endif
