/*
 * From one set of ZeroMQ sockets to another, without a break for those that stay.
 *
 *	let go of addresses that others want ─► open and attach ─► all there? ─► detach and close
 *	              ▲                                              │ no
 *	              └──────────────── all as before ◄──────────────┘
 */
#ifndef DAEMON_BASE_SOCKETS_H
#define DAEMON_BASE_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/socket.h"

struct socket_change {
	const struct socket_plan *before, *after; /* NULL: there was none; there will be none */
	void *socket;				  /* the one that was; NULL: none */
	void *ret_socket;			  /* the one that is; NULL: none */
	bool has_let_go;			  /* of addresses, for others */
};

/*
 * A socket that can be kept is, with all connections that both plans have. If something cannot be had,
 * which is logged, all is as before, and a negative errno says why. By the thread that has the sockets.
 */
int sockets_change(void *context, struct socket_change *changes, size_t count);

#endif
