/*
 * Which refusals are worth a line: the first of a source, and then one a minute. As sources are easily
 * made up, no more than so many of them are remembered; while there are more, they get no line.
 */
#ifndef DAEMON_GUARD_REFUSALS_H
#define DAEMON_GUARD_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	REFUSALS_SOURCES = 64,
	REFUSALS_SOURCE_SIZE = 192,
};

/* Zero-initialised. One thread. */
struct refusals {
	struct refusal_source {
		char source[REFUSALS_SOURCE_SIZE];
		int64_t quiet_until_us;
		uint64_t unsaid;
	} sources[REFUSALS_SOURCES];
};

/* Whether to write a line; if so *ret_unsaid is how many of the source there were since its last. */
bool refusals_say(struct refusals *refusals, const char *source, int64_t now_us,
		  uint64_t *ret_unsaid);

#endif
