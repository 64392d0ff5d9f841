#include "cli/viewer.h"

#include <string.h>

#include "cli/detail.h"

void viewer_finish(struct viewer *viewer)
{
	list_finish(&viewer->list);
}

struct board_row *viewer_stream(const struct viewer *viewer)
{
	return viewer->one ? viewer->list.chosen : NULL;
}

/* ---- keys ---- */

static void refilter(struct viewer *viewer, const char *filter)
{
	list_filter(&viewer->list, filter);
	list_update(&viewer->list, viewer->board);
}

static void erase_character(char *text)
{
	size_t length = strlen(text);

	while (length && ((unsigned char)text[length - 1] & 0xc0) == 0x80)
		length--;
	text[length ? length - 1 : 0] = '\0';
}

/* As UTF-8, if it fits. */
static void add_character(char *text, size_t size, uint32_t character)
{
	size_t length = strlen(text), bytes = character < 0x80	    ? 1
					      : character < 0x800   ? 2
					      : character < 0x10000 ? 3
								    : 4;

	if (length + bytes >= size)
		return;
	text[length + bytes] = '\0';
	for (size_t i = bytes - 1; i; i--, character >>= 6)
		text[length + i] = (char)(0x80 | (character & 0x3f));
	text[length] = (char)(bytes == 1 ? character : (0xf00u >> bytes & 0xf0) | character);
}

static void press_typing(struct viewer *viewer, uint32_t key)
{
	char filter[LIST_FILTER_MAX];

	strcpy(filter, viewer->list.filter);
	if (key == KEY_OF_ENTER || key == KEY_OF_ESCAPE)
		viewer->typing = false;
	if (key == KEY_OF_ESCAPE)
		strcpy(filter, viewer->filter_before);
	else if (key == KEY_OF_BACKSPACE)
		erase_character(filter);
	else if (key >= ' ' && key < 0x110000)
		add_character(filter, sizeof(filter), key);
	refilter(viewer, filter);
}

/* How far a key moves in the list; 0: it does not. */
static long distance(const struct viewer *viewer, uint32_t key)
{
	long page = viewer->page > 1 ? (long)viewer->page - 1 : 1, all = (long)viewer->list.count;

	switch (key) {
	case KEY_OF_UP:
	case 'k':
		return -1;
	case KEY_OF_DOWN:
	case 'j':
		return 1;
	case KEY_OF_PAGE_UP:
	case 'b':
		return -page;
	case KEY_OF_PAGE_DOWN:
	case ' ':
		return page;
	case KEY_OF_HOME:
	case 'g':
		return -all;
	case KEY_OF_END:
	case 'G':
		return all;
	default:
		return 0;
	}
}

static bool press_list(struct viewer *viewer, uint32_t key)
{
	struct list *list = &viewer->list;

	switch (key) {
	case 'q':
		return false;
	case KEY_OF_ESCAPE:
		refilter(viewer, "");
		break;
	case KEY_OF_ENTER:
	case KEY_OF_RIGHT:
	case 'l':
		viewer->one = list->chosen;
		break;
	case '/':
		viewer->typing = true;
		strcpy(viewer->filter_before, list->filter);
		break;
	case 's':
	case 'S':
		list->key = (list->key + (key == 's' ? 1 : LIST_KEYS - 1)) % LIST_KEYS;
		break;
	case 'r':
		list->reversed = !list->reversed;
		break;
	default:
		list_move(list, distance(viewer, key));
	}
	list_update(list, viewer->board);
	return true;
}

static void press_one(struct viewer *viewer, uint32_t key)
{
	if (key == 'q' || key == 'h' || key == KEY_OF_ESCAPE || key == KEY_OF_LEFT)
		viewer->one = false;
	else
		list_move(&viewer->list, distance(viewer, key));
}

bool viewer_press(struct viewer *viewer, uint32_t key)
{
	if (viewer->typing) {
		press_typing(viewer, key);
		return true;
	}
	if (viewer->help || key == '?') {
		viewer->help = !viewer->help;
		return true;
	}
	if (!viewer->one)
		return press_list(viewer, key);
	press_one(viewer, key);
	return true;
}

/* ---- what is seen ---- */

