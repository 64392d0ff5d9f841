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
 *	7. watch/      what systemd, Prometheus and people are told
 *	   base/       queues, blocks, threads, counters, log, clock: no room of its own
 *
 * Rooms do not know each other: the queues between them are made here. Stopping follows the flow: http
 * asks no more; in takes what has arrived and ends; trainers end; shards work off their inboxes and
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
#include <zmq.h>

#include "daemon/base/block.h"
#include "daemon/base/clock.h"
#include "daemon/base/counters.h"
#include "daemon/base/log.h"
#include "daemon/base/queue.h"
#include "daemon/base/thread.h"
#include "daemon/base/values.h"
#include "daemon/group/groups.h"
#include "daemon/in/in.h"
#include "daemon/message.h"
#include "daemon/out/out.h"
#include "daemon/settings/settings.h"
#include "daemon/state/state.h"
#include "daemon/stream/shard.h"
#include "daemon/train/train.h"
#include "daemon/watch/http.h"
#include "daemon/watch/systemd.h"

enum {
	EXIT_USAGE = 2,
	EXIT_SETTINGS = 78, /* EX_CONFIG of sysexits.h */
	SHARDS_AUTO_MAX = 8,
	INBOX_LETTERS = 128,
	QUESTIONS = 16,
	SAMPLE_BLOCKS = 64,
	SAMPLE_BLOCK_BYTES = 65536,
	FORECAST_BLOCKS = 64,
	TRAININGS_WAITING = 64,
	KEEPINGS_WAITING = 128,
	JOURNAL_BLOCKS = 64,
	WATCH_MS = 2000,
};

#define STALLED_US (20 * INT64_C(1000000))

struct daemon {
	struct settings *settings;
	void *context; /* ZeroMQ's */
	struct all_counters counters;
	struct systemd_rates rates;

	struct in *in;
	struct queue *inboxes;	   /* [shard_count]: in, train → shard */
	struct queue *questions;   /* [shard_count]: http → shard */
	struct block_pool samples; /* what in fills and shards give back */
	struct shard **shards;	   /* [shard_count] */
	uint32_t shard_count;
	struct values limits;  /* of thresholds, between shards */
	struct queue training; /* shard → train */
	struct train *train;
	struct groups *groups;	     /* which trainers teach and shards look at */
	struct block_pool forecasts; /* what shards fill and out gives back */
	struct queue leaving;	     /* shard → out */
	struct out *out;
	struct queue keeping;	      /* shard → state */
	struct block_pool journals;   /* what shards fill and state gives back */
	struct queue restored;	      /* shard → main, on start */
	struct state *state;	      /* NULL: nothing is kept */
	struct heartbeat *heartbeats; /* in, out, then the shards */
	struct http *http;	      /* NULL: turned off */
};

/* ---- making the rooms ---- */

static uint32_t cores(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	return online > 0 ? (uint32_t)online : 1;
}

static uint32_t trainer_count(const struct settings *settings)
{
	return settings->threads.train == TRAIN_AUTO ? cores() : settings->threads.train;
}

static uint32_t shard_count(const struct settings *settings)
{
	uint32_t wanted = settings->threads.shards;

	if (wanted == 0)
		wanted = cores() < SHARDS_AUTO_MAX ? cores() : SHARDS_AUTO_MAX;
	return wanted;
}

static int make_counters(struct daemon *daemon)
{
	const struct settings *settings = daemon->settings;
	struct all_counters *counters = &daemon->counters;

	counters->inputs = calloc(settings->input_count, sizeof(*counters->inputs));
	counters->outputs = calloc(settings->output_count, sizeof(*counters->outputs));
	if (!counters->inputs || !counters->outputs)
		return -ENOMEM;
	counters->input_count = settings->input_count;
	counters->output_count = settings->output_count;
	for (size_t i = 0; i < settings->input_count; i++)
		counters->inputs[i].name = settings->inputs[i].name;
	for (size_t i = 0; i < settings->output_count; i++)
		counters->outputs[i].name = settings->outputs[i].name;
	return 0;
}

static int make_queues(struct daemon *daemon)
{
	size_t forecast_bytes = shard_forecast_block_size(daemon->settings);
	int r;

	values_init(&daemon->limits, daemon->settings->streams_max);
	daemon->shard_count = shard_count(daemon->settings);
	daemon->inboxes = calloc(daemon->shard_count, sizeof(*daemon->inboxes));
	daemon->questions = calloc(daemon->shard_count, sizeof(*daemon->questions));
	daemon->shards = calloc(daemon->shard_count, sizeof(*daemon->shards));
	daemon->heartbeats = calloc(2 + daemon->shard_count, sizeof(*daemon->heartbeats));
	if (!daemon->inboxes || !daemon->questions || !daemon->shards || !daemon->heartbeats)
		return -ENOMEM;
	for (uint32_t i = 0; i < daemon->shard_count; i++) {
		r = queue_init(&daemon->inboxes[i], INBOX_LETTERS, sizeof(struct letter), NULL,
			       false);
		if (r == 0)
			r = queue_init(&daemon->questions[i], QUESTIONS, sizeof(struct question *),
				       NULL, false);
		if (r < 0)
			return r;
	}
	r = queue_init(&daemon->training, TRAININGS_WAITING, sizeof(struct training),
		       train_goes_before, false);
	if (r < 0)
		return r;
	r = queue_init(&daemon->leaving, FORECAST_BLOCKS, sizeof(struct block *), NULL, true);
	if (r < 0)
		return r;
	r = block_pool_init(&daemon->samples, SAMPLE_BLOCKS + daemon->shard_count,
			    SAMPLE_BLOCK_BYTES);
	if (r < 0)
		return r;
	return block_pool_init(&daemon->forecasts, FORECAST_BLOCKS, forecast_bytes);
}

