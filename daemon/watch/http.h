/*
 * The HTTP server: what people and Prometheus read while the daemon runs.
 *
 *	GET /             a page for people: page.html
 *	GET /metrics      the counters, in Prometheus' text format
 *	GET /-/healthy    200 while every thread on a sample's way goes round its loop, else 503
 *	GET /-/ready      200 once samples are taken, else 503
 *	GET /api/...      what programs read: see api.h
 *	POST /-/reload    reads the settings again, and answers when they count or why they do not
 *
 * One thread of libmicrohttpd. Connections and sizes of requests are limited, slow clients have to go
 * (visitors.h), and other people's pages are kept out (access.h).
 */
#ifndef DAEMON_WATCH_HTTP_H
#define DAEMON_WATCH_HTTP_H

#include <stdint.h>
#include <stdio.h>

#include "daemon/base/counters.h"
#include "daemon/base/queue.h"
#include "daemon/base/thread.h"
#include "daemon/settings/settings.h"
#include "rollcast/cleanup.h"

enum http_reload {
	HTTP_RELOAD_DONE,
	HTTP_RELOAD_REFUSED, /* the settings are wrong */
	HTTP_RELOAD_FAILED,
};

/* Everything lent to the server, until http_destroy. */
struct http_plan {
	const char *listen;		      /* ADDRESS:PORT or [ADDRESS]:PORT */
	const struct http_settings *settings; /* only for the call: who may ask for what */
	const char *forecasts;		      /* the same: see http_set_forecasts */
	const struct all_counters *counters;
	const struct heartbeat *heartbeats; /* [heartbeat_count] */
	uint32_t heartbeat_count;
	int64_t stalled_us;	 /* a heartbeat older than this is a thread that hangs */
	struct queue *questions; /* [shards] */
	struct queue *inboxes;	 /* [shards] */
	uint32_t shards;
	struct queue *training, *out;
	/* Reloads, waits, and writes what there is to say about it. */
	enum http_reload (*reload)(void *context, FILE *answer);
	void *context; /* of reload */
};

struct http;

/* Listens and answers, /-/ready with 503. Logs what fails. Negative errno. */
int http_create(const struct http_plan *plan, struct http **ret_http);
/*
 * Other names and another token, from now on; harmless for NULL. Negative errno, and all as before: it
 * has logged that the token cannot be read.
 */
int http_set_access(struct http *http, const struct http_settings *settings);
/* From now on /-/ready says yes, or no. */
void http_set_ready(struct http *http, bool ready);
/* A selector: streams whose forecasts are metrics; NULL: none. It is copied. Harmless for NULL. */
void http_set_forecasts(struct http *http, const char *forecasts);
/* Ends the thread; requests under way are cut off. */
void http_destroy(struct http *http);
DEFINE_CLEANUP(struct http *, http_destroy);

#endif
