/*
 * The groups: what the streams of a rule with `scope: group` learn together. A room without a thread,
 * between shards and trainers:
 *
 *	trainer ──a job that was run──► group ─► its own training, here ─► shared, a new generation
 *	shard   ◄──────────────── by reference, when the generation has changed ─────────┘
 *
 * Nothing here is on a sample's way: shards read one number per step, and take a lock only when a
 * group was trained. Trainers hold it while they hand over a window, not while they train.
 *
 * Shards that train by themselves train a group when the time of the data goes on, after all its streams
 * have brought what they have up to now: as a backtest does, so that both come to the same.
 *
 * A group is counted by reference: it may outlive the settings that it was made from, in trainings that
 * are under way and in the groups of the settings that follow.
 */
#ifndef DAEMON_GROUP_GROUPS_H
#define DAEMON_GROUP_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/block.h"
#include "daemon/base/counters.h"
#include "daemon/base/envelope.h"
#include "daemon/message.h"
#include "daemon/settings/settings.h"
#include "rollcast/cleanup.h"
#include "rollcast/group.h"

/* Those of all rules. */
struct groups;

/*
 * `before` are the groups of the settings before, or NULL: what learns the same under both goes on as it
 * is. Settings are not needed any more afterwards; counters are borrowed by every group. -ENOMEM.
 */
int groups_create(const struct settings *settings, struct counters *counters,
		  const struct groups *before, struct groups **ret_groups);
void groups_destroy(struct groups *groups);
DEFINE_CLEANUP(struct groups *, groups_destroy);

/* A reference to the group of a rule, which the caller owns; NULL: it is none. */
struct group *groups_take(const struct groups *groups, size_t rule);

/* Any thread. NULL is accepted. */
struct group *group_ref(struct group *group);
void group_unref(struct group *group);

/*
 * Shows a training that was run to its group, and trains the group if it is due: then this takes as long
 * as a training, or until `stop` is true. Any thread.
 */
void group_learn(struct group *group, const struct training *training,
		 bool (*stop)(const void *context), const void *context);

/* Only shows it: group_train trains. */
void group_show(struct group *group, const struct training *training);
/* Trains the group if it has become due since it was shown something; false: it was shown nothing. */
bool group_train(struct group *group);

/* Goes up with each training of the group. */
uint64_t group_generation(const struct group *group);

/*
 * What the group has learned, in an envelope without a seal, which the caller frees; NULL: nothing yet, or no
 * memory.
 */
struct block *group_save(struct group *group);
/* Goes on from such an envelope of `size` bytes; false: it is that of another group. */
bool group_load(struct group *group, const struct envelope *envelope, size_t size);

/* What its streams share: a reference that the caller owns, or NULL. */
struct rollcast_shared *group_shared(struct group *group);

#endif
