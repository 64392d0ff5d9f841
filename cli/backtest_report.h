/* What a backtest found, on stdout: a table for people, or JSON. */
#ifndef CLI_BACKTEST_REPORT_H
#define CLI_BACKTEST_REPORT_H

#include "cli/backtest_run.h"

/* Arrays of `count` streams, borrowed. */
struct backtest_report {
	size_t count;
	const struct backtest_series *series;
	const struct rollcast_stream_settings *settings;
	const struct backtest_result *results;
};

/* A line per stream and one for all: MASE a mean, rBest a geometric mean over streams. */
void backtest_print_table(const struct backtest_report *report);
void backtest_print_json(const struct backtest_report *report);

#endif
