/*
 * A shard: one thread that owns its streams for life, so that windows and experts need no lock.
 *
 *	inbox ──samples──► stream: push, step ──forecast──► a block ──► out   (try, else drop and count)
 *	   ▲                        │
 *	   │                        ├ samples, records ──► state                (try, else later and count)
 *	   └───── trained ◄── train ◄┘ job                                    (try, else later and count)
 */
#ifndef DAEMON_STREAM_SHARD_H
#define DAEMON_STREAM_SHARD_H

#include <stdint.h>

#include "daemon/base/block.h"
#include "daemon/base/counters.h"
#include "daemon/base/queue.h"
#include "daemon/base/thread.h"
#include "daemon/group/groups.h"
#include "daemon/settings/settings.h"
#include "rollcast/cleanup.h"

/* Everything lent to the shard, until shard_destroy. */
struct shard_plan {
	const struct settings *settings; /* until others come in a letter */
	uint32_t index;
	struct queue *inbox;	      /* of struct letter */
	struct queue *questions;      /* of struct question * */
	uint32_t shards;	      /* how many there are: a name's hash chooses */
	struct queue *state;	      /* of struct keeping; NULL: nothing is kept */
	struct block_pool *journals;  /* blocks for the state's samples */
	struct queue *restored;	      /* of uint32_t: told when everything kept has been taken */
	struct block_pool *samples;   /* where blocks of samples go back to */
	struct queue *training;	      /* of struct training; NULL: train here, in order */
	struct queue *out;	      /* of struct block *, forecasts */
	struct block_pool *forecasts; /* where blocks for forecasts come from */
	struct values *limits;	      /* what streams are held against; shared by all shards */
	struct values *channels;      /* what networks read of other streams; the same */
	const struct groups *groups;  /* of these settings; needed to create the shard only */
	struct queue *settled;	      /* of uint32_t: told when all streams have passed to others */
	struct counters *counters;
	struct histogram *latency; /* from samples to the forecasts they led to */
	struct heartbeat *heartbeat;
};

struct shard;

int shard_create(const struct shard_plan *plan, struct shard **ret_shard);
int shard_start(struct shard *shard);
/* Waits until the thread has worked off its inbox, which must be closed. Harmless if not started. */
void shard_join(struct shard *shard);
void shard_destroy(struct shard *shard);
DEFINE_CLEANUP(struct shard *, shard_destroy);

/* Bytes of a block that can hold any one forecast of these settings. */
size_t shard_forecast_block_size(const struct settings *settings);

#endif
