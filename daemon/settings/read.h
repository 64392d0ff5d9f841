/* The tree becomes the structure: keys by the table, then what keys mean together. */
#ifndef DAEMON_SETTINGS_READ_H
#define DAEMON_SETTINGS_READ_H

#include "daemon/settings/node.h"
#include "daemon/settings/table.h"

/*
 * Fills zeroed settings: every key from the tree, or its default. Problems are added; what has one
 * takes its default. Adds `models.default` and the rule for all streams if they are not there, and
 * gives each rule its model.
 */
void read_settings(struct pool *pool, struct problems *problems, const struct node *root,
		   struct settings *settings);
/*
 * Adds the problems that keys have together; `settings` were read from `root`. Offline there need be no
 * inputs and outputs.
 */
void check_settings(struct problems *problems, struct node *root, const struct settings *settings,
		    bool offline);

/* The nodes that a section's elements were read from, in order; NULL beyond them. */
struct node *read_element_node(const struct node *root, const struct section *section,
			       size_t index);

#endif
