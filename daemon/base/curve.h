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
 * Where a socket of that domain tells what becomes of its connections: an endpoint for ZeroMQ's monitor,
 * and for the guard, who reads there.
 */
enum { CURVE_MONITOR_SIZE = 160 };
void curve_monitor_endpoint(const char *domain, char ret_endpoint[CURVE_MONITOR_SIZE]);

#endif
