#include "daemon/base/socket.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"

enum {
	KEEPALIVE_S = 10, /* of silence, then probes, */
	PROBE_S = 5,
	PROBES = 4, /* as many as may be lost */
	HANDSHAKE_MS = 10000,
	RECONNECT_MS = 100,
	RECONNECT_MAX_MS = 5000,
	BACKLOG = 1024, /* who connects at once, and waits to be taken */
	IPC_MODE = 0600,
	RETRY_US = 5000,
};

static int set_int(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof(value)) ? -errno : 0;
}

/*
 * TCP looks whether silent peers are still there, not ZeroMQ's heartbeats: these end the whole process
 * if a peer goes while its messages have to wait (an assertion in libzmq 4.3), and take one that answers
 * behind a backlog for dead.
 */
static int set_limits(void *socket, const struct socket_plan *plan)
{
	const struct {
		int option, value;
	} options[] = {
		{ZMQ_SNDHWM, (int)plan->high_water_mark},
		{ZMQ_RCVHWM, (int)plan->high_water_mark},
		{ZMQ_LINGER, plan->linger_ms},
		{ZMQ_TCP_KEEPALIVE, 1},
		{ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_S},
		{ZMQ_TCP_KEEPALIVE_INTVL, PROBE_S},
		{ZMQ_TCP_KEEPALIVE_CNT, PROBES},
		{ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
		{ZMQ_RECONNECT_IVL, RECONNECT_MS},
		{ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS},
		{ZMQ_BACKLOG, BACKLOG},
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

/* The path of an ipc endpoint that is a file; NULL: it is none. */
static const char *ipc_path(const char *endpoint)
{
	return strncmp(endpoint, "ipc://", 6) == 0 && endpoint[6] != '@' ? endpoint + 6 : NULL;
}

/*
 * 0, or why a path cannot be bound. Somebody may listen there; what the dead left behind may go, but
 * nothing that is no socket.
 */
static int check_path(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat status;

	if (strlen(path) >= sizeof(address.sun_path) || lstat(path, &status))
		return 0; /* zmq_bind has its own words for that */
	if (!S_ISSOCK(status.st_mode))
		return -EEXIST;
	strcpy(address.sun_path, path);
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (probe < 0)
		return -errno;
	/* EAGAIN: its backlog is full. EACCES: not ours, and not ours to remove. */
	bool free_ = connect(probe, (struct sockaddr *)&address, sizeof(address)) &&
		     errno == ECONNREFUSED;

	close(probe);
	return free_ ? 0 : -EADDRINUSE;
}

static int give_path(const char *path, const struct socket_plan *plan)
{
	const struct group *group = NULL;

	if (plan->ipc_group && *plan->ipc_group) {
		errno = 0;
		group = getgrnam(plan->ipc_group);
		if (!group) {
			log_line(LOG_ERR, "%s: there is no group \"%s\"", plan->owner,
				 plan->ipc_group);
			return errno ? -errno : -EINVAL;
		}
	}
	/* The group first: until then the mode would be for another. */
	if (group && chown(path, (uid_t)-1, group->gr_gid))
		return -errno;
	return chmod(path, plan->ipc_mode ? plan->ipc_mode : IPC_MODE) ? -errno : 0;
}

/* Bound so that nobody else can use it until it has its mode. */
static int bind_ipc(void *socket, const char *endpoint, const char *path,
		    const struct socket_plan *plan)
{
	int r = check_path(path);

	if (r < 0)
		return r;
	mode_t mask = umask(0777 & ~IPC_MODE);

	r = zmq_bind(socket, endpoint) ? -errno : 0;
	umask(mask);
	return r < 0 ? r : give_path(path, plan);
}

static int bind_one(void *socket, const char *endpoint, const struct socket_plan *plan)
{
	const char *path = ipc_path(endpoint);

	if (path)
		return bind_ipc(socket, endpoint, path, plan);
	return zmq_bind(socket, endpoint) ? -errno : 0;
}

static int complain(const struct socket_plan *plan, const char *what, const char *endpoint, int r)
{
	log_line(LOG_ERR, "%s: cannot %s %s: %s", plan->owner, what, endpoint, zmq_strerror(-r));
	return r;
}

static int bind_patiently(void *socket, const char *endpoint, const struct socket_plan *plan,
			  int patience_ms)
{
	int64_t until_us = clock_monotonic_us() + patience_ms * INT64_C(1000);
	int r;

	while ((r = bind_one(socket, endpoint, plan)) == -EADDRINUSE &&
	       clock_monotonic_us() < until_us)
		usleep(RETRY_US);
	return r;
}

static bool is_new_bind(const char *endpoint, const struct socket_plan *except)
{
	return !except || !socket_endpoint_is_in(endpoint, except->bind, except->bind_count);
}

static bool is_new_connect(const char *endpoint, const struct socket_plan *except)
{
	return !except || !socket_endpoint_is_in(endpoint, except->connect, except->connect_count);
}

static int bind_all(void *socket, const struct socket_plan *plan, const struct socket_plan *except,
		    int patience_ms)
{
	for (size_t i = 0; i < plan->bind_count; i++) {
		int r = is_new_bind(plan->bind[i], except)
				? bind_patiently(socket, plan->bind[i], plan, patience_ms)
				: 0;

		if (r < 0)
			return complain(plan, "bind", plan->bind[i], r);
	}
	return 0;
}

static int connect_all(void *socket, const struct socket_plan *plan,
		       const struct socket_plan *except)
{
	for (size_t i = 0; i < plan->connect_count; i++)
		if (is_new_connect(plan->connect[i], except) &&
		    zmq_connect(socket, plan->connect[i]))
			return complain(plan, "connect to", plan->connect[i], -errno);
	return 0;
}

/* First the server's part, then the client's: each holds for the endpoints that follow it. */
static int attach(void *socket, const struct socket_plan *plan, const struct socket_plan *except,
		  int patience_ms)
{
	char why[CERTIFICATE_WHY_SIZE] = "";
	int r = plan->bind_count ? curve_serve(socket, &plan->curve, why) : 0;

	if (r == 0)
		r = bind_all(socket, plan, except, patience_ms);
	if (r == 0 && plan->connect_count)
		r = curve_connect(socket, &plan->curve, why);
	if (r < 0 && *why)
		log_line(LOG_ERR, "%s.curve: %s", plan->owner, why);
	return r < 0 ? r : connect_all(socket, plan, except);
}

int socket_attach(void *socket, const struct socket_plan *plan, const struct socket_plan *except,
		  int patience_ms)
{
	int r = attach(socket, plan, except, patience_ms);

	if (r < 0)
		socket_detach(socket, plan, except);
	return r;
}

/* What was never attached is no news. */
static void note_detached(const struct socket_plan *plan, const char *endpoint, int r)
{
	if (r && errno != ENOENT)
		log_line(LOG_WARNING, "%s: cannot let go of %s: %s", plan->owner, endpoint,
			 zmq_strerror(errno));
}

void socket_detach(void *socket, const struct socket_plan *plan, const struct socket_plan *except)
{
	for (size_t i = 0; i < plan->bind_count; i++)
		if (is_new_bind(plan->bind[i], except))
			note_detached(plan, plan->bind[i], zmq_unbind(socket, plan->bind[i]));
	for (size_t i = 0; i < plan->connect_count; i++)
		if (is_new_connect(plan->connect[i], except))
			note_detached(plan, plan->connect[i],
				      zmq_disconnect(socket, plan->connect[i]));
}

void socket_try_again(void *socket, const struct socket_plan *plan)
{
	if (plan->connect_count != 1)
		return;
	zmq_disconnect(socket, plan->connect[0]); /* it is there in name only */
	if (zmq_connect(socket, plan->connect[0]))
		complain(plan, "connect to", plan->connect[0], -errno);
}

static int tell_guard(void *context, void *socket, const struct socket_plan *plan)
{
	int r = curve_watch(context, socket, &plan->curve);

	return r < 0 ? complain(plan, "open the monitor of", "a socket", r) : 0;
}

void socket_allow_many(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int socket_open(void *context, const struct socket_plan *plan, int patience_ms, void **ret_socket)
{
	void *socket = zmq_socket(context, plan->type);

	if (!socket)
		return complain(plan, "open", "a socket", -errno);
	int r = set_limits(socket, plan);

	if (r < 0)
		complain(plan, "set the limits of", "a socket", r);
	else
		r = tell_guard(context, socket, plan);
	if (r == 0)
		r = socket_attach(socket, plan, NULL, patience_ms);
	if (r < 0) {
		set_int(socket, ZMQ_LINGER, 0);
		zmq_close(socket);
		return r;
	}
	*ret_socket = socket;
	return 0;
}
