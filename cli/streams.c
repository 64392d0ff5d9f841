/* rollcast streams: what a running daemon forecasts, from /api/streams. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/http.h"
#include "cli/human.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "rollcast/stream.h"

enum { PATH_MAX_BYTES = 4096 };

static const char *const orders[] = {"name", "skill", "coverage", "breach", "samples", "age", NULL};

struct options_given {
	const char *http, *match, *search;
	uint32_t sort;
	uint64_t limit, offset;
	bool reverse, json;
};

static const struct option_row rows[] = {
	{.kind = OPTION_HEADING, .help = "Options:"},
	OPTION(TEXT, "http", "HOST:PORT", struct options_given, http,
	       "the daemon's http.listen (default " HTTP_ADDRESS ")"),
	OPTION(TEXT, "match", "SELECTOR", struct options_given, match,
	       "only these streams: 'cpu_*', 'cpu_*{host=~\"web.*\"}'"),
	OPTION(TEXT, "search", "TEXT", struct options_given, search,
	       "only those with this in their name or labels"),
	OPTION(WORD, "sort", "KEY", struct options_given, sort,
	       "name (default), or the greatest first: skill, coverage,\n"
	       "                         breach, samples, age",
	       .words = orders),
	OPTION(FLAG, "reverse", NULL, struct options_given, reverse, "the least first"),
	OPTION(COUNT, "limit", "N", struct options_given, limit,
	       "at most so many lines, up to 1000 (default 100)", .low = 1, .high = 1000),
	OPTION(COUNT, "offset", "N", struct options_given, offset, "pass over the first N",
	       .low = 0, .high = 10000),
	OPTION(FLAG, "json", NULL, struct options_given, json, "as JSON"),
};

static const struct options options = {
	.usage = "Usage: rollcast streams [OPTION]...\n"
		 "List what a running rollcastd forecasts: the streams with the end of their\n"
		 "forecasts, and how good these have been.\n",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.more = "Columns: LAST value, widest interval AT THE END of the horizon, the EXPERT that\n"
		"counts most, SKILL 1 - MAE / MAE of the better of naive and seasonal naive,\n"
		"share COVERED by the widest interval, probability of the BREACH of a threshold\n"
		"within the horizon (! while an alert stands), AGE of the newest sample. What is "
		"not\n"
		"known is -. Exit status: 0 done, 1 failed at run time, 2 wrong usage.\n",
};

static bool make_path(const struct options_given *given, char *path, size_t size)
{
	char sort[32], number[32];
	bool fits;

	snprintf(path, size, "/api/streams");
	snprintf(sort, sizeof(sort), "%s%s", given->reverse && given->sort ? "-" : "",
		 orders[given->sort]);
	snprintf(number, sizeof(number), "%lu", (unsigned long)given->limit);
	fits = http_add_query(path, size, "sort", sort) &&
	       http_add_query(path, size, "limit", number);
	snprintf(number, sizeof(number), "%lu", (unsigned long)given->offset);
	fits = fits && http_add_query(path, size, "offset", number);
	if (given->match)
		fits = fits && http_add_query(path, size, "match", given->match);
	if (given->search)
		fits = fits && http_add_query(path, size, "search", given->search);
	return fits;
}

static void text_at(struct json_piece object, const char *key, char *text, size_t size)
{
	struct json_piece value;

	if (!json_piece_find(object, key, &value) || !json_piece_text(value, text, size))
		snprintf(text, size, "-");
}

static void print_interval(struct json_piece stream, enum human_prefix prefix)
{
	char low[HUMAN_TEXT_MAX] = "-", high[HUMAN_TEXT_MAX] = "-", text[2 * HUMAN_TEXT_MAX + 8];
	struct json_piece interval, bound;
	double number;

	if (json_piece_find(stream, "interval", &interval)) {
		if (json_piece_next(&interval, &bound) && json_piece_number(bound, &number))
			human_number(number, prefix, low);
		if (json_piece_next(&interval, &bound) && json_piece_number(bound, &number))
			human_number(number, prefix, high);
	}
	snprintf(text, sizeof(text), "%s .. %s", low, high);
	printf("  %-20s", text);
}

static double coverage_of(struct json_piece stream)
{
	struct json_piece coverage, level, value;
	double share = (double)NAN;

	/* The levels ascend: the last one is the widest. */
	if (json_piece_find(stream, "coverage", &coverage))
		while (json_piece_member(&coverage, &level, &value))
			if (!json_piece_number(value, &share))
				share = (double)NAN;
	return share;
}

static bool is_raised(struct json_piece stream)
{
	struct json_piece raised;

	return json_piece_find(stream, "raised", &raised) && *raised.at == 't';
}

static void print_stream(struct json_piece stream, int width)
{
	char name[ROLLCAST_NAME_MAX], expert[64], text[HUMAN_TEXT_MAX];
	double age = json_piece_number_at(stream, "age");
	enum human_prefix prefix;

	text_at(stream, "stream", name, sizeof(name));
	text_at(stream, "expert", expert, sizeof(expert));
	prefix = human_prefix_of(name);
	printf("%-*s  %8s", width, name,
	       human_number(json_piece_number_at(stream, "last"), prefix, text));
	print_interval(stream, prefix);
	printf("  %-18s  %7s", expert, human_percent(json_piece_number_at(stream, "skill"), text));
	printf("  %7s", human_percent(coverage_of(stream), text));
	printf("  %6s%s", human_percent(json_piece_number_at(stream, "breach"), text),
	       is_raised(stream) ? "!" : " ");
	printf(" %4s\n", human_age((int64_t)(1e6 * (isnan(age) ? 0 : age)), text));
}

static int longest_name(struct json_piece streams)
{
	struct json_piece stream;
	char name[ROLLCAST_NAME_MAX];
	size_t longest = strlen("STREAM");

	while (json_piece_next(&streams, &stream)) {
		text_at(stream, "stream", name, sizeof(name));
		longest = strlen(name) > longest ? strlen(name) : longest;
	}
	return (int)longest;
}

static void print_streams(struct json_piece answer)
{
	struct json_piece streams, stream;
	uint64_t shown = 0, matched;

	if (!json_piece_find(answer, "streams", &streams))
		return;
	int width = longest_name(streams);

	printf("%-*s  %8s  %-20s  %-18s  %7s  %7s  %6s  %4s\n", width, "STREAM", "LAST",
	       "AT THE END", "EXPERT", "SKILL", "COVERED", "BREACH", "AGE");
	for (; json_piece_next(&streams, &stream); shown++)
		print_stream(stream, width);
	matched = (uint64_t)json_piece_number_at(answer, "matched");
	if (matched > shown)
		printf("%lu of %lu streams; --offset and --limit show others\n",
		       (unsigned long)shown, (unsigned long)matched);
}

int verb_streams(int argc, char **argv)
{
	struct options_given given = {.http = HTTP_ADDRESS, .limit = 100};
	char path[PATH_MAX_BYTES];
	struct http_answer answer;
	int files, status = options_read(&options, argc, argv, &given, &files);

	if (status != OPTIONS_GO_ON)
		return status;
	if (files)
		return args_refuse(argv[0], "unexpected argument \"%s\"", argv[1]);
	if (!make_path(&given, path, sizeof(path)))
		return args_refuse(argv[0], "--match and --search are too long");
	status = http_get_json(argv[0], given.http, path, &answer);
	if (status != STATUS_DONE)
		return status;
	if (given.json)
		printf("%.*s\n", (int)(answer.body.end - answer.body.at), answer.body.at);
	else
		print_streams(answer.body);
	http_answer_finish(&answer);
	return STATUS_DONE;
}
