/* ZeroMQ sockets with every limit set, bound and connected, with errors in words. */
#ifndef DAEMON_BASE_SOCKET_H
#define DAEMON_BASE_SOCKET_H

#include <stddef.h>
#include <stdint.h>
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

/* As many descriptors as the system lets us have: every peer takes one. */
void socket_allow_many(void);

/*
 * A socket with high-water mark, message limit, keep-alive and handshake limit set, bound and
 * connected. An ipc path on which somebody listens is refused as busy (ZeroMQ would take it over), and
 * so is one that is no socket. With CURVE it also tells its monitor who came and who was refused.
 * Logs what is wrong and returns a negative errno.
 */
int socket_open(void *context, const struct socket_plan *plan, void **ret_socket);

#endif
