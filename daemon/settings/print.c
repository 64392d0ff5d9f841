#include "daemon/settings/print.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "daemon/settings/text.h"
#include "daemon/settings/value.h"

static void print_escaped(uint32_t character, FILE *out)
{
	if (character == '"' || character == '\\')
		fprintf(out, "\\%c", (char)character);
	else if (character == '$')
		fputs("$$", out);
	else if (character >= ' ' && character < 0x7f)
		fputc((int)character, out);
	else if (character < 0x10000)
		fprintf(out, "\\u%04" PRIX32, character);
	else
		fprintf(out, "\\U%08" PRIX32, character);
}

/* Words need no quotes, but for those that YAML takes for nothing. */
static bool is_word(const char *text)
{
	bool begins = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');

	return begins && !value_name(text) && strcasecmp(text, "null") != 0;
}

/* Double quotes can hold everything. */
static void print_text(const char *text, FILE *out)
{
	if (is_word(text)) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	while (*text) {
		uint32_t character = 0;
		size_t size = text_decode(text, &character);

		if (!size)
			break; /* texts are UTF-8: nothing else is read */
		print_escaped(character, out);
		text += size;
	}
	fputc('"', out);
}

static void print_texts(const struct strings *texts, FILE *out)
{
	fputc('[', out);
	for (size_t i = 0; i < texts->count; i++) {
		fputs(i ? ", " : "", out);
		print_text(texts->items[i], out);
	}
	fputc(']', out);
}

static void print_pairs(const struct pairs *pairs, FILE *out)
{
	fputc('{', out);
	for (size_t i = 0; i < pairs->count; i++) {
		fputs(i ? ", " : "", out);
		print_text(pairs->items[i].name, out);
		fputs(": ", out);
		print_text(pairs->items[i].value, out);
	}
	fputc('}', out);
}

static uint64_t whole_at(const void *place, size_t size)
{
	uint32_t narrow;
	uint64_t wide;

	if (size == sizeof(narrow)) {
		memcpy(&narrow, place, sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, place, sizeof(wide));
	return wide;
}

static void print_number(double number, FILE *out)
{
	char text[VALUE_SIZE];

	value_format_number(number, text);
	fputs(text, out);
}

static void print_duration(int64_t us, FILE *out)
{
	char text[VALUE_SIZE];

	value_format_duration(us, text);
	fputs(text, out);
}

static void print_size(uint64_t bytes, FILE *out)
{
	char text[VALUE_SIZE];

	value_format_size(bytes, text);
	fputs(text, out);
}

static void print_span(struct rollcast_span span, FILE *out)
{
	if (span.steps)
		fprintf(out, "%" PRIu32, span.steps);
	else
		print_duration(span.us, out);
}

static void print_spans(const struct rollcast_span *spans, uint64_t count, FILE *out)
{
	if (!count) {
		fputs("none", out);
		return;
	}
	fputc('[', out);
	for (uint64_t i = 0; i < count; i++) {
		fputs(i ? ", " : "", out);
		print_span(spans[i], out);
	}
	fputc(']', out);
}

static void print_levels(const double *levels, uint64_t count, FILE *out)
{
	fputc('[', out);
	for (uint64_t i = 0; i < count; i++) {
		fputs(i ? ", " : "", out);
		print_number(levels[i], out);
	}
	fputc(']', out);
}

static bool is_special(const struct key *key, const void *element)
{
	const char *base = element;

	if (key->kind == KEY_SPANS)
		return *(const bool *)(base + key->flag);
	if (key->kind == KEY_LISTEN || key->kind == KEY_SELECTOR)
		return !*(char *const *)(base + key->place);
	return key->special && (key->kind == KEY_WHOLE || key->kind == KEY_DURATION) &&
	       whole_at(base + key->place, key->size) == key->special_value;
}

void print_value(const struct key *key, const void *element, FILE *out)
{
	const void *place = (const char *)element + key->place;
	const void *also = (const char *)element + key->also;

	if (is_special(key, element)) {
		fputs(key->special, out);
		return;
	}
	switch (key->kind) {
	case KEY_NAME:
	case KEY_TEXT:
	case KEY_LISTEN:
	case KEY_SELECTOR:
		print_text(*(char *const *)place, out);
		break;
	case KEY_PAIRS:
		print_pairs(place, out);
		break;
	case KEY_TEXTS:
	case KEY_GLOBS:
	case KEY_BIND:
	case KEY_CONNECT:
		print_texts(place, out);
		break;
	case KEY_SWITCH:
		fputs(*(const bool *)place ? "true" : "false", out);
		break;
	case KEY_WORD:
		fputs(key->words[whole_at(place, sizeof(uint32_t))], out);
		break;
	case KEY_WHOLE:
		fprintf(out, "%" PRIu64, whole_at(place, key->size));
		break;
	case KEY_MODE:
		fprintf(out, "\"%04" PRIo64 "\"", whole_at(place, sizeof(uint32_t)));
		break;
	case KEY_NUMBER:
		print_number(*(const double *)place, out);
		break;
	case KEY_DURATION:
		print_duration(*(const int64_t *)place, out);
		break;
	case KEY_SIZE:
		print_size(*(const uint64_t *)place, out);
		break;
	case KEY_SPAN:
		print_span(*(const struct rollcast_span *)place, out);
		break;
	case KEY_SPANS:
		print_spans(place, whole_at(also, sizeof(uint32_t)), out);
		break;
	case KEY_LEVELS:
		print_levels(place, whole_at(also, sizeof(uint32_t)), out);
		break;
	}
}

/* How long the group is that a key's name begins with, its dot included; 0: none. */
static size_t group_length(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot ? (size_t)(dot - name) + 1 : 0;
}

static bool same_group(const char *a, const char *b)
{
	size_t length = group_length(a);

	return length && length == group_length(b) && !strncmp(a, b, length);
}

/*
 *	  - name: "a"      the first line of an element in a list
 *	    gap: {fill: linear, longest: 12}
 */
static void print_element(const struct section *section, const void *element, FILE *out)
{
	size_t count;
	const struct key *keys = table_section_keys(section, &count);
	const char *indent = section->kind == SECTION_ONE ? "  " : "    ";

	for (size_t i = 0; i < count; i++) {
		const char *name = table_key_name(section, &keys[i]);
		const char *before = i ? table_key_name(section, &keys[i - 1]) : "";
		const char *next = i + 1 < count ? table_key_name(section, &keys[i + 1]) : "";
		size_t group = group_length(name);

		if (group && same_group(name, before))
			fputs(", ", out);
		else
			fputs(i || section->kind != SECTION_LIST ? indent : "  - ", out);
		if (group && !same_group(name, before))
			fprintf(out, "%.*s: {", (int)group - 1, name);
		fprintf(out, "%s: ", name + group);
		print_value(&keys[i], element, out);
		if (!group || !same_group(name, next))
			fputs(group ? "}\n" : "\n", out);
	}
}

static void print_model_name(const char *name, FILE *out)
{
	fputs("  ", out);
	print_text(name, out);
	fputs(":\n", out);
}

void settings_print(const struct settings *settings, FILE *out)
{
	for (size_t i = 0; i < table_section_count; i++) {
		const struct section *section = &table_sections[i];
		size_t count = table_element_count(section, settings);

		fprintf(out, count ? "%s:\n" : "%s: []\n", section->name);
		for (size_t j = 0; j < count; j++) {
			if (section->kind == SECTION_MAP)
				print_model_name(settings->models[j].name, out);
			print_element(section, table_element(section, settings, j), out);
		}
	}
}
