/*
 * What programs read over HTTP, as JSON; times in seconds since 1970, null for what is not known.
 *
 *	/api/status                          the daemon: version, health, counts
 *	/api/streams?match=&search=&sort=&limit=&offset=
 *	                                     streams, each with the end of its forecast
 *	/api/forecast?stream=NAME&history=N  one stream: forecast, and the values before it
 *	/api/trainings                       the last ones
 *
 * match is a selector, search a part of a name or its labels. sort: name, skill, coverage, breach (the
 * probability of the most probable breach of a threshold), samples or age, each with `-` before it for the other way round.
 */
#ifndef DAEMON_WATCH_API_H
#define DAEMON_WATCH_API_H

#include <stdio.h>

#include "daemon/watch/http.h"

/* What follows `?` in the request; NULL: was not given. */
struct api_query {
	const char *match, *search, *sort, *limit, *offset, *stream, *history;
};

/* What only the server knows. */
struct api_server {
	double start_seconds;
	bool ready, healthy;
};

/* Each writes the whole body, and returns the HTTP status. */
unsigned api_status(const struct http_plan *plan, const struct api_server *server, FILE *body);
unsigned api_streams(const struct http_plan *plan, const struct api_query *query, FILE *body);
unsigned api_forecast(const struct http_plan *plan, const struct api_query *query, FILE *body);
unsigned api_trainings(const struct http_plan *plan, FILE *body);

#endif
