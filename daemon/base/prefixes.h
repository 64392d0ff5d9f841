/*
 * A set of prefixes: gathered in any order, then sealed and asked whether a text begins with one.
 *
 * Sealed, it is sorted and none begins with another, so that only the last one that is not above a text
 * can be its prefix: a binary search. A set that has become too large is one that matches everything.
 */
#ifndef DAEMON_BASE_PREFIXES_H
#define DAEMON_BASE_PREFIXES_H

#include <stdbool.h>
#include <stddef.h>

enum { PREFIXES_BYTES_MAX = 4 << 20 };

/* Zero-initialised: an empty set. */
struct prefixes {
	char **items; /* [count] */
	size_t count, capacity;
	size_t bytes;
	bool everything;
};

/* A prefix of `length` bytes, copied. The set must not be sealed. Without memory it matches everything. */
void prefixes_add(struct prefixes *prefixes, const char *bytes, size_t length);
void prefixes_seal(struct prefixes *prefixes);
/* Whether the text begins with a prefix of the sealed set. Any number of threads. */
bool prefixes_match(const struct prefixes *prefixes, const char *text);
bool prefixes_is_empty(const struct prefixes *prefixes);
/* Empty again. */
void prefixes_finish(struct prefixes *prefixes);

#endif
