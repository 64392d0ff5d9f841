/* One stream of a running daemon, asked over HTTP: its newest forecast, and the values before it. */
#ifndef CLI_FORECAST_ANSWER_H
#define CLI_FORECAST_ANSWER_H

#include "cli/http.h"
#include "rollcast/wire.h"

struct forecast_answer {
	struct http_answer http;
	struct rollcast_forecast_reader *reader;
	const struct rollcast_forecast *forecast; /* lives in the reader */
	double *past; /* [count], a value per step up to until_us; NaN: not known */
	size_t count;
	int64_t until_us;
};

/*
 * 0, or the exit status after a line on stderr that begins with `program`; without a program nothing
 * is said. At most `history` values.
 */
int forecast_answer_get(const char *program, const char *address, const char *stream,
			uint64_t history, struct forecast_answer *ret_answer);
void forecast_answer_finish(struct forecast_answer *answer);
DEFINE_CLEANUP(struct forecast_answer *, forecast_answer_finish);

#endif
