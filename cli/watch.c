/*
 * rollcast watch: forecasts as they come.
 *
 *	SUB ─► message ─► forecast ─► board (latest per stream) ─► table, redrawn in a terminal
 *	                                                       └► a line or a JSON object each, elsewhere
 *
 * One loop waits for messages, signals and the reader of our output at once, so that a closed pipe is
 * noticed even when no forecast comes.
 */
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "cli/args.h"
#include "cli/board.h"
#include "cli/forecast_json.h"
#include "cli/options.h"
#include "cli/signals.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "daemon/base/clock.h"
#include "rollcast/name.h"
#include "rollcast/wire.h"

enum mode { MODE_TABLE, MODE_LINES, MODE_JSON };

enum {
	HIGH_WATER_MARK = 100000,
	HEARTBEAT_MS = 5000,
	BATCH = 4096,		  /* messages between two looks at the clock */
	REDRAW_US = 200000,	  /* when something came */
	REDRAW_IDLE_US = 1000000, /* for the ages */
	QUIET_US = 1000000,	  /* --once: no new stream for so long is the end */
	ONCE_US = 10000000,
	PATIENCE_US = 3000000, /* then it says that it waits */
};

struct options_given {
	const char *connect, *topic, *match;
	bool json, once;
	uint64_t count; /* 0: no end */
	int64_t seconds_us, every_us;
};

static const struct option_row rows[] = {
	{.kind = OPTION_HEADING, .help = "Options:"},
	OPTION(TEXT, "connect", "ENDPOINT", struct options_given, connect,
	       "an output of rollcastd (default tcp://127.0.0.1:5557)"),
	OPTION(TEXT, "match", "SELECTOR", struct options_given, match,
	       "only these streams: 'cpu_*', 'cpu_*{host=~\"web.*\"}'"),
	OPTION(TEXT, "topic", "PREFIX", struct options_given, topic,
	       "only topics that begin so; the others do not travel"),
	OPTION(FLAG, "json", NULL, struct options_given, json,
	       "a JSON object per forecast and line: all of the message"),
	OPTION(DURATION, "every", "DURATION", struct options_given, every_us,
	       "lines: at most one per stream in this time"),
	OPTION(FLAG, "once", NULL, struct options_given, once,
	       "each stream once; ends when no new one came for 1 s"),
	OPTION(COUNT, "count", "N", struct options_given, count, "end after N forecasts", .low = 1,
	       .high = 1e18),
	OPTION(DURATION, "seconds", "N", struct options_given, seconds_us,
	       "end after N seconds (or 5m, 1h); with --once, 10"),
};

static const struct options options = {
	.usage = "Usage: rollcast watch [OPTION]...\n"
		 "Show forecasts as they come: in a terminal as a table that is redrawn in\n"
		 "place, a line per stream; elsewhere a line per forecast.\n",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.more = "Columns of the table, as far as they fit:\n"
		"  LAST           the value from which the forecast is made\n"
		"  PAST|FORECAST  values seen meanwhile, and the path of the forecast's mean\n"
		"  AT THE END     the widest interval at the last step of the horizon\n"
		"  EXPERT         what counts most in the forecast, and how much; coloured\n"
		"                 if a network has a share\n"
		"  SKILL          1 - MAE / MAE of the better of naive and seasonal naive,\n"
		"                 measured on this stream\n"
		"  COVERED        share of values that fell into the widest interval,\n"
		"                 measured / promised\n"
		"  AGE            since it came; - if the daemon kept it for new subscribers\n"
		"Above them: lost counts numbers missing in the sequence of messages (not\n"
		"with --topic); networks lead where one is the EXPERT, and share where one\n"
		"has any weight.\n"
		"\n"
		"What is not known is -, in JSON null. Colours need a terminal and NO_COLOR\n"
		"unset. SIGINT and SIGTERM end it. Exit status: 0 done; 1 failed at run time,\n"
		"or --seconds passed without a forecast; 2 wrong usage.\n",
};

