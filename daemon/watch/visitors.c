#include "daemon/watch/visitors.h"

#include <stddef.h>
#include <sys/socket.h>

/* Its server sees the end of the connection, and closes it. */
static void send_away(struct visitors *visitors, struct visitor *visitor)
{
	visitor->is_leaving = true;
	visitors->count--;
	shutdown(visitor->fd, SHUT_RDWR);
}

static bool is_staying(const struct visitor *visitor)
{
	return visitor->is_here && !visitor->is_leaving;
}

static void send_away_the_late(struct visitors *visitors, int64_t now_us)
{
	for (int i = 0; i < VISITORS_MAX; i++)
		if (is_staying(&visitors->all[i]) &&
		    now_us - visitors->all[i].since_us > VISITORS_PATIENCE_US)
			send_away(visitors, &visitors->all[i]);
}

static void send_away_the_silent(struct visitors *visitors)
{
	struct visitor *longest = NULL;

	for (int i = 0; i < VISITORS_MAX; i++) {
		struct visitor *one = &visitors->all[i];

		if (is_staying(one) && !one->has_asked &&
		    (!longest || one->since_us < longest->since_us))
			longest = one;
	}
	if (longest)
		send_away(visitors, longest);
}

struct visitor *visitors_hello(struct visitors *visitors, int fd, int64_t now_us)
{
	send_away_the_late(visitors, now_us);
	if (visitors->count >= VISITORS_CROWD)
		send_away_the_silent(visitors);
	for (int i = 0; i < VISITORS_MAX; i++) {
		struct visitor *one = &visitors->all[i];

		if (one->is_here)
			continue;
		*one = (struct visitor){.fd = fd, .is_here = true, .since_us = now_us};
		visitors->count++;
		return one;
	}
	return NULL;
}

void visitors_asked(struct visitor *visitor, int64_t now_us)
{
	if (!visitor)
		return;
	visitor->has_asked = true;
	visitor->since_us = now_us;
}

void visitors_answered(struct visitor *visitor, int64_t now_us)
{
	if (!visitor)
		return;
	visitor->has_asked = false;
	visitor->since_us = now_us;
}

void visitors_bye(struct visitors *visitors, struct visitor *visitor)
{
	if (!visitor)
		return;
	visitors->count -= is_staying(visitor);
	visitor->is_here = false;
}
