/*
 * What main.c, rooms.c and reload.c share: the daemon as a whole, and what each does with it. All of it
 * runs in the main thread, but for reload_ask.
 *
 *	main.c		the code map, signals, what systemd is told, the command line
 *	rooms.c		queues and rooms: made, started and stopped
 *	reload.c	other settings while all that runs
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

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

/* What has become of streams by reloads. */
struct reload_counts {
	uint64_t whole, partly, let_go;
};

/* A reload under way, and those who wait for one. */
struct reload {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	uint64_t asked; /* up to this number, under lock, */
	uint64_t taken; /* those up to this by the reload under way, */
	uint64_t given; /* and those up to this have their answer: */
	enum http_reload result;
	char *text;
	bool closed; /* nobody gets one any more */

	/* The main thread's alone. */
	struct settings *before; /* what streams pass over from; NULL: no reload is under way */
	uint32_t settled;	 /* shards that have */
	bool again;		 /* a reload was asked for meanwhile */
	FILE *out;		 /* what there is to say, into: */
	char *bytes;
	size_t size;
	struct reload_counts then; /* as it began */
};

struct daemon {
	const char *const *configs; /* [config_count]: where the settings come from */
	size_t config_count;
	struct settings *settings;
	int wake; /* to write a SIGHUP to */
	struct reload reload;
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
	struct values limits;	/* of thresholds, between shards */
	struct values channels; /* what networks read of other streams, between shards */
	struct queue training;	/* shard → train */
	struct train *train;
	struct groups *groups;	     /* which trainers teach and shards look at */
	struct block_pool forecasts; /* what shards fill and out gives back */
	struct queue leaving;	     /* shard → out */
	struct out *out;
	struct queue keeping;	    /* shard → state */
	struct block_pool journals; /* what shards fill and state gives back */
	struct queue restored;	    /* shard → main, on start */
	struct queue settled; /* shard → main, when its streams have passed to other settings */
	struct state *state;  /* NULL: nothing is kept */
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
/* What the guard is to know of these settings. */
struct guard_plan rooms_guard_plan(struct daemon *daemon, const struct settings *settings);
/* How many trainers, and shards, these settings ask for. */
uint32_t trainer_count(const struct settings *settings);
uint32_t shard_count(const struct settings *settings);

/* ---- reload.c ---- */

void reload_init(struct reload *reload);
void reload_finish(struct reload *reload);
/* Begins a reload, or has another one follow that which is under way. Negative errno: the daemon ends. */
int reload_begin(struct daemon *daemon);
/* When `settled` has something: ends the reload if all streams have passed over. */
int reload_go_on(struct daemon *daemon);
/* Nobody waits any more. */
void reload_close(struct reload *reload);
/* http's: asks for a reload and waits for its end. Any thread; `context` is the daemon. */
enum http_reload reload_ask(void *context, FILE *answer);

#endif
