#include "daemon/settings/assign.h"

#include <errno.h>
#include <string.h>

#include "daemon/base/suggest.h"
#include "daemon/settings/value.h"
#include "rollcast/name.h"

struct assignment {
	struct problems *problems;
	const struct key *key;
	void *place, *also;
	bool *flag;
};

/* No spans at all. */
static const char none[] = "none";

/* A problem that begins with the node's text; always false. */
static bool refuse(struct problems *problems, struct node *node, const char *why)
{
	bool is_long = strlen(node->text) > 200;

	node_problem(problems, node, "\"%.200s%s\" %s", node->text, is_long ? "..." : "", why);
	return false;
}

static bool expect(struct problems *problems, struct node *node, enum node_kind kind)
{
	static const struct node wanted[] = {{.kind = NODE_EMPTY},
					     {.kind = NODE_SCALAR},
					     {.kind = NODE_LIST},
					     {.kind = NODE_MAP}};

	if (node->kind == kind)
		return !node->bad;
	if (node->kind == NODE_EMPTY)
		node_problem(problems, node, "has no value; leave the key out for its default");
	else
		node_problem(problems, node, "%s is expected, not %s",
			     node_kind_word(&wanted[kind]), node_kind_word(node));
	return false;
}

static bool in_range(const struct assignment *to, struct node *node, double number)
{
	const struct key *key = to->key;
	double bound = number < key->min ? key->min : key->max;
	char text[VALUE_SIZE];

	if (number >= key->min && number <= key->max)
		return true;
	if (key->kind == KEY_DURATION)
		value_format_duration((int64_t)bound, text);
	else if (key->kind == KEY_SIZE)
		value_format_size((uint64_t)bound, text);
	else if (key->kind == KEY_NUMBER || key->kind == KEY_LEVELS)
		value_format_number(bound, text);
	else
		snprintf(text, sizeof(text), "%.0f", bound);
	node_problem(to->problems, node, "%s is %s, %s", node->text,
		     number < key->min ? "below the minimum" : "above the maximum", text);
	return false;
}

static bool is_special(const struct assignment *to, const struct node *node)
{
	return to->key->special && !strcmp(node->text, to->key->special);
}

/* What is wrong with a number's text, with the special word if the key has one. */
static bool refuse_number(const struct assignment *to, struct node *node, const char *why)
{
	if (to->key->kind == KEY_SPANS)
		node_problem(to->problems, node, "\"%.200s\" %s; or write \"%s\" or \"%s\"",
			     node->text, why, to->key->special, none);
	else if (to->key->special)
		node_problem(to->problems, node, "\"%.200s\" %s; or write \"%s\"", node->text, why,
			     to->key->special);
	else
		refuse(to->problems, node, why);
	return false;
}

static void store(void *place, size_t size, uint64_t number)
{
	uint32_t narrow = (uint32_t)number;

	if (size == sizeof(narrow))
		memcpy(place, &narrow, sizeof(narrow));
	else
		memcpy(place, &number, sizeof(number));
}

static bool assign_whole(const struct assignment *to, struct node *node)
{
	const char *why;
	uint64_t number;

	if (is_special(to, node)) {
		store(to->place, to->key->size, to->key->special_value);
		return true;
	}
	why = value_whole(node->text, &number);
	if (why)
		return refuse_number(to, node, why);
	if (!in_range(to, node, (double)number))
		return false;
	store(to->place, to->key->size, number);
	return true;
}

static bool assign_mode(const struct assignment *to, struct node *node)
{
	uint32_t mode;
	const char *why = value_mode(node->text, &mode);

	if (why)
		return refuse(to->problems, node, why);
	store(to->place, sizeof(uint32_t), mode);
	return true;
}

static bool assign_number(const struct assignment *to, struct node *node)
{
	double number;
	const char *why = value_number(node->text, &number);

	if (why)
		return refuse_number(to, node, why);
	if (!in_range(to, node, number))
		return false;
	*(double *)to->place = number;
	return true;
}

static bool assign_duration(const struct assignment *to, struct node *node)
{
	const char *why;
	int64_t us = (int64_t)to->key->special_value;

	if (!is_special(to, node)) {
		why = value_duration(node->text, &us);
		if (why)
			return refuse_number(to, node, why);
		if (!in_range(to, node, (double)us))
			return false;
	}
	*(int64_t *)to->place = us;
	return true;
}

static bool assign_size(const struct assignment *to, struct node *node)
{
	uint64_t bytes;
	const char *why = value_size(node->text, &bytes);

	if (why)
		return refuse_number(to, node, why);
	if (!in_range(to, node, (double)bytes))
		return false;
	*(uint64_t *)to->place = bytes;
	return true;
}

static bool read_span(const struct assignment *to, struct node *node,
		      struct rollcast_span *ret_span)
{
	struct rollcast_span span = {0};
	uint64_t steps;
	const char *why;

