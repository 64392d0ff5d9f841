/*
 * rollcast pipe: what an agent writes to its standard output, as samples over ZeroMQ.
 *
 *	stdin ──bytes──► whole messages ──► decode ──samples──► encode as msgpack ──► PUSH or PUB
 *
 * It reads the formats that inputs read, refuses what they would refuse, and says so at the end; a
 * sample leaves as soon as its message has come. Without a peer it waits, and so does who writes; at
 * the end of the input too, but not after a signal.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/frame.h"
#include "cli/curve_options.h"
#include "cli/options.h"
#include "cli/publisher.h"
#include "cli/signals.h"
#include "cli/verbs.h"
#include "rollcast/wire.h"

enum {
	FIRST_BYTES = 65536,
	MESSAGE_MAX = 16 << 20,
	HIGH_WATER_MARK = 1000,
	SEND_WAIT_MS = 100,
	LOOK_MS = 500,
	LAST_LOOK_MS = 20,
	LAST_WAIT_MS = 30000, /* as long as the socket would keep what is queued */
};

struct pipe_options {
	const char *connect, *bind;
	struct curve_options curve;
	bool push, pub;
	uint32_t format;
	uint32_t time_unit;
};
#define ROW(kind, name, value, field, help, ...) \
	OPTION(kind, name, value, struct pipe_options, field, help, ##__VA_ARGS__)

static const char *const formats[] = {"msgpack", "json", "influx", NULL};
static const char *const time_units[] = {"s", "ms", "us", "ns", NULL};
static const double unit_us[] = {1e6, 1e3, 1, 1e-3};

static const struct option_row rows[] = {
	{.help = "Where to:"},
	ROW(TEXT, "connect", "ENDPOINT", connect, "connect (default tcp://127.0.0.1:5556)"),
	ROW(TEXT, "bind", "ENDPOINT", bind, "bind instead"),
	ROW(FLAG, "push", NULL, push, "a PUSH socket, for an input of type pull (default)"),
	ROW(FLAG, "pub", NULL, pub, "a PUB socket, for an input of type sub; topic: the stream"),
	CURVE_OPTION_ROWS(struct pipe_options, curve),
	{.help = "What comes in:"},
	ROW(WORD, "format", "FORMAT", format, "msgpack, json or influx (default influx)",
	    .words = formats),
	ROW(WORD, "time-unit", "UNIT", time_unit, "of numbers of time: s, ms, us or ns (default s)",
	    .words = time_units),
};

static const struct options options = {
	"Usage: rollcast pipe [OPTION]...\n"
	"Publish samples from standard input over ZeroMQ: msgpack objects one after the other, "
	"JSON\n"
	"or Influx line protocol line by line.\n",
	rows,
	sizeof(rows) / sizeof(*rows),
	"\nA sample without a time has that of its arrival. Exit status 1 if samples were "
	"refused,\nor nobody took them.\n",
};

struct pipe {
	const char *program;
	const struct pipe_options *options;
	struct publisher *publisher;
	struct rollcast_decoder *decoder;
	struct rollcast_encoder *encoder;
	char *bytes;
	size_t used, room;
	bool skipping; /* the rest of a line that was too long */
	uint64_t counts[ROLLCAST_DECODE_RESULTS];
	int signals, error;
	bool stopped;
};

static int64_t wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static bool is_stopped(struct pipe *pipe)
{
	int signal;

	while ((signal = signals_next(pipe->signals)))
		pipe->stopped |= signal != SIGWINCH;
	return pipe->stopped;
}

static void send_samples(void *context, const struct rollcast_samples *samples)
{
	struct pipe *pipe = context;
	char topic[ROLLCAST_NAME_MAX + 1];
	const void *bytes;
	size_t size;
	int r;

	if (pipe->error || pipe->stopped)
		return;
	snprintf(topic, sizeof(topic), "%.*s", (int)samples->name.length, samples->name.bytes);
	r = rollcast_encode_samples(pipe->encoder, samples, &bytes, &size);
	while (r == 0 && (r = publisher_send(pipe->publisher, topic, bytes, size, SEND_WAIT_MS)) ==
				 PUBLISHER_FULL) {
		r = 0;
		publisher_look(pipe->publisher);
		if (is_stopped(pipe))
			return;
	}
	if (r < 0)
		pipe->error = r;
}

/* Takes `size` bytes off the front of what has come. */
static void decode(struct pipe *pipe, size_t size)
{
	rollcast_decode(pipe->decoder, pipe->bytes, size, wall_us(), send_samples, pipe,
			pipe->counts);
	memmove(pipe->bytes, pipe->bytes + size, pipe->used - size);
	pipe->used -= size;
}

static size_t whole(const struct pipe *pipe)
{
	return pipe->options->format == ROLLCAST_FORMAT_MSGPACK
		       ? frame_msgpack(pipe->bytes, pipe->used)
		       : frame_lines(pipe->bytes, pipe->used);
}

/* A line beyond all measure: what came of it is dropped, and so is what still comes. */
static int drop_line(struct pipe *pipe)
{
	if (pipe->options->format == ROLLCAST_FORMAT_MSGPACK) {
		fprintf(stderr, "%s: an object of more than %d bytes\n", pipe->program,
			MESSAGE_MAX);
		return -EMSGSIZE;
	}
	pipe->counts[ROLLCAST_DECODE_MALFORMED] += !pipe->skipping;
	pipe->skipping = true;
	pipe->used = 0;
	return 0;
}

static void end_skipping(struct pipe *pipe)
{
	char *newline = memchr(pipe->bytes, '\n', pipe->used);
	size_t end = newline ? (size_t)(newline - pipe->bytes) + 1 : pipe->used;

	memmove(pipe->bytes, pipe->bytes + end, pipe->used - end);
	pipe->used -= end;
	pipe->skipping = !newline;
}

static int take_bytes(struct pipe *pipe)
{
	size_t size;

	if (pipe->skipping)
		end_skipping(pipe);
	while ((size = whole(pipe)) && size != FRAME_BROKEN)
		decode(pipe, size);
	if (size != FRAME_BROKEN)
		return pipe->error;
	fprintf(stderr, "%s: what comes is no msgpack\n", pipe->program);
	return -EBADMSG;
}

static int make_room(struct pipe *pipe)
{
	size_t room = pipe->room ? 2 * pipe->room : FIRST_BYTES;
	char *bytes;

	if (pipe->used < pipe->room)
		return 0;
	if (pipe->room >= MESSAGE_MAX)
		return drop_line(pipe);
	bytes = realloc(pipe->bytes, room);
	if (!bytes)
		return -ENOMEM;
	pipe->bytes = bytes;
	pipe->room = room;
	return 0;
}

/* Waits for bytes or a signal. 1: bytes came, 0: end, or stopped. */
static int read_some(struct pipe *pipe)
{
	struct pollfd events[] = {{.fd = STDIN_FILENO, .events = POLLIN},
				  {.fd = pipe->signals, .events = POLLIN}};
	ssize_t size;

	do {
		publisher_look(pipe->publisher);
		if (poll(events, 2, LOOK_MS) < 0 && errno != EINTR)
			return -errno;
		if (is_stopped(pipe))
			return 0;
	} while (!(events[0].revents & (POLLIN | POLLHUP | POLLERR)));
	size = read(STDIN_FILENO, pipe->bytes + pipe->used, pipe->room - pipe->used);
	if (size < 0)
		return errno == EINTR || errno == EAGAIN ? 1 : -errno;
	pipe->used += (size_t)size;
	return size > 0;
}

static int run(struct pipe *pipe)
{
	const struct pipe_options *chosen = pipe->options;
	const struct publisher_plan plan = {
		.program = pipe->program,
		.kind = chosen->pub ? PUBLISHER_PUB : PUBLISHER_PUSH,
		.endpoint = chosen->bind      ? chosen->bind
			    : chosen->connect ? chosen->connect
					      : "tcp://127.0.0.1:5556",
		.bind = chosen->bind != NULL,
		.curve = curve_options_plan(&chosen->curve),
		.high_water_mark = HIGH_WATER_MARK,
		.lossless = true,
	};
	int r = publisher_create(&plan, &pipe->publisher);

	if (!r)
		r = rollcast_encoder_create(ROLLCAST_FORMAT_MSGPACK, &pipe->encoder);
	if (!r)
		r = rollcast_decoder_create(chosen->format, unit_us[chosen->time_unit],
					    &pipe->decoder);
	while (!r) {
		r = make_room(pipe);
		if (!r)
			r = read_some(pipe);
		if (r <= 0)
			break;
		r = take_bytes(pipe);
	}
	if (!r && pipe->used &&
	    !pipe->skipping) /* a last line without its end, or half an object */
		decode(pipe, pipe->used);
	return r ? r : pipe->error;
}

/* What is queued goes to the first peer; that of PUB is lost anyway if there is none. */
static bool is_waiting(const struct pipe *pipe)
{
	return !pipe->options->pub && publisher_sent(pipe->publisher) &&
	       !publisher_has_peer(pipe->publisher);
}

/* At the end of the input, as long as what is queued may take to leave: does anybody take it? */
static void wait_for_peer(struct pipe *pipe)
{
	for (int waited_ms = 0; waited_ms < LAST_WAIT_MS; waited_ms += LAST_LOOK_MS) {
		publisher_look(pipe->publisher);
		if (is_stopped(pipe) || !is_waiting(pipe) || publisher_is_refused(pipe->publisher))
			return;
		poll(&(struct pollfd){.fd = pipe->signals, .events = POLLIN}, 1, LAST_LOOK_MS);
	}
}

/* Returns how many refusals there were, of samples or of us. */
static uint64_t report(const struct pipe *pipe)
{
	bool lost = is_waiting(pipe);
	uint64_t refused = lost && !pipe->stopped;

	for (int i = ROLLCAST_DECODE_OK + 1; i < ROLLCAST_DECODE_RESULTS; i++) {
		if (pipe->counts[i])
			fprintf(stderr, "%s: %" PRIu64 " refused: %s\n", pipe->program,
				pipe->counts[i], rollcast_decode_word(i));
		refused += pipe->counts[i];
	}
	fprintf(stderr, "%s: %" PRIu64 " samples%s%s\n", pipe->program,
		pipe->counts[ROLLCAST_DECODE_OK], pipe->stopped ? ", stopped" : "",
		lost ? ", the last ones lost: nobody takes them" : "");
	return refused;
}

static void finish(struct pipe *pipe)
{
	publisher_destroy(pipe->publisher);
	rollcast_encoder_destroy(pipe->encoder);
	rollcast_decoder_destroy(pipe->decoder);
	free(pipe->bytes);
	if (pipe->signals >= 0)
		close(pipe->signals);
}

static int check(const char *program, const struct pipe_options *chosen, int files)
{
	if (files)
		return args_refuse(program, "it reads standard input, and no file");
	if (chosen->push && chosen->pub)
		return args_refuse(program, "--push and --pub exclude each other");
	if (chosen->connect && chosen->bind)
		return args_refuse(program, "--connect and --bind exclude each other");
	return curve_options_check(&chosen->curve, program, chosen->bind);
}

int verb_pipe(int argc, char **argv)
{
	struct pipe_options chosen = {.format = ROLLCAST_FORMAT_INFLUX};
	struct pipe pipe = {.program = argv[0], .options = &chosen, .signals = -1};
	int files, r, status = options_read(&options, argc, argv, &chosen, &files);

	if (status == OPTIONS_GO_ON)
		status = check(argv[0], &chosen, files);
	if (status != OPTIONS_GO_ON)
		return status;
	r = signals_open();
	if (r >= 0) {
		pipe.signals = r;
		r = run(&pipe);
		if (pipe.publisher)
			wait_for_peer(&pipe);
	}
	/* What was wrong with the socket, or with what came, has been said. */
	if (r < 0 && pipe.publisher && r != -EBADMSG && r != -EMSGSIZE)
		fprintf(stderr, "%s: %s\n", argv[0], strerror(-r));
	status = (pipe.publisher && report(&pipe)) || r < 0 ? STATUS_FAILED : STATUS_DONE;
	if (pipe.publisher && (pipe.stopped || is_waiting(&pipe)))
		publisher_hurry(pipe.publisher);
	finish(&pipe);
	return status;
}
