#include "daemon/group/groups.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"

struct group {
	atomic_uint references;
	char *match;				  /* of the rule */
	struct rollcast_stream_settings settings; /* but for the names of its channels, */
	uint64_t channels;			  /* a hash of them */
	struct counters *counters;
	pthread_mutex_t lock;
	struct rollcast_group *group; /* under lock */
	struct log_limit trouble;     /* as the group: under lock */
	_Atomic uint64_t generation;
	atomic_bool shown; /* something, since group_train looked */
};

struct groups {
	struct group **groups; /* [count]; NULL: the rule is no group */
	size_t count;
};

/* ---- a group ---- */

struct group *group_ref(struct group *group)
{
	if (group)
		atomic_fetch_add_explicit(&group->references, 1, memory_order_relaxed);
	return group;
}

void group_unref(struct group *group)
{
	if (!group || atomic_fetch_sub_explicit(&group->references, 1, memory_order_acq_rel) != 1)
		return;
	rollcast_group_destroy(group->group);
	pthread_mutex_destroy(&group->lock);
	free(group->match);
	free(group);
}

static uint64_t hash_of_channels(const struct rollcast_stream_settings *settings)
{
	uint64_t hash = 0;

	for (uint32_t i = 0; i < settings->channel_count; i++) {
		const char *name = settings->channels[i];

		hash = 31 * hash + rollcast_name_hash((struct rollcast_text){name, strlen(name)});
	}
	return hash;
}

static int group_create(const struct stream_settings *rule, struct counters *counters,
			struct group **ret_group)
{
	struct group *group = calloc(1, sizeof(*group));
	int r;

	if (!group)
		return -ENOMEM;
	atomic_init(&group->references, 1);
	pthread_mutex_init(&group->lock, NULL);
	group->settings = rule->stream;
	group->settings.channels = NULL;
	group->channels = hash_of_channels(&rule->stream);
	group->counters = counters;
	group->match = strdup(rule->match);
	r = group->match ? rollcast_group_create(&group->settings, &group->group) : -ENOMEM;
	if (r < 0)
		group_unref(group);
	else
		*ret_group = group;
	return r;
}

/* ---- learning ---- */

void group_show(struct group *group, const struct training *training)
{
	int r;

	pthread_mutex_lock(&group->lock);
	r = rollcast_group_learn(group->group, training->job);
	pthread_mutex_unlock(&group->lock);
	atomic_store_explicit(&group->shown, true, memory_order_relaxed);
	if (r < 0)
		count_add(group->counters, COUNT_GROUP_TRAININGS_FAILED, 1);
}

/* A job if the group is due, else NULL. */
static struct rollcast_group_job *take_job(struct group *group)
{
	struct rollcast_group_job *job = NULL;
	int r = 0;

	pthread_mutex_lock(&group->lock);
	if (rollcast_group_is_due(group->group))
		r = rollcast_group_job(group->group, &job);
	pthread_mutex_unlock(&group->lock);
	if (r < 0)
		count_add(group->counters, COUNT_GROUP_TRAININGS_FAILED, 1);
	return job;
}

static void adopt(struct group *group, struct rollcast_group_job *job)
{
	uint64_t suppressed;
	int r;

	pthread_mutex_lock(&group->lock);
	r = rollcast_group_adopt(group->group, job);
	if (r == -ECANCELED) {
		pthread_mutex_unlock(&group->lock);
		return;
	}
	if (r >= 0)
		atomic_fetch_add_explicit(&group->generation, 1, memory_order_release);
	if (r != 0 && log_allowed(&group->trouble, &suppressed))
		log_line(LOG_WARNING,
			 "group %s: training %s, the old weights stay (%lu more since the last "
			 "line)",
			 group->match, r < 0 ? strerror(-r) : "diverged",
			 (unsigned long)suppressed);
	pthread_mutex_unlock(&group->lock);
	count_add(group->counters, r == 0 ? COUNT_GROUP_TRAININGS : COUNT_GROUP_TRAININGS_FAILED,
		  1);
}

static void train_if_due(struct group *group, bool (*stop)(const void *context),
			 const void *context)
{
	struct rollcast_group_job *job = take_job(group);
	int64_t start_us;

	if (!job)
		return;
	rollcast_group_job_stop_if(job, stop, context);
	start_us = clock_monotonic_us();
	rollcast_group_job_run(job);
	count_add(group->counters, COUNT_TRAINING_STEPS, rollcast_group_job_steps(job));
	count_add(group->counters, COUNT_TRAINING_US, (uint64_t)(clock_monotonic_us() - start_us));
	adopt(group, job);
}

void group_learn(struct group *group, const struct training *training,
		 bool (*stop)(const void *context), const void *context)
{
	group_show(group, training);
	train_if_due(group, stop, context);
}

