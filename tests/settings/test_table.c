#include "tests/settings/support.h"

#include "daemon/settings/assign.h"
#include "daemon/settings/node.h"
#include "daemon/settings/print.h"
#include "daemon/settings/table.h"

#define CONFIG "config/rollcast.yaml"

static void every_key_belongs_to_one_section(void **state)
{
	size_t total = 0;

	(void)state;
	for (size_t i = 0; i < table_section_count; i++) {
		size_t count;

		table_section_keys(&table_sections[i], &count);
		assert_true(count > 0);
		total += count;
	}
	assert_int_equal(total, table_key_count);
}

static bool overlap(const struct key *a, const struct key *b)
{
	return a->place < b->place + b->size && b->place < a->place + a->size;
}

static void keys_share_no_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < table_section_count; i++) {
		size_t count;
		const struct key *keys = table_section_keys(&table_sections[i], &count);

		for (size_t j = 0; j < count; j++)
			for (size_t k = 0; k < j; k++)
				if (overlap(&keys[j], &keys[k]) ||
				    !strcmp(keys[j].path, keys[k].path))
					fail_msg("%s and %s", keys[j].path, keys[k].path);
	}
}

static size_t expected_size(const struct key *key)
{
	switch (key->kind) {
	case KEY_NAME:
	case KEY_TEXT:
	case KEY_LISTEN:
	case KEY_SELECTOR:
		return sizeof(char *);
	case KEY_PAIRS:
		return sizeof(struct pairs);
	case KEY_TEXTS:
	case KEY_GLOBS:
	case KEY_BIND:
	case KEY_CONNECT:
		return sizeof(struct strings);
	case KEY_SWITCH:
		return sizeof(bool);
	case KEY_WORD:
	case KEY_MODE:
		return sizeof(uint32_t);
	case KEY_WHOLE:
		return key->size == sizeof(uint64_t) ? sizeof(uint64_t) : sizeof(uint32_t);
	case KEY_NUMBER:
		return sizeof(double);
	case KEY_DURATION:
	case KEY_SIZE:
		return sizeof(uint64_t);
	case KEY_SPAN:
		return sizeof(struct rollcast_span);
	case KEY_SPANS:
		return ROLLCAST_SEASONS_MAX * sizeof(struct rollcast_span);
	case KEY_LEVELS:
		return ROLLCAST_LEVELS_MAX * sizeof(double);
	}
	return 0;
}

static void rows_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < table_key_count; i++) {
		const struct key *key = &table_keys[i];

		assert_non_null(key->help);
		assert_null(strchr(key->help, '|')); /* it stands in a table of Markdown */
		assert_true(key->min <= key->max);
		assert_int_equal(key->words != NULL, key->kind == KEY_WORD);
		if (key->size != expected_size(key))
			fail_msg("%s: the place has %zu bytes", key->path, key->size);
		if (key->kind == KEY_SELECTOR || key->kind == KEY_SPANS || key->kind == KEY_LEVELS)
			assert_int_not_equal(key->also, 0);
	}
}

/* The key's value printed, from settings or from its default. */
static char *printed_value(const struct key *key, const void *element)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	print_value(key, element, out);
	fclose(out);
	return text;
}

static char *printed_default(const struct key *key, const struct section *section)
{
	static const struct source source = {.path = "default"};
	struct pool memory = {0};
	CLEANUP(pool_finish) struct pool *pool = &memory;
	struct problems problems = {.pool = pool};
	struct node *node =
		node_parse(pool, &problems, &source, key->fallback, strlen(key->fallback));
	size_t size =
		section->kind == SECTION_ONE ? sizeof(struct settings) : section->element_size;
	void *element = calloc(1, size);
	char *text;

	assert_non_null(node);
	if (!assign(&problems, key, node, element) || problems.count)
		fail_msg("%s: the default %s is refused", key->path, key->fallback);
	text = printed_value(key, element);
	assign_free(key, element);
	free(element);
	return text;
}

