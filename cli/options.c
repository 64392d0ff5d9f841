/*
 * One reader per kind; all say what they would have taken.
 */
#include "cli/options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/verbs.h"
#include "daemon/base/suggest.h"

enum { NAMES_MAX_SHOWN = 64 };

static bool read_number(const char *text, size_t length, const struct option_row *row,
			double *ret_number)
{
	char copy[64], *end;

	if (!length || length >= sizeof(copy) || strcspn(text, "xXnN \t") < length)
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	*ret_number = strtod(copy, &end);
	return !*end && isfinite(*ret_number) && *ret_number >= row->low &&
	       *ret_number <= row->high;
}

static bool read_range(const char *text, const struct option_row *row, struct option_range *range)
{
	const char *dots = strstr(text, "..");
	size_t length = dots ? (size_t)(dots - text) : strlen(text);

	if (!read_number(text, length, row, &range->low))
		return false;
	range->high = range->low;
	return !dots || (read_number(dots + 2, strlen(dots + 2), row, &range->high) &&
			 range->low <= range->high);
}

static bool read_word(const char *text, size_t length, const struct option_row *row,
		      uint32_t *ret_word)
{
	for (uint32_t i = 0; row->words[i]; i++)
		if (strlen(row->words[i]) == length && !memcmp(row->words[i], text, length)) {
			*ret_word = i;
			return true;
		}
	return false;
}

static bool read_words(const char *text, const struct option_row *row, struct option_words *words)
{
	words->count = 0;
	for (;; text++) {
		size_t length = strcspn(text, ",");

		if (words->count == OPTION_WORDS_MAX ||
		    !read_word(text, length, row, &words->items[words->count]))
			return false;
		for (uint32_t i = 0; i < words->count; i++)
			if (words->items[i] == words->items[words->count])
				return false;
		words->count++;
		text += length;
		if (!*text)
			return true;
	}
}

static bool read_value(const struct option_row *row, const char *text, void *field)
{
	switch (row->kind) {
	case OPTION_TEXT:
		*(const char **)field = text;
		return *text != '\0';
	case OPTION_COUNT:
		return args_count(text, (uint64_t)row->low, (uint64_t)row->high, field);
	case OPTION_NUMBER:
		return read_number(text, strlen(text), row, field);
	case OPTION_DURATION:
		return args_duration_us(text, field);
	case OPTION_WORD:
		return read_word(text, strlen(text), row, field);
	case OPTION_WORDS:
		return read_words(text, row, field);
	case OPTION_RANGE:
		return read_range(text, row, field);
	case OPTION_CHARACTER:
		*(char *)field = strcmp(text, "tab") ? *text : '\t';
		return strlen(text) == 1 || !strcmp(text, "tab");
	case OPTION_HEADING:
	case OPTION_FLAG:
		break;
	}
	return false;
}

static int refuse_value(const char *program, const struct option_row *row, const char *text)
{
	char wanted[256] = "";
	size_t used = 0;

	switch (row->kind) {
	case OPTION_COUNT:
	case OPTION_NUMBER:
		snprintf(wanted, sizeof(wanted), "a%s number from %.10g to %.10g",
			 row->kind == OPTION_COUNT ? " whole" : "", row->low, row->high);
		break;
	case OPTION_RANGE:
		snprintf(wanted, sizeof(wanted),
			 "a number or a range LOW..HIGH within %.10g..%.10g", row->low, row->high);
		break;
	case OPTION_DURATION:
		snprintf(wanted, sizeof(wanted), "a duration such as 500ms, 30s or 5m");
		break;
	case OPTION_WORD:
	case OPTION_WORDS:
		used += (size_t)snprintf(wanted, sizeof(wanted), "%s",
					 row->kind == OPTION_WORDS ? "some of" : "one of");
		for (uint32_t i = 0; row->words[i] && used < sizeof(wanted); i++)
			used += (size_t)snprintf(wanted + used, sizeof(wanted) - used, "%s %s",
						 i ? "," : "", row->words[i]);
		break;
	case OPTION_CHARACTER:
		snprintf(wanted, sizeof(wanted), "one character");
		break;
	default:
		return args_refuse(program, "--%s: it is empty", row->name);
	}
	return args_refuse(program, "--%s: \"%s\" is not %s", row->name, text, wanted);
}

