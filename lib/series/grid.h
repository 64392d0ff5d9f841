/*
 * The grid: samples at any times in, one value per step out.
 *
 *	samples     x   x x        x  .        x
 *	cells    |-----|-----|-----|-----|-----|-----|
 *	            closed     ▲ open_us        ▲ newest_us
 *	                        ◄──  lateness ──►
 *
 * A cell is one step long and gathers the samples of its time. A fixed step has its cells at [k x
 * step, (k + 1) x step) since the epoch, labelled by their start. `step: auto` takes step and
 * phase from the first ten distinct times, which are kept and played again, sorted; its cells lie
 * around the grid points and are labelled by them, so that jitter makes no cell empty and none
 * double.
 *
 * Another step. `step: auto` goes on looking at the spacing of samples, ten distinct times after the
 * other. If they tell six times in succession, and for ten steps at least, about the same step, a fifth
 * or more away from the one in use, then the stream's rate has changed for good, or was not told by its
 * first samples: the grid begins anew with the last ten. What was open or not taken is left out then.
 *
 * Closing. A cell closes when a sample comes that is newer than its end by the lateness. Without a
 * lateness, a stream that has proved regular (the last three cells had one sample each) closes its
 * cell at once, so that a forecast need not wait for the next sample. If another sample of that
 * cell comes after all, it is late, and the proof needed from then on doubles.
 *
 * Order. Whatever order the samples come in, as long as none is late, the steps are the same: sums
 * are compensated; `last` is the newest by time, and by arrival among equal times.
 *
 * Counters. `rate` is the increase per second from the newest sample of the measured step before to
 * the newest of this one. The first step, and the first after a hole or a restart, has no rate and
 * is no step. A counter that has fallen was reset and began again at zero, unless it passed 2^32: it
 * was in the upper half of 32 bits, and the increase across 2^32 would be at most twice as fast as
 * the one before. (64 bits do not overflow in practice.) A reset that is overtaken within one step
 * cannot be seen and shows as a smaller increase; a rate is never negative for a counter that is not.
 *
 * Gaps. Empty cells between two measured ones come out, filled, when the later one closes. A gap
 * longer than gap_longest or GRID_HOLE_LONGEST is a hole: NaN. Of a hole longer than
 * GRID_HOLE_LONGEST only the last GRID_HOLE_LONGEST steps come out: the times jump to where they
 * begin.
 *
 * Wrong clocks. A sample more than a day and a thousand steps ahead of the newest is refused,
 * unless the one before was refused for the same reason and this one is not far behind that: then
 * the stream did jump, and a hole lies between. Late samples that advance through more than
 * sixteen steps with none accepted between them mean that the clock was put back: the grid begins
 * anew at the latest of them, after one step of NaN. There alone do the times of the steps go
 * back.
 */
#ifndef LIB_SERIES_GRID_H
#define LIB_SERIES_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/series/archive.h"
#include "rollcast/stream.h"

enum {
	GRID_HOLE_LONGEST = 8192, /* steps */
	GRID_OPEN_MAX = 100000,	  /* steps that a lateness may span */
};

struct grid_step {
	int64_t time_us;
	double value; /* NaN: a hole */
	bool filled;  /* not measured */
};

struct grid_cell;
struct grid_closed;
struct grid_sample;

/* `rate`: the counter as it was at the end of the newest closed cell with samples. */
struct grid_counter {
	bool known;
	int64_t time_us, begin_us; /* of the sample, of its cell */
	double value, rate;	   /* NaN: not known yet */
};

/* What the newest samples say about the step, ten distinct times after the other. */
struct grid_spacing {
	uint32_t agreeing; /* tens in succession that tell about the same, */
	int64_t step_us;   /* this, which is not the step in use */
	int64_t since_us;  /* when the first of them began */
};

/* To be read by grid.c, grid_step.c and grid_archive.c alone. */
struct grid {
	struct rollcast_grid_settings settings; /* step and lateness as they are in use */
	int64_t phase_us;			/* cells begin at phase + k x step */
	int64_t label_us;			/* from a cell's begin to its label */

	/* Only of `step: auto`, sorted: all samples while there is no step, then the newest ones. */
	struct grid_sample *early;
	size_t early_count, early_capacity, early_distinct;
	int64_t lateness_us; /* as it is set */
	struct grid_spacing spacing;

	struct grid_cell *cells; /* ring of open cells; the oldest at `first` begins at open_us */
	size_t cell_capacity, first;
	size_t measured; /* open cells with samples */
	bool started;
	int64_t open_us, newest_us;

	struct grid_closed *closed; /* ring of measured steps not yet taken */
	size_t closed_capacity, closed_first, closed_count;
	bool taken; /* whether there is a step before the closed ones: */
	int64_t taken_us, measured_us;
	double measured_value;

	struct grid_counter counter;

	uint32_t regular, proof; /* cells with one sample each: in succession, needed */
	bool hasty;		 /* the newest cell was closed with its first sample */

	bool far;	 /* the sample before was refused as too far ahead: */
	int64_t far_us;	 /* its time */
	uint32_t late;	 /* steps that late samples have advanced through */
	int64_t late_us; /* begin of the last of them */
	bool restarted;	 /* the next closed cell follows a restart */
};

/*
 * An empty grid. The lateness takes 56 bytes of memory per step of it. -EINVAL: a negative
 * duration, a step over STEP_LONGEST_US, a lateness over GRID_OPEN_MAX steps (with `step: auto` it
 * is cut to that when the step is found). -ENOMEM.
 */
int grid_init(struct grid *grid, const struct rollcast_grid_settings *settings);
void grid_finish(struct grid *grid);

/*
 * One sample. Returns an enum rollcast_push, or -ENOMEM. Values beyond 1e300 count as not finite,
 * so that no sum overflows; times beyond 2^61 are refused (ROLLCAST_PUSH_TIME), and so are further
 * samples of one single time when 256 of them have not told the step. Samples kept for `step:
 * auto` count as accepted, even if the grid then refuses one of them (a wild time). Allocates only
 * while the step is unknown, or for steps that are not taken.
 */
int grid_push(struct grid *grid, int64_t time_us, double value);

/* Takes the oldest closed step not yet taken; false: there is none. Ask after each push. */
bool grid_pop(struct grid *grid, struct grid_step *ret_step);
/* Whether there is one. */
bool grid_is_ready(const struct grid *grid);

/* Closes all open cells that have samples, for a stream that fell silent. */
void grid_flush(struct grid *grid);

/* The step in use; 0 while `step: auto` has found none. A push may change it. */
int64_t grid_step_us(const struct grid *grid);

/*
 * Saves, or loads into a grid that grid_init just made. Returns false, and the grid stays empty, if it
 * was of another step or aggregate: what follows from it is of no use either. Lateness and gaps are as
 * they are set now; whatever is open stays open.
 */
bool grid_archive(struct archive *archive, struct grid *grid);
/* Beside it, of `step: auto`: what the newest samples say about the step. */
void grid_spacing_archive(struct archive *archive, struct grid *grid);
/* The step of a grid that was saved; 0 while it was not known. */
int64_t grid_saved_step_us(struct archive *archive);

#endif
