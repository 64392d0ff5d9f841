#include "daemon/stream/rules.h"

#include <errno.h>
#include <stdlib.h>

int rules_create(const struct settings *settings, const struct groups *groups,
		 struct rules **ret_rules)
{
	struct rules *rules =
		calloc(1, sizeof(*rules) + settings->stream_count * sizeof(*rules->items));

	if (!rules)
		return -ENOMEM;
	rules->settings = settings;
	rules->count = settings->stream_count;
	for (size_t i = 0; i < rules->count; i++) {
		rules->items[i].set = &settings->streams[i];
		rules->items[i].group = groups_take(groups, i);
		rules->have_groups |= rules->items[i].group != NULL;
		rules->items[i].generation = UINT64_MAX; /* not looked at yet */
	}
	*ret_rules = rules;
	return 0;
}

void rules_destroy(struct rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->count; i++) {
		rollcast_shared_unref(rules->items[i].shared);
		group_unref(rules->items[i].group);
	}
	free(rules);
}

struct rule *rules_find(struct rules *rules, struct rollcast_text name)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rollcast_selector_matches(rules->items[i].set->selector, name))
			return &rules->items[i];
	return NULL;
}

bool rules_have(const struct rules *rules, const struct rule *rule)
{
	return rule >= rules->items && rule < rules->items + rules->count;
}

struct rollcast_shared *rule_shared(struct rule *rule)
{
	uint64_t generation;

	if (!rule->group)
		return NULL;
	generation = group_generation(rule->group);
	if (generation != rule->generation) {
		rollcast_shared_unref(rule->shared);
		rule->shared = group_shared(rule->group);
		rule->generation = generation;
	}
	return rule->shared;
}
