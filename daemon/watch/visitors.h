/*
 * Who is connected to the HTTP server, and who has to go when others come: first those who have taken
 * too long, and when it gets crowded, those who have waited longest without saying what they want. So
 * however many come and say nothing, or say it slowly, whoever asks at once is answered.
 */
#ifndef DAEMON_WATCH_VISITORS_H
#define DAEMON_WATCH_VISITORS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	VISITORS_MAX = 128,
	VISITORS_CROWD = 96, /* from here on somebody goes for each who comes */
};

/* How long a request may take, from the wait for its first byte to its last, and then its answer on the way. */
#define VISITORS_PATIENCE_US (30 * INT64_C(1000000))

/* Zero-initialised. One thread. */
struct visitors {
	struct visitor {
		int fd;
		bool is_here, has_asked, is_leaving;
		int64_t since_us;
	} all[VISITORS_MAX];
	unsigned count; /* of those who are here and not leaving */
};

/* Somebody connects: a place, until visitors_bye; NULL: there is none. Shuts others down if need be. */
struct visitor *visitors_hello(struct visitors *visitors, int fd, int64_t now_us);
/*
 * The visitor, who may be NULL, has asked, or gets the answer from now on; or has been answered, and may
 * ask again.
 */
void visitors_asked(struct visitor *visitor, int64_t now_us);
void visitors_answered(struct visitor *visitor, int64_t now_us);
/* Before the descriptor is closed. */
void visitors_bye(struct visitors *visitors, struct visitor *visitor);

#endif