struct watch {
	const char *program;
	struct options_given given;
	enum mode mode;
	struct rollcast_selector *selector; /* NULL: all */
	void *context, *socket;
	int signals;
	struct rollcast_forecast_reader *reader;
	struct board board;
	struct terminal terminal;
	uint64_t refused; /* messages that were no forecasts */
	int64_t start_us, drawn_us, new_stream_us;
	uint64_t drawn_forecasts;
	double per_second;
	bool resized, said_waiting, done;
};

/* ---- messages ---- */

/* Topic, payload and sequence; or payload alone, or with a topic. */
struct message {
	zmq_msg_t frames[3];
	size_t count;
};

static void close_message(struct message *message)
{
	for (size_t i = 0; i < message->count; i++)
		zmq_msg_close(&message->frames[i]);
}

/* 1, or 0 if none is there. Frames beyond the third are dropped. */
static int receive_message(void *socket, struct message *ret_message)
{
	struct message message = {.count = 0};
	bool more = true;

	while (more) {
		zmq_msg_t frame;

		zmq_msg_init(&frame);
		if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0) {
			int error = zmq_errno();

			zmq_msg_close(&frame);
			close_message(&message);
			return error == EAGAIN || error == EINTR ? 0 : -error;
		}
		more = zmq_msg_more(&frame);
		if (message.count < 3) {
			zmq_msg_init(&message.frames[message.count]);
			zmq_msg_move(&message.frames[message.count++], &frame);
		}
		zmq_msg_close(&frame);
	}
	*ret_message = message;
	return 1;
}

static uint64_t message_sequence(struct message *message)
{
	uint64_t sequence;

	if (message->count < 3 || zmq_msg_size(&message->frames[2]) != sizeof(sequence))
		return 0;
	memcpy(&sequence, zmq_msg_data(&message->frames[2]), sizeof(sequence));
	return le64toh(sequence);
}

/* ---- what a forecast does ---- */

static void print_row(struct watch *watch, struct board_row *row, uint64_t sequence, int64_t now_us)
{
	if (watch->mode == MODE_TABLE ||
	    (row->printed_us &&
	     (watch->given.once || now_us - row->printed_us < watch->given.every_us)))
		return;
	if (watch->mode == MODE_JSON)
		forecast_json_print(stdout, row->forecast, sequence);
	else
		table_print_line(stdout, row);
	row->printed_us = now_us;
}

static int take_message(struct watch *watch, struct message *message, int64_t now_us)
{
	zmq_msg_t *payload = &message->frames[message->count > 1];
	const struct rollcast_forecast *forecast;
	uint64_t sequence = message_sequence(message);
	struct board_row *row;
	int r;

	r = rollcast_forecast_read(watch->reader, zmq_msg_data(payload), zmq_msg_size(payload),
				   &forecast);
	if (r == -EINVAL) {
		watch->refused++;
		return 0;
	}
	if (r)
		return r;
	if (watch->selector &&
	    !rollcast_selector_matches(
		    watch->selector,
		    (struct rollcast_text){forecast->name, strlen(forecast->name)})) {
		board_pass(&watch->board, sequence);
		return 0;
	}
	r = board_take(&watch->board, forecast, sequence, now_us, &row);
	if (r < 0)
		return r;
	if (r > 0)
		watch->new_stream_us = now_us;
	print_row(watch, row, sequence, now_us);
	watch->done = watch->given.count && watch->board.forecasts >= watch->given.count;
	return 0;
}

