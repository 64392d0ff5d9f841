#include "daemon/guard/guard.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/base/clock.h"
#include "daemon/base/curve.h"
#include "daemon/base/log.h"
#include "daemon/base/thread.h"
#include "daemon/guard/peers.h"
#include "daemon/guard/port.h"
#include "daemon/guard/refusals.h"
#include "daemon/guard/zap.h"

enum {
	EVENTS_WAITING = 100000,
	PATIENCE_S = 10, /* after a server has refused us */
	FIXED_ITEMS = 3,
};

/* Where a socket tells of its connections. */
struct monitor {
	void *socket;
	struct port *port; /* NULL: of none that we know */
	bool failed;	   /* a handshake has; who it was is told next */
	enum reason reason;
};

struct guard {
	void *context;
	void *zap; /* the thread's, once it runs */
	int wake_fd;
	bool stop;
	pthread_mutex_t lock; /* of ports and stop */
	struct port_list ports;

	/* The thread's own. */
	struct peers peers;
	struct refusals refusals;
	void *desk; /* where sockets say that they are there */
	struct monitor *monitors;
	size_t monitor_count;
	zmq_pollitem_t *poll_items; /* [FIXED_ITEMS + monitors]: zap, wake_fd, desk, monitors */

	pthread_t thread;
	bool started;
};

/* ---- refusals ---- */

static const char *reason_text(const struct port *port, enum reason reason)
{
	static const char *const of_clients[REASONS] = {
		[REASON_KEY] = "its key is not among the clients",
		[REASON_PLAINTEXT] = "it does not speak CURVE",
		[REASON_HANDSHAKE] = "no handshake: its server key is wrong, or it has none",
	};
	static const char *const of_servers[REASONS] = {
		[REASON_KEY] = "our key is not among its clients",
		[REASON_PLAINTEXT] = "it does not speak CURVE",
		[REASON_HANDSHAKE] = "no handshake: our server key is not its, or it uses none",
	};

	return (port->only_connects ? of_servers : of_clients)[reason];
}

/* "": it is not known who it was; they share a line. */
static void refuse(struct guard *guard, const struct port *port, enum reason reason,
		   const char *source, const char *detail)
{
	char who[REFUSALS_SOURCE_SIZE], more[64] = "";
	uint64_t unsaid;

	count_add(&port->counters->counters, port->refused + reason, 1);
	snprintf(who, sizeof(who), "%s: %s", port->domain, *source ? source : "somebody");
	if (!refusals_say(&guard->refusals, who, clock_monotonic_us(), &unsaid))
		return;
	if (unsaid)
		snprintf(more, sizeof(more), "; %llu refusals since the last line",
			 (unsigned long long)unsaid);
	log_line(LOG_WARNING, "%s refused: %s%s%s", who, reason_text(port, reason), detail, more);
}

/* Sockets that speak IPv6 see IPv4 so. */
static const char *plain_address(const char *address)
{
	static const char mapped[] = "::ffff:";
	size_t length = sizeof(mapped) - 1;

	return !strncmp(address, mapped, length) && strchr(address, '.') ? address + length
									 : address;
}

static void answer(struct guard *guard, const struct zap_request *request)
{
	struct port *port = port_list_find(&guard->ports, request->domain);
	bool yes = port && clients_have(&port->clients, request->key);
	char key[CERTIFICATE_KEY_SIZE], detail[64];

	zap_answer(guard->zap, request, yes);
	if (yes || !port)
		return;
	zmq_z85_encode(key, request->key, CERTIFICATE_KEY_BYTES);
	snprintf(detail, sizeof(detail), " (%s)", key);
	refuse(guard, port, REASON_KEY, plain_address(request->address), detail);
}

static void answer_all(struct guard *guard)
{
	struct zap_request request;
	int r;

	while ((r = zap_receive(guard->zap, &request)) != ZAP_NONE)
		if (r == 0)
			answer(guard, &request);
}

/* ---- monitors ---- */

struct event {
	uint16_t what;
	uint32_t value;
	char address[REFUSALS_SOURCE_SIZE];
};

/* A frame of u16 event and u32 value, and a frame with the endpoint. */
static bool receive_event(void *monitor, struct event *ret_event)
{
	unsigned char frame[6];
	int size = zmq_recv(monitor, frame, sizeof(frame), ZMQ_DONTWAIT);

	if (size < 0)
		return false;
	memcpy(&ret_event->what, frame, sizeof(ret_event->what));
	memcpy(&ret_event->value, frame + sizeof(ret_event->what), sizeof(ret_event->value));
	size = zmq_recv(monitor, ret_event->address, sizeof(ret_event->address) - 1, 0);
	if (size < 0)
		return false;
	if (size >= (int)sizeof(ret_event->address))
		size = sizeof(ret_event->address) - 1;
	ret_event->address[size] = '\0';
	return true;
}

