/*
 * What travels between rooms, and who owns it.
 *
 *	in ──letter{samples}──► shard ──block of forecasts──► out
 *	                        │   ▲
 *	                training│   │letter{trained}
 *	                        ▼   │
 *	                        train
 *
 *	shard ──keeping{journal, record}──► state ──letter{record, journal, restored}──► shard, on start
 *
 * Who wants to know what shards know puts a question into the queue that each has for them, so that
 * it need not wait behind samples, and wakes the shard by a LETTER_QUESTION.
 * `out` puts a LETTER_SNAPSHOT there for new subscribers; the answer comes among the forecasts, in their
 * order.
 *
 * Who pops owns: a shard gives a block of samples back to the pool it came from, `out` gives a block
 * of forecasts back, a shard that gets a training back consumes it. `state` gives a journal back to its
 * pool; records, and what is restored, are blocks of no pool and freed by who pops them.
 */
#ifndef DAEMON_MESSAGE_H
#define DAEMON_MESSAGE_H

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/block.h"
#include "daemon/base/prefixes.h"
#include "daemon/base/queue.h"
#include "rollcast/cleanup.h"
#include "rollcast/name.h"
#include "rollcast/stream.h"

struct group;
struct rules;

/* A training under way: from a shard to a trainer and back. */
struct training {
	uint32_t shard;		  /* whose it is */
	struct group *group;	  /* of its rule, a reference; NULL: it learns alone */
	void *stream;		  /* the shard's own mark; nobody else looks behind it */
	struct rollcast_job *job; /* owned by whoever holds the training */
	double urgency;
	int64_t duration_us; /* set by the trainer */
	uint32_t steps;	     /* optimiser steps done; set by the trainer */
	bool ran;	     /* false: given back without a result, because the daemon stops */
};

/* By what streams are sorted; all but the name from the greatest down. */
enum stream_order {
	ORDER_NAME,
	ORDER_SKILL,
	ORDER_COVERAGE, /* of the widest interval */
	ORDER_BREACH,	/* the most probable one of a threshold */
	ORDER_SAMPLES,
	ORDER_AGE, /* since the newest sample */
	ORDERS,
};

enum question_kind {
	QUESTION_STREAMS,   /* forecasts cut down to the horizon's last step */
	QUESTION_FORECASTS, /* whole ones, and the values before them */
	QUESTION_TRAININGS, /* the last ones of each shard */
};

/*
 * What somebody wants to know of every shard. Who asks may tire of waiting before all have answered:
 * the last holder frees it, with the answers that nobody took.
 */
struct question {
	atomic_uint holders; /* who asks, and each shard that has it */
	enum question_kind kind;
	struct rollcast_selector *selector; /* owned; NULL: every stream */
	char *name;			    /* owned; this stream alone. NULL: all that match */
	char *part; /* owned; stands somewhere in the name, in large letters or small; NULL: none */
	enum stream_order order;
	bool reversed;
	uint32_t most;	      /* streams per answer: the first in this order */
	uint32_t history;     /* values per stream */
	struct queue answers; /* of struct answer; has room for one per shard */
};

struct answer {
	struct block *records; /* malloc'd; who pops it frees it. NULL: there was no memory */
	uint32_t matched;      /* streams; may be more than `most` */
};

/*
 * One stream in an answer: this head, a copy of the forecast, `history` values, and the names of the
 * forecast's thresholds, as the settings may be gone when it is read. 16-aligned.
 */
struct stream_record {
	_Alignas(BLOCK_ALIGNMENT) double key; /* what it is sorted by; greatest first, NaN last */
	int64_t age_us;			      /* of its newest sample */
	int64_t history_until_us;	      /* the last value's time */
	uint32_t history;		      /* values; NaN: nothing known */
	uint32_t horizon;		      /* of the forecast before it was cut down */
	uint32_t names_bytes;
};

static inline struct rollcast_forecast *stream_record_forecast(const struct stream_record *record)
{
	return (struct rollcast_forecast *)(record + 1);
}

static inline double *stream_record_history(const struct stream_record *record)
{
	char *forecast = (char *)(record + 1);

	return (double *)(forecast + rollcast_forecast_size(stream_record_forecast(record)));
}

static inline size_t stream_record_size(const struct stream_record *record)
{
	size_t forecast = rollcast_forecast_size(stream_record_forecast(record));

	return sizeof(*record) + forecast + record->history * sizeof(double) + record->names_bytes;
}

/* One training in an answer: this head, then the stream's name, ended by a zero. */
struct training_record {
	int64_t at_us; /* when it was adopted; wall clock */
	int64_t duration_us;
	uint32_t steps;
	bool diverged;
	char name[];
};

/* The order of streams: by key, and then by name. Less than 0: a goes first. */
static inline int stream_order_compare(double key_a, const char *name_a, double key_b,
				       const char *name_b)
{
	if (isnan(key_a) != isnan(key_b))
		return isnan(key_a) ? 1 : -1;
	if (key_a > key_b || key_a < key_b)
		return key_a > key_b ? -1 : 1;
	return strcmp(name_a, name_b);
}

