/* Each series points towards the first of those that it has to do with: see backtest_parts.h. */
#include "cli/backtest_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rollcast/name.h"

const struct rollcast_stream_settings *backtest_rule(const struct settings *settings,
						     const char *name)
{
	struct rollcast_text text = {name, strlen(name)};

	for (size_t i = 0; i < settings->stream_count; i++)
		if (rollcast_selector_matches(settings->streams[i].selector, text))
			return &settings->streams[i].stream;
	return NULL;
}

/* Which series have to do with each other: each points towards the first of them. */
static size_t first_of(const size_t *towards, size_t index)
{
	while (towards[index] != index)
		index = towards[index];
	return index;
}

static void join(size_t *towards, size_t a, size_t b)
{
	a = first_of(towards, a);
	b = first_of(towards, b);
	towards[a > b ? a : b] = a > b ? b : a;
}

/* With those that it reads. */
static void join_channels(const struct backtest_series *series, size_t count,
			  const struct rollcast_stream_settings *settings, size_t index,
			  size_t *towards)
{
	const char *reader = series[index].name;
	char name[ROLLCAST_NAME_MAX];

	for (uint32_t i = 0; i < settings->channel_count; i++) {
		if (!rollcast_name_beside(settings->channels[i],
					  (struct rollcast_text){reader, strlen(reader)}, name,
					  sizeof(name)))
			continue;
		for (size_t j = 0; j < count; j++)
			if (!strcmp(series[j].name, name))
				join(towards, index, j);
	}
}

/* Whose group each series is of, NULL for none: series of a rule that is a group are joined. */
static void join_groups(const struct settings *settings, struct backtest_task *tasks, size_t count,
			size_t *towards)
{
	for (size_t i = 0; i < count; i++) {
		size_t j = 0;

		if (settings && tasks[i].settings->model.scope == ROLLCAST_SCOPE_GROUP)
			tasks[i].group = backtest_rule(settings, tasks[i].series->name);
		while (tasks[i].group && tasks[j].group != tasks[i].group)
			j++;
		if (tasks[i].group)
			join(towards, i, j);
	}
}

/* The tasks again, those that were joined side by side, in the order of the series. */
static void sort(const struct backtest_task *tasks, size_t count, const size_t *towards,
		 struct backtest_parts *parts)
{
	size_t end = 0;

	for (size_t first = 0; first < count; first++) {
		if (towards[first] != first)
			continue;
		for (size_t i = first; i < count; i++)
			if (first_of(towards, i) == first)
				parts->tasks[end++] = tasks[i];
		parts->begins[++parts->count] = end;
	}
}

int backtest_parts_make(const struct settings *settings, const struct backtest_series *series,
			const struct rollcast_stream_settings *chosen,
			struct backtest_result *results, size_t count,
			struct backtest_parts *ret_parts)
{
	CLEANUP(free) struct backtest_task *tasks = calloc(count + 1, sizeof(*tasks));
	CLEANUP(free) size_t *towards = calloc(count + 1, sizeof(*towards));

	*ret_parts = (struct backtest_parts){
		.tasks = calloc(count + 1, sizeof(*ret_parts->tasks)),
		.begins = calloc(count + 1, sizeof(*ret_parts->begins)),
	};
	if (!tasks || !towards || !ret_parts->tasks || !ret_parts->begins)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		tasks[i] = (struct backtest_task){
			.series = &series[i], .settings = &chosen[i], .result = &results[i]};
		towards[i] = i;
	}
	join_groups(settings, tasks, count, towards);
	for (size_t i = 0; i < count; i++)
		join_channels(series, count, &chosen[i], i, towards);
	sort(tasks, count, towards, ret_parts);
	return 0;
}

void backtest_parts_finish(struct backtest_parts *parts)
{
	free(parts->tasks);
	free(parts->begins);
	*parts = (struct backtest_parts){0};
}
