/*
 * The full-screen view of `rollcast watch`, without the screen: keys go in, a canvas comes out.
 *
 *	list ──Enter──► one stream        `/` types a filter, `?` shows the keys, Esc or q goes back;
 *	     ◄───q───                     q in the list ends it
 */
#ifndef CLI_VIEWER_H
#define CLI_VIEWER_H

#include "cli/canvas.h"
#include "cli/list.h"
#include "cli/table.h"

/* Keys that are no characters. */
enum viewer_key {
	KEY_OF_UP = 0x110000,
	KEY_OF_DOWN,
	KEY_OF_LEFT,
	KEY_OF_RIGHT,
	KEY_OF_PAGE_UP,
	KEY_OF_PAGE_DOWN,
	KEY_OF_HOME,
	KEY_OF_END,
	KEY_OF_ENTER,
	KEY_OF_ESCAPE,
	KEY_OF_BACKSPACE,
	KEY_OF_OTHER,
};

struct viewer {
	const struct board *board;
	struct list list;
	bool one;    /* one stream is shown, the chosen one */
	bool help;   /* over either */
	bool typing; /* the filter */
	char filter_before[LIST_FILTER_MAX];
	size_t page; /* rows of the list that were in sight */
};

void viewer_finish(struct viewer *viewer);

/* A key was pressed: a code point, or a viewer_key. False: to end. -ENOMEM is not told: nothing happens. */
bool viewer_press(struct viewer *viewer, uint32_t key);

/* The stream that is shown alone; NULL: none is. */
struct board_row *viewer_stream(const struct viewer *viewer);

/* Draws what is to be seen. -ENOMEM. */
int viewer_draw(struct viewer *viewer, struct canvas *canvas, const struct table_view *view);

#endif
