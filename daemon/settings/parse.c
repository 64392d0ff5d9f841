/*
 * One YAML file as a tree: libyaml's document, in which every node knows its line and column,
 * becomes nodes of our own. Aliases are copied where they are used, which bounds what they may grow
 * to and ends those that contain themselves.
 */
#include <string.h>
#include <yaml.h>

#include "daemon/settings/node.h"
#include "daemon/settings/text.h"

enum { DEPTH_MAX = 32, NODES_MAX = 100000 };

struct parse {
	struct pool *pool;
	struct problems *problems;
	const struct source *source;
	const char *bytes;
	size_t size;
	yaml_parser_t parser;
	yaml_document_t document;
	size_t nodes;
	bool given_up;
};

static struct place place_at(const struct parse *parse, yaml_mark_t mark)
{
	return (struct place){parse->source, mark.line + 1, mark.column + 1};
}

/* Once: what is deeper or larger than any settings is not read further. */
static void give_up(struct parse *parse, const yaml_node_t *from, const char *why)
{
	struct place place = place_at(parse, from->start_mark);

	if (!parse->given_up && why)
		problems_add(parse->problems, &place, NULL, "%s", why);
	if (!why)
		parse->problems->out_of_memory = true;
	parse->given_up = true;
}

static bool is_plain(const yaml_node_t *from)
{
	return from->type == YAML_SCALAR_NODE && from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static bool is_null(const yaml_node_t *from)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	for (size_t i = 0; is_plain(from) && i < sizeof(words) / sizeof(*words); i++) {
		if (!strcmp((const char *)from->data.scalar.value, words[i]))
			return true;
	}
	return false;
}

static bool is_merge(const yaml_node_t *from)
{
	return is_plain(from) && !strcmp((const char *)from->data.scalar.value, "<<");
}

static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

/* Whether column + n is where the n-th character of the text stands. */
static bool is_exact(const yaml_node_t *from, const struct node *node)
{
	const char *text = (const char *)from->data.scalar.value;

	return from->start_mark.line == from->end_mark.line && !strcmp(text, node->text) &&
	       from->end_mark.column - from->start_mark.column ==
		       characters(text) + (node->quoted ? 2 : 0);
}

static void convert_scalar(struct parse *parse, const yaml_node_t *from, struct node *node)
{
	const char *text = (const char *)from->data.scalar.value;
	char why[256];

	if (is_null(from)) {
		node->kind = NODE_EMPTY;
		return;
	}
	node->kind = NODE_SCALAR;
	node->text = "";
	node->quoted = from->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
		       from->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	if (strlen(text) != from->data.scalar.length) {
		node_problem(parse->problems, node, "there is a zero byte in it");
		return;
	}
	node->text = text_expand(parse->pool, text, why, sizeof(why));
	if (!node->text) {
		node->text = "";
		if (!*why)
			give_up(parse, from, NULL);
		else
			node_problem(parse->problems, node, "%s", why);
		return;
	}
	node->exact = is_exact(from, node);
}

static struct node *convert(struct parse *parse, int id, const char *key, int depth);

static void convert_list(struct parse *parse, const yaml_node_t *from, struct node *node, int depth)
{
	const yaml_node_item_t *item = from->data.sequence.items.start;

	node->kind = NODE_LIST;
	for (; item < from->data.sequence.items.top && !parse->given_up; item++) {
		const char *key = pool_printf(parse->pool, "%s[%zu]", node->key, node->count);
		struct entry entry = {.node = key ? convert(parse, *item, key, depth) : NULL};

		if (entry.node)
			entry.place = entry.node->place;
		if (!entry.node || !node_add(parse->pool, node, &entry))
			give_up(parse, from, NULL);
	}
}

