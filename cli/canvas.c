#include "cli/canvas.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static bool starts_character(char byte)
{
	return ((unsigned char)byte & 0xc0) != 0x80;
}

size_t canvas_cells(const char *text)
{
	size_t cells = 0;

	for (; *text; text++)
		cells += starts_character(*text);
	return cells;
}

int canvas_resize(struct canvas *canvas, size_t width, size_t height)
{
	struct canvas_cell *cells = calloc(width * height + 1, sizeof(*cells));

	if (!cells)
		return -ENOMEM;
	free(canvas->cells);
	*canvas = (struct canvas){width, height, cells};
	canvas_clear(canvas);
	return 0;
}

void canvas_finish(struct canvas *canvas)
{
	if (!canvas)
		return;
	free(canvas->cells);
	*canvas = (struct canvas){0};
}

void canvas_clear(struct canvas *canvas)
{
	for (size_t i = 0; i < canvas->width * canvas->height; i++)
		canvas->cells[i] = (struct canvas_cell){" ", STYLE_PLAIN};
}

struct canvas_cell *canvas_at(const struct canvas *canvas, size_t row, size_t column)
{
	if (row >= canvas->height || column >= canvas->width)
		return NULL;
	return &canvas->cells[row * canvas->width + column];
}

/* C0, DEL, and in two bytes C1: they could be commands to the terminal. */
static bool is_control(const char *text)
{
	unsigned char byte = (unsigned char)*text;

	return byte < ' ' || byte == 0x7f || (byte == 0xc2 && (unsigned char)text[1] < 0xa0);
}

/* Takes one character off the text; a sequence that is too long or begins in the middle is `?`. */
static const char *next_character(const char *text, char *glyph)
{
	const char *end = text + 1;
	size_t length;

	while (*end && !starts_character(*end))
		end++;
	length = (size_t)(end - text);
	if (length > 4 || !starts_character(*text) || is_control(text))
		strcpy(glyph, "?");
	else
		memcpy(stpncpy(glyph, text, length), "", 1);
	return end;
}

size_t canvas_put(struct canvas *canvas, size_t row, size_t column, size_t room, uint8_t style,
		  const char *text)
{
	size_t used = 0;

	for (; *text && used < room; used++) {
		struct canvas_cell *cell = canvas_at(canvas, row, column + used);

		if (!cell)
			break;
		text = next_character(text, cell->glyph);
		cell->style = style;
	}
	return used;
}

size_t canvas_printf(struct canvas *canvas, size_t row, size_t column, uint8_t style,
		     const char *format, ...)
{
	char text[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return canvas_put(canvas, row, column, SIZE_MAX, style, text);
}

void canvas_select(struct canvas *canvas, size_t row)
{
	for (size_t column = 0; column < canvas->width; column++)
		canvas_at(canvas, row, column)->style |= STYLE_SELECTED;
}

static void print_row(FILE *file, const struct canvas *canvas, size_t row, bool colours)
{
	static const char *const codes[STYLES] = {
		[STYLE_PLAIN] = "0",	[STYLE_DIM] = "0;2",  [STYLE_BOLD] = "0;1",
		[STYLE_GOOD] = "0;32",	[STYLE_BAD] = "0;31", [STYLE_WARNING] = "0;33",
		[STYLE_MODEL] = "0;36",
	};
	const struct canvas_cell *cells = canvas->cells + row * canvas->width;
	uint8_t style = STYLE_PLAIN;
	size_t used = canvas->width;

	while (used && !strcmp(cells[used - 1].glyph, " "))
		used--;
	for (size_t i = 0; i < used; i++) {
		if (colours && cells[i].style != style) {
			style = cells[i].style;
			fprintf(file, "\033[%s%sm", codes[style & ~STYLE_SELECTED],
				style & STYLE_SELECTED ? ";7" : "");
		}
		fputs(cells[i].glyph, file);
	}
	fputs(style == STYLE_PLAIN ? "\n" : "\033[0m\n", file);
}

void canvas_print(FILE *file, const struct canvas *canvas, size_t rows, bool colours)
{
	for (size_t row = 0; row < rows && row < canvas->height; row++)
		print_row(file, canvas, row, colours);
}