/* What ZeroMQ takes for final may change: a server learns our key, or to speak CURVE. */
static void try_again(struct port *port)
{
	if (port->only_connects)
		port->counters->try_again_us = clock_monotonic_us() + PATIENCE_S * INT64_C(1000000);
}

static void note_failure(struct monitor *monitor, enum reason reason)
{
	monitor->failed = true;
	monitor->reason = reason;
}

/*
 * A failed handshake is told without saying whose it was; then, by the same thread, that the connection
 * is gone, and which one. Clients whose key is refused are told of through ZAP.
 */
static void take_event(struct guard *guard, struct monitor *monitor, const struct event *event)
{
	struct port *port = monitor->port;
	char source[PEERS_SOURCE_SIZE];
	int fd = (int)event->value;

	switch (event->what) {
	case ZMQ_EVENT_ACCEPTED:
		peers_came(&guard->peers, fd, port);
		break;
	case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
		monitor->failed = false;
		break;
	case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
		if (port->only_connects)
			refuse(guard, port, REASON_KEY, event->address, "");
		try_again(port);
		break;
	case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
		try_again(port);
		note_failure(monitor, event->value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
					      ? REASON_PLAINTEXT
					      : REASON_HANDSHAKE);
		break;
	case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
		note_failure(monitor, REASON_HANDSHAKE);
		break;
	case ZMQ_EVENT_DISCONNECTED:
		peers_source(&guard->peers, fd, port, source);
		peers_left(&guard->peers, fd);
		if (monitor->failed)
			refuse(guard, port, monitor->reason,
			       port->only_connects ? event->address : source, "");
		monitor->failed = false;
		break;
	default:
		break;
	}
}

/* ZeroMQ's own thread waits while a monitor is full: all of it is taken at once. False: it is over. */
static bool take_events(struct guard *guard, struct monitor *monitor)
{
	struct event event;

	while (receive_event(monitor->socket, &event)) {
		if (monitor->port)
			take_event(guard, monitor, &event);
		if (event.what == ZMQ_EVENT_MONITOR_STOPPED)
			return false;
	}
	return true;
}

static void take_all_events(struct guard *guard)
{
	size_t left = 0;

	for (size_t i = 0; i < guard->monitor_count; i++) {
		if (take_events(guard, &guard->monitors[i]))
			guard->monitors[left++] = guard->monitors[i];
		else
			zmq_close(guard->monitors[i].socket);
	}
	guard->monitor_count = left;
}

static void *open_monitor(void *context, const char *endpoint)
{
	int none = 0, waiting = EVENTS_WAITING;
	void *socket = zmq_socket(context, ZMQ_PAIR);

	if (!socket)
		return NULL;
	zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof(none));
	zmq_setsockopt(socket, ZMQ_RCVHWM, &waiting, sizeof(waiting));
	if (!zmq_connect(socket, endpoint))
		return socket;
	zmq_close(socket);
	return NULL;
}

static bool make_room(struct guard *guard)
{
	size_t wanted = guard->monitor_count + 1;
	void *monitors = reallocarray(guard->monitors, wanted, sizeof(*guard->monitors));

	if (monitors)
		guard->monitors = monitors;
	void *items =
		reallocarray(guard->poll_items, FIXED_ITEMS + wanted, sizeof(*guard->poll_items));

	if (items)
		guard->poll_items = items;
	return monitors && items;
}

static void add_monitor(struct guard *guard, const char *domain, const char *endpoint)
{
	void *socket = make_room(guard) ? open_monitor(guard->context, endpoint) : NULL;

	if (!socket)
		log_line(LOG_ERR, "%s: nobody watches who connects: %s", domain,
			 zmq_strerror(errno));
	else
		guard->monitors[guard->monitor_count++] = (struct monitor){
			.socket = socket, .port = port_list_find(&guard->ports, domain)};
}

/* Sockets that say that they are there: domain, and the endpoint of their monitor. */
static void take_arrivals(struct guard *guard)
{
	char texts[2][CURVE_TEXT_SIZE];

	for (;;) {
		for (int i = 0; i < 2; i++) {
			int size = zmq_recv(guard->desk, texts[i], CURVE_TEXT_SIZE - 1,
					    i ? 0 : ZMQ_DONTWAIT);

			if (size < 0)
				return;
			texts[i][size < CURVE_TEXT_SIZE ? size : CURVE_TEXT_SIZE - 1] = '\0';
		}
		add_monitor(guard, texts[0], texts[1]);
	}
}

