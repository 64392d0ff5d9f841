/* A few lines of a terminal, redrawn in place. */
#include "cli/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define HIDE_CURSOR  "\033[?25l"
#define SHOW_CURSOR  "\033[?25h"
#define WRAP_OFF     "\033[?7l"
#define WRAP_ON	     "\033[?7h"
#define CLEAR_LINE   "\033[K"
#define CLEAR_BELOW  "\033[J"
#define CLEAR_SCREEN "\033[H\033[2J"

bool terminal_is_capable(FILE *file)
{
	const char *kind = getenv("TERM");

	return isatty(fileno(file)) && kind && *kind && strcmp(kind, "dumb");
}

bool terminal_wants_colours(void)
{
	const char *without = getenv("NO_COLOR");

	return !without || !*without;
}

static void measure(struct terminal *terminal)
{
	struct winsize size;

	terminal->width = 80;
	terminal->height = 24;
	if (ioctl(fileno(terminal->file), TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		return;
	terminal->width = size.ws_col;
	terminal->height = size.ws_row;
}

void terminal_init(struct terminal *terminal, FILE *file)
{
	*terminal = (struct terminal){.file = file};
	measure(terminal);
	fputs(HIDE_CURSOR, file);
}

void terminal_finish(struct terminal *terminal)
{
	fputs(WRAP_ON SHOW_CURSOR, terminal->file);
	fflush(terminal->file);
}

void terminal_resize(struct terminal *terminal)
{
	measure(terminal);
	terminal->drawn = 0;
	fputs(CLEAR_SCREEN, terminal->file);
}

int terminal_draw(struct terminal *terminal, const char *text)
{
	FILE *file = terminal->file;

	if (terminal->drawn)
		fprintf(file, "\033[%zuA\r", terminal->drawn);
	terminal->drawn = 0;
	fputs(WRAP_OFF, file);
	for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
		fwrite(text, 1, (size_t)(end - text), file);
		fputs(CLEAR_LINE "\n", file);
		terminal->drawn++;
	}
	fputs(CLEAR_BELOW WRAP_ON, file);
	return fflush(file) ? -errno : 0;
}