static void convert_pair(struct parse *parse, yaml_node_pair_t pair, struct node *node, bool merged,
			 int depth)
{
	const yaml_node_t *from = yaml_document_get_node(&parse->document, pair.key);
	struct entry entry = {.place = place_at(parse, from->start_mark)};
	const struct entry *first;
	const char *key;

	if (from->type != YAML_SCALAR_NODE || is_null(from)) {
		problems_add(parse->problems, &entry.place, node->key, "a key is a word");
		return;
	}
	entry.name = pool_copy(parse->pool, (const char *)from->data.scalar.value,
			       strlen((const char *)from->data.scalar.value));
	if (!entry.name) {
		give_up(parse, from, NULL);
		return;
	}
	key = pool_printf(parse->pool, "%s%s%s", node->key, *node->key ? "." : "", entry.name);
	first = node_entry(node, entry.name, strlen(entry.name));
	if (first && merged)
		return; /* the one before counts */
	if (first && key) {
		problems_add(parse->problems, &entry.place, key,
			     "duplicate key; the first is at %zu:%zu", first->place.line,
			     first->place.column);
		return;
	}
	entry.node = key ? convert(parse, pair.value, key, depth) : NULL;
	if (!entry.node || !node_add(parse->pool, node, &entry))
		give_up(parse, from, NULL);
}

static void add_pairs(struct parse *parse, const yaml_node_t *from, struct node *node, bool merged,
		      int depth);

/* What `<<` names: a mapping, or a list of them of which the first counts most. */
static void merge(struct parse *parse, int id, struct node *node, int depth)
{
	const yaml_node_t *from = yaml_document_get_node(&parse->document, id);
	const yaml_node_item_t *item = from->data.sequence.items.start;
	struct place place = place_at(parse, from->start_mark);

	if (++parse->nodes > NODES_MAX || depth > DEPTH_MAX)
		give_up(parse, from, "merged too deep; does a mapping contain itself?");
	if (parse->given_up)
		return;
	if (from->type == YAML_SEQUENCE_NODE) {
		for (; item < from->data.sequence.items.top; item++)
			merge(parse, *item, node, depth + 1);
		return;
	}
	if (from->type != YAML_MAPPING_NODE) {
		problems_add(parse->problems, &place, node->key,
			     "\"<<\" takes a mapping, or a list of mappings");
		return;
	}
	add_pairs(parse, from, node, true, depth);
}

/* What is written out comes before what is merged, wherever `<<` stands. */
static void add_pairs(struct parse *parse, const yaml_node_t *from, struct node *node, bool merged,
		      int depth)
{
	const yaml_node_pair_t *pairs = from->data.mapping.pairs.start;
	size_t count = (size_t)(from->data.mapping.pairs.top - pairs);

	for (size_t i = 0; i < count && !parse->given_up; i++) {
		if (!is_merge(yaml_document_get_node(&parse->document, pairs[i].key)))
			convert_pair(parse, pairs[i], node, merged, depth);
	}
	for (size_t i = 0; i < count && !parse->given_up; i++) {
		if (is_merge(yaml_document_get_node(&parse->document, pairs[i].key)))
			merge(parse, pairs[i].value, node, depth + 1);
	}
}

/* Tags would change what a value means; there is one meaning per key. */
static bool has_tag(const yaml_node_t *from)
{
	static const char *const usual[] = {
		[YAML_SCALAR_NODE] = YAML_STR_TAG,
		[YAML_SEQUENCE_NODE] = YAML_SEQ_TAG,
		[YAML_MAPPING_NODE] = YAML_MAP_TAG,
	};

	return strcmp((const char *)from->tag, usual[from->type]) != 0;
}

/* NULL: no memory. */
static struct node *convert(struct parse *parse, int id, const char *key, int depth)
{
	const yaml_node_t *from = yaml_document_get_node(&parse->document, id);
	struct node *node = pool_alloc(parse->pool, sizeof(*node));

