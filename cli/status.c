/* rollcast status: how a running daemon is, from /api/status. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/http.h"
#include "cli/human.h"
#include "cli/options.h"
#include "cli/verbs.h"

struct options_given {
	const char *http;
	bool json;
};

static const struct option_row rows[] = {
	{.kind = OPTION_HEADING, .help = "Options:"},
	OPTION(TEXT, "http", "HOST:PORT", struct options_given, http,
	       "the daemon's http.listen (default " HTTP_ADDRESS ")"),
	OPTION(FLAG, "json", NULL, struct options_given, json, "all that it tells, as JSON"),
};

static const struct options options = {
	.usage = "Usage: rollcast status [OPTION]...\n"
		 "Tell how a running rollcastd is: health, streams, what came in and went out.\n",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.more = "Exit status: 0 it is healthy and ready; 1 it is not, or does not answer; 2 wrong\n"
		"usage.\n",
};

static bool is_true(struct json_piece object, const char *key)
{
	struct json_piece value;

	return json_piece_find(object, key, &value) && value.end - value.at == 4 &&
	       !memcmp(value.at, "true", 4);
}

/* A line for each count above 0. */
static void print_counts(struct json_piece counts, const char *indent)
{
	struct json_piece key, value;
	char name[128], text[HUMAN_TEXT_MAX];
	double number;

	while (json_piece_member(&counts, &key, &value))
		if (json_piece_text(key, name, sizeof(name)) && json_piece_number(value, &number) &&
		    number > 0)
			printf("%s%-40s %s\n", indent, name, human_number(number, HUMAN_SI, text));
}

static void print_ports(struct json_piece status, const char *key, const char *title)
{
	struct json_piece ports, name, counts;
	char text[128];

	if (!json_piece_find(status, key, &ports))
		return;
	while (json_piece_member(&ports, &name, &counts))
		if (json_piece_text(name, text, sizeof(text))) {
			printf("%s %s\n", title, text);
			print_counts(counts, "  ");
		}
}

static int print_status(struct json_piece status)
{
	bool ready = is_true(status, "ready"), healthy = is_true(status, "healthy");
	double up = json_piece_number_at(status, "time") - json_piece_number_at(status, "started");
	double cpu = json_piece_number_at(status, "cpu_seconds");
	char version[32] = "?", age[HUMAN_TEXT_MAX], memory[HUMAN_TEXT_MAX];
	struct json_piece value;

	if (json_piece_find(status, "version", &value))
		json_piece_text(value, version, sizeof(version));
	human_number(json_piece_number_at(status, "resident_memory_bytes"), HUMAN_IEC, memory);
	printf("rollcastd %s: %s, up %s, %sB of memory, %.3g s of processor time\n", version,
	       !healthy ? "a thread hangs"
	       : ready	? "healthy"
			: "not ready",
	       human_age((int64_t)(1e6 * (isnan(up) ? 0 : up)), age), memory, cpu);
	if (json_piece_find(status, "counts", &value))
		print_counts(value, "");
	print_ports(status, "inputs", "input");
	print_ports(status, "outputs", "output");
	return healthy && ready ? STATUS_DONE : STATUS_FAILED;
}

int verb_status(int argc, char **argv)
{
	struct options_given given = {.http = HTTP_ADDRESS};
	struct http_answer answer;
	int files, status = options_read(&options, argc, argv, &given, &files);

	if (status != OPTIONS_GO_ON)
		return status;
	if (files)
		return args_refuse(argv[0], "unexpected argument \"%s\"", argv[1]);
	status = http_get_json(argv[0], given.http, "/api/status", &answer);
	if (status != STATUS_DONE)
		return status;
	if (given.json)
		printf("%.*s\n", (int)(answer.body.end - answer.body.at), answer.body.at);
	else
		status = print_status(answer.body);
	http_answer_finish(&answer);
	return status;
}
