/*
 * rollcastd: the code map, and the thread that starts, watches and stops everything.
 *
 *	1. settings/   YAML in, one checked structure out
 *	2. in/         sockets → samples → blocks, a block per shard
 *	3. stream/     shards: what a stream does with a sample is lib/forecast/stream.c
 *	4. train/      trainers: jobs on copies, most urgent first
 *	   group/      what the streams of a rule learn together
 *	5. out/        forecasts → bytes → sockets
 *	6. state/      what shards hand over → files → shards, on the next start
 *	   guard/      who may speak to in and out: the keys of clients
 *	7. watch/      what systemd, Prometheus and people are told
 *	   base/       queues, blocks, threads, counters, log, clock: no room of its own
 *
 * Rooms do not know each other: the queues between them are made in rooms.c. Stopping follows the flow:
 * http asks no more; in takes what has arrived and ends; trainers end; shards work off their inboxes and
 * hand their streams over; state writes them; out sends the rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/daemon.h"

enum {
	EXIT_USAGE = 2,
	EXIT_SETTINGS = 78, /* EX_CONFIG of sysexits.h */
	WATCH_MS = 2000,
};

/* ---- watching ---- */

/* The watchdog is fed only while every thread on a sample's way goes round its loop. */
static bool all_alive(const struct daemon *daemon)
{
	for (uint32_t i = 0; i < 2 + daemon->shard_count; i++)
		if (heartbeat_age_us(&daemon->heartbeats[i]) > STALLED_US)
			return false;
	return true;
}

static int open_timer(void)
{
	int64_t watchdog_us = systemd_watchdog_us();
	int64_t every_us = WATCH_MS * INT64_C(1000);

	if (watchdog_us > 0 && watchdog_us / 3 < every_us)
		every_us = watchdog_us / 3;
	const struct itimerspec every = {
		.it_value = {every_us / 1000000, every_us % 1000000 * 1000},
		.it_interval = {every_us / 1000000, every_us % 1000000 * 1000},
	};
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (timer < 0)
		return -errno;
	timerfd_settime(timer, 0, &every, NULL);
	return timer;
}

/*
 * Signals come through a pipe. A signalfd would not do: it needs every thread to block them, and those
 * that OpenBLAS starts when it is loaded, before main, do not. The pipe lives as long as the process.
 */
static int signal_pipe[2] = {-1, -1};

static void pass_on(int signal)
{
	int error = errno;
	unsigned char byte = (unsigned char)signal;

	if (write(signal_pipe[1], &byte, 1) < 0) {
		/* The pipe is full of signals that say the same. */
	}
	errno = error;
}

static int open_signals(void)
{
	struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};

	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN); /* who reads the log may go away */
	return signal_pipe[0];
}

/* Returns whether to go on. */
static bool take_signal(struct daemon *daemon, int signals)
{
	unsigned char signal;

	if (read(signals, &signal, 1) != 1)
		return true;
	if (signal == SIGHUP)
		return reload_begin(daemon) == 0;
	log_line(LOG_INFO, "%s: stopping", strsignal(signal));
	return false;
}

static void watch(struct daemon *daemon, int timer)
{
	uint64_t expirations;

	if (read(timer, &expirations, sizeof(expirations)) <= 0)
		return;
	if (all_alive(daemon))
		systemd_alive();
	systemd_status(&daemon->counters.daemon, &daemon->rates);
}

static void wait_for_stop(struct daemon *daemon, int signals, int timer)
{
	struct pollfd events[] = {
		{.fd = signals, .events = POLLIN},
		{.fd = timer, .events = POLLIN},
		{.fd = queue_event_fd(&daemon->settled), .events = POLLIN},
	};

	for (;;) {
		if (poll(events, 3, -1) < 0 && errno != EINTR)
			return;
		if ((events[0].revents & POLLIN) && !take_signal(daemon, signals))
			return;
		if (events[1].revents & POLLIN)
			watch(daemon, timer);
		if ((events[2].revents & POLLIN) && reload_go_on(daemon) < 0)
			return;
	}
}

static void log_totals(const struct all_counters *counters)
{
	char line[1920] = "";
	size_t used = 0;

	for (int i = 0; i < COUNTERS && used < sizeof(line); i++) {
		const struct counter_row *row = counter_row(i);

		if (count_total(counters, i))
			used += snprintf(line + used, sizeof(line) - used, " %s%s%s%s=%.15g",
					 row->family, row->label ? "{" : "",
					 row->label ? row->label : "", row->label ? "}" : "",
					 row->unit * (double)count_total(counters, i));
	}
	log_line(LOG_INFO, "stopped:%s", line);
}

/* ---- the command line ---- */

