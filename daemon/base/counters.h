/*
 * What the daemon counts: as a whole, and for each input and output. Made by main and lent to the
 * rooms; adding is lock-free and done per block of work, not per sample. counters.c has the table of
 * names and meanings.
 */
#ifndef DAEMON_BASE_COUNTERS_H
#define DAEMON_BASE_COUNTERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/histogram.h"

/* In the order of the metrics: the rows of one family follow each other. */
enum counter {
	COUNT_MESSAGES,
	COUNT_MESSAGES_FRAMES,
	COUNT_DECODE, /* eight, in the order of enum rollcast_decode */
	COUNT_DECODE_END = COUNT_DECODE + 8,
	COUNT_OVER_RATE = COUNT_DECODE_END,
	COUNT_INPUT_REFUSED, /* three, in the order of the guard's enum reason */
	COUNT_INPUT_REFUSED_END = COUNT_INPUT_REFUSED + 3,
	COUNT_PUSH = COUNT_INPUT_REFUSED_END, /* four, in the order of enum rollcast_push */
	COUNT_PUSH_END = COUNT_PUSH + 4,
	COUNT_STREAMS_REFUSED = COUNT_PUSH_END,
	COUNT_STREAMS_REFUSED_MEMORY,
	COUNT_STREAMS_UNMATCHED,
	COUNT_FAILURES,
	COUNT_STREAMS,
	COUNT_STREAMS_BYTES,
	COUNT_STREAMS_FORGOTTEN_TTL,
	COUNT_STREAMS_FORGOTTEN_MEMORY,
	COUNT_STREAMS_FORGOTTEN_RULE,
	COUNT_STREAMS_CHANGED,
	COUNT_STREAMS_CHANGED_PARTLY,
	COUNT_STEPS,
	COUNT_FORECASTS,
	COUNT_FORECASTS_DROPPED,
	COUNT_FORECASTS_SKIPPED,
	COUNT_MESSAGES_OUT,
	COUNT_OUTPUTS_BEHIND,
	COUNT_SUBSCRIPTIONS,
	COUNT_OUTPUT_REFUSED, /* three, as above */
	COUNT_OUTPUT_REFUSED_END = COUNT_OUTPUT_REFUSED + 3,
	COUNT_TRAININGS = COUNT_OUTPUT_REFUSED_END,
	COUNT_TRAININGS_DIVERGED,
	COUNT_TRAININGS_SKIPPED,
	COUNT_DRIFTS,
	COUNT_GROUP_TRAININGS,
	COUNT_GROUP_TRAININGS_FAILED,
	COUNT_TRAINING_STEPS,
	COUNT_TRAINING_US,
	COUNT_RECORDS_SAVED,
	COUNT_RECORDS_ASIDE,
	COUNT_JOURNAL_SAMPLES,
	COUNT_JOURNAL_LOST,
	COUNT_STATE_COMMITS,
	COUNT_STATE_FAILURES,
	COUNT_RESTORED,
	COUNT_RESTORED_PARTLY,
	COUNT_REPLAYED,
	COUNT_RELOADS,
	COUNT_RELOADS_REFUSED,
	COUNT_RELOADS_FAILED,
	COUNT_RELOADED,
	COUNTERS,
};

struct counters {
	_Atomic uint64_t values[COUNTERS];
};

/*
 * Those of one input or output, of which only the rows of that owner count. It stays where it is to the
 * end, even if the settings no longer name it: whoever reads needs no lock, and totals do not go back.
 */
struct port_counters {
	struct port_counters *_Atomic next;
	atomic_bool in_use;
	char *name;
	struct counters counters;
	/* When who has the socket shall connect again, as ZeroMQ does not after a refusal; monotonic. 0: never. */
	_Atomic int64_t try_again_us;
};

/* A list that only grows, at its end, by one thread. */
struct ports {
	struct port_counters *_Atomic first;
};

struct all_counters {
	struct counters daemon;
	struct ports inputs, outputs;
	struct histogram latency; /* from samples to the forecasts they led to */
};

enum counter_owner { OWNER_DAEMON, OWNER_INPUT, OWNER_OUTPUT };

struct counter_row {
	const char *family; /* the metric's name without its prefix */
	const char *label;  /* what tells it from others of its family; NULL: nothing to tell */
	const char *help;   /* NULL: that of the row before, of the same family */
	double unit;	    /* of the metric, per count */
	enum counter_owner owner;
};

const struct counter_row *counter_row(enum counter which);
/* Of the whole daemon: its own, or the sum of its inputs' or outputs'. */
uint64_t count_total(const struct all_counters *all, enum counter which);

/* The port of that name, in use from now on; made if there is none. NULL: no memory. */
struct port_counters *ports_use(struct ports *ports, const char *name);
/* The first port in use, and the next one after it; NULL: there is none. Any thread. */
struct port_counters *ports_first(const struct ports *ports);
struct port_counters *ports_next(const struct port_counters *port);
void ports_finish(struct ports *ports);

/* Whether to connect again now; says so once. */
static inline bool port_tries_again(struct port_counters *port, int64_t now_us)
{
	int64_t at_us = atomic_load_explicit(&port->try_again_us, memory_order_relaxed);

	return at_us && now_us >= at_us && atomic_exchange(&port->try_again_us, 0);
}

static inline void count_add(struct counters *counters, enum counter which, uint64_t amount)
{
	atomic_fetch_add_explicit(&counters->values[which], amount, memory_order_relaxed);
}

static inline void count_set(struct counters *counters, enum counter which, uint64_t value)
{
	atomic_store_explicit(&counters->values[which], value, memory_order_relaxed);
}

static inline uint64_t count_get(const struct counters *counters, enum counter which)
{
	return atomic_load_explicit(&counters->values[which], memory_order_relaxed);
}

#endif