static int receive(struct watch *watch)
{
	int64_t now_us = clock_monotonic_us();

	for (int i = 0; i < BATCH && !watch->done; i++) {
		struct message message = {.count = 0};
		int r = receive_message(watch->socket, &message);

		if (r <= 0)
			return r;
		r = take_message(watch, &message, now_us);
		close_message(&message);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- what is shown ---- */

/* Forecasts per second, smoothed over about three. */
static void measure_rate(struct watch *watch, int64_t now_us)
{
	double seconds = (double)(now_us - watch->drawn_us) / 1e6;
	double rate = (double)(watch->board.forecasts - watch->drawn_forecasts) / seconds;

	if (!isfinite(watch->per_second))
		watch->per_second = rate;
	else
		watch->per_second += (1 - exp(-seconds / 3)) * (rate - watch->per_second);
	watch->drawn_forecasts = watch->board.forecasts;
	watch->drawn_us = now_us;
}

static struct table_view view_of(const struct watch *watch, int64_t now_us)
{
	return (struct table_view){
		.width = watch->terminal.width,
		.height = watch->terminal.height,
		.colours = watch->mode == MODE_TABLE && terminal_wants_colours(),
		.endpoint = watch->given.connect,
		.per_second = watch->per_second,
		.counts_losses = !*watch->given.topic,
		.now_us = now_us,
	};
}

static int draw(struct watch *watch, int64_t now_us)
{
	struct table_view view = view_of(watch, now_us);
	CLEANUP(free) char *text = NULL;
	size_t size;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		return -ENOMEM;
	table_draw(memory, &watch->board, &view);
	if (fclose(memory))
		return -ENOMEM;
	return terminal_draw(&watch->terminal, text);
}

/* Shows what came: in a terminal if it is time to, else at once. */
static int show(struct watch *watch, int64_t now_us)
{
	bool changed = watch->board.forecasts != watch->drawn_forecasts;

	if (watch->mode != MODE_TABLE)
		return fflush(stdout) ? -errno : 0;
	if (watch->resized)
		terminal_resize(&watch->terminal);
	else if (!watch->done && now_us - watch->drawn_us < (changed ? REDRAW_US : REDRAW_IDLE_US))
		return 0;
	watch->resized = false;
	if (now_us > watch->drawn_us)
		measure_rate(watch, now_us);
	return draw(watch, now_us);
}

/* ---- the loop ---- */

static void take_signals(struct watch *watch)
{
	int signal;

	while ((signal = signals_next(watch->signals))) {
		if (signal != SIGWINCH)
			watch->done = true;
		else
			watch->resized = true;
	}
}

static void check_deadlines(struct watch *watch, int64_t now_us)
{
	/* The table says so itself. */
	if (watch->mode != MODE_TABLE && !watch->said_waiting && !watch->board.forecasts &&
	    now_us - watch->start_us >= PATIENCE_US) {
		fprintf(stderr, "%s: waiting for forecasts from %s\n", watch->program,
			watch->given.connect);
		watch->said_waiting = true;
	}
	if (watch->given.seconds_us && now_us - watch->start_us >= watch->given.seconds_us)
		watch->done = true;
	if (watch->given.once && watch->new_stream_us && now_us - watch->new_stream_us >= QUIET_US)
		watch->done = true;
}

static int run(struct watch *watch)
{
	zmq_pollitem_t waited[] = {
		{watch->socket, 0, ZMQ_POLLIN, 0},
		{NULL, watch->signals, ZMQ_POLLIN, 0},
		{NULL, STDOUT_FILENO, ZMQ_POLLERR, 0},
	};
	int r = 0;

	while (!watch->done && r >= 0) {
		if (zmq_poll(waited, 3, REDRAW_US / 1000) < 0 && zmq_errno() != EINTR)
			return -zmq_errno();
		if (waited[2].revents)
			return -EPIPE;
		take_signals(watch);
		r = receive(watch);
		check_deadlines(watch, clock_monotonic_us());
		if (r >= 0)
			r = show(watch, clock_monotonic_us());
	}
	return r;
}

/* What is worth a word at the end, on stderr. Returns the exit status. */
static int conclude(const struct watch *watch)
{
	struct table_view view = view_of(watch, 0);

	if (watch->refused)
		fprintf(stderr, "%s: %llu messages were not forecasts\n", watch->program,
			(unsigned long long)watch->refused);
	if (!watch->board.forecasts && watch->given.seconds_us &&
	    clock_monotonic_us() - watch->start_us >= watch->given.seconds_us) {
		fprintf(stderr, "%s: no forecast came from %s\n", watch->program,
			watch->given.connect);
		return STATUS_FAILED;
	}
	if (watch->mode == MODE_LINES && !watch->given.once) {
		view.per_second = NAN;
		fprintf(stderr, "%s: ", watch->program);
		table_print_totals(stderr, &watch->board, &view);
		fputc('\n', stderr);
	}
	return STATUS_DONE;
}

/* ---- set up ---- */

static int set(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof(value));
}

static int open_socket(struct watch *watch)
{
	watch->context = zmq_ctx_new();
	watch->socket = watch->context ? zmq_socket(watch->context, ZMQ_SUB) : NULL;
	if (!watch->socket || set(watch->socket, ZMQ_LINGER, 0) ||
	    set(watch->socket, ZMQ_RCVHWM, HIGH_WATER_MARK) ||
	    set(watch->socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS) ||
	    zmq_setsockopt(watch->socket, ZMQ_SUBSCRIBE, watch->given.topic,
			   strlen(watch->given.topic)) ||
	    zmq_connect(watch->socket, watch->given.connect))
		return -zmq_errno();
	return 0;
}

static void watch_finish(struct watch *watch)
{
	board_finish(&watch->board);
	rollcast_forecast_reader_destroy(watch->reader);
	rollcast_selector_destroy(watch->selector);
	if (watch->socket)
		zmq_close(watch->socket);
	if (watch->context)
		zmq_ctx_term(watch->context);
}

static int watch_forecasts(struct watch *watch)
{
	int r;

	watch->start_us = watch->drawn_us = clock_monotonic_us();
	watch->signals = signals_open();
	r = watch->signals < 0 ? watch->signals : open_socket(watch);
	if (!r)
		r = rollcast_forecast_reader_create(ROLLCAST_FORMAT_MSGPACK, &watch->reader);
	if (r) {
		fprintf(stderr, "%s: %s: %s\n", watch->program, watch->given.connect,
			zmq_strerror(-r));
		return STATUS_FAILED;
	}
	if (watch->mode == MODE_TABLE)
		terminal_init(&watch->terminal, stdout);
	r = run(watch);
	if (watch->mode == MODE_TABLE)
		terminal_finish(&watch->terminal);
	/* A reader that has seen enough is no failure. */
	if (r == -EPIPE)
		return STATUS_DONE;
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", watch->program, zmq_strerror(-r));
		return STATUS_FAILED;
	}
	return conclude(watch);
}

