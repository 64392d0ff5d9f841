/*
 * A group: one network for many like streams, trained on windows drawn from all of them.
 *
 *	stream ──job──► run ──► group learns its window ─► group job ─► run ─► adopt ──► shared
 *	  ▲                                                (any thread)                    │
 *	  └────────────────── by reference, before its next step ──────────────────────────┘
 *
 * For streams whose settings say ROLLCAST_SCOPE_GROUP. A stream keeps its own experts, scale, blend
 * and calibration, and its own jobs, which fit everything but networks. What is shared is immutable
 * and counted by reference, so a stream that has just appeared has the group's networks as soon as it
 * has a lookback to show them.
 *
 * A group belongs to one thread at a time and locks nothing; its memory is bounded.
 */
#ifndef ROLLCAST_GROUP_H
#define ROLLCAST_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rollcast/cleanup.h"
#include "rollcast/stream.h"

/* What the streams of a group share. */
struct rollcast_shared;

struct rollcast_shared *rollcast_shared_ref(struct rollcast_shared *shared);
/* Drops one reference; the last one frees. Any thread. NULL is accepted. */
void rollcast_shared_unref(struct rollcast_shared *shared);
DEFINE_CLEANUP(struct rollcast_shared *, rollcast_shared_unref);

/* Gives a stream what its group shares, by reference; NULL takes it away. Cheap when nothing changes. */
void rollcast_stream_share(struct rollcast_stream *stream, struct rollcast_shared *shared);
/* What the stream shares, borrowed; NULL: nothing. */
const struct rollcast_shared *rollcast_stream_shared(const struct rollcast_stream *stream);

struct rollcast_group;

/* A group without windows, for streams with these settings, of which it keeps a copy. -ENOMEM. */
int rollcast_group_create(const struct rollcast_stream_settings *settings,
			  struct rollcast_group **ret_group);
void rollcast_group_destroy(struct rollcast_group *group);
DEFINE_CLEANUP(struct rollcast_group *, rollcast_group_destroy);

/*
 * Takes the window of a stream's job that has been run, in the place of the stream's window before.
 * The job can still be adopted or destroyed, not run again. -ENOMEM.
 */
int rollcast_group_learn(struct rollcast_group *group, struct rollcast_job *job);

/* Whether it has learned enough since its last training; false while a job is out. */
bool rollcast_group_is_due(const struct rollcast_group *group);

struct rollcast_group_job;

/*
 * A training of the group; at most one is out. It shares the windows, so that the group may learn and
 * even be destroyed while it runs. The caller owns it and returns it with rollcast_group_adopt.
 * -ENOMEM, -EBUSY (one is out).
 */
int rollcast_group_job(struct rollcast_group *group, struct rollcast_group_job **ret_job);
/* Trains. Any thread. 0, ROLLCAST_NETWORK_DIVERGED, -ENOMEM; adopt it in any case. */
int rollcast_group_job_run(struct rollcast_group_job *job);
/* As rollcast_job_stop_if. */
void rollcast_group_job_stop_if(struct rollcast_group_job *job, bool (*stop)(const void *context),
				const void *context);
/* Optimiser steps done by the job, for counters. */
uint32_t rollcast_group_job_steps(const struct rollcast_group_job *job);
void rollcast_group_job_destroy(struct rollcast_group_job *job);
DEFINE_CLEANUP(struct rollcast_group_job *, rollcast_group_job_destroy);

/*
 * Takes what the job found into use: from here on rollcast_group_shared has it. Returns 0,
 * ROLLCAST_NETWORK_DIVERGED (a network that diverged stays as it was) or a negative errno: all stays.
 * Consumes the job.
 */
int rollcast_group_adopt(struct rollcast_group *group, struct rollcast_group_job *job);

/* What its streams are to share, borrowed until the group's next call; NULL before the first training. */
struct rollcast_shared *rollcast_group_shared(const struct rollcast_group *group);

/*
 * What the group has learned, as bytes: networks, the optimiser's moments and how experts usually do, not
 * the windows. Returns how many there are, 0 before the first training; they are written if `size` is at
 * least that. To be called between jobs or while one is out.
 */
size_t rollcast_group_save(const struct rollcast_group *group, void *bytes, size_t size);

enum { ROLLCAST_GROUP_OTHER = 1 };

/*
 * Goes on from there: for a group that has learned nothing yet. It trains next when its streams have
 * brought their windows again. Returns 0; ROLLCAST_GROUP_OTHER: it was saved with other settings; -EINVAL:
 * damaged; -ENOTSUP: of another format; -ENOMEM. The group is unchanged unless it is 0.
 */
int rollcast_group_load(struct rollcast_group *group, const void *bytes, size_t size);

#endif