static void draw_help(struct canvas *canvas)
{
	static const char *const lines[] = {
		"Keys",
		"",
		"  up, down, PgUp, PgDn, Home, End   choose a stream (also k j b space g G)",
		"  Enter                             that stream: fan, experts, thresholds",
		"  q, Esc                            back; q in the list ends it",
		"  s, S                              sort by name, skill, breach, coverage, time",
		"  r                                 the other way round",
		"  /                                 only some: cpu, cpu_*{host=~\"web.*\"}",
		"                                    Enter keeps it, Esc takes it back",
		"  ?                                 these lines, and away again",
		"",
		"Columns",
		"",
		"  PAST|FORECAST  the last values, and the path of the forecast's mean",
		"  AT THE END     the widest interval at the last step of the horizon",
		"  EXPERT         what counts most, and how much; coloured: a network shares",
		"  SKILL          1 - MAE / MAE of the better of naive and seasonal naive",
		"  COVERED        share of values inside the widest interval, measured / promised",
		"  BREACH         probability that a threshold is crossed within the horizon",
		"  AGE            since it came; - if the daemon kept it for new subscribers",
		"",
		"The fan: the past, then the median, dense within the inner intervals, sparse",
		"within the widest, thresholds as broken lines. Lost: missing in the sequence.",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		canvas_put(canvas, i, 0, SIZE_MAX, *lines[i] == ' ' ? STYLE_PLAIN : STYLE_BOLD,
			   lines[i]);
}

static void draw_list(struct viewer *viewer, struct canvas *canvas, const struct table_view *view)
{
	struct list *list = &viewer->list;
	size_t room = canvas->height > 3 ? canvas->height - 3 : 0, shown;

	table_draw_totals(canvas, 0, viewer->board, view);
	viewer->page = room;
	list_scroll(list, room);
	if (!list->count || !room)
		return;
	shown = list->count - list->top < room ? list->count - list->top : room;
	table_draw(canvas, 1, list->rows + list->top, shown, view);
	canvas_select(canvas, 2 + list_place(list) - list->top);
}

static void draw_one(const struct viewer *viewer, struct canvas *canvas)
{
	const struct board_row *row = viewer->list.chosen;
	const struct fan fan = {row->forecast, row->past, row->past_count};
	/* The last row belongs to the keys. */
	struct canvas above = {canvas->width, canvas->height - 1, canvas->cells};

	detail_draw(&above, 0, &fan);
}

static void draw_foot(const struct viewer *viewer, struct canvas *canvas)
{
	const struct list *list = &viewer->list;
	size_t row = canvas->height - 1, used;
	char text[64];

	if (viewer->typing) {
		used = canvas_printf(canvas, row, 0, STYLE_BOLD, "/%s", list->filter);
		canvas_put(canvas, row, used, 1, STYLE_SELECTED, " ");
		canvas_printf(canvas, row, used + 2, STYLE_DIM, "%zu of %zu", list->count,
			      viewer->board->count);
		return;
	}
	if (viewer->one || viewer->help) {
		canvas_put(canvas, row, 0, SIZE_MAX, STYLE_DIM,
			   viewer->help ? "any key: back"
					: "q back  up, down: other streams  ? help");
		return;
	}
	snprintf(text, sizeof(text), "%zu of %zu  ", list->count ? list_place(list) + 1 : 0,
		 list->count);
	used = canvas_put(canvas, row, 0, SIZE_MAX, STYLE_PLAIN, text);
	used += canvas_printf(canvas, row, used, STYLE_PLAIN, "by %s%s  ", list_key_word(list->key),
			      list->reversed ? ", reversed" : "");
	if (*list->filter)
		used += canvas_printf(canvas, row, used, STYLE_BOLD, "/%s  ", list->filter);
	canvas_put(canvas, row, used, SIZE_MAX, STYLE_DIM,
		   "Enter: its fan  s sort  / filter  ? help  q end");
}

int viewer_draw(struct viewer *viewer, struct canvas *canvas, const struct table_view *view)
{
	int r = list_update(&viewer->list, viewer->board);

	if (r || !canvas->height)
		return r;
	canvas_clear(canvas);
	if (!viewer->list.chosen)
		viewer->one = false;
	if (viewer->help)
		draw_help(canvas);
	else if (viewer->one)
		draw_one(viewer, canvas);
	else
		draw_list(viewer, canvas, view);
	for (size_t i = 0; i < canvas->width; i++)
		*canvas_at(canvas, canvas->height - 1, i) = (struct canvas_cell){" ", STYLE_PLAIN};
	draw_foot(viewer, canvas);
	return 0;
}
