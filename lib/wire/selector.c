/*
 * Selectors: which streams are meant.
 *
 *	cpu_*{host=~"web[0-9]+", mode!="idle"}
 *	└───┘ └───────────────┘  └──────────┘
 *	name      matcher            matcher         all of them must hold
 *
 * The text is taken apart once. Each pattern becomes a glob or a compiled regular expression, so
 * that matching allocates nothing and changes nothing.
 */
#include "rollcast/name.h"

#include <errno.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rollcast/stream.h"

#include "lib/wire/glob.h"

/* A regular expression within these limits compiles in a moment and in a few megabytes. */
enum { MATCHERS_MAX = 32, REGEX_MAX = 256, REPETITIONS_MAX = 10000 };

struct matcher {
	struct rollcast_text label;
	struct rollcast_text pattern;
	bool negated, is_regex;
	regex_t regex;
};

struct rollcast_selector {
	struct rollcast_text name; /* a glob; empty: any name */
	size_t matcher_count;
	struct matcher matchers[MATCHERS_MAX];
	char patterns[]; /* the text, unescaped, that all of the above points into */
};

static bool regex_matches(const regex_t *regex, struct rollcast_text text)
{
	/* The leftmost and longest match is the whole text if any match is. */
	regmatch_t match = {.rm_so = 0, .rm_eo = (regoff_t)text.length};

	return !regexec(regex, text.bytes, 1, &match, REG_STARTEND) && match.rm_so == 0 &&
	       match.rm_eo == (regoff_t)text.length;
}

static bool matcher_matches(const struct matcher *matcher, const struct rollcast_label *labels,
			    int count)
{
	struct rollcast_text value = {"", 0};
	bool matches;

	for (int i = 0; i < count; i++)
		if (labels[i].name.length == matcher->label.length &&
		    !memcmp(labels[i].name.bytes, matcher->label.bytes, matcher->label.length))
			value = labels[i].value;
	matches = matcher->is_regex ? regex_matches(&matcher->regex, value)
				    : glob_matches(matcher->pattern, value);
	return matches != matcher->negated;
}

/* The parser: where it stands in the text, where it writes, and where to say what is wrong. */
struct parser {
	const char *text, *at;
	char *write;
	struct rollcast_selector *selector;
	char *error;
	size_t error_size;
	size_t column;
};