static const char help[] =
	"Usage: rollcastd --config FILE_OR_DIR [--config ...] [OPTION]\n"
	"\n"
	"Forecasts metric streams: samples in over ZeroMQ, forecasts with intervals out, from "
	"networks\n"
	"trained while it runs.\n"
	"\n"
	"  -c, --config PATH   settings: a YAML file, or a directory whose *.yaml are merged\n"
	"      --check-config  check the settings, print every problem, and exit\n"
	"      --print-config  print the settings in use, defaults included, and exit\n"
	"      --version       print the version and exit\n"
	"      --help          print this and exit\n"
	"\n"
	"Signals: SIGTERM and SIGINT stop in flow order; SIGHUP reads the settings again.\n"
	"Exit status: 0 done, 1 run-time failure, 2 wrong usage, 78 wrong settings.\n";

enum mode { MODE_RUN, MODE_CHECK, MODE_PRINT };

struct command {
	const char **configs;
	size_t config_count;
	enum mode mode;
};

enum { OPTION_CHECK = 256, OPTION_PRINT, OPTION_VERSION, OPTION_HELP };

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"check-config", no_argument, NULL, OPTION_CHECK},
	{"print-config", no_argument, NULL, OPTION_PRINT},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, OPTION_HELP},
	{0},
};

/* Returns -1 to go on, else the exit status. */
static int read_command(int argc, char **argv, struct command *command)
{
	int option;

	while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			command->configs[command->config_count++] = optarg;
			break;
		case OPTION_CHECK:
			command->mode = MODE_CHECK;
			break;
		case OPTION_PRINT:
			command->mode = MODE_PRINT;
			break;
		case OPTION_VERSION:
			puts("rollcastd " ROLLCAST_VERSION);
			return EXIT_SUCCESS;
		case OPTION_HELP:
			fputs(help, stdout);
			return EXIT_SUCCESS;
		default:
			fputs("Try 'rollcastd --help'.\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc)
		fprintf(stderr, "rollcastd: unexpected argument '%s'\nTry 'rollcastd --help'.\n",
			argv[optind]);
	else if (command->config_count == 0)
		fputs("rollcastd: --config is missing\nTry 'rollcastd --help'.\n", stderr);
	else
		return -1;
	return EXIT_USAGE;
}

/* Consumes the settings. */
static int run_daemon(const struct command *command, struct settings *settings)
{
	struct daemon daemon = {
		.configs = command->configs,
		.config_count = command->config_count,
		.settings = settings,
	};
	int signals = open_signals();
	int timer = open_timer();
	int r = signals < 0 ? signals : timer < 0 ? timer : 0;

	daemon.wake = signal_pipe[1];
	reload_init(&daemon.reload);

	if (r == 0)
		r = rooms_make(&daemon);
	if (r == 0)
		r = rooms_start(&daemon);
	if (r < 0) {
		log_line(LOG_ERR, "cannot start: %s", strerror(-r));
	} else {
		systemd_ready();
		count_set(&daemon.counters.daemon, COUNT_RELOADED, (uint64_t)clock_wall_us());
		log_line(LOG_INFO, "ready: %zu inputs, %zu outputs, %u shards, %u trainers",
			 settings->input_count, settings->output_count, daemon.shard_count,
			 trainer_count(settings));
		wait_for_stop(&daemon, signals, timer);
		systemd_stopping();
	}
	rooms_stop(&daemon, r == 0);
	if (r == 0)
		log_totals(&daemon.counters);
	rooms_finish(&daemon);
	reload_finish(&daemon.reload);
	settings_destroy(daemon.settings);
	close(timer);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int load_settings(const struct command *command, struct settings **ret_settings)
{
	int problems = settings_load(command->configs, command->config_count, stderr, ret_settings);

	if (problems < 0) {
		log_line(LOG_ERR, "cannot read the settings: %s", strerror(-problems));
		return EXIT_FAILURE;
	}
	if (problems > 0) {
		fprintf(stderr, "rollcastd: %d problem%s in the settings\n", problems,
			problems == 1 ? "" : "s");
		return EXIT_SETTINGS;
	}
	return EXIT_SUCCESS;
}

/* A full disk or a closed pipe shows only when what was printed is written out. */
static int finish_output(int status)
{
	return fflush(stdout) == 0 ? status : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	CLEANUP(free) const char **configs = calloc((size_t)argc, sizeof(*configs));
	CLEANUP(settings_destroy) struct settings *settings = NULL;
	struct command command = {.configs = configs};

	log_init();
	if (!configs)
		return EXIT_FAILURE;
	int status = read_command(argc, argv, &command);

	if (status >= 0)
		return finish_output(status);
	status = load_settings(&command, &settings);
	if (status != EXIT_SUCCESS)
		return status;
	switch (command.mode) {
	case MODE_PRINT:
		settings_print(settings, stdout);
		return finish_output(EXIT_SUCCESS);
	case MODE_CHECK:
		return EXIT_SUCCESS;
	case MODE_RUN:
		break;
	}
	return run_daemon(&command, STEAL(settings));
}
