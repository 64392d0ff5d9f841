/*
 * The rules of one settings as a shard has them: beside what is set, what it has learned about the
 * streams of each rule and what these share. A shard has two of these while streams pass from one
 * settings to the next.
 */
#ifndef DAEMON_STREAM_RULES_H
#define DAEMON_STREAM_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/group/groups.h"
#include "daemon/settings/settings.h"

struct rule {
	const struct stream_settings *set;
	size_t typical;			/* bytes of its largest stream so far */
	struct group *group;		/* a reference; NULL: its streams learn alone */
	struct rollcast_shared *shared; /* what they share, a reference; NULL: nothing */
	uint64_t generation;		/* of the group, when that was */
	uint64_t saved;			/* its generation when it was last handed to be kept */
};

struct rules {
	const struct settings *settings; /* lent */
	size_t count;
	bool have_groups;
	struct rule items[];
};

/* `groups` are needed for the call only. -ENOMEM. */
int rules_create(const struct settings *settings, const struct groups *groups,
		 struct rules **ret_rules);
void rules_destroy(struct rules *rules);

/* The first rule whose selector matches; NULL: none. */
struct rule *rules_find(struct rules *rules, struct rollcast_text name);
/* Whether it is one of these. */
bool rules_have(const struct rules *rules, const struct rule *rule);
/* What the rule's streams share now, borrowed until the next call; NULL: nothing. */
struct rollcast_shared *rule_shared(struct rule *rule);

#endif
