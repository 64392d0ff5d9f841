/* ZeroMQ sockets with every limit set, bound and connected, with errors in words. */
#ifndef DAEMON_BASE_SOCKET_H
#define DAEMON_BASE_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "daemon/base/curve.h"

struct socket_plan {
	const char *owner; /* for error lines: "inputs.metrics" */
	int type;	   /* ZMQ_SUB, ... */
	char *const *bind;
	size_t bind_count;
	char *const *connect;
	size_t connect_count;
	uint32_t high_water_mark;  /* messages, both directions; 0: no limit */
	int64_t message_max_bytes; /* -1: no limit */
	int linger_ms;
	struct curve_plan curve;
	mode_t ipc_mode;       /* of the unix sockets that ipc:// binds; 0: 0600 */
	const char *ipc_group; /* their group; NULL or "": the process's */
};

static inline bool socket_endpoint_is_in(const char *endpoint, char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(endpoint, list[i]) == 0)
			return true;
	return false;
}

/* As many descriptors as the system lets us have: every peer takes one. */
void socket_allow_many(void);

/*
 * A socket with high-water mark, message limit, keep-alive and handshake limit set, bound and
 * connected; for an address that is in use, tries again for `patience_ms`. An ipc path on which somebody
 * listens is refused as busy (ZeroMQ would take it over), and so is one that is no socket. With CURVE it
 * also tells its monitor who came and who was refused.
 * Logs what is wrong and returns a negative errno.
 */
int socket_open(void *context, const struct socket_plan *plan, int patience_ms, void **ret_socket);

/*
 * Binds and connects what is in `plan` and not in `except` (NULL: nothing is). On failure, which is
 * logged, nothing of it is attached.
 */
int socket_attach(void *socket, const struct socket_plan *plan, const struct socket_plan *except,
		  int patience_ms);
/* Takes back what socket_attach with these did; what is on its way through these connections may be lost. */
void socket_detach(void *socket, const struct socket_plan *plan, const struct socket_plan *except);
/*
 * Connects again what ZeroMQ has given up after it was refused: the one endpoint, for of several it does
 * not say which, and nothing is done.
 */
void socket_try_again(void *socket, const struct socket_plan *plan);

#endif
