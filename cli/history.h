/*
 * One whole series in memory on a regular grid, for the verbs that work offline.
 *
 * The step is a number of calendar months when every time is the start of one, else the usual
 * distance of the times. Several values in a step become their mean; steps without a value are
 * filled linearly and counted. The order of the rows does not matter.
 */
#ifndef CLI_HISTORY_H
#define CLI_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/csv.h"
#include "rollcast/cleanup.h"

enum { HISTORY_COUNT_MAX = 1 << 24 };

struct history {
	char *title; /* for people: the column's header, or the stream */
	double *values;
	size_t count;
	size_t filled;
	int64_t first_us;
	int64_t step_us; /* of months, the mean */
	uint32_t months; /* per step; 0: the step is no calendar step */
	bool has_times;	 /* else times are row numbers */
};

/*
 * Reads a file that has one stream, or the one called `stream` (canonical name or title; NULL:
 * there must be only one). 0, or a negative errno after lines on options->errors that say why; any
 * problem in the file is one.
 */
int history_load(const char *path, const char *stream, const struct csv_options *options,
		 struct history *ret_history);
void history_finish(struct history *history);
DEFINE_CLEANUP(struct history *, history_finish);

/* The time of a step; those behind the end are forecast. */
int64_t history_time(const struct history *history, size_t index);

/*
 * history_time for people: a date, a time, or the row's number. `text` holds WHEN_TEXT_MAX bytes.
 */
char *history_when(const struct history *history, size_t index, char *text);

/* "month", "day", "5 min", "row": what a step is. `text` holds WHEN_TEXT_MAX bytes; returns it. */
char *history_step(const struct history *history, char *text);

/*
 * Steps per season as the calendar has it: 12 for months, 4 for quarters, 7 for days, 52 for weeks,
 * a day for what is shorter; 1: none.
 */
uint32_t history_season(const struct history *history);

#endif
