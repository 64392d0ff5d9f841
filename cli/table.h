/*
 * The table that `rollcast watch` draws: a line of totals, titles, and a line per stream.
 *
 *	12 streams  11.80 forecasts/s  0 lost  networks lead 7, share 10  tcp://127.0.0.1:5557
 *	STREAM         LAST  PAST  |FORECAST      AT THE END        EXPERT      SKILL   COVERED  BREACH   AGE
 *	host_load1   0.4200  ▂▃▅▆▆▇|▇▇▇▆▆▅▅▄▄▄▃▃  0.2100 .. 0.6300  lstm 71%    12.3%   94.1/95    2.1%    1s
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/board.h"
#include "cli/canvas.h"

struct table_view {
	const char *endpoint, *trouble; /* NULL: it works, as far as is known */
	double per_second;		/* forecasts; NaN: not known yet */
	bool counts_losses;		/* false: part of the sequence was not subscribed to */
	int64_t now_us;			/* monotonic */
};

/* The totals, in one row of a canvas. */
void table_draw_totals(struct canvas *canvas, size_t row, const struct board *board,
		       const struct table_view *view);

/* The titles at `top` and below them a row per stream. */
void table_draw(struct canvas *canvas, size_t top, struct board_row *const *rows, size_t count,
		const struct table_view *view);

/* One stream as one line of text for a file or a pipe, without layout. */
void table_print_line(FILE *file, const struct board_row *row);

/* The totals in words, as above, without a newline. */
void table_print_totals(FILE *file, const struct board *board, const struct table_view *view);

/* `name` in at most `width` cells, shortened towards its end by `…`; `text` holds `size` bytes. */
size_t table_fit_name(const char *name, size_t width, char *text, size_t size);

#endif
