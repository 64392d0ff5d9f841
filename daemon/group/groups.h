/*
 * The groups: what the streams of a rule with `scope: group` learn together. A room without a thread,
 * between shards and trainers:
 *
 *	trainer ──a job that was run──► group ─► its own training, here ─► shared, a new generation
 *	shard   ◄──────────────── by reference, when the generation has changed ─────────┘
 *
 * Nothing here is on a sample's way: shards read one number per step, and take a lock only when a
 * group was trained. Trainers hold it while they hand over a window, not while they train.
 */
#ifndef DAEMON_GROUP_GROUPS_H
#define DAEMON_GROUP_GROUPS_H

#include <stdatomic.h>
#include <stdint.h>

#include "daemon/base/counters.h"
#include "daemon/message.h"
#include "daemon/settings/settings.h"
#include "rollcast/cleanup.h"
#include "rollcast/group.h"

struct groups;

/* Settings and counters are borrowed until groups_destroy. -ENOMEM. */
int groups_create(const struct settings *settings, struct counters *counters,
		  struct groups **ret_groups);
/* When nobody learns any more. */
void groups_destroy(struct groups *groups);
DEFINE_CLEANUP(struct groups *, groups_destroy);

/*
 * Shows a training that was run to the group of its rule, if that is one, and trains the group if it is
 * due: then this takes as long as a training. Any thread.
 */
void groups_learn(struct groups *groups, const struct training *training);

/* Goes up with each training of a group. */
uint64_t groups_generation(const struct groups *groups);

/* What the streams of a rule share: a reference that the caller owns, or NULL. */
struct rollcast_shared *groups_shared(struct groups *groups, size_t rule);

#endif