	if (!value_whole(node->text, &steps)) {
		if (!in_range(to, node, (double)steps))
			return false;
		span.steps = (uint32_t)steps;
		*ret_span = span;
		return true;
	}
	why = value_duration(node->text, &span.us);
	if (why == value_no_duration)
		return refuse_number(
			to, node,
			"is no length: write a number of steps, as in 24, or a duration "
			"with its unit, as in 1d");
	if (why || !span.us)
		return refuse(to->problems, node, why ? why : "is no length: it is zero");
	*ret_span = span;
	return true;
}

static bool assign_switch(const struct assignment *to, struct node *node)
{
	bool yes = !strcmp(node->text, "true");

	if (!yes && strcmp(node->text, "false"))
		return refuse(to->problems, node, "is neither true nor false");
	*(bool *)to->place = yes;
	return true;
}

static bool assign_word(const struct assignment *to, struct node *node)
{
	const char *const *words = to->key->words;
	char list[256] = "";
	const char *meant;
	size_t count = 0;

	for (; words[count]; count++) {
		size_t length = strlen(list);

		if (!strcmp(words[count], node->text)) {
			store(to->place, sizeof(uint32_t), count);
			return true;
		}
		snprintf(list + length, sizeof(list) - length, "%s%s", count ? ", " : "",
			 words[count]);
	}
	meant = suggest(node->text, words, count);
	if (meant)
		node_problem(to->problems, node, "\"%.200s\" is none of %s; did you mean \"%s\"?",
			     node->text, list, meant);
	else
		node_problem(to->problems, node, "\"%.200s\" is none of %s", node->text, list);
	return false;
}

static bool copy_text(const struct assignment *to, const char *text, char **ret_copy)
{
	*ret_copy = strdup(text);
	if (!*ret_copy)
		to->problems->out_of_memory = true;
	return *ret_copy != NULL;
}

static bool assign_name(const struct assignment *to, struct node *node)
{
	const char *why = value_name(node->text);

	return why ? refuse(to->problems, node, why) : copy_text(to, node->text, to->place);
}

static bool assign_listen(const struct assignment *to, struct node *node)
{
	const char *why = value_listen(node->text);

	return why ? refuse_number(to, node, why) : copy_text(to, node->text, to->place);
}

static bool assign_selector(const struct assignment *to, struct node *node)
{
	CLEANUP(rollcast_selector_destroy) struct rollcast_selector *selector = NULL;
	struct node there = *node;
	char why[256] = "is no selector";
	size_t column = 0;
	int r = rollcast_selector_create(node->text, &selector, why, sizeof(why), &column);

	if (r == -ENOMEM) {
		to->problems->out_of_memory = true;
		return false;
	}
	if (r) {
		if (node->exact)
			there.place.column += column + node->quoted;
		node_problem(to->problems, &there, "\"%.200s\" is no selector: %s", node->text,
			     why);
		node->bad = true;
		return false;
	}
	if (!copy_text(to, node->text, to->place))
		return false;
	*(struct rollcast_selector **)to->also = STEAL(selector);
	return true;
}

/* Whether the special word leaves a pointer NULL. */
static bool has_null(const struct key *key)
{
	return key->special && (key->kind == KEY_LISTEN || key->kind == KEY_SELECTOR);
}

static bool assign_scalar(const struct assignment *to, struct node *node)
{
	if (!expect(to->problems, node, NODE_SCALAR))
		return false;
	if (is_special(to, node) && has_null(to->key))
		return true; /* the place stays NULL */
	switch (to->key->kind) {
	case KEY_NAME:
		return assign_name(to, node);
	case KEY_TEXT:
		return copy_text(to, node->text, to->place);
	case KEY_LISTEN:
		return assign_listen(to, node);
	case KEY_SELECTOR:
		return assign_selector(to, node);
	case KEY_SWITCH:
		return assign_switch(to, node);
	case KEY_WORD:
		return assign_word(to, node);
	case KEY_WHOLE:
		return assign_whole(to, node);
	case KEY_NUMBER:
		return assign_number(to, node);
	case KEY_MODE:
		return assign_mode(to, node);
	case KEY_DURATION:
		return assign_duration(to, node);
	case KEY_SIZE:
		return assign_size(to, node);
	default:
		return read_span(to, node, to->place);
	}
}

/* The items of a list; a single value is a list of one. */
static struct node *item(struct node *node, size_t index)
{
	return node->kind == NODE_LIST ? node->entries[index].node : node;
}

/* A problem at a place in the node's text; always false. */
static bool refuse_inside(const struct assignment *to, struct node *node, size_t column,
			  const char *what, const char *why)
{
	struct node there = *node;

	if (node->exact)
		there.place.column += column + node->quoted;
	node_problem(to->problems, &there, "\"%.200s\" is no %s: %s", node->text, what, why);
	node->bad = true;
	return false;
}

