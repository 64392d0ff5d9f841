#include "daemon/base/curve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

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

void curve_monitor_endpoint(const char *domain, char ret_endpoint[CURVE_MONITOR_SIZE])
{
	snprintf(ret_endpoint, CURVE_MONITOR_SIZE, "inproc://monitor/%s", domain);
}
