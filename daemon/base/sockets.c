#include "daemon/base/sockets.h"

#include <string.h>
#include <zmq.h>

enum { PATIENCE_MS = 3000 }; /* for addresses that have just been let go: ZeroMQ takes its time */

/* NULL is as good as "". */
static bool are_same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/*
 * What cannot be changed while there are connections. A high-water mark could, but to change it while a
 * peer goes ends the process in libzmq 4.3.
 */
static bool is_kept(const struct socket_change *change)
{
	const struct socket_plan *before = change->before, *after = change->after;

	return before && after && before->type == after->type &&
	       before->message_max_bytes == after->message_max_bytes &&
	       before->high_water_mark == after->high_water_mark &&
	       before->linger_ms == after->linger_ms && before->ipc_mode == after->ipc_mode &&
	       are_same(before->ipc_group, after->ipc_group) &&
	       are_same(before->curve.secret_key_file, after->curve.secret_key_file) &&
	       are_same(before->curve.server_key, after->curve.server_key) &&
	       are_same(before->curve.server_key_file, after->curve.server_key_file);
}

/* What a kept socket has already. */
static const struct socket_plan *kept_of(const struct socket_change *change)
{
	return is_kept(change) ? change->before : NULL;
}

/* Whether a socket that has not bound this address wants to. */
static bool is_wanted(const char *address, const struct socket_change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct socket_plan *after = changes[i].after, *kept = kept_of(&changes[i]);

		if (after && socket_endpoint_is_in(address, after->bind, after->bind_count) &&
		    !(kept && socket_endpoint_is_in(address, kept->bind, kept->bind_count)))
			return true;
	}
	return false;
}

/* Whether it has an address that it will not have, and somebody else will. */
static bool must_let_go(const struct socket_change *change, const struct socket_change *changes,
			size_t count)
{
	const struct socket_plan *before = change->before;
	const struct socket_plan *after = is_kept(change) ? change->after : NULL;

	for (size_t i = 0; before && i < before->bind_count; i++)
		if (!(after &&
		      socket_endpoint_is_in(before->bind[i], after->bind, after->bind_count)) &&
		    is_wanted(before->bind[i], changes, count))
			return true;
	return false;
}

static int open_one(void *context, struct socket_change *change, int patience_ms)
{
	int r;

	if (!change->after)
		return 0;
	if (!is_kept(change))
		return socket_open(context, change->after, patience_ms, &change->ret_socket);
	r = socket_attach(change->socket, change->after, change->before, patience_ms);
	if (r == 0)
		change->ret_socket = change->socket;
	return r;
}

static void undo(struct socket_change *change)
{
	if (change->ret_socket && is_kept(change))
		socket_detach(change->socket, change->after, change->before);
	else if (change->ret_socket)
		zmq_close(change->ret_socket);
	change->ret_socket = NULL;
}

/* Connections are still there: only addresses were let go. */
static void take_back(struct socket_change *change)
{
	struct socket_plan addresses = *change->before;
	const struct socket_plan *after = is_kept(change) ? change->after : NULL;

	addresses.connect_count = 0;
	socket_attach(change->socket, &addresses, after, PATIENCE_MS);
}

static void let_go(struct socket_change *change)
{
	struct socket_plan addresses = *change->before;
	const struct socket_plan *after = is_kept(change) ? change->after : NULL;

	addresses.connect_count = 0;
	socket_detach(change->socket, &addresses, after);
	change->has_let_go = true;
}

static void finish(struct socket_change *change)
{
	if (is_kept(change))
		socket_detach(change->socket, change->before, change->after);
	else if (change->socket)
		zmq_close(change->socket);
}

int sockets_change(void *context, struct socket_change *changes, size_t count)
{
	int patience_ms = 0, r = 0;

	for (size_t i = 0; i < count; i++)
		if (must_let_go(&changes[i], changes, count)) {
			let_go(&changes[i]);
			patience_ms = PATIENCE_MS;
		}
	for (size_t i = 0; i < count && r == 0; i++)
		r = open_one(context, &changes[i], patience_ms);
	for (size_t i = 0; i < count && r < 0; i++)
		undo(&changes[i]);
	for (size_t i = 0; i < count; i++) {
		if (r == 0)
			finish(&changes[i]);
		else if (changes[i].has_let_go)
			take_back(&changes[i]);
	}
	return r;
}