/* OPTIONS_GO_ON, or the exit status. */
static int read_selector(struct watch *watch)
{
	const char *text = watch->given.match;
	char error[256];
	size_t column = 0;
	int r;

	if (!text)
		return OPTIONS_GO_ON;
	r = rollcast_selector_create(text, &watch->selector, error, sizeof(error), &column);
	if (r == -EINVAL)
		return args_refuse(watch->program, "--match: %s: column %zu: %s", text, column + 1,
				   error);
	return r ? args_refuse(watch->program, "--match: %s", strerror(-r)) : OPTIONS_GO_ON;
}

static int read_options(int argc, char **argv, struct watch *watch)
{
	struct options_given *given = &watch->given;
	int files = 0;
	int status = options_read(&options, argc, argv, given, &files);

	if (status != OPTIONS_GO_ON)
		return status;
	if (files)
		return args_refuse(argv[0], "unexpected argument \"%s\"", argv[1]);
	if (given->once && !given->seconds_us)
		given->seconds_us = ONCE_US;
	if (given->json)
		watch->mode = MODE_JSON;
	else
		watch->mode = terminal_is_capable(stdout) ? MODE_TABLE : MODE_LINES;
	return read_selector(watch);
}

int verb_watch(int argc, char **argv)
{
	struct watch watch = {
		.program = argv[0],
		.given = {.connect = "tcp://127.0.0.1:5557", .topic = ""},
		.signals = -1,
		.per_second = NAN,
	};
	int status = read_options(argc, argv, &watch);

	if (status == OPTIONS_GO_ON)
		status = watch_forecasts(&watch);
	watch_finish(&watch);
	return status;
}
