/*
 * Samples out of the tool. Whether somebody listens is known from the socket's monitor: a PUSH socket
 * that connects would otherwise queue in silence, and a PUB socket drop.
 */
#include "cli/publisher.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "cli/link.h"

enum {
	LINGER_MS = 500,
	LINGER_LOSSLESS_MS = 30000,
	RECONNECT_MS = 100,
	RECONNECT_MAX_MS = 2000,
};

struct publisher {
	struct publisher_plan plan;
	void *context, *socket;
	struct link link;
	bool said_waiting, said_connected;
	uint64_t sent, dropped;
};

static int complain(const struct publisher *publisher, const char *doing)
{
	int error = zmq_errno();

	fprintf(stderr, "%s: %s %s: %s\n", publisher->plan.program, doing, publisher->plan.endpoint,
		zmq_strerror(error));
	return -error;
}

static int set(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof(value));
}

static int open_socket(struct publisher *publisher)
{
	const struct publisher_plan *plan = &publisher->plan;
	const char *doing = plan->bind ? "bind" : "connect to";

	publisher->context = zmq_ctx_new();
	if (!publisher->context)
		return complain(publisher, doing);
	publisher->socket =
		zmq_socket(publisher->context, plan->kind == PUBLISHER_PUB ? ZMQ_PUB : ZMQ_PUSH);
	if (!publisher->socket ||
	    set(publisher->socket, ZMQ_LINGER, plan->lossless ? LINGER_LOSSLESS_MS : LINGER_MS) ||
	    (plan->lossless && plan->kind == PUBLISHER_PUB &&
	     set(publisher->socket, ZMQ_XPUB_NODROP, 1)) ||
	    set(publisher->socket, ZMQ_SNDHWM, plan->high_water_mark) ||
	    set(publisher->socket, ZMQ_RECONNECT_IVL, RECONNECT_MS) ||
	    set(publisher->socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS) ||
	    link_open(&publisher->link, publisher->context, publisher->socket))
		return complain(publisher, doing);
	int r = plan->bind ? 0
			   : curve_options_apply(&plan->curve, plan->program, publisher->socket);

	if (r < 0)
		return r;
	if (plan->bind ? zmq_bind(publisher->socket, plan->endpoint)
		       : zmq_connect(publisher->socket, plan->endpoint))
		return complain(publisher, doing);
	return 0;
}

int publisher_create(const struct publisher_plan *plan, struct publisher **ret_publisher)
{
	CLEANUP(publisher_destroy) struct publisher *publisher = calloc(1, sizeof(*publisher));
	int r;

	if (!publisher) {
		fprintf(stderr, "%s: %s\n", plan->program, strerror(ENOMEM));
		return -ENOMEM;
	}
	publisher->plan = *plan;
	publisher->link = (struct link){
		.program = plan->program, .endpoint = plan->endpoint, .is_client = !plan->bind};
	r = open_socket(publisher);
	if (r)
		return r;
	*ret_publisher = STEAL(publisher);
	return 0;
}

void publisher_hurry(struct publisher *publisher)
{
	set(publisher->socket, ZMQ_LINGER, LINGER_MS);
}

void publisher_destroy(struct publisher *publisher)
{
	if (!publisher)
		return;
	link_close(&publisher->link);
	if (publisher->socket)
		zmq_close(publisher->socket);
	if (publisher->context)
		zmq_ctx_term(publisher->context);
	free(publisher);
}

/* A signal is no reason to lose a message; whoever waits for signals sees it afterwards. */
static int send_frame(void *socket, const void *bytes, size_t size, int flags)
{
	int r;

	do {
		r = zmq_send(socket, bytes, size, flags);
	} while (r < 0 && zmq_errno() == EINTR);
	return r;
}

int publisher_send(struct publisher *publisher, const char *topic, const void *bytes, size_t size,
		   int timeout_ms)
{
	void *socket = publisher->socket;
	int flags = timeout_ms ? 0 : ZMQ_DONTWAIT;
	int r = 0;

	if (timeout_ms)
		set(socket, ZMQ_SNDTIMEO, timeout_ms);
	if (publisher->plan.kind == PUBLISHER_PUB)
		r = send_frame(socket, topic, strlen(topic), flags | ZMQ_SNDMORE);
	if (r >= 0)
		r = send_frame(socket, bytes, size, flags);
	if (r >= 0) {
		publisher->sent++;
		return 0;
	}
	if (zmq_errno() != EAGAIN)
		return -zmq_errno();
	publisher->dropped++;
	return PUBLISHER_FULL;
}

void publisher_look(struct publisher *publisher)
{
	const struct publisher_plan *plan = &publisher->plan;
	const char *peer = plan->kind == PUBLISHER_PUB ? "a subscriber" : "a peer";

	link_look(&publisher->link);
	if (!publisher->link.peers && !publisher->said_waiting) {
		fprintf(stderr, "%s: waiting for %s at %s\n", plan->program, peer, plan->endpoint);
		publisher->said_waiting = true;
	}
	if (publisher->link.peers && publisher->said_waiting && !publisher->said_connected) {
		fprintf(stderr, "%s: %s came\n", plan->program, peer);
		publisher->said_connected = true;
	}
}

bool publisher_has_peer(const struct publisher *publisher)
{
	return publisher->link.peers > 0;
}

bool publisher_is_refused(const struct publisher *publisher)
{
	return !publisher->link.peers && publisher->link.trouble;
}

uint64_t publisher_sent(const struct publisher *publisher)
{
	return publisher->sent;
}

uint64_t publisher_dropped(const struct publisher *publisher)
{
	return publisher->dropped;
}
