#include "daemon/base/socket.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/base/log.h"

enum {
	HEARTBEAT_MS = 10000,
	HEARTBEAT_TIMEOUT_MS = 30000,
	HANDSHAKE_MS = 10000,
	RECONNECT_MS = 100,
	RECONNECT_MAX_MS = 5000,
};

static int set_int(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof(value)) ? -errno : 0;
}

static int set_limits(void *socket, const struct socket_plan *plan)
{
	const struct {
		int option, value;
	} options[] = {
		{ZMQ_SNDHWM, (int)plan->high_water_mark},
		{ZMQ_RCVHWM, (int)plan->high_water_mark},
		{ZMQ_LINGER, plan->linger_ms},
		{ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS},
		{ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS},
		{ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
		{ZMQ_RECONNECT_IVL, RECONNECT_MS},
		{ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS},
		{ZMQ_IPV6, 1},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		int r = set_int(socket, options[i].option, options[i].value);

		if (r < 0)
			return r;
	}
	if (zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &plan->message_max_bytes, sizeof(int64_t)))
		return -errno;
	return 0;
}

/* Whether somebody listens on a unix socket; a path left behind by the dead does not count. */
static int path_is_busy(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		return 0; /* zmq_bind has its own word for that */
	strcpy(address.sun_path, path);
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (probe < 0)
		return 0;
	int busy = connect(probe, (struct sockaddr *)&address, sizeof(address)) == 0;

	close(probe);
	return busy;
}

static int bind_one(void *socket, const char *endpoint)
{
	if (strncmp(endpoint, "ipc://", 6) == 0 && path_is_busy(endpoint + 6))
		return -EADDRINUSE;
	return zmq_bind(socket, endpoint) ? -errno : 0;
}

static int complain(const struct socket_plan *plan, const char *what, const char *endpoint, int r)
{
	log_line(LOG_ERR, "%s: cannot %s %s: %s", plan->owner, what, endpoint, zmq_strerror(-r));
	return r;
}

static int attach(void *socket, const struct socket_plan *plan)
{
	for (size_t i = 0; i < plan->bind_count; i++) {
		int r = bind_one(socket, plan->bind[i]);

		if (r < 0)
			return complain(plan, "bind", plan->bind[i], r);
	}
	for (size_t i = 0; i < plan->connect_count; i++)
		if (zmq_connect(socket, plan->connect[i]))
			return complain(plan, "connect to", plan->connect[i], -errno);
	return 0;
}

int socket_open(void *context, const struct socket_plan *plan, void **ret_socket)
{
	void *socket = zmq_socket(context, plan->type);

	if (!socket)
		return complain(plan, "open", "a socket", -errno);
	int r = set_limits(socket, plan);

	if (r < 0)
		complain(plan, "set the limits of", "a socket", r);
	else
		r = attach(socket, plan);
	if (r < 0) {
		set_int(socket, ZMQ_LINGER, 0);
		zmq_close(socket);
		return r;
	}
	*ret_socket = socket;
	return 0;
}
