/*
 * What travels between rooms, and who owns it.
 *
 *	in ──letter{samples}──► shard ──block of forecasts──► out
 *	                        │   ▲
 *	                training│   │letter{trained}
 *	                        ▼   │
 *	                        train
 *
 * Others who want to know what shards know put a LETTER_QUESTION into every inbox.
 *
 * Who pops owns: a shard gives a block of samples back to the pool it came from, `out` gives a block
 * of forecasts back, a shard that gets a training back consumes it.
 */
#ifndef DAEMON_MESSAGE_H
#define DAEMON_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/block.h"
#include "daemon/base/queue.h"
#include "rollcast/name.h"
#include "rollcast/stream.h"

/* A training under way: from a shard to a trainer and back. */
struct training {
	uint32_t shard;		  /* whose it is */
	void *stream;		  /* the shard's own mark; nobody else looks behind it */
	struct rollcast_job *job; /* owned by whoever holds the training */
	double urgency;
	int64_t duration_us; /* set by the trainer */
	uint32_t steps;	     /* optimiser steps done; set by the trainer */
	bool ran;	     /* false: given back untouched, because the daemon stops */
};

/*
 * A question to every shard: the newest forecasts of the streams that match. Whoever asks owns it,
 * waits for one answer per shard, and must keep it until then.
 */
struct question {
	const struct rollcast_selector *selector; /* NULL: every stream */
	const char *name_prefix;                  /* of the canonical name; "" for every stream */
	uint32_t most;                            /* forecasts per answer */
	struct queue *answers;                    /* of struct answer; has room for one per shard */
};

struct answer {
	struct block *forecasts; /* malloc'd; the asker frees it. NULL: there was no memory */
	uint32_t matched;        /* may be more than `most` */
};

enum letter_kind { LETTER_SAMPLES, LETTER_TRAINED, LETTER_QUESTION };

/* What a shard finds in its inbox. */
struct letter {
	enum letter_kind kind;
	int64_t arrival_us; /* of samples: when the oldest came, at the latest; monotonic */
	union {
		struct block *samples; /* of struct sample_record */
		struct training training;
		const struct question *question;
	};
};

/*
 * Samples of one stream in a block: this head, `count` times, `count` values, then the canonical name,
 * ended by a zero. Records follow each other in the block.
 */
struct sample_record {
	uint64_t hash; /* of the name */
	uint32_t count;
	uint32_t name_length;
	int64_t times_us[]; /* [count], then double values[count], then the name */
};

static inline size_t sample_record_size(uint32_t count, uint32_t name_length)
{
	return sizeof(struct sample_record) + count * (sizeof(int64_t) + sizeof(double)) +
	       name_length + 1;
}

static inline double *sample_record_values(const struct sample_record *record)
{
	return (double *)(record->times_us + record->count);
}

static inline char *sample_record_name(const struct sample_record *record)
{
	return (char *)(sample_record_values(record) + record->count);
}

/*
 * Forecasts in a block: each a copy made by rollcast_forecast_copy in a record of its own, one after
 * the other, rollcast_forecast_size bytes rounded as blocks round.
 */

#endif
