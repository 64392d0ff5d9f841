#include "daemon/group/groups.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"

/* The group of one rule. */
struct member {
	pthread_mutex_t lock;
	struct rollcast_group *group; /* NULL: the rule is no group */
	struct log_limit trouble;     /* as the group: under lock */
};

struct groups {
	const struct settings *settings;
	struct counters *counters;
	struct member *members; /* [settings->stream_count] */
	size_t made;
	_Atomic uint64_t generation;
	atomic_bool shown; /* something, since groups_train looked */
};

/* ---- life ---- */

int groups_create(const struct settings *settings, struct counters *counters,
		  struct groups **ret_groups)
{
	CLEANUP(groups_destroy) struct groups *groups = calloc(1, sizeof(*groups));

	if (!groups)
		return -ENOMEM;
	groups->settings = settings;
	groups->counters = counters;
	groups->members = calloc(settings->stream_count + 1, sizeof(*groups->members));
	if (!groups->members)
		return -ENOMEM;
	for (; groups->made < settings->stream_count; groups->made++) {
		struct member *member = &groups->members[groups->made];
		const struct rollcast_stream_settings *stream =
			&settings->streams[groups->made].stream;

		pthread_mutex_init(&member->lock, NULL);
		if (stream->model.scope != ROLLCAST_SCOPE_GROUP)
			continue;
		int r = rollcast_group_create(stream, &member->group);

		if (r < 0)
			return r;
	}
	*ret_groups = STEAL(groups);
	return 0;
}

void groups_destroy(struct groups *groups)
{
	if (!groups)
		return;
	for (size_t i = 0; i < groups->made; i++) {
		rollcast_group_destroy(groups->members[i].group);
		pthread_mutex_destroy(&groups->members[i].lock);
	}
	free(groups->members);
	free(groups);
}

/* ---- learning ---- */

void groups_show(struct groups *groups, const struct training *training)
{
	struct member *member = &groups->members[training->rule];
	int r;

	if (!member->group)
		return;
	pthread_mutex_lock(&member->lock);
	r = rollcast_group_learn(member->group, training->job);
	pthread_mutex_unlock(&member->lock);
	atomic_store_explicit(&groups->shown, true, memory_order_relaxed);
	if (r < 0)
		count_add(groups->counters, COUNT_GROUP_TRAININGS_FAILED, 1);
}

/* A job if the group is due, else NULL. */
static struct rollcast_group_job *take_job(struct groups *groups, struct member *member)
{
	struct rollcast_group_job *job = NULL;
	int r = 0;

	pthread_mutex_lock(&member->lock);
	if (rollcast_group_is_due(member->group))
		r = rollcast_group_job(member->group, &job);
	pthread_mutex_unlock(&member->lock);
	if (r < 0)
		count_add(groups->counters, COUNT_GROUP_TRAININGS_FAILED, 1);
	return job;
}

static void adopt(struct groups *groups, struct member *member, const char *match,
		  struct rollcast_group_job *job)
{
	uint64_t suppressed;
	int r;

	pthread_mutex_lock(&member->lock);
	r = rollcast_group_adopt(member->group, job);
	if (r == -ECANCELED) {
		pthread_mutex_unlock(&member->lock);
		return;
	}
	if (r >= 0)
		atomic_fetch_add_explicit(&groups->generation, 1, memory_order_release);
	if (r != 0 && log_allowed(&member->trouble, &suppressed))
		log_line(LOG_WARNING,
			 "group %s: training %s, the old weights stay (%lu more since the last "
			 "line)",
			 match, r < 0 ? strerror(-r) : "diverged", (unsigned long)suppressed);
	pthread_mutex_unlock(&member->lock);
	count_add(groups->counters, r == 0 ? COUNT_GROUP_TRAININGS : COUNT_GROUP_TRAININGS_FAILED,
		  1);
}

static void train_if_due(struct groups *groups, size_t rule, bool (*stop)(const void *context),
			 const void *context)
{
	struct member *member = &groups->members[rule];
	struct rollcast_group_job *job;
	int64_t start_us;

	if (!member->group)
		return;
	job = take_job(groups, member);
	if (!job)
		return;
	rollcast_group_job_stop_if(job, stop, context);
	start_us = clock_monotonic_us();
	rollcast_group_job_run(job);
	count_add(groups->counters, COUNT_TRAINING_STEPS, rollcast_group_job_steps(job));
	count_add(groups->counters, COUNT_TRAINING_US, (uint64_t)(clock_monotonic_us() - start_us));
	adopt(groups, member, groups->settings->streams[rule].match, job);
}

void groups_learn(struct groups *groups, const struct training *training,
		  bool (*stop)(const void *context), const void *context)
{
	groups_show(groups, training);
	train_if_due(groups, training->rule, stop, context);
}

bool groups_train(struct groups *groups)
{
	if (!atomic_load_explicit(&groups->shown, memory_order_relaxed))
		return false;
	atomic_store_explicit(&groups->shown, false, memory_order_relaxed);
	for (size_t i = 0; i < groups->made; i++)
		train_if_due(groups, i, NULL, NULL);
	return true;
}

/* ---- sharing ---- */

uint64_t groups_generation(const struct groups *groups)
{
	return atomic_load_explicit(&groups->generation, memory_order_acquire);
}

struct rollcast_shared *groups_shared(struct groups *groups, size_t rule)
{
	struct member *member = &groups->members[rule];
	struct rollcast_shared *shared = NULL;

	pthread_mutex_lock(&member->lock);
	if (member->group)
		shared = rollcast_group_shared(member->group);
	if (shared)
		rollcast_shared_ref(shared);
	pthread_mutex_unlock(&member->lock);
	return shared;
}
