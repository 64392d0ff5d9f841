/*
 * Who is at the other end of connections, by the descriptors that ZeroMQ's monitors name. ZeroMQ owns
 * these and may close them at any time, so that they are only asked and, to cut somebody off, shut down,
 * after a look whether it is still the same peer.
 */
#ifndef DAEMON_GUARD_PEERS_H
#define DAEMON_GUARD_PEERS_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/un.h>

union peer_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct peers {
	struct peer {
		const void *port; /* NULL: nobody */
		union peer_address address;
	} * items; /* [count], by descriptor */
	size_t count;
};

enum { PEERS_SOURCE_SIZE = 64 };

/* Somebody who is not taken note of, for want of memory, has no name and is not cut off. */
void peers_came(struct peers *peers, int fd, const void *port);
void peers_left(struct peers *peers, int fd);
/* An IP address, "a local process", or "" if it is not known. */
void peers_source(const struct peers *peers, int fd, const void *port,
		  char ret_source[PEERS_SOURCE_SIZE]);
/* Ends all connections of a port; who may come back does so by itself. */
void peers_cut(const struct peers *peers, const void *port);
void peers_finish(struct peers *peers);

#endif
