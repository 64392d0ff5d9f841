#include "daemon/guard/peers.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { DESCRIPTORS_MAX = 1 << 20 };

static bool read_address(int fd, union peer_address *ret_address)
{
	union {
		struct sockaddr_storage storage;
		union peer_address address;
	} peer = {.storage = {0}};
	socklen_t size = sizeof(peer);

	if (getpeername(fd, (struct sockaddr *)&peer.storage, &size))
		return false;
	*ret_address = peer.address;
	return true;
}

static bool make_room(struct peers *peers, size_t wanted)
{
	size_t count = peers->count ? peers->count : 64;
	struct peer *items;

	while (count < wanted)
		count *= 2;
	items = reallocarray(peers->items, count, sizeof(*items));
	if (!items)
		return false;
	memset(items + peers->count, 0, (count - peers->count) * sizeof(*items));
	peers->items = items;
	peers->count = count;
	return true;
}

void peers_came(struct peers *peers, int fd, const void *port)
{
	union peer_address address;

	if (fd < 0 || fd >= DESCRIPTORS_MAX || !read_address(fd, &address))
		return;
	if ((size_t)fd >= peers->count && !make_room(peers, (size_t)fd + 1))
		return;
	peers->items[fd] = (struct peer){port, address};
}

void peers_left(struct peers *peers, int fd)
{
	if (fd >= 0 && (size_t)fd < peers->count)
		peers->items[fd].port = NULL;
}

void peers_source(const struct peers *peers, int fd, const void *port,
		  char ret_source[PEERS_SOURCE_SIZE])
{
	const union peer_address *address;

	*ret_source = '\0';
	if (fd < 0 || (size_t)fd >= peers->count || peers->items[fd].port != port)
		return;
	address = &peers->items[fd].address;
	if (address->any.sa_family == AF_INET)
		inet_ntop(AF_INET, &address->v4.sin_addr, ret_source, PEERS_SOURCE_SIZE);
	else if (address->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr))
		inet_ntop(AF_INET, &address->v6.sin6_addr.s6_addr[12], ret_source,
			  PEERS_SOURCE_SIZE);
	else if (address->any.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &address->v6.sin6_addr, ret_source, PEERS_SOURCE_SIZE);
	else
		strcpy(ret_source, "a local process");
}

/* Of unix sockets nothing tells one peer from another. */
static bool is_same(const union peer_address *a, const union peer_address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->v4.sin_port == b->v4.sin_port &&
		       a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	return a->any.sa_family != AF_INET6 ||
	       (a->v6.sin6_port == b->v6.sin6_port &&
		IN6_ARE_ADDR_EQUAL(&a->v6.sin6_addr, &b->v6.sin6_addr));
}

void peers_cut(const struct peers *peers, const void *port)
{
	for (size_t fd = 0; fd < peers->count; fd++) {
		union peer_address now = {0};

		if (peers->items[fd].port == port && read_address((int)fd, &now) &&
		    is_same(&now, &peers->items[fd].address))
			shutdown((int)fd, SHUT_RDWR);
	}
}

void peers_finish(struct peers *peers)
{
	free(peers->items);
	*peers = (struct peers){0};
}
