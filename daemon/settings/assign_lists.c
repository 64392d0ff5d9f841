/* Keys that take several values. */
#include "daemon/settings/assign_inside.h"

#include <string.h>

#include "daemon/settings/value.h"
#include "rollcast/name.h"

/* The items of a list; a single value is a list of one. */
static struct node *item(struct node *node, size_t index)
{
	return node->kind == NODE_LIST ? node->entries[index].node : node;
}

static bool is_text_valid(const struct assignment *to, struct node *node)
{
	struct rollcast_text text;
	const char *why = NULL;
	size_t column;

	if (!assign_expect(to->problems, node, NODE_SCALAR))
		return false;
	if (to->key->kind == KEY_BIND || to->key->kind == KEY_CONNECT)
		why = value_endpoint(node->text, to->key->kind == KEY_BIND);
	text = (struct rollcast_text){node->text, strlen(node->text)};
	if (to->key->kind == KEY_GLOBS && (why = rollcast_glob_wrong(text, &column)))
		return assign_refuse_inside(to, node, column, "glob", why);
	return why ? assign_refuse(to->problems, node, why) : true;
}

static void strings_free(struct strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		free(strings->items[i]);
	free(strings->items);
	*strings = (struct strings){0};
}

static bool assign_texts(const struct assignment *to, struct node *node, size_t count)
{
	struct strings texts = {.items = calloc(count ? count : 1, sizeof(*texts.items))};
	bool ok = true;

	if (!texts.items)
		to->problems->out_of_memory = true;
	for (size_t i = 0; i < count && texts.items; i++) {
		if (!is_text_valid(to, item(node, i)))
			ok = false;
		else if (ok && assign_copy(to, item(node, i)->text, &texts.items[texts.count]))
			texts.count++;
	}
	if (!ok || texts.count != count || !texts.items) {
		strings_free(&texts);
		return false;
	}
	*(struct strings *)to->place = texts;
	return true;
}

static void pairs_free(struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->items[i].name);
		free(pairs->items[i].value);
	}
	free(pairs->items);
	*pairs = (struct pairs){0};
}

static bool is_label(const char *name, const char *value)
{
	struct rollcast_label label = {{name, strlen(name)}, {value, strlen(value)}};
	char whole[ROLLCAST_NAME_MAX];

	return rollcast_name_write((struct rollcast_text){"x", 1}, &label, 1, whole, sizeof(whole));
}

static bool is_pair_valid(const struct assignment *to, struct entry *entry)
{
	static const char why[] = "is no name of a label: it is empty, or has { } \" = ! ~ or ,";
	struct node *node = entry->node;

	if (!is_label(entry->name, "x")) {
		problems_add(to->problems, &entry->place, node->key, "\"%.200s\" %s", entry->name,
			     why);
		node->bad = true;
	}
	if (!assign_expect(to->problems, node, NODE_SCALAR))
		return false;
	if (to->key->are_labels && !is_label(node->text, "x"))
		return assign_refuse(to->problems, node, why);
	if (!*node->text)
		return assign_refuse(to->problems, node, "is as good as no label: it is empty");
	if (!is_label("x", node->text))
		return assign_refuse(
			to->problems, node,
			"is no value of a label: it has control characters, or is too long");
	return true;
}

static bool assign_pairs(const struct assignment *to, struct node *node)
{
	struct pairs pairs = {0};
	bool ok = assign_expect(to->problems, node, NODE_MAP);

	if (!ok)
		return false;
	pairs.items = calloc(node->count + 1, sizeof(*pairs.items));
	if (!pairs.items)
		to->problems->out_of_memory = true;
	for (size_t i = 0; i < node->count && pairs.items; i++) {
		struct rollcast_label_pair *pair = &pairs.items[i];

		pairs.count = i + 1;
		ok = is_pair_valid(to, &node->entries[i]) && ok;
		if (ok)
			ok = assign_copy(to, node->entries[i].name, &pair->name) &&
			     assign_copy(to, node->entries[i].node->text, &pair->value);
	}
	if (!ok || !pairs.items) {
		pairs_free(&pairs);
		return false;
	}
	*(struct pairs *)to->place = pairs;
	return true;
}

