#include "tests/settings/support.h"

#include "daemon/settings/table.h"

static char *print_reference(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	settings_print_reference(out);
	fclose(out);
	return text;
}

static void the_page_in_the_docs_is_what_the_table_says(void **state)
{
	char *page = read_file("docs/settings.md");
	char *printed = print_reference();

	(void)state;
	if (strcmp(page, printed) != 0)
		fail_msg("docs/settings.md is out of date: make docs/settings.md");
	free(page);
	free(printed);
}

/* Whether the key's line in its section ends its columns of values with the default. */
static bool has_line(const char *page, const struct section *section, const struct key *key)
{
	char heading[64], begin[64], fallback[64];
	const char *line, *found;

	snprintf(heading, sizeof(heading), "\n## %s\n", section->name);
	snprintf(begin, sizeof(begin), "\n| `%s` | ", table_key_name(section, key));
	if (key->fallback)
		snprintf(fallback, sizeof(fallback), " | `%s` | ", key->fallback);
	else
		snprintf(fallback, sizeof(fallback), " | required | ");
	line = strstr(page, heading);
	line = line ? strstr(line, begin) : NULL;
	found = line ? strstr(line, fallback) : NULL;
	return found && found < strchr(line + 1, '\n');
}

static void every_key_has_a_line_with_its_default(void **state)
{
	char *page = read_file("docs/settings.md");

	(void)state;
	for (size_t i = 0; i < table_section_count; i++) {
		size_t count;
		const struct key *keys = table_section_keys(&table_sections[i], &count);

		for (size_t j = 0; j < count; j++)
			if (!has_line(page, &table_sections[i], &keys[j]))
				fail_msg("docs/settings.md: %s", keys[j].path);
	}
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_in_the_docs_is_what_the_table_says),
		cmocka_unit_test(every_key_has_a_line_with_its_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
