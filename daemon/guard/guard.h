/*
 * The room where it is decided who may speak to us: one thread, no samples.
 *
 *	a client's key ──ZAP (rfc.zeromq.org/spec/27)──► among the socket's clients? ──► yes, or no
 *	what became of connections ──monitors──► refusals: counted, and a line a minute and source
 *
 * ZeroMQ asks for sockets with CURVE that bind. One without the guard would let everybody in, so it
 * comes before all sockets, and goes after them.
 */
#ifndef DAEMON_GUARD_GUARD_H
#define DAEMON_GUARD_GUARD_H

#include "daemon/base/counters.h"
#include "daemon/settings/settings.h"
#include "rollcast/cleanup.h"

/* Counters are lent until guard_destroy; the settings only for the call. */
struct guard_plan {
	void *context; /* ZeroMQ's */
	const struct settings *settings;
	struct ports *inputs, *outputs;
};

struct guard;

/* Reads the lists of clients, and answers from here on. Logs what fails. Negative errno. */
int guard_create(const struct guard_plan *plan, struct guard **ret_guard);
/*
 * The lists of clients, and which sockets there are, anew. All or nothing: if a list cannot be read, it
 * says so in the log, returns a negative errno, and nothing has changed. Where a list has lost somebody,
 * everybody is cut off, and those who still may come back by themselves. By who makes all ports.
 */
int guard_set(struct guard *guard, const struct guard_plan *plan);
void guard_destroy(struct guard *guard);
DEFINE_CLEANUP(struct guard *, guard_destroy);

#endif
