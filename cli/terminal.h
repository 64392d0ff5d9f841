/*
 * A few lines of a terminal, redrawn in place by cursor movement (ECMA-48); what was above stays.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct terminal {
	FILE *file;
	size_t width, height; /* in cells */
	size_t drawn;	      /* lines that the cursor is below of */
};

/* True if `file` is a terminal that can move its cursor (not TERM=dumb). */
bool terminal_is_capable(FILE *file);
/* True unless NO_COLOR is set to something (no-color.org). */
bool terminal_wants_colours(void);

/* Hides the cursor; terminal_finish shows it again, below what is drawn. */
void terminal_init(struct terminal *terminal, FILE *file);
void terminal_finish(struct terminal *terminal);

/* Asks for the size again and clears the screen: what was drawn may have been wrapped. */
void terminal_resize(struct terminal *terminal);

/* Replaces what was drawn by `text`: whole lines, at most height - 1 of them. 0 or a negative errno. */
int terminal_draw(struct terminal *terminal, const char *text);

#endif