static int make_state(struct daemon *daemon)
{
	const struct state_plan plan = {
		.settings = &daemon->settings->state,
		.queue = &daemon->keeping,
		.journals = &daemon->journals,
		.inboxes = daemon->inboxes,
		.restored = &daemon->restored,
		.shards = daemon->shard_count,
		.counters = &daemon->counters.daemon,
		.alive = systemd_restoring,
	};
	int r = queue_init(&daemon->keeping, KEEPINGS_WAITING, sizeof(struct keeping), NULL, false);

	if (r == 0)
		r = queue_init(&daemon->restored, daemon->shard_count, sizeof(uint32_t), NULL,
			       false);
	if (r == 0)
		r = block_pool_init(&daemon->journals, JOURNAL_BLOCKS, SAMPLE_BLOCK_BYTES);
	return r < 0 ? r : state_create(&plan, &daemon->state);
}

static int make_shards(struct daemon *daemon)
{
	bool trainers = trainer_count(daemon->settings) > 0;

	for (uint32_t i = 0; i < daemon->shard_count; i++) {
		const struct shard_plan plan = {
			.settings = daemon->settings,
			.index = i,
			.inbox = &daemon->inboxes[i],
			.questions = &daemon->questions[i],
			.shards = daemon->shard_count,
			.state = daemon->state ? &daemon->keeping : NULL,
			.journals = &daemon->journals,
			.restored = &daemon->restored,
			.samples = &daemon->samples,
			.training = trainers ? &daemon->training : NULL,
			.out = &daemon->leaving,
			.forecasts = &daemon->forecasts,
			.limits = &daemon->limits,
			.groups = daemon->groups,
			.counters = &daemon->counters.daemon,
			.latency = &daemon->counters.latency,
			.heartbeat = &daemon->heartbeats[2 + i],
		};
		int r = shard_create(&plan, &daemon->shards[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int make_rooms(struct daemon *daemon)
{
	int r = groups_create(daemon->settings, &daemon->counters.daemon, &daemon->groups);

	if (r == 0)
		r = make_state(daemon);
	if (r == 0)
		r = make_shards(daemon);
	if (r < 0)
		return r;
	const struct train_plan train_plan = {
		.queue = &daemon->training,
		.inboxes = daemon->inboxes,
		.threads = trainer_count(daemon->settings),
		.groups = daemon->groups,
	};

	r = train_create(&train_plan, &daemon->train);
	if (r < 0)
		return r;
	const struct out_plan out_plan = {
		.context = daemon->context,
		.settings = daemon->settings,
		.queue = &daemon->leaving,
		.inboxes = daemon->inboxes,
		.shards = daemon->shard_count,
		.blocks = &daemon->forecasts,
		.counters = daemon->counters.outputs,
		.heartbeat = &daemon->heartbeats[1],
	};

	r = out_create(&out_plan, &daemon->out);
	if (r < 0)
		return r;
	const struct in_plan in_plan = {
		.context = daemon->context,
		.settings = daemon->settings,
		.inboxes = daemon->inboxes,
		.shards = daemon->shard_count,
		.blocks = &daemon->samples,
		.counters = daemon->counters.inputs,
		.heartbeat = &daemon->heartbeats[0],
	};

	return in_create(&in_plan, &daemon->in);
}

/* Last of all: it asks the shards, and listens from the start. */
static int make_http(struct daemon *daemon)
{
	const struct http_plan plan = {
		.listen = daemon->settings->http.listen,
		.forecasts = daemon->settings->http.forecasts,
		.counters = &daemon->counters,
		.heartbeats = daemon->heartbeats,
		.heartbeat_count = 2 + daemon->shard_count,
		.stalled_us = STALLED_US,
		.inboxes = daemon->inboxes,
		.questions = daemon->questions,
		.shards = daemon->shard_count,
		.training = &daemon->training,
		.out = &daemon->leaving,
	};

	return plan.listen ? http_create(&plan, &daemon->http) : 0;
}

/* ---- starting and stopping, against and with the flow ---- */

static int start_rooms(struct daemon *daemon)
{
	for (uint32_t i = 0; i < 2 + daemon->shard_count; i++)
		heartbeat_beat(&daemon->heartbeats[i]);
	int r = out_start(daemon->out);

	for (uint32_t i = 0; r == 0 && i < daemon->shard_count; i++)
		r = shard_start(daemon->shards[i]);
	if (r == 0 && daemon->state)
		r = state_restore(daemon->state);
	if (r == 0 && daemon->state)
		r = state_start(daemon->state);
	if (r == 0)
		r = train_start(daemon->train);
	if (r == 0)
		r = in_start(daemon->in);
	if (r == 0)
		http_set_ready(daemon->http, true);
	return r;
}

static void stop_rooms(struct daemon *daemon, bool started)
{
	http_destroy(STEAL(daemon->http));
	in_stop(daemon->in);
	train_stop(daemon->train);
	for (uint32_t i = 0; i < daemon->shard_count; i++)
		queue_close(&daemon->inboxes[i]);
	if (!started) /* nobody may be there to take it */
		queue_close(&daemon->keeping);
	for (uint32_t i = 0; i < daemon->shard_count; i++)
		shard_join(daemon->shards[i]);
	queue_close(&daemon->keeping);
	state_join(daemon->state);
	queue_close(&daemon->leaving);
	out_join(daemon->out);
}

static void finish(struct daemon *daemon)
{
	http_destroy(daemon->http);
	in_destroy(daemon->in);
	out_destroy(daemon->out);
	train_destroy(daemon->train);
	for (uint32_t i = 0; daemon->shards && i < daemon->shard_count; i++)
		shard_destroy(daemon->shards[i]);
	groups_destroy(daemon->groups);
	state_destroy(daemon->state);
	if (daemon->journals.free.items)
		block_pool_finish(&daemon->journals);
	if (daemon->restored.items)
		queue_finish(&daemon->restored);
	if (daemon->keeping.items)
		queue_finish(&daemon->keeping);
	if (daemon->context)
		zmq_ctx_term(daemon->context);
	if (daemon->forecasts.free.items)
		block_pool_finish(&daemon->forecasts);
	if (daemon->samples.free.items)
		block_pool_finish(&daemon->samples);
	if (daemon->leaving.items)
		queue_finish(&daemon->leaving);
	if (daemon->training.items)
		queue_finish(&daemon->training);
	for (uint32_t i = 0; daemon->inboxes && i < daemon->shard_count; i++)
		if (daemon->inboxes[i].items)
			queue_finish(&daemon->inboxes[i]);
	for (uint32_t i = 0; daemon->questions && i < daemon->shard_count; i++)
		if (daemon->questions[i].items)
			queue_finish(&daemon->questions[i]);
	free(daemon->counters.inputs);
	free(daemon->counters.outputs);
	values_finish(&daemon->limits);
	free(daemon->heartbeats);
	free(daemon->shards);
	free(daemon->questions);
	free(daemon->inboxes);
}

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

/* Returns whether to stop. */
static bool take_signal(int signals)
{
	unsigned char signal;

	if (read(signals, &signal, 1) != 1)
		return false;
	if (signal == SIGHUP) {
		log_line(LOG_NOTICE,
			 "SIGHUP: settings are read at start only; restart to change them");
		return false;
	}
	log_line(LOG_INFO, "%s: stopping", strsignal(signal));
	return true;
}

static void wait_for_stop(struct daemon *daemon, int signals, int timer)
{
	struct pollfd events[] = {{.fd = signals, .events = POLLIN},
				  {.fd = timer, .events = POLLIN}};
	uint64_t expirations;

	for (;;) {
		if (poll(events, 2, -1) < 0 && errno != EINTR)
			return;
		if ((events[0].revents & POLLIN) && take_signal(signals))
			return;
		if ((events[1].revents & POLLIN) &&
		    read(timer, &expirations, sizeof(expirations)) > 0) {
			if (all_alive(daemon))
				systemd_alive();
			systemd_status(&daemon->counters.daemon, &daemon->rates);
		}
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

static int run_daemon(struct settings *settings)
{
	struct daemon daemon = {.settings = settings};
	int signals = open_signals();
	int timer = open_timer();
	int r = signals < 0 ? signals : timer < 0 ? timer : 0;

	train_prepare_blas();
	daemon.context = zmq_ctx_new();
	if (r == 0 && !daemon.context)
		r = -errno;
	if (r == 0)
		r = make_counters(&daemon);
	if (r == 0)
		r = make_queues(&daemon);
	if (r == 0)
		r = make_rooms(&daemon);
	if (r == 0)
		r = make_http(&daemon);
	if (r == 0)
		r = start_rooms(&daemon);
	if (r < 0) {
		log_line(LOG_ERR, "cannot start: %s", strerror(-r));
	} else {
		systemd_ready();
		log_line(LOG_INFO, "ready: %zu inputs, %zu outputs, %u shards, %u trainers",
			 settings->input_count, settings->output_count, daemon.shard_count,
			 trainer_count(settings));
		wait_for_stop(&daemon, signals, timer);
		systemd_stopping();
	}
	if (daemon.out)
		stop_rooms(&daemon, r == 0);
	if (r == 0)
		log_totals(&daemon.counters);
	finish(&daemon);
	close(timer);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
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
	"Signals: SIGTERM and SIGINT stop in flow order.\n"
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
	return run_daemon(settings);
}
