/*
 * A group as bytes: what its networks have learned, and how its streams' experts usually do. Windows are
 * not kept: the streams have them, and bring them again.
 */
#include <errno.h>
#include <string.h>
#include <stdlib.h>

#include "lib/forecast/group_state.h"
#include "lib/forecast/network_expert.h"
#include "lib/forecast/roll.h"
#include "lib/series/archive.h"

enum {
	MAGIC = 0x70677252, /* "Rrgp" */
	FORMAT = 1,
};

struct head {
	uint32_t magic, format;
	uint64_t size; /* of the record, this head included */
};

/* Values of another grid look like others; false: these are from one. */
static bool about_archive(struct archive *archive, struct rollcast_group *group)
{
	const struct rollcast_grid_settings *grid = &group->settings.grid;
	int64_t step_us = grid->step_us;
	uint32_t aggregate = (uint32_t)grid->aggregate, streams = group->count;

	if (group->before > streams)
		streams = group->before;
	archive_value(archive, &step_us);
	archive_value(archive, &aggregate);
	archive_value(archive, &group->trainings);
	archive_value(archive, &group->origins_trained);
	archive_value(archive, &streams);
	group->before = streams;
	return step_us == grid->step_us && aggregate == (uint32_t)grid->aggregate;
}

static void shared_archive(struct archive *archive, const struct roll *roll,
			   struct rollcast_shared *shared)
{
	archive_time(archive, &shared->trained_us);
	for (int root = 0; root < 2; root++)
		for (int third = 0; third < BLEND_THIRDS; third++)
			roll_finite_archive(archive, roll, expert_count,
					    shared->usual.of[root][third], 1);
}

/* False: a network of another kind, or none, was saved. */
static bool networks_archive(struct archive *record, struct rollcast_group *group)
{
	bool all = true;

	for (uint32_t i = 0; i < SHARED_NETWORKS && !record->error; i++) {
		char tag[] = "network 0";
		struct archive section;

		tag[sizeof(tag) - 2] = (char)('0' + i);
		if (!archive_open(record, tag, 1, &section)) {
			all = false;
			continue;
		}
		all &= network_fit_archive(&section, i ? NETWORK_SEASONAL : NETWORK_LOCAL,
					   &group->settings, i, &group->networks[i]);
		archive_close(record, &section);
	}
	return all;
}

/* Returns whether all of it is for the group's settings. */
static bool group_archive(struct archive *record, struct rollcast_group *group,
			  struct rollcast_shared *shared)
{
	struct archive section;
	struct roll roll = {0};
	bool same;

	if (!archive_open(record, "group", 1, &section))
		return false;
	same = about_archive(&section, group);
	archive_close(record, &section);
	if (!same || record->error || !networks_archive(record, group) ||
	    !archive_open(record, "shared", 1, &section))
		return false;
	roll_archive(&section, &roll);
	shared_archive(&section, &roll, shared);
	archive_close(record, &section);
	return !record->error;
}

size_t rollcast_group_save(const struct rollcast_group *group, void *bytes, size_t size)
{
	struct archive record = archive_save(bytes, size);
	/* Saving changes nothing but the copy: the same functions load. */
	struct rollcast_group copy = *group;
	struct head head = {MAGIC, FORMAT, 0};

	if (!group->shared)
		return 0;
	archive_value(&record, &head);
	group_archive(&record, &copy, group->shared);
	head.size = record.place;
	if (record.place <= size)
		memcpy(bytes, &head, sizeof(head)); /* bytes may begin anywhere */
	return record.place;
}

static int read_head(struct archive *record)
{
	struct head head = {0};

	archive_value(record, &head);
	if (record->error || head.magic != MAGIC)
		return -EINVAL;
	if (head.format != FORMAT)
		return -ENOTSUP;
	return head.size == record->size ? 0 : -EINVAL;
}

/* What was loaded takes the place of what the group has. */
static void move_in(struct rollcast_group *group, struct rollcast_group *loaded,
		    struct rollcast_shared *shared)
{
	for (int i = 0; i < SHARED_NETWORKS; i++) {
		network_fit_finish(&group->networks[i]);
		group->networks[i] = loaded->networks[i];
		loaded->networks[i] = (struct network_fit){0};
		if (group->networks[i].weights)
			shared->networks[i] = rollcast_weights_ref(group->networks[i].weights);
	}
	group->trainings = loaded->trainings;
	group->origins_trained = loaded->origins_trained;
	group->before = loaded->before;
	rollcast_shared_unref(group->shared);
	group->shared = shared;
}

int rollcast_group_load(struct rollcast_group *group, const void *bytes, size_t size)
{
	CLEANUP(rollcast_shared_unref) struct rollcast_shared *shared = NULL;
	CLEANUP(rollcast_group_destroy) struct rollcast_group *loaded = NULL;
	struct archive record = archive_load(bytes, size);
	int r = read_head(&record);

	if (r == 0)
		r = rollcast_group_create(&group->settings, &loaded);
	if (r < 0)
		return r;
	shared = calloc(1, sizeof(*shared));
	if (!shared)
		return -ENOMEM;
	atomic_init(&shared->references, 1);
	if (!group_archive(&record, loaded, shared))
		return record.error ? record.error : ROLLCAST_GROUP_OTHER;
	move_in(group, loaded, STEAL(shared));
	return 0;
}
