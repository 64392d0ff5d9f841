/*
 * Samples out of the tool: a PUSH or PUB socket that never blocks for ever, counts what it could not
 * send, and says on stderr, once, that it waits for a peer and that one came.
 */
#ifndef CLI_PUBLISHER_H
#define CLI_PUBLISHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/curve_options.h"
#include "rollcast/cleanup.h"

enum publisher_kind { PUBLISHER_PUSH, PUBLISHER_PUB };

struct publisher_plan {
	const char *program; /* begins every line on stderr: a verb's argv[0] */
	enum publisher_kind kind;
	const char *endpoint;
	bool bind;		 /* else connect */
	struct curve_plan curve; /* for connecting */
	int high_water_mark;	 /* messages kept for a peer that does not take them */
	bool lossless; /* PUB waits for slow subscribers, too; what is queued has 30 s to leave */
};

enum {
	PUBLISHER_FULL = 1, /* the high-water mark is reached: the message is dropped and counted */
};

struct publisher;

/* Says what is wrong on stderr and returns a negative errno. Borrows `plan`'s texts for its life. */
int publisher_create(const struct publisher_plan *plan, struct publisher **ret_publisher);
/* From here on a lossless plan, too, gives what is queued only half a second to leave. */
void publisher_hurry(struct publisher *publisher);
/* Gives what is queued half a second to leave; 30 if the plan is lossless. */
void publisher_destroy(struct publisher *publisher);
DEFINE_CLEANUP(struct publisher *, publisher_destroy);

/*
 * One message: `[topic][payload]` for PUB, `[payload]` for PUSH. Waits up to `timeout_ms` for room (0:
 * not at all). 0, PUBLISHER_FULL, or a negative errno. PUB never waits unless the plan is lossless: it
 * drops, uncounted, for subscribers that are too slow; and in any case for want of any.
 */
int publisher_send(struct publisher *publisher, const char *topic, const void *bytes, size_t size,
		   int timeout_ms);

/* Looks after peers that came and went, and says so. Call it now and then; it does not wait. */
void publisher_look(struct publisher *publisher);
bool publisher_has_peer(const struct publisher *publisher);
/* No peer is there, and one that was has refused us, which has been said. */
bool publisher_is_refused(const struct publisher *publisher);

uint64_t publisher_sent(const struct publisher *publisher);
uint64_t publisher_dropped(const struct publisher *publisher);

#endif
