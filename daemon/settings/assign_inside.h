/*
 * What assign.c, for single values, and assign_lists.c, for several, share. A function that finds a problem
 * says so, and returns false.
 */
#ifndef DAEMON_SETTINGS_ASSIGN_INSIDE_H
#define DAEMON_SETTINGS_ASSIGN_INSIDE_H

#include "daemon/settings/assign.h"

struct assignment {
	struct problems *problems;
	const struct key *key;
	void *place, *also;
	bool *flag;
};

/* No spans at all. */
static const char assign_none[] = "none";

/* A problem that begins with the node's text; always false. */
bool assign_refuse(struct problems *problems, struct node *node, const char *why);
/* A problem at a place in the node's text: it is no `what`, and `why`; always false. */
bool assign_refuse_inside(const struct assignment *to, struct node *node, size_t column,
			  const char *what, const char *why);
bool assign_expect(struct problems *problems, struct node *node, enum node_kind kind);
/* Whether the text is the key's special word. */
bool assign_is_special(const struct assignment *to, const struct node *node);

bool assign_number(const struct assignment *to, struct node *node);
bool assign_span(const struct assignment *to, struct node *node, struct rollcast_span *ret_span);
/* A copy that the caller owns; false: no memory, which is noted. */
bool assign_copy(const struct assignment *to, const char *text, char **ret_copy);
void assign_store(void *place, size_t size, uint64_t number);

bool assign_takes_list(const struct key *key);
bool assign_list(const struct assignment *to, struct node *node);
void assign_free_list(const struct key *key, void *place);

#endif
