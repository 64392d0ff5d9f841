/*
 * Reading has two halves: what stands in the file must be in the table (unknown keys), and what is
 * in the table is looked for in the file (values, or else defaults).
 */
#include "daemon/settings/read.h"

#include <string.h>

#include "daemon/base/suggest.h"
#include "daemon/settings/assign.h"

enum { CANDIDATES_MAX = 64 };

struct reader {
	struct pool *pool;
	struct problems *problems;
};

/* Whether a key's path goes on with `prefix` `.` `name`; then what follows: "" or ".fill". */
static const char *after(const struct key *key, const char *prefix, const char *name)
{
	size_t length = strlen(prefix);

	if (strchr(name, '.')) /* it would look like a group's key */
		return NULL;
	if (strncmp(key->path, prefix, length) || key->path[length] != '.')
		return NULL;
	length += 1;
	if (strncmp(key->path + length, name, strlen(name)))
		return NULL;
	length += strlen(name);
	return key->path[length] == '\0' || key->path[length] == '.' ? key->path + length : NULL;
}

static void unknown_key(struct reader *reader, const char *prefix, const struct entry *entry)
{
	const char *names[CANDIDATES_MAX];
	size_t count = 0, length = strlen(prefix) + 1;
	const char *meant;

	for (size_t i = 0; i < table_key_count && count < CANDIDATES_MAX; i++) {
		const char *name = table_keys[i].path + length;

		if (strncmp(table_keys[i].path, prefix, length - 1) ||
		    table_keys[i].path[length - 1] != '.')
			continue;
		names[count] = pool_copy(reader->pool, name, strcspn(name, "."));
		if (names[count])
			count++;
	}
	meant = suggest(entry->name, names, count);
	if (meant)
		problems_add(reader->problems, &entry->place, entry->node->key,
			     "unknown key; did you mean \"%s\"?", meant);
	else
		problems_add(reader->problems, &entry->place, entry->node->key, "unknown key");
}

static void check_keys(struct reader *reader, const char *prefix, const struct node *map);

/* A key, a group of keys, or neither. */
static void check_key(struct reader *reader, const char *prefix, const struct entry *entry)
{
	struct node *node = entry->node;
	bool is_group = false, is_brief = false;

	for (size_t i = 0; i < table_key_count; i++) {
		const char *rest = after(&table_keys[i], prefix, entry->name);

		if (rest && !*rest)
			return; /* its value is looked at where it is assigned */
		is_group |= rest != NULL;
		is_brief |= rest && table_keys[i].brief;
	}
	if (!is_group) {
		unknown_key(reader, prefix, entry);
	} else if (node->kind == NODE_MAP) {
		const char *group = pool_printf(reader->pool, "%s.%s", prefix, entry->name);

		if (group)
			check_keys(reader, group, node);
		else
			reader->problems->out_of_memory = true;
	} else if (node->kind == NODE_EMPTY) {
		node_problem(reader->problems, node,
			     "has no value; leave the key out for its default");
	} else if (!is_brief) {
		node_problem(reader->problems, node, "a mapping is expected, not %s",
			     node_kind_word(node));
	}
}

static void check_keys(struct reader *reader, const char *prefix, const struct node *map)
{
	for (size_t i = 0; i < map->count; i++)
		check_key(reader, prefix, &map->entries[i]);
}

/* The node of a key such as "gap.fill" below its element, or NULL. */
static struct node *find_value(const struct node *element, const struct key *key, const char *name)
{
	const char *dot = strchr(name, '.');
	struct entry *group;

	if (!dot)
		return node_find(element, name);
	group = node_entry(element, name, (size_t)(dot - name));
	if (!group)
		return NULL;
	if (group->node->kind == NODE_MAP)
		return node_find(group->node, dot + 1);
	return key->brief && group->node->kind != NODE_EMPTY ? group->node : NULL;
}

static void assign_default(struct reader *reader, const struct key *key, void *element)
{
	static const struct source source = {.path = "default"};
	struct node *node = node_parse(reader->pool, reader->problems, &source, key->fallback,
				       strlen(key->fallback));

	if (node)
		assign(reader->problems, key, node, element);
}

/* `node` is NULL for an element that nobody wrote. */
static void read_element(struct reader *reader, const struct section *section, struct node *node,
			 void *element)
{
	size_t count;
	const struct key *keys = table_section_keys(section, &count);

	if (node && node->kind == NODE_EMPTY) {
		node_problem(reader->problems, node, "has no value; write {} for all defaults");
		node = NULL;
	} else if (node && node->kind != NODE_MAP) {
		node_problem(reader->problems, node, "a mapping is expected, not %s",
			     node_kind_word(node));
	} else if (node) {
		check_keys(reader, section->element, node);
	}
	for (size_t i = 0; i < count; i++) {
		const char *name = table_key_name(section, &keys[i]);
		struct node *value = node ? find_value(node, &keys[i], name) : NULL;

		if (value && assign(reader->problems, &keys[i], value, element))
			continue;
		if (keys[i].fallback)
			assign_default(reader, &keys[i], element);
		else if (!value && node && node->kind == NODE_MAP)
			problems_add(reader->problems, &node->place,
				     pool_printf(reader->pool, "%s.%s", node->key, name),
				     "is required, but missing");
	}
}

