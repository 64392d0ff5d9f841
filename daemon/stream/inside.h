/*
 * What the files of a shard share: the shard itself, and what each does with it. All of it runs in the
 * shard's thread.
 *
 *	shard.c		the loop: letters, silence, life
 *	samples.c	what a sample, or a kept one, does to its stream
 *	admit.c		which names become streams, and the memory that they may take
 *	settle.c	streams pass over to other settings
 *	behind.c	forecasts when there is no time for all of them
 *	learn.c		trainings: here or in the trainers, alone or in groups
 *	channels.c	what networks read of other streams
 *	publish.c	forecasts on their way out, live or for a new subscriber
 *	answer.c	what others want to know
 */
#ifndef DAEMON_STREAM_INSIDE_H
#define DAEMON_STREAM_INSIDE_H

#include <pthread.h>

#include "daemon/base/log.h"
#include "daemon/message.h"
#include "daemon/stream/keeper.h"
#include "daemon/stream/rules.h"
#include "daemon/stream/shard.h"
#include "daemon/stream/strangers.h"
#include "daemon/stream/table.h"
#include "daemon/stream/trainings.h"

enum { LETTERS_MAX = 64 }; /* taken before forecasts are sent on */

/* Counted here per sample, added to the daemon's counters per letter. */
struct tally {
	uint64_t pushed[ROLLCAST_PUSH_RESULTS];
	uint64_t refused, refused_memory, forgotten, forgotten_memory, unmatched, steps, drifts,
		dropped, skipped, failed;
};

/* How many forecasts of the block being filled one letter of samples led to. */
struct waiting {
	int64_t arrival_us;
	uint32_t count;
};

struct shard {
	struct shard_plan plan;
	struct table table;
	struct strangers strangers;
	struct rules *rules;
	struct rules *rules_before; /* some streams still have one of these; NULL: none has */
	size_t settle_next;	    /* up to where the table has been gone through for them, */
	uint64_t settle_changes;    /* the table's, when it was */
	int64_t newest_us;	    /* time of the sample before, if groups are trained here */
	struct block *filling;	    /* forecasts; NULL: none taken */
	uint32_t filling_count;
	struct waiting waiting[LETTERS_MAX + 1];
	uint32_t waiting_count;
	int64_t arrival_us;	      /* of the samples being taken; 0: none are */
	const struct entry *stepping; /* whose steps are being done */
	struct trainings trainings;
	struct keeper keeper;
	bool restoring; /* what comes was kept, and is neither sent nor kept again */
	struct tally tally;
	struct entry *owed_first, *owed_last; /* streams that a forecast is owed, see behind.c */
	bool is_behind;			      /* the samples being taken have waited too long */
	int64_t closing_us;		      /* until then a stop waits for forecasts; 0: none */
	struct log_limit let_go, behind, out_behind, failures, diverged, full, full_memory,
		unmatched;
	struct snapshot *telling; /* being sent; NULL: none */
	size_t told_slots;	  /* of the table, done with */
	uint64_t told_changes;	  /* the table's, when they were */
	int64_t tick_us;	  /* when silent streams were last looked for */
	pthread_t thread;
	bool started;
};

/* ---- samples.c ---- */

void shard_take_samples(struct shard *shard, struct block *block);
/* Does what there is to do for the steps that have closed. */
void shard_run_steps(struct shard *shard, struct entry *entry);
void shard_restore_group(struct shard *shard, struct block *block);
void shard_restore_stream(struct shard *shard, struct block *block);
void shard_replay_journal(struct shard *shard, struct block *block);
void shard_end_restoring(struct shard *shard, bool resave);

/* ---- admit.c ---- */

/* Whether the stream has made all that it needs; before the step is known it has little. */
bool shard_is_full(const struct entry *entry);
/* Brings what is counted for a stream up to date. */
void shard_account(struct shard *shard, struct entry *entry);
/*
 * Whether limits.memory, which all shards share, has room for a stream of the rule, of which `counted`
 * bytes are counted already.
 */
