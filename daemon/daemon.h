/*
 * What main.c, rooms.c and reload.c share: the daemon as a whole, and what each does with it. All of it
 * runs in the main thread.
 *
 *	main.c		the code map, signals, what systemd is told, the command line
 *	rooms.c		queues and rooms: made, started and stopped
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/block.h"
#include "daemon/base/counters.h"
#include "daemon/base/queue.h"
#include "daemon/base/thread.h"
#include "daemon/base/values.h"
#include "daemon/group/groups.h"
#include "daemon/guard/guard.h"
#include "daemon/in/in.h"
#include "daemon/message.h"
#include "daemon/out/out.h"
#include "daemon/settings/settings.h"
#include "daemon/state/state.h"
#include "daemon/stream/shard.h"
#include "daemon/train/train.h"
#include "daemon/watch/http.h"
#include "daemon/watch/systemd.h"

/* A thread on a sample's way that has not gone round its loop for so long hangs. */
#define STALLED_US (20 * INT64_C(1000000))

struct daemon {
	struct settings *settings;
	void *context; /* ZeroMQ's */
	struct all_counters counters;
	struct systemd_rates rates;
	struct guard *guard; /* who may speak to in and out: there before and after them */

	struct in *in;
	struct queue *inboxes;	   /* [shard_count]: in, train → shard */
	struct queue *questions;   /* [shard_count]: http → shard */
	struct block_pool samples; /* what in fills and shards give back */
	struct shard **shards;	   /* [shard_count] */
	uint32_t shard_count;
	struct values limits;  /* of thresholds, between shards */
	struct queue training; /* shard → train */
	struct train *train;
	struct groups *groups;	     /* which trainers teach and shards look at */
	struct block_pool forecasts; /* what shards fill and out gives back */
	struct queue leaving;	     /* shard → out */
	struct out *out;
	struct queue keeping;	      /* shard → state */
	struct block_pool journals;   /* what shards fill and state gives back */
	struct queue restored;	      /* shard → main, on start */
	struct state *state;	      /* NULL: nothing is kept */
	struct heartbeat *heartbeats; /* in, out, then the shards */
	struct http *http;	      /* NULL: turned off */
};

/* ---- rooms.c ---- */

/* Makes everything from daemon->settings; nothing runs yet, but http listens. Negative errno. */
int rooms_make(struct daemon *daemon);
/* Against the flow. Negative errno: call rooms_stop. */
int rooms_start(struct daemon *daemon);
/* With the flow; also what rooms_make or rooms_start left half done. */
void rooms_stop(struct daemon *daemon, bool started);
/* Frees everything but the settings. */
void rooms_finish(struct daemon *daemon);
/* How many trainers these settings ask for. */
uint32_t trainer_count(const struct settings *settings);

#endif
