/*
 * Drives the grid from a test in another language, a line at a time:
 *
 *	grid STEP_US AGGREGATE LATENESS_US GAP LONGEST      a new grid; numbers of the enums
 *	TIME_US VALUE                                       a sample
 *	flush
 *	end
 *
 * prints `push RESULT` per sample, `step TIME_US VALUE FILLED` per closed step, and `end`.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/series/grid.h"

static void take_steps(struct grid *grid)
{
	struct grid_step step;
	while (grid_pop(grid, &step))
		printf("step %" PRId64 " %.17g %d\n", step.time_us, step.value, step.filled);
}

static int begin(struct grid *grid, const char *line)
{
	struct rollcast_grid_settings settings = {0};
	unsigned aggregate, gap;
	if (sscanf(line, "grid %" SCNd64 " %u %" SCNd64 " %u %" SCNu32, &settings.step_us,
		   &aggregate, &settings.lateness_us, &gap, &settings.gap_longest) != 5)
		return -1;
	settings.aggregate = aggregate;
	settings.gap = gap;
	grid_finish(grid);
	return grid_init(grid, &settings);
}

int main(void)
{
	struct grid grid = {0};
	char line[256];
	while (fgets(line, sizeof(line), stdin)) {
		int64_t time_us;
		double value;
		if (!strncmp(line, "grid ", 5)) {
			if (begin(&grid, line))
				return EXIT_FAILURE;
		} else if (!strcmp(line, "flush\n")) {
			grid_flush(&grid);
			take_steps(&grid);
		} else if (!strcmp(line, "end\n")) {
			puts("end");
			fflush(stdout);
		} else if (sscanf(line, "%" SCNd64 " %lf", &time_us, &value) == 2) {
			printf("push %d\n", grid_push(&grid, time_us, value));
			take_steps(&grid);
		} else {
			return EXIT_FAILURE;
		}
	}
	grid_finish(&grid);
	return EXIT_SUCCESS;
}