__attribute__((format(printf, 3, 4))) static int wrong(struct parser *parser, const char *where,
						       const char *format, ...)
{
	va_list arguments;

	parser->column = (size_t)(where - parser->text);
	va_start(arguments, format);
	vsnprintf(parser->error, parser->error_size, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static void spaces_skip(struct parser *parser)
{
	while (*parser->at == ' ' || *parser->at == '\t')
		parser->at++;
}

/* `from` is where the glob stands in the text, for the column of a mistake. */
static int glob_parsed(struct parser *parser, struct rollcast_text glob, const char *from)
{
	size_t column;
	const char *why = rollcast_glob_wrong(glob, &column);

	return why ? wrong(parser, from + column, "%s", why) : 0;
}

/* Takes text up to one of the bytes in `until`, without the spaces around it. */
static struct rollcast_text word_take(struct parser *parser, const char *until)
{
	size_t length = strcspn(parser->at, until);
	struct rollcast_text word = {parser->write, length};

	while (word.length && strchr(" \t", parser->at[word.length - 1]))
		word.length--;
	memcpy(parser->write, parser->at, word.length);
	parser->write += word.length;
	parser->at += length;
	return word;
}

static int name_parse(struct parser *parser)
{
	const char *from;

	spaces_skip(parser);
	from = parser->at;
	parser->selector->name = word_take(parser, "{}\"");
	if (*parser->at == '}' || *parser->at == '"')
		return wrong(parser, parser->at, "%c where a name or { was expected", *parser->at);
	if (!parser->selector->name.length && !*parser->at)
		return wrong(parser, parser->at, "empty; * selects all streams");
	return glob_parsed(parser, parser->selector->name, from);
}

static int operator_parse(struct parser *parser, struct matcher *matcher)
{
	const char *at = parser->at;

	matcher->negated = at[0] == '!';
	if (at[0] == '=' || (at[0] == '!' && (at[1] == '=' || at[1] == '~'))) {
		matcher->is_regex = at[1] == '~';
		parser->at += matcher->negated || matcher->is_regex ? 2 : 1;
		return 0;
	}
	return wrong(parser, at, "= != =~ or !~ was expected");
}

/* Takes text between quotes, with \\ \" \n. In a regular expression other escapes are its own. */
static int quoted_parse(struct parser *parser, struct matcher *matcher)
{
	const char *quote = parser->at;

	if (*quote != '"')
		return wrong(parser, quote, "\" was expected");
	matcher->pattern.bytes = parser->write;
	for (parser->at++; *parser->at != '"'; parser->at++) {
		if (*parser->at == '\\' && strchr("\\\"n", parser->at[1]) && parser->at[1]) {
			parser->at++;
			*parser->write++ = *parser->at == 'n' ? '\n' : *parser->at;
		} else if (*parser->at == '\\' && !matcher->is_regex && parser->at[1]) {
			return wrong(parser, parser->at, "\\%c is no escape; \\\\ \\\" and \\n are",
				     parser->at[1]);
		} else if (*parser->at) {
			*parser->write++ = *parser->at;
		} else {
			return wrong(parser, quote, "\" without an end");
		}
	}
	parser->at++;
	matcher->pattern.length = (size_t)(parser->write - matcher->pattern.bytes);
	*parser->write++ = '\0'; /* for regcomp */
	return 0;
}

/*
 * How often a part may be copied when the C library compiles `regex`: it writes out what {n} and +
 * repeat, so that nested ones multiply. Counted as if all were nested.
 */
static unsigned long repetitions(const char *regex)
{
	unsigned long product = 1;

	for (; *regex && product <= REPETITIONS_MAX; regex++) {
		unsigned long most = *regex == '+' ? 2 : 1;

		if (*regex == '{') {
			for (const char *at = regex + 1; *at && *at != '}'; at++) {
				unsigned long count = strtoul(at, NULL, 10);

				most = count > most ? count : most;
			}
		}
		if (most > REPETITIONS_MAX)
			return most;
		product *= most;
	}
	return product;
}

static int regex_parse(struct parser *parser, struct matcher *matcher, const char *quote)
{
	char reason[128];
	int r;

	if (matcher->pattern.length > REGEX_MAX)
		return wrong(parser, quote, "a regular expression of over %d bytes", REGEX_MAX);
	if (repetitions(matcher->pattern.bytes) > REPETITIONS_MAX)
		return wrong(parser, quote, "a regular expression with too many repetitions");
	for (const char *at = matcher->pattern.bytes; *at; at++)
		if (*at == '\\' && *++at >= '1' && *at <= '9')
			return wrong(parser, quote, "\\%c: back references are not supported", *at);
		else if (!*at)
			break;
	r = regcomp(&matcher->regex, matcher->pattern.bytes, REG_EXTENDED);
	if (r == REG_ESPACE)
		return -ENOMEM;
	if (!r)
		return 0;
	regerror(r, &matcher->regex, reason, sizeof reason);
	return wrong(parser, quote, "bad regular expression: %s", reason);
}

static int matcher_parse(struct parser *parser)
{
	struct matcher *matcher = &parser->selector->matchers[parser->selector->matcher_count];
	const char *quote;
	int r;

	spaces_skip(parser);
	if (parser->selector->matcher_count == MATCHERS_MAX)
		return wrong(parser, parser->at, "more than %d matchers", MATCHERS_MAX);
	matcher->label = word_take(parser, "=!~,{}\"");
	if (!matcher->label.length)
		return wrong(parser, parser->at, "a label was expected");
	r = operator_parse(parser, matcher);
	if (r)
		return r;
	spaces_skip(parser);
	quote = parser->at;
	r = quoted_parse(parser, matcher);
	if (r)
		return r;
	r = matcher->is_regex ? regex_parse(parser, matcher, quote)
			      : glob_parsed(parser, matcher->pattern, quote + 1);
	if (r)
		return r;
	parser->selector->matcher_count++;
	spaces_skip(parser);
	return 0;
}

static int matchers_parse(struct parser *parser)
{
	int r;

	if (!*parser->at)
		return 0;
	parser->at++;
	spaces_skip(parser);
	while (*parser->at != '}') {
		r = matcher_parse(parser);
		if (r)
			return r;
		if (*parser->at == ',') {
			parser->at++;
			spaces_skip(parser);
		} else if (*parser->at != '}') {
			return wrong(parser, parser->at, ", or } was expected");
		}
	}
	parser->at++;
	spaces_skip(parser);
	return *parser->at ? wrong(parser, parser->at, "text behind }") : 0;
}

int rollcast_selector_create(const char *text, struct rollcast_selector **ret_selector, char *error,
			     size_t error_size, size_t *ret_column)
{
	CLEANUP(rollcast_selector_destroy) struct rollcast_selector *selector = NULL;
	struct parser parser = {.text = text, .at = text, .error = error, .error_size = error_size};
	int r;

	/* Unescaping makes room for the zero behind each pattern: its quotes are not kept. */
	selector = calloc(1, sizeof *selector + strlen(text) + 1);
	if (!selector)
		return -ENOMEM;
	parser.selector = selector;
	parser.write = selector->patterns;
	r = name_parse(&parser);
	r = r ?: matchers_parse(&parser);
	if (r == -EINVAL)
		*ret_column = parser.column;
	if (r)
		return r;
	*ret_selector = STEAL(selector);
	return 0;
}

void rollcast_selector_destroy(struct rollcast_selector *selector)
{
	if (!selector)
		return;
	for (size_t i = 0; i < selector->matcher_count; i++)
		if (selector->matchers[i].is_regex)
			regfree(&selector->matchers[i].regex);
	free(selector);
}

bool rollcast_selector_matches(const struct rollcast_selector *selector,
			       struct rollcast_text canonical)
{
	char scratch[ROLLCAST_NAME_MAX];
	struct rollcast_label labels[ROLLCAST_LABELS_MAX];
	struct rollcast_text name;
	int count;

	if (canonical.length > sizeof scratch)
		return false;
	count = rollcast_name_read(canonical, scratch, &name, labels);
	if (count < 0)
		return false;
	if (selector->name.length && !glob_matches(selector->name, name))
		return false;
	for (size_t i = 0; i < selector->matcher_count; i++)
		if (!matcher_matches(&selector->matchers[i], labels, count))
			return false;
	return true;
}