struct node *read_element_node(const struct node *root, const struct section *section, size_t index)
{
	struct node *node = node_find(root, section->name);
	enum node_kind kind = section->kind == SECTION_LIST ? NODE_LIST : NODE_MAP;

	if (!node || section->kind == SECTION_ONE)
		return node;
	return node->kind == kind && index < node->count ? node->entries[index].node : NULL;
}

/* An array of `count` elements, and its count, into their places. */
static bool make_array(struct reader *reader, const struct section *section,
		       struct settings *settings, size_t count)
{
	void *array = calloc(count ? count : 1, section->element_size);

	if (!array) {
		reader->problems->out_of_memory = true;
		return false;
	}
	*(void **)((char *)settings + section->place) = array;
	*(size_t *)((char *)settings + section->count) = count;
	return true;
}

/* Where the files have no rules, one with the defaults takes every stream. */
static size_t default_count(const struct section *section)
{
	return section->place == offsetof(struct settings, streams);
}

static void read_list(struct reader *reader, const struct section *section, struct node *node,
		      struct settings *settings)
{
	size_t count = node ? node->count : default_count(section);

	if (node && node->kind != NODE_LIST) {
		node_problem(reader->problems, node, "a list is expected, not %s",
			     node_kind_word(node));
		node = NULL;
		count = 0;
	}
	if (!make_array(reader, section, settings, count))
		return;
	for (size_t i = 0; i < count; i++)
		read_element(reader, section, node ? node->entries[i].node : NULL,
			     table_element(section, settings, i));
}

static void name_model(struct reader *reader, struct node *node, const char *name,
		       struct model_settings *model)
{
	static const struct key key = {.path = "models.*", .kind = KEY_NAME};
	struct node text = {.kind = NODE_SCALAR, .text = name, .key = name};

	if (node) {
		text.place = node->place;
		text.key = node->key;
	}
	assign(reader->problems, &key, &text, model);
}

static void read_models(struct reader *reader, const struct section *section, struct node *node,
			struct settings *settings)
{
	size_t count = node && node->kind == NODE_MAP ? node->count : 0;
	bool has_default = count && node_entry(node, "default", strlen("default"));

	if (node && node->kind != NODE_MAP)
		node_problem(reader->problems, node, "a mapping is expected, not %s",
			     node_kind_word(node));
	if (!make_array(reader, section, settings, count + !has_default))
		return;
	for (size_t i = 0; i < settings->model_count; i++) {
		struct entry *entry = i < count ? &node->entries[i] : NULL;

		read_element(reader, section, entry ? entry->node : NULL, &settings->models[i]);
		name_model(reader, entry ? entry->node : NULL, entry ? entry->name : "default",
			   &settings->models[i]);
	}
}

static void read_section(struct reader *reader, const struct section *section,
			 const struct node *root, struct settings *settings)
{
	struct node *node = node_find(root, section->name);

	if (node && node->kind == NODE_EMPTY) {
		node_problem(reader->problems, node,
			     "has no value; leave the section out for its defaults");
		node = NULL;
	}
	if (section->kind == SECTION_LIST)
		read_list(reader, section, node, settings);
	else if (section->kind == SECTION_MAP)
		read_models(reader, section, node, settings);
	else
		read_element(reader, section, node, settings);
}

static void check_sections(struct reader *reader, const struct node *root)
{
	const char *names[CANDIDATES_MAX];

	for (size_t i = 0; i < table_section_count; i++)
		names[i] = table_sections[i].name;
	for (size_t i = 0; i < root->count; i++) {
		const struct entry *entry = &root->entries[i];
		const char *meant = suggest(entry->name, names, table_section_count);
		bool known = false;

		for (size_t j = 0; j < table_section_count; j++)
			known |= !strcmp(entry->name, names[j]);
		if (!known && meant)
			problems_add(reader->problems, &entry->place, entry->name,
				     "unknown section; did you mean \"%s\"?", meant);
		else if (!known)
			problems_add(reader->problems, &entry->place, entry->name,
				     "unknown section");
	}
}

static void give_models(struct settings *settings)
{
	for (size_t i = 0; i < settings->stream_count; i++) {
		struct stream_settings *rule = &settings->streams[i];

		rule->stream.channels = rule->inputs_from.items;
		rule->stream.channel_count = (uint32_t)rule->inputs_from.count;
		for (size_t j = 0; rule->model && j < settings->model_count; j++) {
			const struct model_settings *model = &settings->models[j];

			if (model->name && !strcmp(model->name, rule->model))
				rule->stream.model = model->model;
		}
	}
}

void read_settings(struct pool *pool, struct problems *problems, const struct node *root,
		   struct settings *settings)
{
	struct reader reader = {pool, problems};

	check_sections(&reader, root);
	for (size_t i = 0; i < table_section_count; i++)
		read_section(&reader, &table_sections[i], root, settings);
	give_models(settings);
}
