#include "cli/list.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[LIST_KEYS] = {
	[LIST_NAME] = "name",	      [LIST_SKILL] = "skill", [LIST_BREACH] = "breach",
	[LIST_COVERAGE] = "coverage", [LIST_TIME] = "time",
};

const char *list_key_word(enum list_key key)
{
	return words[key];
}

void list_finish(struct list *list)
{
	rollcast_selector_destroy(list->selector);
	free(list->rows);
	*list = (struct list){0};
}

/* ---- which ---- */

int list_filter(struct list *list, const char *filter)
{
	char why[128];
	size_t column;
	int r;

	rollcast_selector_destroy(list->selector);
	list->selector = NULL;
	if (list->filter != filter)
		memcpy(stpncpy(list->filter, filter, LIST_FILTER_MAX - 1), "", 1);
	if (!strpbrk(list->filter, "{*?["))
		return 0;
	r = rollcast_selector_create(list->filter, &list->selector, why, sizeof(why), &column);
	return r == -EINVAL ? 0 : r;
}

static bool is_wanted(const struct list *list, const char *name)
{
	if (list->selector)
		return rollcast_selector_matches(list->selector,
						 (struct rollcast_text){name, strlen(name)});
	return strcasestr(name, list->filter);
}

/* ---- in which order ---- */

static double key_of(enum list_key key, const struct rollcast_forecast *forecast)
{
	size_t level;

	switch (key) {
	case LIST_SKILL:
		return forecast->skill;
	case LIST_BREACH:
		return board_breach(forecast);
	case LIST_COVERAGE:
		level = board_widest_level(forecast);
		return level == SIZE_MAX ? (double)NAN : forecast->coverage[level];
	case LIST_TIME:
		return (double)forecast->origin_us;
	default:
		return (double)NAN;
	}
}

static int compare(const void *left, const void *right, void *context)
{
	const struct list *list = context;
	const struct rollcast_forecast *a = (*(struct board_row *const *)left)->forecast;
	const struct rollcast_forecast *b = (*(struct board_row *const *)right)->forecast;
	double key_a = key_of(list->key, a), key_b = key_of(list->key, b);
	int order = strcmp(a->name, b->name);

	if (isnan(key_a) != isnan(key_b))
		return isnan(key_a) ? 1 : -1;
	if (key_a > key_b || key_a < key_b)
		order = key_a > key_b ? -1 : 1;
	return list->reversed ? -order : order;
}

/* ---- which one ---- */

size_t list_place(const struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->rows[i] == list->chosen)
			return i;
	return 0;
}

static void choose(struct list *list, size_t place)
{
	if (!list->count)
		list->chosen = NULL;
	else
		list->chosen = list->rows[place < list->count ? place : list->count - 1];
}

int list_update(struct list *list, const struct board *board)
{
	size_t place = list_place(list);

	if (list->room < board->count) {
		void *rows = reallocarray(list->rows, board->capacity, sizeof(*list->rows));

		if (!rows)
			return -ENOMEM;
		list->rows = rows;
		list->room = board->capacity;
	}
	list->count = 0;
	for (size_t i = 0; i < board->count; i++)
		if (is_wanted(list, board->rows[i]->forecast->name))
			list->rows[list->count++] = board->rows[i];
	/* The board is sorted by name already. */
	if (list->count && (list->key != LIST_NAME || list->reversed))
		qsort_r(list->rows, list->count, sizeof(*list->rows), compare, list);
	if (!list->chosen || !list->count || list->rows[list_place(list)] != list->chosen)
		choose(list, place);
	return 0;
}

void list_move(struct list *list, long by)
{
	size_t place = list_place(list);

	if (by < 0)
		choose(list, place > (size_t)-by ? place - (size_t)-by : 0);
	else
		choose(list, place < list->count && (size_t)by < list->count - place
				     ? place + (size_t)by
				     : list->count);
}

void list_scroll(struct list *list, size_t height)
{
	size_t place = list_place(list);

	if (place < list->top)
		list->top = place;
	if (height && place >= list->top + height)
		list->top = place - height + 1;
	/* No room is left empty at the end. */
	if (list->top + height > list->count)
		list->top = list->count > height ? list->count - height : 0;
}
