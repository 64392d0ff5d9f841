/*
 * The settings as a tree: all files merged, aliases and `<<` resolved, ${ENV} expanded. Every node
 * still knows where it was written.
 */
#ifndef DAEMON_SETTINGS_NODE_H
#define DAEMON_SETTINGS_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/settings/problems.h"

enum node_kind { NODE_EMPTY, NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
	enum node_kind kind;
	struct place place;
	const char *key;  /* full and dotted: streams[0].gap.fill; "" for the root */
	const char *text; /* of a scalar */
	bool exact;	  /* the text is written in the file as it is, on one line */
	bool quoted;
	bool bad; /* a problem was found in it */
	struct entry *entries;
	size_t count, capacity;
};

struct entry {
	const char *name; /* in a map; NULL in a list */
	struct place place;
	struct node *node;
};

/*
 * Reads all files; directories stand for their *.yaml in the order of their names. Lists append,
 * maps merge, a scalar is set once. *ret_root is never NULL on success, and bad if a file is missing
 * from it; what is wrong goes to `problems`. -ENOMEM. All memory is the pool's.
 */
int node_read(struct pool *pool, struct problems *problems, const char *const *paths, size_t count,
	      struct node **ret_root);
/* The same from a text that has a name in messages. NULL: a problem was found, or no memory. */
struct node *node_parse(struct pool *pool, struct problems *problems, const struct source *source,
			const char *bytes, size_t size);

/* The entry of a map, or NULL. */
struct entry *node_entry(const struct node *map, const char *name, size_t length);
/* What stands at a dotted path below `map`, or NULL. */
struct node *node_find(const struct node *map, const char *path);
/* Adds an entry and returns it. NULL: no memory. */
struct entry *node_add(struct pool *pool, struct node *node, const struct entry *entry);

/* A problem with this node, which becomes bad. */
void node_problem(struct problems *problems, struct node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "a list", ... */
const char *node_kind_word(const struct node *node);

#endif
