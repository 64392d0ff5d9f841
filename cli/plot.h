/*
 * Line plots over time as SVG or PNG, drawn by gnuplot (a program of every distribution: it has
 * dates on axes, legends and both formats, and nothing needs to be linked).
 */
#ifndef CLI_PLOT_H
#define CLI_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum plot_style {
	PLOT_ACTUAL,   /* black, with points */
	PLOT_MODEL,    /* one colour after the other, safe for the colour-blind */
	PLOT_BASELINE, /* thin and grey */
	PLOT_BAND,     /* shaded up to the line that follows it */
};

struct plot_line {
	const char *title;
	enum plot_style style;
	const double *values; /* [count]; NaN: nothing there */
};

struct plot {
	const char *title, *x_label, *y_label;
	const int64_t *times_us; /* [count] */
	bool has_times;		 /* else times are row numbers, in seconds */
	size_t count;
	const struct plot_line *lines;
	size_t line_count;
};

/* True if the file's ending is one that plot_write knows. */
bool plot_can_write(const char *path);

/* 0, or a negative errno after a line on stderr that begins with `program`. */
int plot_write(const char *program, const char *path, const struct plot *plot);

#endif
