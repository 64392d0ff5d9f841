/* The keys of those who may connect to a socket. */
#ifndef DAEMON_GUARD_CLIENTS_H
#define DAEMON_GUARD_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/certificate.h"

struct clients {
	bool any; /* whoever has the server's key */
	uint8_t (*keys)[CERTIFICATE_KEY_BYTES];
	size_t count, room;
};

/*
 * Of a file or a directory of certificates, or "any"; NULL or "": nobody. Negative errno, and in words
 * in `why`. On 0 the caller finishes *ret_clients.
 */
int clients_read(const char *path, struct clients *ret_clients, char why[CERTIFICATE_WHY_SIZE]);
void clients_finish(struct clients *clients);

bool clients_have(const struct clients *clients, const uint8_t key[CERTIFICATE_KEY_BYTES]);
/* Whether somebody of `before` is not among them. */
bool clients_lack(const struct clients *clients, const struct clients *before);

#endif
