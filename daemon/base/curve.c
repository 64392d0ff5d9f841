#include "daemon/base/curve.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

enum {
	ANNOUNCE_MS = 1000,
	EVENTS = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
		 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
		 ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
};

static bool is_given(const char *text)
{
	return text && *text;
}

bool curve_is_on(const struct curve_plan *plan)
{
	return is_given(plan->secret_key_file);
}

static int set_text(void *socket, int option, const char *text, char *why)
{
	if (!zmq_setsockopt(socket, option, text, strlen(text)))
		return 0;
	int r = -errno;

	snprintf(why, CERTIFICATE_WHY_SIZE, "cannot use the key: %s", zmq_strerror(-r));
	return r;
}

static int set_own_keys(void *socket, const struct curve_plan *plan, char *why)
{
	struct certificate own;
	int r = certificate_read_secret(plan->secret_key_file, &own, why);

	if (r < 0)
		return r;
	r = set_text(socket, ZMQ_CURVE_PUBLICKEY, own.public_key, why);
	if (r == 0)
		r = set_text(socket, ZMQ_CURVE_SECRETKEY, own.secret_key, why);
	certificate_forget(&own);
	return r;
}

int curve_serve(void *socket, const struct curve_plan *plan, char why[CERTIFICATE_WHY_SIZE])
{
	int on = 1;

	if (!curve_is_on(plan))
		return 0;
	int r = set_own_keys(socket, plan, why);

	if (r == 0)
		r = set_text(socket, ZMQ_ZAP_DOMAIN, plan->domain, why);
	if (r == 0 && zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &on, sizeof(on))) {
		r = -errno;
		snprintf(why, CERTIFICATE_WHY_SIZE, "CURVE: %s", zmq_strerror(-r));
	}
	return r;
}

int curve_connect(void *socket, const struct curve_plan *plan, char why[CERTIFICATE_WHY_SIZE])
{
	struct certificate server;
	const char *key = plan->server_key;
	int r = 0;

	if (!curve_is_on(plan))
		return 0;
	if (!is_given(key)) {
		r = certificate_read_public(plan->server_key_file, &server, why);
		key = server.public_key;
	}
	if (r == 0)
		r = set_own_keys(socket, plan, why);
	if (r == 0)
		r = set_text(socket, ZMQ_CURVE_SERVERKEY, key, why);
	return r;
}

/* Two frames, domain and endpoint. */
static int announce(void *context, const char *domain, const char *endpoint)
{
	int linger_ms = ANNOUNCE_MS, r = 0;
	void *desk = zmq_socket(context, ZMQ_PUSH);

	if (!desk || zmq_setsockopt(desk, ZMQ_LINGER, &linger_ms, sizeof(linger_ms)) ||
	    zmq_connect(desk, CURVE_DESK) ||
	    zmq_send(desk, domain, strlen(domain), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0 ||
	    zmq_send(desk, endpoint, strlen(endpoint), ZMQ_DONTWAIT) < 0)
		r = -errno;
	if (desk)
		zmq_close(desk);
	return r;
}

int curve_watch(void *context, void *socket, const struct curve_plan *plan)
{
	static atomic_uint count;
	char endpoint[CURVE_TEXT_SIZE];

	if (!curve_is_on(plan))
		return 0;
	snprintf(endpoint, sizeof(endpoint), "inproc://monitor/%u", count++);
	if (zmq_socket_monitor(socket, endpoint, EVENTS))
		return -errno;
	return announce(context, plan->domain, endpoint);
}
