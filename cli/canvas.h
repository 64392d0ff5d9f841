/*
 * A picture of characters: rows of cells, each a character and a style. What is drawn here can be
 * shown on a terminal's screen, printed as lines of text, and looked at by tests.
 *
 * A character is one code point of UTF-8 and takes one cell.
 */
#ifndef CLI_CANVAS_H
#define CLI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "rollcast/cleanup.h"

enum canvas_style {
	STYLE_PLAIN,
	STYLE_DIM,
	STYLE_BOLD,
	STYLE_GOOD,
	STYLE_BAD,
	STYLE_WARNING,
	STYLE_MODEL, /* what a network, or the forecast, says */
	STYLES,
	STYLE_SELECTED = 0x80, /* beside one of the above: reversed */
};

struct canvas_cell {
	char glyph[5]; /* ended by a zero */
	uint8_t style;
};

struct canvas {
	size_t width, height;
	struct canvas_cell *cells; /* [height x width] */
};

/* A canvas of blanks; what was there is gone. 0 or -ENOMEM. `canvas` is zero at first. */
int canvas_resize(struct canvas *canvas, size_t width, size_t height);
void canvas_finish(struct canvas *canvas);
DEFINE_CLEANUP(struct canvas *, canvas_finish);
void canvas_clear(struct canvas *canvas);

/* NULL outside. */
struct canvas_cell *canvas_at(const struct canvas *canvas, size_t row, size_t column);

/*
 * Writes text from a cell on, in at most `room` cells and never beyond the row's end. A control
 * character becomes `?`. Returns the cells written.
 */
size_t canvas_put(struct canvas *canvas, size_t row, size_t column, size_t room, uint8_t style,
		  const char *text);
size_t canvas_printf(struct canvas *canvas, size_t row, size_t column, uint8_t style,
		     const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The row's style, with what is written in it, becomes a selected one. */
void canvas_select(struct canvas *canvas, size_t row);

/* The first `rows` rows as lines, without the blanks at their ends; styled for ECMA-48 if `colours`. */
void canvas_print(FILE *file, const struct canvas *canvas, size_t rows, bool colours);

/* The cells that text takes. */
size_t canvas_cells(const char *text);

#endif
