/*
 * Series from CSV files as people have them: a stream of samples, read in constant memory.
 *
 *	no times       wide                      long
 *	112            time,web1,web2            name,time,value,host
 *	118            2024-01-01,3.5,           cpu,1704067200,0.5,web1
 *	132            2024-01-02,3.7,12         cpu,1704067200,0.7,web2
 *
 * Separators: , ; tab or |. A header is optional. Comma as decimal mark unless it separates. Empty
 * cells, `NA`, `NaN`, `null`, `none`, `-`, `?` are missing: no sample. Lines that begin with # are
 * comments. Times: see when.h; without a column of times the row's number counts as seconds.
 *
 * The column of times is the one whose header is a word such as `time`, `date`, `month`, `ts`; else
 * the first one whose first value is a date or a time since 1973 in s, ms, us or ns. Long is a file
 * with a column of names (`name`, `stream`, `series`, `metric`, `id`), and one of values (`value`,
 * `y`); its other columns are labels, a column `labels` holds several (`a=b;c=d`). Every other file
 * is wide: each further column is a stream named by its header. A single column called `value` or
 * `y`, or one without a header, is named by the file.
 */
#ifndef CLI_CSV_H
#define CLI_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "rollcast/cleanup.h"

enum {
	CSV_PROBLEMS_SHOWN = 20,
};

enum csv_header { CSV_HEADER_AUTO, CSV_HEADER_YES, CSV_HEADER_NO };

/* What is not given (NULL, 0) is found. Borrowed by csv_open for the call. */
struct csv_options {
	const char *name;	 /* of the stream; of several: a label `column` tells them apart */
	const char *time_column; /* header or number (from 1); "none": row numbers */
	const char *column;	 /* the only column of values to read: header or number */
	char separator;
	enum csv_header header;
	FILE *errors; /* NULL: problems are only counted */
};

struct csv_sample {
	int64_t time_us;
	double value;
	uint64_t line;
	uint32_t stream; /* for csv_stream */
};

struct csv_reader;

/*
 * Opens a file; `-` is standard input. 0, or a negative errno after a line on options->errors: what
 * the system says of the file, or -EINVAL for contents that are no series at all.
 */
int csv_open(const char *path, const struct csv_options *options, struct csv_reader **ret_reader);
void csv_close(struct csv_reader *reader);
DEFINE_CLEANUP(struct csv_reader *, csv_close);

/*
 * The next sample, in the order of the file; of a wide row from left to right, with the same time
 * and line. 1, 0 at the end, or a negative errno. What cannot be read is left out, counted, and
 * shown as `file:line: column: problem`, the first CSV_PROBLEMS_SHOWN of them.
 */
int csv_next(struct csv_reader *reader, struct csv_sample *ret_sample);

/* Canonical names of the streams seen so far. Those of a wide file are known from the start. */
uint32_t csv_stream_count(const struct csv_reader *reader);
const char *csv_stream(const struct csv_reader *reader, uint32_t stream);

/* The header above a wide file's stream, or its stream's name: for people. */
const char *csv_title(const struct csv_reader *reader, uint32_t stream);

uint64_t csv_problems(const struct csv_reader *reader);
/* False if times are row numbers. */
bool csv_has_times(const struct csv_reader *reader);

#endif
