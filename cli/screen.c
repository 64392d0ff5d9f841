#include "cli/screen.h"

#define NCURSES_WIDECHAR 1
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>

#include "cli/viewer.h"

static struct {
	SCREEN *screen;
	FILE *keys; /* NULL: none */
} state;

bool screen_wants_colours(void)
{
	const char *without = getenv("NO_COLOR");

	return !without || !*without;
}

size_t screen_width(void)
{
	struct winsize size;

	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : 80;
}

/* Names and charts are UTF-8, whatever else the locale says. */
static void use_utf8(void)
{
	if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

static void use_colours(void)
{
	static const short colours[STYLES] = {
		[STYLE_GOOD] = COLOR_GREEN,
		[STYLE_BAD] = COLOR_RED,
		[STYLE_WARNING] = COLOR_YELLOW,
		[STYLE_MODEL] = COLOR_CYAN,
	};

	if (!screen_wants_colours() || !has_colors() || start_color() == ERR)
		return;
	use_default_colors();
	for (int style = 0; style < STYLES; style++)
		if (colours[style])
			init_pair((short)(style + 1), colours[style], -1);
}

static attr_t attributes_of(uint8_t style, short *ret_pair)
{
	uint8_t plain = style & ~STYLE_SELECTED;
	attr_t attributes = style & STYLE_SELECTED ? A_REVERSE : A_NORMAL;

	*ret_pair = plain >= STYLE_GOOD ? (short)(plain + 1) : 0;
	if (plain == STYLE_DIM)
		attributes |= A_DIM;
	if (plain == STYLE_BOLD)
		attributes |= A_BOLD;
	return attributes;
}

int screen_open(void)
{
	const char *kind = getenv("TERM");
	bool from_stdin = isatty(STDIN_FILENO);

	if (!isatty(STDOUT_FILENO) || !kind || !*kind || !strcmp(kind, "dumb"))
		return -ENOTTY;
	use_utf8();
	state.keys = from_stdin ? stdin : fopen("/dev/tty", "re");
	state.screen = newterm(NULL, stdout, state.keys ? state.keys : stdin);
	if (!state.screen || !cursor_address) {
		screen_close();
		return -ENOTTY;
	}
	set_escdelay(50);
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	use_colours();
	return 0;
}

void screen_close(void)
{
	if (state.screen) {
		endwin();
		delscreen(state.screen);
	}
	if (state.keys && state.keys != stdin)
		fclose(state.keys);
	state.screen = NULL;
	state.keys = NULL;
}

int screen_input(void)
{
	return state.keys ? fileno(state.keys) : -1;
}

static uint32_t special_key(wint_t code)
{
	static const struct {
		wint_t code;
		uint32_t key;
	} keys[] = {
		{KEY_UP, KEY_OF_UP},	     {KEY_DOWN, KEY_OF_DOWN},
		{KEY_LEFT, KEY_OF_LEFT},     {KEY_RIGHT, KEY_OF_RIGHT},
		{KEY_PPAGE, KEY_OF_PAGE_UP}, {KEY_NPAGE, KEY_OF_PAGE_DOWN},
		{KEY_HOME, KEY_OF_HOME},     {KEY_END, KEY_OF_END},
		{KEY_ENTER, KEY_OF_ENTER},   {KEY_BACKSPACE, KEY_OF_BACKSPACE},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].code == code)
			return keys[i].key;
	return KEY_OF_OTHER;
}

uint32_t screen_key(void)
{
	wint_t code;
	int kind = get_wch(&code);

	if (kind == ERR)
		return 0;
	if (kind == KEY_CODE_YES)
		return special_key(code);
	switch (code) {
	case '\r':
	case '\n':
		return KEY_OF_ENTER;
	case '\033':
		return KEY_OF_ESCAPE;
	case '\b':
	case 0x7f:
		return KEY_OF_BACKSPACE;
	default:
		return code ? code : KEY_OF_OTHER;
	}
}

void screen_measure(size_t *ret_width, size_t *ret_height)
{
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col && size.ws_row &&
	    (size.ws_col != COLS || size.ws_row != LINES)) {
		resizeterm(size.ws_row, size.ws_col);
		/* What was drawn may have been wrapped by the terminal. */
		clearok(stdscr, TRUE);
	}
	*ret_width = (size_t)COLS;
	*ret_height = (size_t)LINES;
}

void screen_show(const struct canvas *canvas)
{
	erase();
	for (size_t row = 0; row < canvas->height; row++)
		for (size_t column = 0; column < canvas->width; column++) {
			const struct canvas_cell *cell = canvas_at(canvas, row, column);
			short pair;
			attr_t attributes = attributes_of(cell->style, &pair);

			attr_set(attributes, pair, NULL);
			mvaddstr((int)row, (int)column, cell->glyph);
		}
	refresh();
}