static bool is_example(const struct key *key)
{
	return !key->fallback || key->kind == KEY_BIND || key->kind == KEY_CONNECT ||
	       !strcmp(key->path, "thresholds[].match") || !strcmp(key->path, "thresholds[].above");
}

/* The node of a key in the tree of the shipped file. */
static struct node *shipped_node(const struct node *root, const struct section *section,
				 const struct key *key)
{
	struct node *element = node_find(root, section->name);

	assert_non_null(element);
	if (section->kind != SECTION_ONE) {
		assert_int_equal(element->count, 1);
		element = element->entries[0].node;
	}
	return node_find(element, table_key_name(section, key));
}

static void the_shipped_file_has_every_key_with_its_default(void **state)
{
	static const struct source source = {CONFIG, 1};
	struct pool memory = {0};
	CLEANUP(pool_finish) struct pool *pool = &memory;
	struct problems problems = {.pool = pool};
	char *text = read_file(CONFIG);
	CLEANUP(settings_destroy) struct settings *settings = load(text);
	struct node *root = node_parse(pool, &problems, &source, text, strlen(text));

	(void)state;
	assert_non_null(root);
	for (size_t i = 0; i < table_section_count; i++) {
		const struct section *section = &table_sections[i];
		size_t count;
		const struct key *keys = table_section_keys(section, &count);

		for (size_t j = 0; j < count; j++) {
			char *wanted, *shipped;

			if (!shipped_node(root, section, &keys[j]))
				fail_msg(CONFIG ": %s is missing", keys[j].path);
			if (is_example(&keys[j]))
				continue;
			wanted = printed_default(&keys[j], section);
			shipped = printed_value(&keys[j], table_element(section, settings, 0));
			if (strcmp(wanted, shipped) != 0)
				fail_msg(CONFIG ": %s is %s, but its default is %s", keys[j].path,
					 shipped, wanted);
			free(wanted);
			free(shipped);
		}
	}
	free(text);
}

static void every_value_in_the_shipped_file_has_one_comment(void **state)
{
	char *text = read_file(CONFIG);
	size_t number = 0;

	(void)state;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		const char *colon = strstr(line, ": ");
		const char *comment = strstr(line, " # ");

		number++;
		if (*line != '#' && colon && !comment)
			fail_msg(CONFIG ": line %zu of text has no comment: %s", number, line);
	}
	free(text);
}

/* The library's own defaults, for those who embed it, are the table's. */
static void the_library_has_the_same_defaults(void **state)
{
	CLEANUP(settings_destroy) struct settings *settings = load(SOCKETS);
	struct stream_settings library = {0};
	struct model_settings model = {0};

	(void)state;
	rollcast_stream_settings_init(&library.stream);
	model.model = library.stream.model;
	for (size_t i = 0; i < table_section_count; i++) {
		const struct section *section = &table_sections[i];
		size_t count;
		const struct key *keys = table_section_keys(section, &count);
		bool is_stream = !strcmp(section->name, "streams");

		for (size_t j = 0; j < count; j++) {
			char *ours, *theirs;

			if ((!is_stream && strcmp(section->name, "models") != 0) ||
			    keys[j].kind == KEY_NAME || keys[j].kind == KEY_SELECTOR)
				continue;
			ours = printed_value(&keys[j], table_element(section, settings, 0));
			theirs = printed_value(&keys[j], is_stream ? (void *)&library : &model);
			if (strcmp(ours, theirs) != 0)
				fail_msg("%s: the table has %s, the library %s", keys[j].path, ours,
					 theirs);
			free(ours);
			free(theirs);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_belongs_to_one_section),
		cmocka_unit_test(keys_share_no_place),
		cmocka_unit_test(rows_are_whole),
		cmocka_unit_test(the_shipped_file_has_every_key_with_its_default),
		cmocka_unit_test(every_value_in_the_shipped_file_has_one_comment),
		cmocka_unit_test(the_library_has_the_same_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
