/* Asking a running daemon over HTTP: one request, bounded in time and size. */
#ifndef CLI_HTTP_H
#define CLI_HTTP_H

#include <stddef.h>

#include "cli/json_find.h"
#include "rollcast/cleanup.h"

#define HTTP_ADDRESS "127.0.0.1:9477"

/* Appends KEY=VALUE, escaped, to the path in `path`, behind ? or &. False: it does not fit. */
bool http_add_query(char *path, size_t size, const char *key, const char *value);

struct http_answer {
	char *bytes;		/* all that came; owned */
	struct json_piece body; /* within it */
};

/*
 * Asks `address` (HOST:PORT) for `path`, whose answer is JSON. 0; or STATUS_FAILED after a line on
 * stderr that begins with `program`: nobody answers, or it is an error, which the daemon explains. Without
 * a program nothing is said.
 */
int http_get_json(const char *program, const char *address, const char *path,
		  struct http_answer *ret_answer);

/*
 * Posts an empty request, with a token unless that is "", and waits for `patience_s` at most. 0, the HTTP status and the answer as text in
 * *ret_bytes, which the caller frees; or STATUS_FAILED after a line on stderr.
 */
int http_post(const char *program, const char *address, const char *path, const char *token,
	      int patience_s, int *ret_status, char **ret_bytes);
void http_answer_finish(struct http_answer *answer);

#endif
