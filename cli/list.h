/*
 * Which streams of the board are listed, in which order, and which one is chosen.
 */
#ifndef CLI_LIST_H
#define CLI_LIST_H

#include "cli/board.h"
#include "rollcast/name.h"

/* Names go up; all else from the greatest down, and what is not known stands last. */
enum list_key { LIST_NAME, LIST_SKILL, LIST_BREACH, LIST_COVERAGE, LIST_TIME, LIST_KEYS };

enum { LIST_FILTER_MAX = 256 };

struct list {
	enum list_key key;
	bool reversed;
	char filter[LIST_FILTER_MAX];
	struct rollcast_selector *selector; /* the filter, if it is one */
	struct board_row **rows;	    /* those listed, in order */
	size_t count, room;
	struct board_row *chosen; /* NULL: none is listed */
	size_t top;		  /* the first one in sight */
};

void list_finish(struct list *list);

const char *list_key_word(enum list_key key);

/*
 * The filter: a selector if it has a brace or a wildcard and can be read as one, else a part of a name
 * or its labels, in large letters or small. -ENOMEM.
 */
int list_filter(struct list *list, const char *filter);

/* Takes the streams anew from the board. The chosen one stays, or its neighbour is. -ENOMEM. */
int list_update(struct list *list, const struct board *board);

/* Where the chosen one is; 0 if there is none. */
size_t list_place(const struct list *list);

/* Chooses another one, `by` places further down, as far as there are any. */
void list_move(struct list *list, long by);

/* Scrolls so that the chosen one is among `height` in sight. */
void list_scroll(struct list *list, size_t height);

#endif
