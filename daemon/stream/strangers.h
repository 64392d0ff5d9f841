/*
 * Names that no rule matches: remembered by their hashes in a cache of fixed size, so that they are not
 * matched again with each sample and cost no memory each; some of them are kept for a line in the log.
 */
#ifndef DAEMON_STREAM_STRANGERS_H
#define DAEMON_STREAM_STRANGERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STRANGERS_REMEMBERED = 16384, STRANGERS_LINE = 400 };

struct strangers {
	uint64_t *hashes; /* [STRANGERS_REMEMBERED]; 0: free */
	uint64_t count;	  /* new ones since the last line; one that was pushed out counts again */
	char names[STRANGERS_LINE]; /* of the first of them */
	size_t length;
};

/* -ENOMEM. */
int strangers_init(struct strangers *strangers);
void strangers_finish(struct strangers *strangers);

bool strangers_know(const struct strangers *strangers, uint64_t hash);
void strangers_add(struct strangers *strangers, uint64_t hash, const char *name, size_t length);
/* All of them: other rules may match. */
void strangers_forget(struct strangers *strangers);
/* Forgets what was counted and listed, for the next line. */
void strangers_begin_line(struct strangers *strangers);

#endif
