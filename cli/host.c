/*
 * rollcast host: this machine's own metrics as samples, every second.
 *
 *	tick ─► read /proc ─► rates since the tick before ─► msgpack ─► PUSH or PUB
 *
 * Ticks fall on whole multiples of the period, by the wall clock; the wait for each is monotonic, so
 * that a clock that is set cannot stall it, and each is planned anew, so that they do not drift.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/curve_options.h"
#include "cli/options.h"
#include "cli/publisher.h"
#include "cli/signals.h"
#include "cli/verbs.h"
#include "cli/vitals.h"
#include "daemon/base/clock.h"
#include "rollcast/name.h"
#include "rollcast/wire.h"

enum { EVERY_LEAST_US = 10000 };

struct options_given {
	const char *connect, *bind;
	struct curve_options curve;
	bool push, pub, all;
	uint64_t high_water_mark;
	int64_t every_us;
	uint64_t count; /* 0: until a signal */
	const char *host_label, *proc;
};

static const struct option_row rows[] = {
	{.kind = OPTION_HEADING, .help = "Where to:"},
	OPTION(TEXT, "connect", "ENDPOINT", struct options_given, connect,
	       "connect to an input (default tcp://127.0.0.1:5556)"),
	OPTION(TEXT, "bind", "ENDPOINT", struct options_given, bind, "bind instead"),
	OPTION(FLAG, "push", NULL, struct options_given, push,
	       "a PUSH socket, for an input of type pull (default)"),
	OPTION(FLAG, "pub", NULL, struct options_given, pub,
	       "a PUB socket, for an input of type sub; the topic is the stream"),
	CURVE_OPTION_ROWS(struct options_given, curve),
	OPTION(COUNT, "high-water-mark", "N", struct options_given, high_water_mark,
	       "messages kept while nobody takes them (default 10000)", .low = 1, .high = 1e8),
	{.kind = OPTION_HEADING, .help = "What:"},
	OPTION(DURATION, "every", "DURATION", struct options_given, every_us,
	       "period, from 10ms (default 1s); its multiples are the times"),
	OPTION(COUNT, "count", "N", struct options_given, count,
	       "end after N periods; rates need two", .low = 1, .high = 1e18),
	OPTION(TEXT, "host-label", "NAME", struct options_given, host_label,
	       "a label host=\"NAME\" on every stream"),
	OPTION(FLAG, "all", NULL, struct options_given, all,
	       "also loopback, partitions, layered and unused devices"),
	OPTION(TEXT, "proc", "DIRECTORY", struct options_given, proc,
	       "another /proc, such as the host's in a container"),
};

static const struct options options = {
	.usage = "Usage: rollcast host [OPTION]...\n"
		 "Publish this machine's own metrics: samples in msgpack over ZeroMQ.\n",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.more = "Beyond the high-water mark samples are dropped and counted. PUB keeps none while\n"
		"nobody subscribes.\n"
		"\n"
		"Streams, in base units; what this system does not show is left out:\n"
		"  host_cpu_percent{mode=\"user\"}, also nice, system, idle, iowait, irq,\n"
		"  softirq, steal; of all cores together\n"
		"  host_load1 host_load5 host_load15\n"
		"  host_memory_used_bytes host_memory_available_bytes host_memory_cached_bytes\n"
		"  host_swap_used_bytes\n"
		"  host_disk_read_bytes_per_second{device=\"sda\"}\n"
		"  host_disk_written_bytes_per_second host_disk_busy_percent\n"
		"  host_network_receive_bytes_per_second{device=\"eth0\"}, and the same of\n"
		"  packets and errors, and of transmit\n"
		"\n"
		"SIGINT and SIGTERM end it.\n"
		"Exit status: 0 done, 1 failed at run time, 2 wrong usage.\n",
};

/* What a metric needs on its way out. */
struct sender {
	struct publisher *publisher;
	struct rollcast_encoder *encoder;
	const char *host_label;
	int64_t time_us;
	int result; /* of the first that failed */
};

static struct rollcast_text text(const char *bytes)
{
	return (struct rollcast_text){bytes, strlen(bytes)};
}

static void send_metric(void *context, const char *name, const char *label, const char *label_value,
			double value)
{
	struct sender *sender = context;
	struct rollcast_label labels[2];
	size_t count = 0, length, size;
	char canonical[ROLLCAST_NAME_MAX];
	struct rollcast_samples samples = {
		.times_us = &sender->time_us, .values = &value, .count = 1};
	const void *bytes;
	int r;

	if (label)
		labels[count++] = (struct rollcast_label){text(label), text(label_value)};
	if (sender->host_label)
		labels[count++] = (struct rollcast_label){text("host"), text(sender->host_label)};
	length = rollcast_name_write(text(name), labels, count, canonical, sizeof(canonical));
	if (!length || sender->result)
		return;
	samples.name = (struct rollcast_text){canonical, length};
	r = rollcast_encode_samples(sender->encoder, &samples, &bytes, &size);
	if (!r)
		r = publisher_send(sender->publisher, canonical, bytes, size, 0);
	if (r < 0)
		sender->result = r;
}

