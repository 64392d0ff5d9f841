#include "daemon/settings/assign_inside.h"

#include <errno.h>
#include <string.h>

#include "daemon/base/suggest.h"
#include "daemon/settings/value.h"
#include "rollcast/name.h"

bool assign_refuse(struct problems *problems, struct node *node, const char *why)
{
	bool is_long = strlen(node->text) > 200;

	node_problem(problems, node, "\"%.200s%s\" %s", node->text, is_long ? "..." : "", why);
	return false;
}

bool assign_refuse_inside(const struct assignment *to, struct node *node, size_t column,
			  const char *what, const char *why)
{
	struct node there = *node;

	if (node->exact)
		there.place.column += column + node->quoted;
	node_problem(to->problems, &there, "\"%.200s\" is no %s: %s", node->text, what, why);
	node->bad = true;
	return false;
}

bool assign_expect(struct problems *problems, struct node *node, enum node_kind kind)
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

bool assign_is_special(const struct assignment *to, const struct node *node)
{
	return to->key->special && !strcmp(node->text, to->key->special);
}

/* What is wrong with a number's text, with the special word if the key has one. */
static bool refuse_number(const struct assignment *to, struct node *node, const char *why)
{
	if (to->key->kind == KEY_SPANS)
		node_problem(to->problems, node, "\"%.200s\" %s; or write \"%s\" or \"%s\"",
			     node->text, why, to->key->special, assign_none);
	else if (to->key->special)
		node_problem(to->problems, node, "\"%.200s\" %s; or write \"%s\"", node->text, why,
			     to->key->special);
	else
		assign_refuse(to->problems, node, why);
	return false;
}

void assign_store(void *place, size_t size, uint64_t number)
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

	if (assign_is_special(to, node)) {
		assign_store(to->place, to->key->size, to->key->special_value);
		return true;
	}
	why = value_whole(node->text, &number);
	if (why)
		return refuse_number(to, node, why);
	if (!in_range(to, node, (double)number))
		return false;
	assign_store(to->place, to->key->size, number);
	return true;
}

static bool assign_mode(const struct assignment *to, struct node *node)
{
	uint32_t mode;
	const char *why = value_mode(node->text, &mode);

	if (why)
		return assign_refuse(to->problems, node, why);
	assign_store(to->place, sizeof(uint32_t), mode);
	return true;
}

bool assign_number(const struct assignment *to, struct node *node)
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

	if (!assign_is_special(to, node)) {
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

bool assign_span(const struct assignment *to, struct node *node, struct rollcast_span *ret_span)
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
		return assign_refuse(to->problems, node, why ? why : "is no length: it is zero");
	*ret_span = span;
	return true;
}

static bool assign_switch(const struct assignment *to, struct node *node)
{
	bool yes = !strcmp(node->text, "true");

	if (!yes && strcmp(node->text, "false"))
		return assign_refuse(to->problems, node, "is neither true nor false");
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
			assign_store(to->place, sizeof(uint32_t), count);
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

bool assign_copy(const struct assignment *to, const char *text, char **ret_copy)
{
	*ret_copy = strdup(text);
	if (!*ret_copy)
		to->problems->out_of_memory = true;
	return *ret_copy != NULL;
}

static bool assign_name(const struct assignment *to, struct node *node)
{
	const char *why = value_name(node->text);

	return why ? assign_refuse(to->problems, node, why)
		   : assign_copy(to, node->text, to->place);
}

static bool assign_listen(const struct assignment *to, struct node *node)
{
	const char *why = value_listen(node->text);

	return why ? refuse_number(to, node, why) : assign_copy(to, node->text, to->place);
}

static bool assign_selector(const struct assignment *to, struct node *node)
{
	CLEANUP(rollcast_selector_destroy) struct rollcast_selector *selector = NULL;
	char why[256] = "is no selector";
	size_t column = 0;
	int r = rollcast_selector_create(node->text, &selector, why, sizeof(why), &column);

	if (r == -ENOMEM) {
		to->problems->out_of_memory = true;
		return false;
	}
	if (r)
		return assign_refuse_inside(to, node, column, "selector", why);
	if (!assign_copy(to, node->text, to->place))
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
	if (!assign_expect(to->problems, node, NODE_SCALAR))
		return false;
	if (assign_is_special(to, node) && has_null(to->key))
		return true; /* the place stays NULL */
	switch (to->key->kind) {
	case KEY_NAME:
		return assign_name(to, node);
	case KEY_TEXT:
		return assign_copy(to, node->text, to->place);
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
		return assign_span(to, node, to->place);
	}
}

bool assign(struct problems *problems, const struct key *key, struct node *node, void *element)
{
	const struct assignment to = {problems, key, (char *)element + key->place,
				      (char *)element + key->also,
				      (bool *)((char *)element + key->flag)};
	bool ok = assign_takes_list(key) ? assign_list(&to, node) : assign_scalar(&to, node);

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
	if (assign_takes_list(key))
		assign_free_list(key, place);
}