	if (!node)
		return NULL;
	node->key = key;
	node->place = place_at(parse, from->start_mark);
	if (depth > DEPTH_MAX)
		give_up(parse, from, "nested too deep; does an alias contain itself?");
	if (++parse->nodes > NODES_MAX)
		give_up(parse, from, "more than 100000 values; do aliases multiply?");
	if (parse->given_up)
		return node;
	if (has_tag(from))
		node_problem(parse->problems, node, "the tag %s is not understood",
			     (const char *)from->tag);
	if (from->type == YAML_SCALAR_NODE) {
		convert_scalar(parse, from, node);
	} else if (from->type == YAML_SEQUENCE_NODE) {
		convert_list(parse, from, node, depth + 1);
	} else {
		node->kind = NODE_MAP;
		add_pairs(parse, from, node, false, depth + 1);
	}
	return node;
}

/* libyaml gives the offset alone when bytes are no text. */
static struct place place_of_offset(const struct parse *parse, size_t offset)
{
	struct place place = {parse->source, 1, 1};

	for (size_t i = 0; i < offset && i < parse->size; i++) {
		place.column += ((unsigned char)parse->bytes[i] & 0xc0) != 0x80;
		if (parse->bytes[i] == '\n') {
			place.line++;
			place.column = 1;
		}
	}
	return place;
}

static void syntax_problem(struct parse *parse)
{
	const yaml_parser_t *parser = &parse->parser;
	struct place place = place_at(parse, parser->problem_mark);

	if (parser->error == YAML_MEMORY_ERROR) {
		parse->problems->out_of_memory = true;
	} else if (parser->error == YAML_READER_ERROR) {
		place = place_of_offset(parse, parser->problem_offset);
		problems_add(parse->problems, &place, NULL, "not UTF-8, or not text: %s",
			     parser->problem);
	} else if (parser->context) {
		problems_add(parse->problems, &place, NULL,
			     "not YAML: %s %s that begins at %zu:%zu", parser->problem,
			     parser->context, parser->context_mark.line + 1,
			     parser->context_mark.column + 1);
	} else {
		problems_add(parse->problems, &place, NULL, "not YAML: %s", parser->problem);
	}
}

static void refuse_second_document(struct parse *parse)
{
	const yaml_node_t *root;

	if (!yaml_parser_load(&parse->parser, &parse->document)) {
		syntax_problem(parse);
		return;
	}
	root = yaml_document_get_root_node(&parse->document);
	if (root) {
		struct place place = place_at(parse, root->start_mark);

		problems_add(parse->problems, &place, NULL,
			     "a second document; a file holds one, a directory many");
	}
	yaml_document_delete(&parse->document);
}

static struct node *parse_document(struct parse *parse)
{
	static const struct place start = {.line = 1, .column = 1};
	struct place place = start;
	struct node *root = NULL;

	if (!yaml_parser_load(&parse->parser, &parse->document)) {
		syntax_problem(parse);
		return NULL;
	}
	place.source = parse->source;
	if (!yaml_document_get_root_node(&parse->document))
		problems_add(parse->problems, &place, NULL, "empty; there are no settings in it");
	else
		root = convert(parse, 1, "", 0);
	if (!root && yaml_document_get_root_node(&parse->document))
		parse->problems->out_of_memory = true;
	yaml_document_delete(&parse->document);
	if (root)
		refuse_second_document(parse);
	return root;
}

struct node *node_parse(struct pool *pool, struct problems *problems, const struct source *source,
			const char *bytes, size_t size)
{
	/* libyaml would count a byte order mark as a column of indentation. */
	size_t mark = size >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0;
	struct parse parse = {.pool = pool,
			      .problems = problems,
			      .source = source,
			      .bytes = bytes + mark,
			      .size = size - mark};
	struct node *root;

	if (!yaml_parser_initialize(&parse.parser)) {
		problems->out_of_memory = true;
		return NULL;
	}
	yaml_parser_set_encoding(&parse.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parse.parser, (const unsigned char *)parse.bytes, parse.size);
	root = parse_document(&parse);
	yaml_parser_delete(&parse.parser);
	return root;
}
