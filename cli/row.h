/*
 * Rows of a CSV file, one after the other, in constant memory: cells, quotes, comment lines.
 */
#ifndef CLI_ROW_H
#define CLI_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "rollcast/cleanup.h"

enum {
	ROW_BYTES_MAX = 1 << 20,
	ROW_CELLS_MAX = 1 << 16,
};

enum row_result {
	ROW_END = 0,
	ROW_READ = 1,
	/* The row is not usable; the next call goes on after it. */
	ROW_TOO_LONG = 2,
	ROW_ZERO_BYTE = 3,
	ROW_QUOTE_OPEN = 4,  /* the file ends within quotes */
	ROW_QUOTE_STRAY = 5, /* text after a closing quote */
};

/* Text of one cell without its quotes and the blanks around it; ended by a zero. */
struct cell {
	const char *text;
	uint32_t length;
	uint32_t column; /* where it begins in its line: bytes, from 1 */
};

struct row {
	uint64_t line; /* where the row begins, from 1 */
	uint32_t count;
	const struct cell *cells;
	uint32_t column; /* of a problem */
};

struct row_reader;

/* Reads `file`, which stays the caller's. -ENOMEM. */
int row_reader_create(FILE *file, struct row_reader **ret_reader);
void row_reader_destroy(struct row_reader *reader);
DEFINE_CLEANUP(struct row_reader *, row_reader_destroy);

/*
 * What separates the cells: one of `,` `;` tab `|`. Found from the first rows: the one that occurs
 * as often as in the first of them, outside quotes, in the most. `0` in a file without any: one
 * column.
 */
char row_reader_find_separator(struct row_reader *reader);
void row_reader_set_separator(struct row_reader *reader, char separator);

/*
 * The next row that is neither empty nor a comment (`#`). An enum row_result, or a negative errno
 * of reading. The row is borrowed until the next call.
 */
int row_reader_next(struct row_reader *reader, struct row *ret_row);

/* True if the file begins with the marks of UTF-16 or UTF-32. */
bool row_reader_is_wide(struct row_reader *reader);

#endif