bool shard_has_memory(struct shard *shard, const struct rule *rule, size_t counted);
/* A job that is out still knows the entry, and takes it along. */
void shard_forget(struct shard *shard, struct entry *entry);
/* The same, but what is kept of it stays. */
void shard_let_go(struct shard *shard, struct entry *entry);
/*
 * A stream for a name never seen, ended by a zero, of which `samples` came. Returns NULL if it is refused,
 * which is counted.
 */
struct entry *shard_admit(struct shard *shard, struct rollcast_text name, uint64_t hash,
			  uint32_t samples);
struct entry *shard_find_or_admit(struct shard *shard, const struct sample_record *record);
void shard_log_strangers(struct shard *shard);

/* ---- settle.c ---- */

/* From here on these count, and belong to the shard. Streams pass over with their next sample, or later. */
void shard_take_rules(struct shard *shard, struct rules *rules);
/* Whether the entry's rule is one of those that count. */
bool shard_is_settled(const struct shard *shard, const struct entry *entry);
/*
 * Finds the entry's rule among them and brings its stream into line. False: no rule matches it, and it
 * was let go.
 */
bool shard_settle(struct shard *shard, struct entry *entry);
/* Some of the streams that have not passed over; when all have, says so. True: there are more. */
bool shard_settle_some(struct shard *shard);

/* ---- channels.c ---- */

/* Whether networks of other streams read the stream of that name. */
bool shard_is_channel(const struct settings *settings, struct rollcast_text name);
/* The step of a forecast, for those who read the stream; or the newest of a stream that was loaded. */
void shard_share_step(struct shard *shard, const struct entry *entry,
		      const struct rollcast_forecast *forecast);
void shard_share_recent(struct shard *shard, const struct entry *entry);
/* Lets the stream read its channels while its steps are done. */
void shard_open_channels(struct shard *shard, struct entry *entry);

/* ---- behind.c ---- */

/* The samples to be taken came at `arrival_us`. */
void shard_look_behind(struct shard *shard, int64_t arrival_us);
/* A step has been taken without a forecast: one from the newest step follows if there is time. */
void shard_owe(struct shard *shard, struct entry *entry);
/* The stream has a forecast from its newest step, or is no more. */
void shard_owe_nothing(struct shard *shard, struct entry *entry);
/* Makes some of those that are owed. True: there are more. */
bool shard_pay_some(struct shard *shard);
/* There is no more time. */
void shard_pay_no_more(struct shard *shard);

/* ---- learn.c ---- */

/* Before a sample: if nobody else trains and the time goes on, what groups were shown is learned from. */
void shard_train_groups(struct shard *shard, int64_t time_us);
void shard_log_failure(struct shard *shard, const struct entry *entry, int r);
void shard_train_if_due(struct shard *shard, struct entry *entry);
/* There is no time for trainings: one that is due is counted as put off. */
void shard_put_off(struct shard *shard, struct entry *entry);
/* Takes what a trainer gives back. */
void shard_adopt(struct shard *shard, struct training *training);

/* ---- publish.c ---- */

/* A forecast for all outputs. One that finds no room is dropped, and changes neither alert nor `every`. */
void shard_publish(struct shard *shard, struct entry *entry,
		   const struct rollcast_forecast *forecast);
/* Clears alerts of a stream, `ended` of these settings. Returns false if there is no room now. */
bool shard_end_alerts(struct shard *shard, const struct settings *settings, struct entry *entry,
		      uint64_t ended);
/* Hands on what has been gathered; what finds no room is dropped and counted. */
void shard_send_forecasts(struct shard *shard);
/*
 * Goes on with the snapshot in hand, as far as a round may and blocks last: live forecasts keep half
 * of them. If the table has changed the walk begins anew and passes over who has been told.
 */
void shard_tell_some(struct shard *shard);

#endif
