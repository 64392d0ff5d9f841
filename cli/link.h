/*
 * What becomes of a socket's connections, from its monitor: how many peers there are, and, once, on
 * stderr, why a handshake failed; not if it is quiet, then whoever owns it says so when it can.
 */
#ifndef CLI_LINK_H
#define CLI_LINK_H

#include <stdbool.h>

struct link {
	const char *program, *endpoint; /* begin every line; borrowed */
	void *socket, *monitor;
	unsigned peers;
	bool is_client; /* it connects */
	bool quiet;
	const char *trouble; /* behind the endpoint; static. NULL: none yet */
};

/* A line of the trouble, if there is any, on stderr. */
void link_complain(const struct link *link);

/* Before the socket binds or connects. A negative errno. */
int link_open(struct link *link, void *context, void *socket);
/* Takes what has happened; does not wait. */
void link_look(struct link *link);
/* Before the socket is closed; harmless if it was not opened. */
void link_close(struct link *link);

#endif
