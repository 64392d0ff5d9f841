/* The sockets that the guard stands at, and the clients of each. */
#ifndef DAEMON_GUARD_PORT_H
#define DAEMON_GUARD_PORT_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/counters.h"
#include "daemon/guard/clients.h"
#include "daemon/guard/guard.h"

enum { PORT_DOMAIN_SIZE = 80 };

/* Why somebody was refused, in the order of the counters. */
enum reason { REASON_KEY, REASON_PLAINTEXT, REASON_HANDSHAKE, REASONS };

/* A socket with CURVE. */
struct port {
	char domain[PORT_DOMAIN_SIZE];
	struct port_counters *counters;
	enum counter refused; /* the first of REASONS counters */
	bool only_connects;
	struct clients clients;
	bool cut; /* somebody is no client any more */
};

/* Zero-initialised. A port that is in it stays where it is, to the end. */
struct port_list {
	struct port **items;
	size_t count;
};

/* Those of the settings, with their clients, into an empty list. Logs what fails. Negative errno. */
int port_list_read(struct port_list *list, const struct guard_plan *plan);
/*
 * Takes over what is new from `next`, and leaves it with what is not needed. Ports that are not in it
 * have no clients from now on. -ENOMEM: nothing has changed.
 */
int port_list_follow(struct port_list *list, struct port_list *next);
struct port *port_list_find(const struct port_list *list, const char *domain);
void port_list_finish(struct port_list *list);

#endif
