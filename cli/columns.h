/*
 * What the columns of a CSV file are: found from its first rows.
 */
#ifndef CLI_COLUMNS_H
#define CLI_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/csv.h"
#include "cli/row.h"

enum column_role {
	COLUMN_VALUE,
	COLUMN_TIME,
	COLUMN_NAME,   /* long files: the stream's name */
	COLUMN_LABEL,  /* long files: a label, named by the header */
	COLUMN_LABELS, /* long files: several labels, `a=b;c=d` */
	COLUMN_UNUSED,
};

struct column {
	char *title; /* from the header; its number without one */
	enum column_role role;
	uint32_t stream; /* of a wide file's value: for the reader */
};

struct columns {
	struct column *items;
	uint32_t count;
	bool header, is_long, has_times, has_years;
	char decimal_comma; /* ',' where it cannot separate, else 0 */
};

bool cell_is_missing(const struct cell *cell);
/* A finite number. `decimal_comma`: ',' is accepted for the point, or 0. */
bool cell_read_number(const struct cell *cell, char decimal_comma, double *ret_number);

/* True if the first of two rows is a header. `second` is NULL in a file of one row. */
bool columns_have_header(const struct row *first, const struct row *second, char decimal_comma);

/*
 * The columns of a file. `header` is NULL without one, `first` (the first row of data) in a file
 * that has none. -EINVAL after a line in `problem`; -ENOMEM. The caller owns them in any case.
 */
int columns_find(const struct row *header, const struct row *first,
		 const struct csv_options *options, char decimal_comma, struct columns *columns,
		 char *problem, size_t problem_size);
void columns_finish(struct columns *columns);

#endif