bool group_train(struct group *group)
{
	if (!atomic_load_explicit(&group->shown, memory_order_relaxed))
		return false;
	atomic_store_explicit(&group->shown, false, memory_order_relaxed);
	train_if_due(group, NULL, NULL);
	return true;
}

/* ---- sharing ---- */

uint64_t group_generation(const struct group *group)
{
	return atomic_load_explicit(&group->generation, memory_order_acquire);
}

struct rollcast_shared *group_shared(struct group *group)
{
	struct rollcast_shared *shared;

	pthread_mutex_lock(&group->lock);
	shared = rollcast_group_shared(group->group);
	if (shared)
		rollcast_shared_ref(shared);
	pthread_mutex_unlock(&group->lock);
	return shared;
}

/* ---- saving and loading ---- */

struct block *group_save(struct group *group)
{
	size_t length = strlen(group->match), head = envelope_size(length), size;
	struct block *block = NULL;

	pthread_mutex_lock(&group->lock);
	size = rollcast_group_save(group->group, NULL, 0);
	if (size)
		block = block_create(head + size);
	if (block) {
		envelope_begin(block->bytes, ENVELOPE_GROUP, group->channels, group->match, length);
		rollcast_group_save(group->group, block->bytes + head, size);
		block->used = head + size;
	}
	pthread_mutex_unlock(&group->lock);
	return block;
}

bool group_load(struct group *group, const struct envelope *envelope, size_t size)
{
	size_t head = envelope_size(envelope->name_length);
	int r;

	if (strcmp(group->match, envelope_name(envelope)) || group->channels != envelope->position)
		return false;
	pthread_mutex_lock(&group->lock);
	r = rollcast_group_load(group->group, (const char *)envelope + head, size - head);
	pthread_mutex_unlock(&group->lock);
	if (r == 0)
		atomic_fetch_add_explicit(&group->generation, 1, memory_order_release);
	else
		log_line(r < 0 ? LOG_WARNING : LOG_INFO, "state: the group %s learns anew: %s",
			 group->match,
			 r == ROLLCAST_GROUP_OTHER ? "it was saved with other settings"
			 : r == -ENOTSUP	   ? "it is of another format"
			 : r == -ENOMEM		   ? strerror(ENOMEM)
						   : "it is damaged");
	return true;
}

/* ---- those of all rules ---- */

static bool is_same_model(const struct rollcast_model_settings *a,
			  const struct rollcast_model_settings *b)
{
	return a->scope == b->scope && a->cell == b->cell && a->activation == b->activation &&
	       a->hidden == b->hidden && a->layers == b->layers && a->lookback == b->lookback &&
	       a->batch == b->batch && a->patch == b->patch && a->loss == b->loss &&
	       a->huber_delta == b->huber_delta && a->optimizer == b->optimizer &&
	       a->rate == b->rate && a->momentum == b->momentum &&
	       a->weight_decay == b->weight_decay && a->clip_norm == b->clip_norm &&
	       a->steps_first == b->steps_first && a->steps_refit == b->steps_refit &&
	       a->seed == b->seed;
}

/* Whether what the group has learned is right for the rule: for like values, and a like network. */
static bool is_right_for(const struct group *group, const struct stream_settings *rule)
{
	const struct rollcast_stream_settings *was = &group->settings, *is = &rule->stream;

	return !strcmp(group->match, rule->match) && was->horizon == is->horizon &&
	       was->grid.step_us == is->grid.step_us && was->grid.aggregate == is->grid.aggregate &&
	       was->channel_count == is->channel_count && group->channels == hash_of_channels(is) &&
	       is_same_model(&was->model, &is->model);
}

static struct group *find_like(const struct groups *groups, const struct stream_settings *rule)
{
	for (size_t i = 0; groups && i < groups->count; i++)
		if (groups->groups[i] && is_right_for(groups->groups[i], rule))
			return group_ref(groups->groups[i]);
	return NULL;
}

int groups_create(const struct settings *settings, struct counters *counters,
		  const struct groups *before, struct groups **ret_groups)
{
	CLEANUP(groups_destroy) struct groups *groups = calloc(1, sizeof(*groups));

	if (!groups)
		return -ENOMEM;
	groups->groups = calloc(settings->stream_count + 1, sizeof(*groups->groups));
	if (!groups->groups)
		return -ENOMEM;
	groups->count = settings->stream_count;
	for (size_t i = 0; i < groups->count; i++) {
		const struct stream_settings *rule = &settings->streams[i];
		int r = 0;

		if (rule->stream.model.scope != ROLLCAST_SCOPE_GROUP)
			continue;
		groups->groups[i] = find_like(before, rule);
		if (!groups->groups[i])
			r = group_create(rule, counters, &groups->groups[i]);
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
	for (size_t i = 0; i < groups->count; i++)
		group_unref(groups->groups[i]);
	free(groups->groups);
	free(groups);
}

struct group *groups_take(const struct groups *groups, size_t rule)
{
	return group_ref(groups->groups[rule]);
}
