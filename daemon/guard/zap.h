/* ZeroMQ's questions about clients: rfc.zeromq.org/spec/27. */
#ifndef DAEMON_GUARD_ZAP_H
#define DAEMON_GUARD_ZAP_H

#include <stdbool.h>

#include "daemon/base/certificate.h"

enum { ZAP_TEXT_SIZE = 256 };

struct zap_request {
	char id[ZAP_TEXT_SIZE];
	char domain[ZAP_TEXT_SIZE];
	char address[ZAP_TEXT_SIZE];
	uint8_t key[CERTIFICATE_KEY_BYTES];
};

enum {
	ZAP_NONE = 1,	   /* none waits */
	ZAP_MALFORMED = 2, /* it has been answered with a refusal */
};

/* Takes one from a REP socket, without waiting. 0, ZAP_NONE, ZAP_MALFORMED. */
int zap_receive(void *socket, struct zap_request *ret_request);
void zap_answer(void *socket, const struct zap_request *request, bool yes);

#endif