static bool read_item(const struct assignment *to, struct node *node,
		      struct rollcast_span *ret_span)
{
	if (!assign_expect(to->problems, node, NODE_SCALAR))
		return false;
	if (assign_is_special(to, node) || !strcmp(node->text, assign_none))
		return assign_refuse(to->problems, node, "stands alone, in no list");
	return assign_span(to, node, ret_span);
}

static bool assign_spans(const struct assignment *to, struct node *node, size_t count)
{
	struct rollcast_span spans[ROLLCAST_SEASONS_MAX] = {{0}};
	bool ok = true;

	if (node->kind == NODE_SCALAR && !strcmp(node->text, assign_none))
		return true; /* the count stays 0 */
	if (node->kind == NODE_SCALAR && assign_is_special(to, node)) {
		*to->flag = true;
		return true;
	}
	if (!count || count > ROLLCAST_SEASONS_MAX) {
		node_problem(to->problems, node,
			     "a list of %zu, but it takes 1 to %d, or \"%s\", or \"%s\"", count,
			     ROLLCAST_SEASONS_MAX, to->key->special, assign_none);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		ok = read_item(to, item(node, i), &spans[i]) && ok;
	if (!ok)
		return false;
	memcpy(to->place, spans, sizeof(spans));
	assign_store(to->also, sizeof(uint32_t), count);
	return true;
}

static bool read_level(const struct assignment *to, struct node *node, double *ret_level)
{
	struct assignment one = *to;

	one.place = ret_level;
	return assign_expect(to->problems, node, NODE_SCALAR) && assign_number(&one, node);
}

static bool assign_levels(const struct assignment *to, struct node *node, size_t count)
{
	double levels[ROLLCAST_LEVELS_MAX] = {0};
	bool ok = true;

	if (!count || count > ROLLCAST_LEVELS_MAX) {
		node_problem(to->problems, node, "a list of %zu, but it takes 1 to %d", count,
			     ROLLCAST_LEVELS_MAX);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		ok = read_level(to, item(node, i), &levels[i]) && ok;
	for (size_t i = 1; i < count && ok; i++) {
		if (levels[i] <= levels[i - 1])
			ok = assign_refuse(to->problems, item(node, i),
					   "is not above the level before it; levels ascend");
	}
	if (!ok)
		return false;
	memcpy(to->place, levels, sizeof(levels));
	assign_store(to->also, sizeof(uint32_t), count);
	return true;
}

bool assign_list(const struct assignment *to, struct node *node)
{
	size_t count = node->kind == NODE_LIST ? node->count : 1;

	if (to->key->kind == KEY_PAIRS)
		return assign_pairs(to, node);
	if (node->kind == NODE_EMPTY || node->kind == NODE_MAP)
		return assign_expect(to->problems, node, NODE_LIST);
	if (to->key->kind == KEY_SPANS)
		return assign_spans(to, node, count);
	if (to->key->kind == KEY_LEVELS)
		return assign_levels(to, node, count);
	return assign_texts(to, node, count);
}

bool assign_takes_list(const struct key *key)
{
	return key->kind == KEY_TEXTS || key->kind == KEY_GLOBS || key->kind == KEY_PAIRS ||
	       key->kind == KEY_BIND || key->kind == KEY_CONNECT || key->kind == KEY_SPANS ||
	       key->kind == KEY_LEVELS;
}

void assign_free_list(const struct key *key, void *place)
{
	if (key->kind == KEY_PAIRS)
		pairs_free(place);
	else if (key->kind != KEY_SPANS && key->kind != KEY_LEVELS)
		strings_free(place);
}
