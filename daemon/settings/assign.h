/* A node into its place, as its row of the table says. */
#ifndef DAEMON_SETTINGS_ASSIGN_H
#define DAEMON_SETTINGS_ASSIGN_H

#include "daemon/settings/node.h"
#include "daemon/settings/table.h"

/*
 * Sets the key's place in `element`, whose place is still zero. Returns whether it did: otherwise
 * problems were added, the node is bad and the place is as before.
 */
bool assign(struct problems *problems, const struct key *key, struct node *node, void *element);
/* Frees what assign allocated. */
void assign_free(const struct key *key, void *element);

#endif
