/* Sorted, so that a stranger who knocks a thousand times a second costs little. */
#include "daemon/guard/clients.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, CERTIFICATE_KEY_BYTES);
}

static int add(void *context, const struct certificate *certificate)
{
	struct clients *clients = context;

	if (clients->count == clients->room) {
		size_t room = clients->room ? 2 * clients->room : 16;
		void *keys = reallocarray(clients->keys, room, sizeof(*clients->keys));

		if (!keys)
			return -ENOMEM;
		clients->keys = keys;
		clients->room = room;
	}
	certificate_key_is_valid(certificate->public_key, clients->keys[clients->count++]);
	return 0;
}

int clients_read(const char *path, struct clients *ret_clients, char why[CERTIFICATE_WHY_SIZE])
{
	struct clients clients = {0};
	int r = 0;

	if (path && !strcmp(path, "any"))
		clients.any = true;
	else if (path && *path)
		r = certificate_each(path, add, &clients, why);
	if (r < 0) {
		if (r == -ENOMEM)
			strcpy(why, strerror(ENOMEM));
		clients_finish(&clients);
		return r;
	}
	if (clients.count)
		qsort(clients.keys, clients.count, sizeof(*clients.keys), compare);
	*ret_clients = clients;
	return 0;
}

void clients_finish(struct clients *clients)
{
	free(clients->keys);
	*clients = (struct clients){0};
}

bool clients_have(const struct clients *clients, const uint8_t key[CERTIFICATE_KEY_BYTES])
{
	return clients->any || (clients->count && bsearch(key, clients->keys, clients->count,
							  sizeof(*clients->keys), compare));
}

bool clients_lack(const struct clients *clients, const struct clients *before)
{
	if (clients->any)
		return false;
	if (before->any)
		return true;
	for (size_t i = 0; i < before->count; i++)
		if (!clients_have(clients, before->keys[i]))
			return true;
	return false;
}
