/*
 * Bytes to cells. One pass, one byte of look-ahead; a row's text is copied without quotes into one
 * block, each cell ended by a zero where its separator stood.
 *
 *	file:  2020-01-01 , "say ""a""" ,\r\n
 *	text:  2020-01-01 0 say "a"     0 0       three cells
 */
#include "cli/row.h"

#include <errno.h>
#include <string.h>

enum {
	BUFFER_BYTES = 1 << 16,
	SAMPLE_ROWS = 16, /* looked at for the separator */
	NOTHING = -1,	  /* no more bytes */
};

struct row_reader {
	FILE *file;
	char separator;
	uint64_t line;
	uint32_t column;    /* of the byte that comes next, from 1 */
	uint32_t row_bytes; /* raw bytes of the row so far */
	size_t at, filled;
	int error;
	char *text;
	size_t used;
	struct cell *cells;
	uint32_t count;
	unsigned char buffer[BUFFER_BYTES];
};

int row_reader_create(FILE *file, struct row_reader **ret_reader)
{
	CLEANUP(row_reader_destroy) struct row_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	reader->text =
		malloc(ROW_BYTES_MAX + ROW_CELLS_MAX + 2); /* an empty cell has a zero, too */
	reader->cells = malloc(ROW_CELLS_MAX * sizeof(*reader->cells));
	if (!reader->text || !reader->cells)
		return -ENOMEM;
	reader->file = file;
	reader->separator = ',';
	reader->line = 1;
	reader->column = 1;
	*ret_reader = STEAL(reader);
	return 0;
}

void row_reader_destroy(struct row_reader *reader)
{
	if (!reader)
		return;
	free(reader->text);
	free(reader->cells);
	free(reader);
}

void row_reader_set_separator(struct row_reader *reader, char separator)
{
	reader->separator = separator;
}

static void fill(struct row_reader *reader)
{
	bool first = reader->filled == 0;

	reader->at = 0;
	reader->filled = fread(reader->buffer, 1, BUFFER_BYTES, reader->file);
	if (ferror(reader->file))
		reader->error = errno ? -errno : -EIO;
	if (first && reader->filled >= 3 && !memcmp(reader->buffer, "\xef\xbb\xbf", 3))
		reader->at = 3;
}

static int peek(struct row_reader *reader)
{
	if (reader->at == reader->filled) {
		if (reader->error || feof(reader->file))
			return NOTHING;
		fill(reader);
		if (reader->at == reader->filled)
			return NOTHING;
	}
	return reader->buffer[reader->at];
}

static int get(struct row_reader *reader)
{
	int byte = peek(reader);

	if (byte == NOTHING)
		return NOTHING;
	reader->at++;
	reader->column++;
	reader->row_bytes++;
	if (byte == '\n' || (byte == '\r' && peek(reader) != '\n')) {
		reader->line++;
		reader->column = 1;
	}
	return byte;
}

bool row_reader_is_wide(struct row_reader *reader)
{
	const unsigned char *bytes = reader->buffer;

	peek(reader);
	return reader->filled >= 2 &&
	       ((bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff));
}

/* The candidates by preference: a comma may also be the decimal mark. */
static const char separators[] = "\t;|,";
enum { SEPARATORS = sizeof(separators) - 1 };

/* Counts of each candidate in one row of the buffer, outside quotes; where the row ends. */
static size_t count_separators(const struct row_reader *reader, size_t at, uint32_t *ret_counts)
{
	bool quoted = false;

	memset(ret_counts, 0, SEPARATORS * sizeof(*ret_counts));
	for (; at < reader->filled; at++) {
		const char *found;
		int byte = reader->buffer[at];

		if (byte == '"')
			quoted = !quoted;
		else if (!quoted && (byte == '\n' || byte == '\r'))
			break;
		else if (!quoted && byte && (found = strchr(separators, byte)))
			ret_counts[found - separators]++;
	}
	return at;
}