static void print_help(const struct options *options)
{
	fputs(options->usage, stdout);
	for (size_t i = 0; i < options->count; i++) {
		const struct option_row *row = &options->rows[i];
		char left[64];

		if (row->kind == OPTION_HEADING) {
			printf("\n%s\n", row->help);
			continue;
		}
		snprintf(left, sizeof(left), row->bare ? "--%s%s[%s]" : "--%s%s%s", row->name,
			 row->value ? " " : "", row->value ? row->value : "");
		printf("  %-22s %s\n", left, row->help);
	}
	if (options->more)
		printf("\n%s", options->more);
}

static const struct option_row *find_row(const struct options *options, const char *name,
					 size_t length)
{
	for (size_t i = 0; i < options->count; i++)
		if (options->rows[i].name && strlen(options->rows[i].name) == length &&
		    !memcmp(options->rows[i].name, name, length))
			return &options->rows[i];
	return NULL;
}

static int refuse_name(const struct options *options, const char *program, const char *argument)
{
	const char *names[NAMES_MAX_SHOWN], *meant = NULL;
	char typed[64];
	size_t count = 0;

	for (size_t i = 0; i < options->count && count < NAMES_MAX_SHOWN; i++)
		if (options->rows[i].name)
			names[count++] = options->rows[i].name;
	if (!strncmp(argument, "--", 2)) {
		snprintf(typed, sizeof(typed), "%.*s", (int)strcspn(argument + 2, "="),
			 argument + 2);
		meant = suggest(typed, names, count);
	}
	if (meant)
		return args_refuse(program, "unknown option \"%s\"; did you mean \"--%s\"?",
				   argument, meant);
	return args_refuse(program, "unknown option \"%s\"", argument);
}

/* One option at argv[*at]; moves on by what it takes. */
static int read_option(const struct options *options, char **argv, int *at, void *into)
{
	const char *argument = argv[*at], *name = argument + 2, *value;
	size_t length = strcspn(argument, "=") - 2;
	const struct option_row *row;

	row = argument[1] == '-' ? find_row(options, name, length) : NULL;
	if (!row)
		return refuse_name(options, argv[0], argument);
	if (row->kind == OPTION_FLAG) {
		if (name[length])
			return args_refuse(argv[0], "--%s takes no value", row->name);
		*(bool *)((char *)into + row->offset) = true;
		return OPTIONS_GO_ON;
	}
	if (name[length])
		value = name + length + 1;
	else if (row->bare && (!argv[*at + 1] || !row->fits(argv[*at + 1])))
		value = row->bare;
	else
		value = argv[++*at];
	if (!value)
		return args_refuse(argv[0], "--%s needs a value: %s", row->name, row->value);
	if (!read_value(row, value, (char *)into + row->offset))
		return refuse_value(argv[0], row, value);
	return OPTIONS_GO_ON;
}

int options_read(const struct options *options, int argc, char **argv, void *into, int *ret_files)
{
	bool ended = false;
	int files = 0;

	for (int i = 1; i < argc; i++) {
		int status;

		if (!ended && (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))) {
			print_help(options);
			return STATUS_DONE;
		}
		if (!ended && !strcmp(argv[i], "--")) {
			ended = true;
			continue;
		}
		if (ended || argv[i][0] != '-' || !argv[i][1]) {
			argv[++files] = argv[i];
			continue;
		}
		status = read_option(options, argv, &i, into);
		if (status != OPTIONS_GO_ON)
			return status;
	}
	*ret_files = files;
	return OPTIONS_GO_ON;
}
