/*
 * CURVE on a ZeroMQ socket: encrypted, and each side knows the other's key.
 *
 * Where a socket binds it is the server: ZeroMQ then asks the guard, by the socket's domain, whether it
 * knows the client's key. Where it connects it is the client, and must know the server's key before.
 */
#ifndef DAEMON_BASE_CURVE_H
#define DAEMON_BASE_CURVE_H

#include "daemon/base/certificate.h"

/* Texts that are NULL or "" are not given. */
struct curve_plan {
	const char *secret_key_file; /* our own key pair; not given: no CURVE */
	const char *server_key;	     /* of those that the socket connects to, as text */
	const char *server_key_file; /* or a certificate that has it */
	const char *domain;	     /* of those that connect to the socket: which clients may */
};

bool curve_is_on(const struct curve_plan *plan);

/*
 * For the endpoints that the socket binds, or connects to, from here on. Negative errno, and in words
 * in `why`. Without CURVE they do nothing. The guard must be there before curve_serve: with nobody to
 * ask, ZeroMQ lets every client in.
 */
int curve_serve(void *socket, const struct curve_plan *plan, char why[CERTIFICATE_WHY_SIZE]);
int curve_connect(void *socket, const struct curve_plan *plan, char why[CERTIFICATE_WHY_SIZE]);

/*
 * Has the socket tell the guard what becomes of its connections, before it has any. ZeroMQ's own thread
 * waits for the guard to listen, so there must be one. Without CURVE it does nothing. Negative errno.
 *
 *	socket ──events──► monitor's endpoint, of its own ──► guard
 *	   └──── domain and that endpoint ────► CURVE_DESK ─────┘
 */
#define CURVE_DESK "inproc://guard"
enum { CURVE_TEXT_SIZE = 160 }; /* enough for each of the two frames at the desk */
int curve_watch(void *context, void *socket, const struct curve_plan *plan);

#endif