/* One line for all that is missing; false if nothing is there. */
static bool report_missing(const char *program, const char *proc, const struct vitals *vitals)
{
	const char *separator = "";
	int missing = 0;

	for (int part = 0; part < VITALS_PARTS; part++)
		missing += !vitals->has[part];
	if (missing == VITALS_PARTS)
		fprintf(stderr, "%s: nothing to read in %s\n", program, proc);
	if (!missing || missing == VITALS_PARTS)
		return !missing;
	fprintf(stderr, "%s: left out, as they cannot be read: ", program);
	for (int part = 0; part < VITALS_PARTS; part++) {
		if (vitals->has[part])
			continue;
		fprintf(stderr, "%s%s/%s", separator, proc, vitals_file(part));
		separator = ", ";
	}
	fputc('\n', stderr);
	return true;
}

/*
 * Waits for the next tick after `last_us` and returns its time, or 0 when a signal asked to stop.
 * Ticks that passed in the meantime (a suspended machine) are left out.
 */
static int64_t wait_for_tick(int signals, int64_t every_us, int64_t last_us)
{
	int64_t wall_us = clock_wall_us();
	int64_t tick_us = (wall_us / every_us + 1) * every_us;
	int64_t due_us, left_us;

	/* The wait ended just before the tick it was for, as the wall clock has it. */
	if (tick_us == last_us)
		tick_us += every_us;
	due_us = clock_monotonic_us() + tick_us - wall_us;
	while ((left_us = due_us - clock_monotonic_us()) > 0) {
		struct pollfd waited = {.fd = signals, .events = POLLIN};
		struct timespec timeout = {left_us / 1000000, left_us % 1000000 * 1000};
		int signal;

		if (ppoll(&waited, 1, &timeout, NULL) <= 0)
			continue;
		while ((signal = signals_next(signals)))
			if (signal != SIGWINCH)
				return 0;
	}
	return tick_us;
}

static int publish(const char *program, const struct options_given *given, int signals,
		   struct sender *sender)
{
	static struct vitals readings[2];
	const struct vitals *before = NULL;

	for (uint64_t ticks = 0; !given->count || ticks < given->count; ticks++) {
		struct vitals *now = &readings[ticks % 2];

		sender->time_us = wait_for_tick(signals, given->every_us, sender->time_us);
		if (!sender->time_us)
			break;
		vitals_read(given->proc, given->all, clock_monotonic_us(), now);
		if (!before && !report_missing(program, given->proc, now))
			return STATUS_FAILED;
		vitals_metrics(before, now, send_metric, sender);
		publisher_look(sender->publisher);
		if (sender->result) {
			fprintf(stderr, "%s: cannot send: %s\n", program,
				strerror(-sender->result));
			return STATUS_FAILED;
		}
		before = now;
	}
	fprintf(stderr, "%s: %" PRIu64 " samples sent, %" PRIu64 " dropped\n", program,
		publisher_sent(sender->publisher), publisher_dropped(sender->publisher));
	return STATUS_DONE;
}

/* -1: go on; else the exit status. */
static int read_options(int argc, char **argv, struct options_given *given)
{
	int files = 0;
	int status = options_read(&options, argc, argv, given, &files);

	if (status != OPTIONS_GO_ON)
		return status;
	if (files)
		return args_refuse(argv[0], "unexpected argument \"%s\"", argv[1]);
	if (given->every_us < EVERY_LEAST_US)
		return args_refuse(argv[0], "--every: less than 10ms");
	if (given->connect && given->bind)
		return args_refuse(argv[0], "--connect and --bind: one of them");
	if (given->push && given->pub)
		return args_refuse(argv[0], "--push and --pub: one of them");
	if (!given->connect && !given->bind)
		given->connect = "tcp://127.0.0.1:5556";
	return curve_options_check(&given->curve, argv[0], given->bind);
}

int verb_host(int argc, char **argv)
{
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	CLEANUP(publisher_destroy) struct publisher *publisher = NULL;
	struct options_given given = {
		.high_water_mark = 10000, .every_us = 1000000, .proc = "/proc"};
	struct publisher_plan plan;
	struct sender sender;
	int signals, r;

	r = read_options(argc, argv, &given);
	if (r != OPTIONS_GO_ON)
		return r;
	signals = signals_open();
	r = signals < 0 ? signals : rollcast_encoder_create(ROLLCAST_FORMAT_MSGPACK, &encoder);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", argv[0], strerror(-r));
		return STATUS_FAILED;
	}
	plan = (struct publisher_plan){
		.program = argv[0],
		.kind = given.pub ? PUBLISHER_PUB : PUBLISHER_PUSH,
		.endpoint = given.bind ? given.bind : given.connect,
		.bind = given.bind != NULL,
		.curve = curve_options_plan(&given.curve),
		.high_water_mark = (int)given.high_water_mark,
	};
	if (publisher_create(&plan, &publisher))
		return STATUS_FAILED;
	sender = (struct sender){publisher, encoder, given.host_label, 0, 0};
	return publish(argv[0], &given, signals, &sender);
}
