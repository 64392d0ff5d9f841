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
 */
#ifndef DAEMON_GROUP_GROUPS_H
#define DAEMON_GROUP_GROUPS_H

#include <stdbool.h>
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
 * due: then this takes as long as a training, or until `stop` is true. Any thread.
 */
void groups_learn(struct groups *groups, const struct training *training,
		  bool (*stop)(const void *context), const void *context);

/* Only shows it: groups_train trains. */
void groups_show(struct groups *groups, const struct training *training);
/* Trains the groups that have become due since they were shown something; false: none was shown any. */
bool groups_train(struct groups *groups);

/* Goes up with each training of a group. */
uint64_t groups_generation(const struct groups *groups);

/* What the streams of a rule share: a reference that the caller owns, or NULL. */
struct rollcast_shared *groups_shared(struct groups *groups, size_t rule);

#endif
