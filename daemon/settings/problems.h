/*
 * What is wrong with the settings: collected while reading, printed at the end in the order of the
 * files and their lines.
 */
#ifndef DAEMON_SETTINGS_PROBLEMS_H
#define DAEMON_SETTINGS_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "daemon/settings/pool.h"

/* A file; `order` counts the files as they are read. */
struct source {
	const char *path; /* as given */
	size_t order;
};

/* Where something stands. Line and column count from 1; line 0: the file as a whole. */
struct place {
	const struct source *source; /* NULL: no file */
	size_t line, column;
};

struct problem;
struct problems {
	struct pool *pool;
	struct problem *newest;
	size_t count;
	bool out_of_memory; /* something is missing: the load as a whole fails */
};

/* `key` is the full dotted key, borrowed until the end, or NULL. Control characters become "?". */
void problems_add(struct problems *problems, const struct place *place, const char *key,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A line per problem: `file:line:col: key: problem`. */
void problems_print(struct problems *problems, FILE *out);

#endif
