#include "tests/settings/support.h"

#include "daemon/settings/table.h"
#include "daemon/settings/value.h"

/* Printed, read and printed again, settings are the same. */
static void check_round_trip(const char *text)
{
	CLEANUP(settings_destroy) struct settings *settings = load(text);
	char *printed = print(settings);
	CLEANUP(settings_destroy) struct settings *again = load(printed);
	char *printed_again = print(again);

	assert_string_equal(printed, printed_again);
	free(printed);
	free(printed_again);
}

static void shipped_settings_survive_printing(void **state)
{
	static const char *const paths[] = {"config/rollcast.yaml", "config/minimal.yaml",
					    "config/demo.yaml"};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		char *text = read_file(paths[i]);

		check_round_trip(text);
		free(text);
	}
}

/* A value at one end of the key's range. */
static const char *bound(const struct key *key, bool at_most, char text[VALUE_SIZE])
{
	double number = at_most ? key->max : key->min;
	size_t words = 0;

	switch (key->kind) {
	case KEY_WORD:
		while (at_most && key->words[words + 1])
			words++;
		return key->words[words];
	case KEY_SWITCH:
		return at_most ? "true" : "false";
	case KEY_WHOLE:
	case KEY_SPAN:
		snprintf(text, VALUE_SIZE, "%.0f", number);
		return text;
	case KEY_NUMBER:
		value_format_number(number, text);
		return text;
	case KEY_DURATION:
		value_format_duration((int64_t)number, text);
		return text;
	case KEY_SIZE:
		value_format_size((uint64_t)number, text);
		return text;
	default:
		return NULL;
	}
}

/* Settings around one key, for all keys that begin with a path. */
static const struct {
	const char *path, *format;
} frames[] = {
	{"inputs[]", "inputs: [{name: a, connect: ipc://a, %s}]\n"
		     "outputs: [{name: z, bind: ipc://z}]\n"},
	{"outputs[]", "inputs: [{name: a, connect: ipc://a}]\n"
		      "outputs: [{name: z, bind: ipc://z, %s}]\n"},
	{"models.*.patch", SOCKETS "models: {a: {lookback: 1024, %s}}\n"},
	{"models.*", SOCKETS "models: {a: {%s}}\n"},
	{"streams[].window", SOCKETS "models: {default: {lookback: 1}}\n"
				     "streams: [{horizon: 3, %s}]\n"},
	{"streams[]", SOCKETS "streams: [{match: a}, {%s}]\n"},
	{"state", SOCKETS "state: {%s}\n"},
	{"thresholds[].raise", SOCKETS "thresholds: [{name: a, above: 1, clear: 0, %s}]\n"},
	{"thresholds[].clear", SOCKETS "thresholds: [{name: a, above: 1, raise: 1, %s}]\n"},
	{"threads", SOCKETS "threads: {%s}\n"},
	{"http", SOCKETS "http: {%s}\n"},
	{"limits", SOCKETS "limits: {%s}\n"},
};

/* The caller frees it. */
static char *settings_with(const struct key *key, const char *value)
{
	size_t frame = 0, section = 0, count;
	const char *name, *dot;
	char given[256], *text = NULL;

	while (strncmp(key->path, frames[frame].path, strlen(frames[frame].path)) != 0)
		frame++;
	while (table_section_keys(&table_sections[section], &count) + count <= key)
		section++;
	name = table_key_name(&table_sections[section], key);
	dot = strchr(name, '.');
	if (dot)
		snprintf(given, sizeof(given), "%.*s: {%s: %s}", (int)(dot - name), name, dot + 1,
			 value);
	else
		snprintf(given, sizeof(given), "%s: %s", name, value);
	assert_true(asprintf(&text, frames[frame].format, given) > 0);
	return text;
}

static void check_key(const struct key *key, const char *value)
{
	char *text = settings_with(key, value);
	CLEANUP(settings_destroy) struct settings *settings = load(text);
	char *printed = print(settings), line[128];

	check_round_trip(text);
	snprintf(line, sizeof(line), "%s: %s", strrchr(key->path, '.') + 1, value);
	if (!strstr(printed, line))
		fail_msg("%s is not in\n%s", line, printed);
	free(printed);
	free(text);
}

static void every_key_survives_printing_at_both_ends_of_its_range(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < 2 * table_key_count; i++) {
		const struct key *key = &table_keys[i / 2];
		char number[VALUE_SIZE];
		const char *value = bound(key, i % 2, number);

		if (!value || !strcmp(key->path, "models.*.optimizer.momentum"))
			continue; /* adam has none */
		check_key(key, value);
		checked++;
	}
	assert_true(checked > table_key_count);
}

static void texts_survive_whatever_is_in_them(void **state)
{
	static const char *const texts[] = {
		"''",
		"\"null\"",
		"\"~\"",
		"'true'",
		"'12'",
		"'- a'",
		"'a: b # c'",
		"\"\\\"\\\\\\t\\n\\r\\x01\\x7f\"",
		"\"\\u0085\\u2028\\ufeff\\U0001f600\"",
		"'ü €'",
		"'$${HOME} $$ $$$$'",
		"\"'{[,]}&*!|>%@`\"",
		"' blank before and after '",
		"|\n    lines\n    of text\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char *text;

		assert_true(asprintf(&text,
				     "inputs: [{name: \"null\", connect: ipc://a}]\n"
				     "models: {\"NULL\": {}, -1: {}, \"12\": {}}\n"
				     "outputs:\n- name: z\n  bind: ipc://z\n  prefix: %s\n",
				     texts[i]) > 0);
		check_round_trip(text);
		free(text);
	}
}

static void a_text_with_everything_is_printed_and_read_unchanged(void **state)
{
	CLEANUP(settings_destroy)
	struct settings *settings = load("inputs: [{name: a, connect: ipc://a}]\n"
					 "outputs: [{name: z, bind: ipc://z, "
					 "prefix: \"$$\\\"\\\\\\n\\u0085ü\\U0001f600\"}]\n");
	char *printed = print(settings);
	CLEANUP(settings_destroy) struct settings *again = load(printed);

	(void)state;
	assert_string_equal(settings->outputs[0].prefix, "$\"\\\n\xc2\x85\xc3\xbc\xf0\x9f\x98\x80");
	assert_string_equal(again->outputs[0].prefix, settings->outputs[0].prefix);
	free(printed);
}

static void lists_and_short_forms_survive_printing(void **state)
{
	(void)state;
	check_round_trip(SOCKETS
			 "streams:\n"
			 "  - {match: a, season: [24, 1d, 90m], intervals: [0.01, 0.1, 0.999]}\n"
			 "  - {match: b2, season: auto}\n"
			 "  - {match: b, season: none, gap: last, intervals: 0.123456789012345}\n"
			 "  - {match: 'c{x=~\"a.*\",y!=\"\\\\\"}', window: 1.5h, step: 1s}\n"
			 "models: {m: {optimizer: {kind: sgd, momentum: 0.999}}}\n"
			 "threads: {shards: auto, train: auto}\n");
	check_round_trip("inputs: [{name: a, connect: ipc://a, labels: {keep: host, "
			 "rename: {'a b': \"null\"}, add: {\"null\": '$$ \"1\"', x: 1}}}]\n"
			 "outputs: [{name: z, bind: ipc://z}]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_settings_survive_printing),
		cmocka_unit_test(every_key_survives_printing_at_both_ends_of_its_range),
		cmocka_unit_test(texts_survive_whatever_is_in_them),
		cmocka_unit_test(a_text_with_everything_is_printed_and_read_unchanged),
		cmocka_unit_test(lists_and_short_forms_survive_printing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