static inline void question_release(struct question *question)
{
	struct answer answer;

	if (!question || atomic_fetch_sub(&question->holders, 1) > 1)
		return;
	while (question->answers.items && queue_pop(&question->answers, 0, &answer) == 0)
		free(answer.records);
	if (question->answers.items)
		queue_finish(&question->answers);
	rollcast_selector_destroy(question->selector);
	free(question->name);
	free(question->part);
	free(question);
}
DEFINE_CLEANUP(struct question *, question_release);

/*
 * What somebody has just subscribed to: every shard sends the newest forecasts of these streams, a
 * little at a time. `out` owns it and keeps it until shards_left is 0.
 */
struct snapshot {
	uint64_t number; /* counts up from 1 */
	uint32_t output; /* whose subscriptions these are */
	struct prefixes names;
	atomic_uint shards_left; /* that have not sent all of it */
};

enum letter_kind {
	LETTER_SAMPLES,
	LETTER_TRAINED,
	LETTER_QUESTION,
	LETTER_SNAPSHOT,
	LETTER_GROUP,	 /* before anything else: what groups had learned, */
	LETTER_RECORD,	 /* streams as they were kept, */
	LETTER_JOURNAL,	 /* samples that came after that, */
	LETTER_RESTORED, /* and the end of it */
	LETTER_RULES,	 /* of other settings: streams pass over to them a little at a time */
};

/* What a shard finds in its inbox. */
struct letter {
	enum letter_kind kind;
	int64_t arrival_us; /* of samples: when the oldest came, at the latest; monotonic */
	union {
		struct block *samples; /* of struct sample_record */
		struct training training;
		struct block *kept; /* an envelope */
		bool resave;	    /* RESTORED: everything is to be saved, the files are gone */
		struct snapshot *snapshot;
		struct rules *rules; /* owned; of settings that are lent, as those before are until
					the shard says that all its streams have passed over */
	};
};

enum keeping_kind {
	KEEPING_JOURNAL,     /* samples that a shard has taken */
	KEEPING_ROUND_BEGIN, /* a checkpoint: what changed before this is in the records until */
	KEEPING_RECORD,
	KEEPING_GROUP,
	KEEPING_FORGOTTEN, /* a stream that is no more */
	KEEPING_ROUND_END, /* this */
};

/* What a shard hands to the room that keeps it. */
struct keeping {
	enum keeping_kind kind;
	uint32_t shard;
	struct block
		*block; /* JOURNAL, RECORD, GROUP, FORGOTTEN: an envelope that is not sealed yet */
	uint32_t samples; /* JOURNAL: how many, */
	int64_t since_us; /* and when the first of them came; monotonic */
	bool aside; /* RECORD: the one that is there could not be read, and is worth keeping */
};

/*
 * Samples of one stream in a block: this head, `count` times, `count` values, then the canonical name,
 * ended by a zero. Records follow each other in the block.
 */
struct sample_record {
	uint64_t hash;	   /* of the name */
	uint64_t position; /* in a journal: samples that the stream was given before */
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

/* Bytes of the block that a record takes. */
static inline size_t sample_record_rounded(const struct sample_record *record)
{
	return block_rounded(sample_record_size(record->count, record->name_length));
}

/* The record at `place` of a block that is not trusted; NULL: there is none. */
static inline const struct sample_record *sample_record_at(const struct block *block, size_t place)
{
	const struct sample_record *record = (const void *)(block->bytes + place);

	if (place > block->used || block->used - place < sizeof(*record))
		return NULL;
	size_t left = block->used - place;

	if (record->name_length > ROLLCAST_NAME_MAX || record->count > left / sizeof(int64_t) ||
	    sample_record_rounded(record) > left || sample_record_name(record)[record->name_length])
		return NULL;
	return record;
}

/*
 * A forecast in a block: this head, then what rollcast_forecast_copy made. Records follow each other. A
 * block holds live forecasts or those of a snapshot, not both.
 */
struct forecast_record {
	_Alignas(BLOCK_ALIGNMENT) int64_t before_us; /* origin of the stream's forecast before */
	int32_t only_output;			     /* of a snapshot: whose; or */
};

#define NONE_BEFORE INT64_MIN
enum {
	FOR_ALL_OUTPUTS = -1, /* it is live */
	FOR_ALERTS = -2,      /* the last of a stream, sent again for the alerts that end with it */
};

static inline struct rollcast_forecast *
forecast_record_forecast(const struct forecast_record *record)
{
	return (struct rollcast_forecast *)(record + 1);
}

static inline size_t forecast_record_size(const struct rollcast_forecast *forecast)
{
	return sizeof(struct forecast_record) + rollcast_forecast_size(forecast);
}

#endif
