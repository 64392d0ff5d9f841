/*
 * Which requests are answered at all.
 *
 * A page in somebody's browser may send requests anywhere, to loopback too. It cannot read answers from
 * another origin, unless its own name is made to point here (DNS rebinding): so the Host header must be
 * an address, or a name that is ours. And it must not change anything: so what is no GET comes from no
 * other origin, and brings the token, if there is one.
 */
#ifndef DAEMON_WATCH_ACCESS_H
#define DAEMON_WATCH_ACCESS_H

#include <stdbool.h>

#include "daemon/settings/settings.h"

struct access {
	struct strings hosts; /* names beside localhost and this machine's */
	char *token_file;     /* read for each request that needs it; "": no token */
	bool is_local;	      /* only this machine can connect */
};

/* Copies what it needs of the settings. Finish it, even after a failure: -ENOMEM. */
int access_init(struct access *access, const struct http_settings *settings, bool is_local);
void access_finish(struct access *access);

/* Of the request; NULL: it has no such header. */
struct access_request {
	const char *method;
	const char *host, *origin, *fetch_site, *authorization;
};

/* Whether the token can be read, if there is to be one: 0, or a negative errno, which is logged. */
int access_try_token(const struct access *access);
/*
 * 0, or the status to refuse with (401, 403, 421, 500) and in *ret_why a line for people. Logs when the
 * token cannot be read.
 */
unsigned access_check(const struct access *access, const struct access_request *request,
		      const char **ret_why);

#endif
