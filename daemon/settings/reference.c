/* The table as a page for people: docs/settings.md is this output, and a test holds it to that. */
#include <stdio.h>

#include "daemon/settings/table.h"
#include "daemon/settings/value.h"

static void print_bound(const struct key *key, double bound, FILE *out)
{
	char text[VALUE_SIZE];

	if (key->kind == KEY_DURATION)
		value_format_duration((int64_t)bound, text);
	else if (key->kind == KEY_SIZE)
		value_format_size((uint64_t)bound, text);
	else if (key->kind == KEY_NUMBER || key->kind == KEY_LEVELS)
		value_format_number(bound, text);
	else
		snprintf(text, sizeof(text), "%.0f", bound);
	fputs(text, out);
}

static void print_words(const struct key *key, FILE *out)
{
	for (size_t i = 0; key->words[i]; i++)
		fprintf(out, "%s`%s`", i ? ", " : "", key->words[i]);
}

static void print_type(const struct key *key, FILE *out)
{
	static const char *const types[] = {
		[KEY_NAME] = "name",
		[KEY_TEXT] = "text",
		[KEY_TEXTS] = "texts",
		[KEY_GLOBS] = "globs",
		[KEY_PAIRS] = "mapping of texts",
		[KEY_BIND] = "endpoints",
		[KEY_CONNECT] = "endpoints",
		[KEY_LISTEN] = "address",
		[KEY_SELECTOR] = "selector",
		[KEY_SWITCH] = "`true`, `false`",
		[KEY_WHOLE] = "whole number",
		[KEY_NUMBER] = "number",
		[KEY_DURATION] = "duration",
		[KEY_SIZE] = "size",
		[KEY_SPAN] = "steps or duration",
		[KEY_SPANS] = "steps or durations, `none`",
		[KEY_MODE] = "octal number",
		[KEY_LEVELS] = "numbers",
	};

	if (key->words)
		print_words(key, out);
	else
		fputs(types[key->kind], out);
	if (key->special)
		fprintf(out, ", or `%s`", key->special);
}

static void print_range(const struct key *key, FILE *out)
{
	if (key->max > 0) {
		print_bound(key, key->min, out);
		fputs(" to ", out);
		print_bound(key, key->max, out);
		fprintf(out, "%s%s", key->unit ? " " : "", key->unit ? key->unit : "");
	}
}

static void print_section(const struct section *section, FILE *out)
{
	size_t count;
	const struct key *keys = table_section_keys(section, &count);

	fprintf(out, "\n## %s\n\n%s\n\n", section->name, section->help);
	fputs("| key | value | range | default | meaning |\n|---|---|---|---|---|\n", out);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "| `%s` | ", table_key_name(section, &keys[i]));
		print_type(&keys[i], out);
		fputs(" | ", out);
		print_range(&keys[i], out);
		if (keys[i].fallback)
			fprintf(out, " | `%s` | ", keys[i].fallback);
		else
			fputs(" | required | ", out);
		fprintf(out, "%s |\n", keys[i].help);
	}
}

void settings_print_reference(FILE *out)
{
	fputs("# Settings\n"
	      "\n"
	      "This page is made by `make docs/settings.md` from the table in "
	      "`daemon/settings/table.c`.\n"
	      "\n"
	      "Settings are YAML. `config/minimal.yaml` is the least that is useful, "
	      "`config/rollcast.yaml` has every\n"
	      "key with its default. An unknown key is an error, as is a value out of range: "
	      "`rollcastd --check-config`\n"
	      "names all problems at once, with file, line and column, and "
	      "`--print-config` shows what is in use.\n"
	      "\n"
	      "- A *duration* is a number and `us`, `ms`, `s`, `m`, `h`, `d` or `w`: `90s`. Where "
	      "*steps* are allowed too, a number\n"
	      "  without a unit is steps of the stream's grid.\n"
	      "- A *size* is a number and `B`, `kB`, `MB`, `GB`, `KiB`, `MiB` or `GiB`.\n"
	      "- An *endpoint* is `tcp://host:port` or `ipc://path`. Where a key takes several "
	      "values "
	      "in a list, one may stand\n"
	      "  without its brackets.\n"
	      "- In a *glob* `*` is any text, `?` one character and `[a-z]` or `[!a-z]` one of a "
	      "class.\n"
	      "- A *name* is of letters, digits, `_` and `-`.\n"
	      "- `${NAME}` in a value becomes the environment's value, `${NAME:-default}` has a "
	      "default for when that is unset or\n"
	      "  empty, and `$$` is a dollar.\n"
	      "- Anchors, aliases and the merge key `<<` work inside a file.\n"
	      "- `--config` may be given several times and may name a directory, which stands for "
	      "its `*.yaml` in the order of\n"
	      "  their names. Lists append and mappings merge; a value that is set twice is an "
	      "error.\n",
	      out);
	for (size_t i = 0; i < table_section_count; i++)
		print_section(&table_sections[i], out);
}
