/*
 * A terminal's whole screen, by ncurses: it knows what each kind of terminal understands, sends only
 * what has changed, tells keys from escape codes, and puts the terminal back as it was.
 *
 * There is one screen in a process, as in ncurses.
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/canvas.h"

/* True unless NO_COLOR is set to something (no-color.org). */
bool screen_wants_colours(void);

/* How wide the terminal that is stdout is, without taking it; 80 if it does not say. */
size_t screen_width(void);

/*
 * Takes the terminal that is stdout, unless it is none or cannot move its cursor (TERM=dumb): -ENOTTY.
 * Keys come from stdin, or from the controlling terminal if that is something else. Handlers for signals that
 * the process has already are left alone.
 */
int screen_open(void);
void screen_close(void);

/* What to wait for; -1: no keys can come. */
int screen_input(void);
/* The next key, or 0: a code point, or a viewer_key. */
uint32_t screen_key(void);

/* Asks how large the terminal is now. */
void screen_measure(size_t *ret_width, size_t *ret_height);
/* Shows a canvas of that size. */
void screen_show(const struct canvas *canvas);

#endif