static int plan_poll(struct guard *guard)
{
	zmq_pollitem_t *items = guard->poll_items;

	items[0] = (zmq_pollitem_t){.socket = guard->zap, .events = ZMQ_POLLIN};
	items[1] = (zmq_pollitem_t){.fd = guard->wake_fd, .events = ZMQ_POLLIN};
	items[2] = (zmq_pollitem_t){.socket = guard->desk, .events = ZMQ_POLLIN};
	for (size_t i = 0; i < guard->monitor_count; i++)
		items[FIXED_ITEMS + i] =
			(zmq_pollitem_t){.socket = guard->monitors[i].socket, .events = ZMQ_POLLIN};
	return (int)(FIXED_ITEMS + guard->monitor_count);
}

/* ---- the thread ---- */

static void cut_off(struct guard *guard)
{
	for (size_t i = 0; i < guard->ports.count; i++) {
		struct port *port = guard->ports.items[i];

		if (port->cut)
			peers_cut(&guard->peers, port);
		port->cut = false;
	}
}

/* Returns whether to go on. */
static bool go_round(struct guard *guard)
{
	bool stop;

	pthread_mutex_lock(&guard->lock);
	answer_all(guard);
	take_arrivals(guard);
	take_all_events(guard);
	cut_off(guard);
	stop = guard->stop;
	pthread_mutex_unlock(&guard->lock);
	return !stop;
}

static void *run(void *argument)
{
	struct guard *guard = argument;
	uint64_t wakes;

	while (go_round(guard)) {
		zmq_poll(guard->poll_items, plan_poll(guard), -1);
		if (read(guard->wake_fd, &wakes, sizeof(wakes)) < 0)
			continue; /* it was something else */
	}
	return NULL;
}

static void wake(struct guard *guard)
{
	uint64_t one = 1;

	if (write(guard->wake_fd, &one, sizeof(one)) < 0) {
		/* It is awake. */
	}
}

int guard_set(struct guard *guard, const struct guard_plan *plan)
{
	struct port_list next = {0};
	int r = port_list_read(&next, plan);

	pthread_mutex_lock(&guard->lock);
	if (r == 0)
		r = port_list_follow(&guard->ports, &next);
	pthread_mutex_unlock(&guard->lock);
	port_list_finish(&next);
	wake(guard);
	return r;
}

/* ---- life ---- */

int guard_create(const struct guard_plan *plan, struct guard **ret_guard)
{
	CLEANUP(guard_destroy) struct guard *guard = calloc(1, sizeof(*guard));
	int none = 0;

	if (!guard)
		return -ENOMEM;
	guard->context = plan->context;
	pthread_mutex_init(&guard->lock, NULL);
	guard->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (guard->wake_fd < 0)
		return -errno;
	int r = guard_set(guard, plan);

	if (r < 0)
		return r;
	guard->zap = zmq_socket(guard->context, ZMQ_REP);
	guard->desk = zmq_socket(guard->context, ZMQ_PULL);
	if (!guard->zap || !guard->desk ||
	    zmq_setsockopt(guard->zap, ZMQ_LINGER, &none, sizeof(none)) ||
	    zmq_bind(guard->zap, "inproc://zeromq.zap.01") || zmq_bind(guard->desk, CURVE_DESK))
		return -errno;
	guard->poll_items = calloc(FIXED_ITEMS, sizeof(*guard->poll_items));
	if (!guard->poll_items)
		return -ENOMEM;
	r = thread_start(&guard->thread, "guard", run, guard);
	guard->started = r == 0;
	if (r < 0)
		return r;
	*ret_guard = STEAL(guard);
	return 0;
}

void guard_destroy(struct guard *guard)
{
	if (!guard)
		return;
	if (guard->started) {
		pthread_mutex_lock(&guard->lock);
		guard->stop = true;
		pthread_mutex_unlock(&guard->lock);
		wake(guard);
		pthread_join(guard->thread, NULL);
	}
	if (guard->zap)
		zmq_close(guard->zap);
	if (guard->desk)
		zmq_close(guard->desk);
	for (size_t i = 0; i < guard->monitor_count; i++)
		zmq_close(guard->monitors[i].socket);
	free(guard->monitors);
	port_list_finish(&guard->ports);
	free(guard->poll_items);
	peers_finish(&guard->peers);
	if (guard->wake_fd >= 0)
		close(guard->wake_fd);
	pthread_mutex_destroy(&guard->lock);
	free(guard);
}
