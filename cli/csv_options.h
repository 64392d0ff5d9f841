/* The options of every verb that reads CSV files: rows for its table, and a line for its help. */
#ifndef CLI_CSV_OPTIONS_H
#define CLI_CSV_OPTIONS_H

#include <stddef.h>

#include "cli/csv.h"
#include "cli/options.h"

/* `csv` is a struct csv_options in `type`; `no_header` a bool. */
#define CSV_OPTION_ROWS(type, csv, no_header)                                                  \
	OPTION(TEXT, "time", "COLUMN", type, csv.time_column,                                  \
	       "times: a header, a number, or none"),                                          \
		OPTION(TEXT, "column", "COLUMN", type, csv.column, "the only values to take"), \
		OPTION(TEXT, "name", "NAME", type, csv.name,                                   \
		       "the stream; of several columns, with a label `column`"),               \
		OPTION(CHARACTER, "separator", "C", type, csv.separator, "one of , ; | tab"),  \
		OPTION(FLAG, "no-header", NULL, type, no_header, "the first line is data")

#define CSV_HELP                                                                                \
	"Files are wide (a column of times, a column per stream) or long (columns name, time, " \
	"value,\n"                                                                              \
	"labels); times are ISO 8601 or s, ms, us, ns since 1970; without times rows count as " \
	"seconds.\n"

#endif
