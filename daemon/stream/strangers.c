#include "daemon/stream/strangers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_SHOWN = 80 };

int strangers_init(struct strangers *strangers)
{
	*strangers = (struct strangers){0};
	strangers->hashes = calloc(STRANGERS_REMEMBERED, sizeof(*strangers->hashes));
	return strangers->hashes ? 0 : -ENOMEM;
}

void strangers_finish(struct strangers *strangers)
{
	free(strangers->hashes);
	*strangers = (struct strangers){0};
}

/* The low bits chose the shard. */
static uint64_t *place_of(const struct strangers *strangers, uint64_t hash)
{
	return &strangers->hashes[(hash >> 20) % STRANGERS_REMEMBERED];
}

bool strangers_know(const struct strangers *strangers, uint64_t hash)
{
	return hash && *place_of(strangers, hash) == hash;
}

void strangers_add(struct strangers *strangers, uint64_t hash, const char *name, size_t length)
{
	size_t room = sizeof(strangers->names) - strangers->length;
	int shown = length < NAME_MAX_SHOWN ? (int)length : NAME_MAX_SHOWN;

	*place_of(strangers, hash) = hash;
	strangers->count++;
	if (room <= (size_t)shown + sizeof(", ..."))
		return;
	strangers->length += (size_t)snprintf(strangers->names + strangers->length, room,
					      "%s%.*s%s", strangers->length ? ", " : "", shown,
					      name, (size_t)shown < length ? "..." : "");
}

void strangers_forget(struct strangers *strangers)
{
	memset(strangers->hashes, 0, STRANGERS_REMEMBERED * sizeof(*strangers->hashes));
	strangers_begin_line(strangers);
}

void strangers_begin_line(struct strangers *strangers)
{
	strangers->count = 0;
	strangers->length = 0;
	strangers->names[0] = '\0';
}
