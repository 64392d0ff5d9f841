/*
 * rollcast: the tool for people. A table of verbs; each verb is a file of its name.
 *
 *	rollcast VERB ...        runs verb_VERB (host.c, watch.c, ...) with its own command line
 *	rollcast help VERB       the same as rollcast VERB --help
 *
 * A new verb is a file, a declaration in verbs.h and a row here.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"
#include "daemon/base/log.h"
#include "daemon/base/suggest.h"

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help; /* one line */
};

static int verb_help(int argc, char **argv);

static const struct verb verbs[] = {
	{"watch", verb_watch, "show forecasts live in the terminal, or as JSON in a pipe"},
	{"status", verb_status, "tell how a running daemon is"},
	{"reload", verb_reload, "have a running daemon read its settings again"},
	{"streams", verb_streams, "list what a running daemon forecasts, and how well"},
	{"forecast", verb_forecast, "show or plot one stream's forecast"},
	{"backtest", verb_backtest, "measure forecasts of CSV files, as the daemon makes them"},
	{"host", verb_host, "publish this machine's own metrics as samples"},
	{"replay", verb_replay, "publish CSV files as a live stream"},
	{"pipe", verb_pipe, "publish what an agent writes: line protocol, JSON or msgpack"},
	{"state", verb_state,
	 "what the daemon keeps for a restart: list, show, export, delete, verify"},
	{"keygen", verb_keygen, "make a key pair for encrypted sockets"},
	{"compare", verb_compare, "train every cell on a CSV file and compare them on its end"},
	{"tune", verb_tune, "search for the network that forecasts a CSV file best"},
	{"fit", verb_fit, "train a network on a CSV file and save it"},
	{"predict", verb_predict, "forecast a CSV file with a saved network"},
	{"help", verb_help, "describe a verb"},
};
enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static void print_help(FILE *file)
{
	fputs("Usage: rollcast VERB [OPTION]...\n"
	      "The tool around rollcastd, the daemon that forecasts live metric streams.\n"
	      "\n"
	      "Verbs:\n",
	      file);
	for (size_t i = 0; i < VERBS; i++)
		fprintf(file, "  %-10s %s\n", verbs[i].name, verbs[i].help);
	fputs("\n"
	      "Options:\n"
	      "  --help     show this text\n"
	      "  --version  show the version\n"
	      "\n"
	      "`rollcast VERB --help` describes a verb and its options.\n"
	      "Exit status: 0 done, 1 failed at run time, 2 wrong usage.\n",
	      file);
}

/* The verb's getopt names itself after argv[0]. */
static int run(const struct verb *verb, int argc, char **argv)
{
	char name[64];

	snprintf(name, sizeof(name), "rollcast %s", verb->name);
	argv[0] = name;
	return verb->run(argc, argv);
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < VERBS; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static int refuse(const char *name)
{
	static const char *const flags[] = {"--help", "--version"};
	bool is_flag = name[0] == '-';
	const char *names[VERBS];
	const char *meant;

	for (size_t i = 0; i < VERBS; i++)
		names[i] = verbs[i].name;
	meant = is_flag ? suggest(name, flags, 2) : suggest(name, names, VERBS);
	fprintf(stderr, "rollcast: unknown %s \"%s\"", is_flag ? "option" : "verb", name);
	if (meant)
		fprintf(stderr, "; did you mean \"%s\"?", meant);
	fputs("\nTry `rollcast --help`.\n", stderr);
	return STATUS_USAGE;
}

static int verb_help(int argc, char **argv)
{
	const struct verb *verb;
	char option[] = "--help";
	char *line[] = {NULL, option, NULL};

	if (argc < 2 || !strcmp(argv[1], "help") || !strcmp(argv[1], option)) {
		print_help(stdout);
		return STATUS_DONE;
	}
	verb = find_verb(argv[1]);
	return verb ? run(verb, 2, line) : refuse(argv[1]);
}

/* A full disk or a closed pipe shows only when what was printed is written out. */
static int finish(int status)
{
	if (fflush(stdout) && status == STATUS_DONE)
		return STATUS_FAILED;
	return status;
}

int main(int argc, char **argv)
{
	const struct verb *verb;

	log_init(); /* no socket takes the place of a standard file that is closed */
	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_help(stdout);
		return finish(STATUS_DONE);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("rollcast " ROLLCAST_VERSION);
		return finish(STATUS_DONE);
	}
	verb = find_verb(argv[1]);
	return finish(verb ? run(verb, argc - 1, argv + 1) : refuse(argv[1]));
}