char row_reader_find_separator(struct row_reader *reader)
{
	uint32_t counts[SAMPLE_ROWS][SEPARATORS];
	int rows = 0, most = 0;
	char best = '\0';

	peek(reader);
	for (size_t at = reader->at; at < reader->filled && rows < SAMPLE_ROWS; at++) {
		bool skip = strchr("#\r\n", reader->buffer[at]) != NULL;

		at = count_separators(reader, at, counts[rows]);
		/*
		 * A row cut off by the end of the buffer says nothing, unless it is the only one.
		 */
		if (!skip && (at < reader->filled || rows == 0 || reader->filled < BUFFER_BYTES))
			rows++;
	}
	for (int candidate = 0; candidate < SEPARATORS; candidate++) {
		int like_first = 0;

		for (int i = 0; i < rows && counts[0][candidate]; i++)
			like_first += counts[i][candidate] == counts[0][candidate];
		if (like_first > most) {
			most = like_first;
			best = separators[candidate];
		}
	}
	return best;
}

static bool ends_line(int byte)
{
	return byte == '\n' || byte == '\r' || byte == NOTHING;
}

static void skip_line(struct row_reader *reader)
{
	while (!ends_line(get(reader)))
		; /* of \r\n the \n is left: an empty row */
}

static bool is_blank(const struct row_reader *reader, int byte)
{
	return byte == ' ' || (byte == '\t' && reader->separator != '\t');
}

static bool ends_cell(const struct row_reader *reader, int byte)
{
	return ends_line(byte) || (reader->separator && byte == reader->separator);
}

/* The rest of a cell after its opening quote. */
static int read_quoted(struct row_reader *reader)
{
	for (;;) {
		int byte = get(reader);

		if (byte == NOTHING)
			return ROW_QUOTE_OPEN;
		if (byte == '\0')
			return ROW_ZERO_BYTE;
		if (reader->row_bytes > ROW_BYTES_MAX)
			return ROW_TOO_LONG;
		if (byte == '"') {
			if (peek(reader) != '"')
				break;
			get(reader);
		}
		reader->text[reader->used++] = (char)byte;
	}
	while (is_blank(reader, peek(reader)))
		get(reader);
	return ends_cell(reader, peek(reader)) ? ROW_READ : ROW_QUOTE_STRAY;
}

static int read_bare(struct row_reader *reader, size_t start)
{
	while (!ends_cell(reader, peek(reader))) {
		int byte = get(reader);

		if (byte == '\0')
			return ROW_ZERO_BYTE;
		if (reader->row_bytes > ROW_BYTES_MAX)
			return ROW_TOO_LONG;
		reader->text[reader->used++] = (char)byte;
	}
	while (reader->used > start && is_blank(reader, reader->text[reader->used - 1]))
		reader->used--;
	return ROW_READ;
}

/* One cell up to what ends it, which is left. */
static int read_cell(struct row_reader *reader)
{
	struct cell *cell = &reader->cells[reader->count];
	size_t start = reader->used;
	int result;

	if (reader->count == ROW_CELLS_MAX)
		return ROW_TOO_LONG;
	while (is_blank(reader, peek(reader)) && reader->row_bytes < ROW_BYTES_MAX)
		get(reader);
	cell->column = reader->column;
	if (peek(reader) == '"') {
		get(reader);
		result = read_quoted(reader);
	} else
		result = read_bare(reader, start);
	if (result != ROW_READ)
		return result;
	cell->text = reader->text + start;
	cell->length = (uint32_t)(reader->used - start);
	reader->text[reader->used++] = '\0';
	reader->count++;
	return ROW_READ;
}

static int read_row(struct row_reader *reader)
{
	reader->used = 0;
	reader->count = 0;
	reader->row_bytes = 0;
	for (;;) {
		int result = read_cell(reader);

		if (result != ROW_READ)
			return result;
		if (ends_line(peek(reader)))
			break;
		get(reader);
	}
	return ROW_READ;
}

int row_reader_next(struct row_reader *reader, struct row *ret_row)
{
	for (;;) {
		int result;

		if (peek(reader) == NOTHING)
			return reader->error ? reader->error : ROW_END;
		ret_row->line = reader->line;
		if (peek(reader) == '#') {
			skip_line(reader);
			continue;
		}
		result = read_row(reader);
		ret_row->column = reader->column > 1 ? reader->column - 1 : 1;
		if (result == ROW_QUOTE_STRAY)
			ret_row->column = reader->column;
		else if (result == ROW_QUOTE_OPEN)
			ret_row->column = reader->cells[reader->count].column;
		skip_line(reader);
		if (reader->error)
			return reader->error;
		if (result == ROW_READ && reader->count == 1 && !reader->cells[0].length)
			continue;
		ret_row->cells = reader->cells;
		ret_row->count = reader->count;
		return result;
	}
}
