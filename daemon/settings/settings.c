/*
 * Loading, from end to end:
 *
 *	files ──parse──► nodes ──merge──► one tree ──table──► structure ──► checks across keys
 *	                                   every step adds to the problems, which are printed at the end
 */
#include "daemon/settings/settings.h"

#include <errno.h>

#include "daemon/settings/assign.h"
#include "daemon/settings/read.h"

static int load(const char *const *paths, size_t count, bool offline, FILE *errors,
		struct settings **ret_settings)
{
	struct pool memory = {0};
	CLEANUP(pool_finish) struct pool *pool = &memory;
	CLEANUP(settings_destroy) struct settings *settings = calloc(1, sizeof(*settings));
	struct problems problems = {.pool = pool};
	struct node *root;
	int r;

	if (!settings)
		return -ENOMEM;
	r = node_read(pool, &problems, paths, count, &root);
	if (r)
		return r;
	if (root->place.source) { /* without any tree, what is missing is no news */
		read_settings(pool, &problems, root, settings);
		if (!problems.out_of_memory) /* else values are missing that look good */
			check_settings(&problems, root, settings, offline);
	}
	problems_print(&problems, errors);
	if (problems.out_of_memory)
		return -ENOMEM;
	if (problems.count)
		return problems.count > INT32_MAX ? INT32_MAX : (int)problems.count;
	*ret_settings = STEAL(settings);
	return 0;
}

int settings_load(const char *const *paths, size_t count, FILE *errors,
		  struct settings **ret_settings)
{
	return load(paths, count, false, errors, ret_settings);
}

int settings_load_offline(const char *const *paths, size_t count, FILE *errors,
			  struct settings **ret_settings)
{
	return load(paths, count, true, errors, ret_settings);
}

static void free_section(const struct section *section, struct settings *settings)
{
	size_t count, elements = table_element_count(section, settings);
	const struct key *keys = table_section_keys(section, &count);

	for (size_t i = 0; i < elements; i++) {
		for (size_t j = 0; j < count; j++)
			assign_free(&keys[j], table_element(section, settings, i));
	}
}

void settings_destroy(struct settings *settings)
{
	if (!settings)
		return;
	for (size_t i = 0; i < table_section_count; i++)
		free_section(&table_sections[i], settings);
	for (size_t i = 0; i < settings->model_count; i++)
		free(settings->models[i].name);
	free(settings->inputs);
	free(settings->models);
	free(settings->streams);
	free(settings->thresholds);
	free(settings->outputs);
	free(settings);
}