static bool is_text_valid(const struct assignment *to, struct node *node)
{
	struct rollcast_text text;
	const char *why = NULL;
	size_t column;

	if (!expect(to->problems, node, NODE_SCALAR))
		return false;
	if (to->key->kind == KEY_BIND || to->key->kind == KEY_CONNECT)
		why = value_endpoint(node->text, to->key->kind == KEY_BIND);
	text = (struct rollcast_text){node->text, strlen(node->text)};
	if (to->key->kind == KEY_GLOBS && (why = rollcast_glob_wrong(text, &column)))
		return refuse_inside(to, node, column, "glob", why);
	return why ? refuse(to->problems, node, why) : true;
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
		else if (ok && copy_text(to, item(node, i)->text, &texts.items[texts.count]))
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
	if (!expect(to->problems, node, NODE_SCALAR))
		return false;
	if (to->key->are_labels && !is_label(node->text, "x"))
		return refuse(to->problems, node, why);
	if (!*node->text)
		return refuse(to->problems, node, "is as good as no label: it is empty");
	if (!is_label("x", node->text))
		return refuse(to->problems, node,
			      "is no value of a label: it has control characters, or is too long");
	return true;
}

static bool assign_pairs(const struct assignment *to, struct node *node)
{
	struct pairs pairs = {0};
	bool ok = expect(to->problems, node, NODE_MAP);

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
			ok = copy_text(to, node->entries[i].name, &pair->name) &&
			     copy_text(to, node->entries[i].node->text, &pair->value);
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
	if (!expect(to->problems, node, NODE_SCALAR))
		return false;
	if (is_special(to, node) || !strcmp(node->text, none))
		return refuse(to->problems, node, "stands alone, in no list");
	return read_span(to, node, ret_span);
}

static bool assign_spans(const struct assignment *to, struct node *node, size_t count)
{
	struct rollcast_span spans[ROLLCAST_SEASONS_MAX] = {{0}};
	bool ok = true;

	if (node->kind == NODE_SCALAR && !strcmp(node->text, none))
		return true; /* the count stays 0 */
	if (node->kind == NODE_SCALAR && is_special(to, node)) {
		*to->flag = true;
		return true;
	}
	if (!count || count > ROLLCAST_SEASONS_MAX) {
		node_problem(to->problems, node,
			     "a list of %zu, but it takes 1 to %d, or \"%s\", or \"%s\"", count,
			     ROLLCAST_SEASONS_MAX, to->key->special, none);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		ok = read_item(to, item(node, i), &spans[i]) && ok;
	if (!ok)
		return false;
	memcpy(to->place, spans, sizeof(spans));
	store(to->also, sizeof(uint32_t), count);
	return true;
}

static bool read_level(const struct assignment *to, struct node *node, double *ret_level)
{
	struct assignment one = *to;

	one.place = ret_level;
	return expect(to->problems, node, NODE_SCALAR) && assign_number(&one, node);
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
			ok = refuse(to->problems, item(node, i),
				    "is not above the level before it; levels ascend");
	}
	if (!ok)
		return false;
	memcpy(to->place, levels, sizeof(levels));
	store(to->also, sizeof(uint32_t), count);
	return true;
}

static bool assign_list(const struct assignment *to, struct node *node)
{
	size_t count = node->kind == NODE_LIST ? node->count : 1;

	if (to->key->kind == KEY_PAIRS)
		return assign_pairs(to, node);
	if (node->kind == NODE_EMPTY || node->kind == NODE_MAP)
		return expect(to->problems, node, NODE_LIST);
	if (to->key->kind == KEY_SPANS)
		return assign_spans(to, node, count);
	if (to->key->kind == KEY_LEVELS)
		return assign_levels(to, node, count);
	return assign_texts(to, node, count);
}

static bool takes_list(const struct key *key)
{
	return key->kind == KEY_TEXTS || key->kind == KEY_GLOBS || key->kind == KEY_PAIRS ||
	       key->kind == KEY_BIND || key->kind == KEY_CONNECT || key->kind == KEY_SPANS ||
	       key->kind == KEY_LEVELS;
}

bool assign(struct problems *problems, const struct key *key, struct node *node, void *element)
{
	const struct assignment to = {problems, key, (char *)element + key->place,
				      (char *)element + key->also,
				      (bool *)((char *)element + key->flag)};
	bool ok = takes_list(key) ? assign_list(&to, node) : assign_scalar(&to, node);

	if (!ok)
		node->bad = true; /* a list is, if one of its items is */
	return ok;
}

void assign_free(const struct key *key, void *element)
{
	void *place = (char *)element + key->place;

	if (key->kind == KEY_NAME || key->kind == KEY_TEXT || key->kind == KEY_LISTEN ||
	    key->kind == KEY_SELECTOR)
		free(*(char **)place);
	if (key->kind == KEY_SELECTOR)
		rollcast_selector_destroy(
			*(struct rollcast_selector **)((char *)element + key->also));
	if (key->kind == KEY_PAIRS)
		pairs_free(place);
	if (key->kind == KEY_TEXTS || key->kind == KEY_GLOBS || key->kind == KEY_BIND ||
	    key->kind == KEY_CONNECT)
		strings_free(place);
}
