/*
 * rollcast watch: forecasts as they come.
 *
 *	subscription ─► board (latest per stream) ─► viewer ─► screen, in a terminal
 *	                     └► a line or a JSON object each, elsewhere
 *
 * One loop waits for messages, keys, signals and the reader of our output at once, so that a closed
 * pipe is noticed even when no forecast comes.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "cli/args.h"
#include "cli/board.h"
#include "cli/forecast_answer.h"
#include "cli/forecast_json.h"
#include "cli/curve_options.h"
#include "cli/options.h"
#include "cli/screen.h"
#include "cli/signals.h"
#include "cli/subscription.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "cli/viewer.h"
#include "daemon/base/clock.h"
#include "rollcast/name.h"

/* The table is what --once shows in a terminal, at the end. */
enum mode { MODE_LINES, MODE_JSON, MODE_SCREEN, MODE_TABLE };

#define DEFAULT_ENDPOINT "tcp://127.0.0.1:5557"

enum {
	BATCH = 4096,		  /* messages between two looks at the clock */
	REDRAW_US = 200000,	  /* when something came */
	REDRAW_IDLE_US = 1000000, /* for the ages */
	QUIET_US = 1000000,	  /* --once: no new stream for so long is the end */
	ONCE_US = 10000000,
	PATIENCE_US = 3000000, /* then it says that it waits */
	KEYS_EMPTY_MAX = 16,   /* times that keys are said to be there and are not: it has ended */
};

struct options_given {
	const char *connect, *topic, *match, *http;
	struct curve_options curve;
	bool json, once;
	uint64_t count; /* 0: no end */
	int64_t seconds_us, every_us;
};

static const struct option_row rows[] = {
	{.kind = OPTION_HEADING, .help = "Options:"},
	OPTION(TEXT, "connect", "ENDPOINT", struct options_given, connect,
	       "an output of rollcastd (default " DEFAULT_ENDPOINT ")"),
	CURVE_OPTION_ROWS(struct options_given, curve),
	OPTION(TEXT, "match", "SELECTOR", struct options_given, match,
	       "only these streams: 'cpu_*', 'cpu_*{host=~\"web.*\"}'"),
	OPTION(TEXT, "topic", "PREFIX", struct options_given, topic,
	       "only topics that begin so; the others do not travel"),
	OPTION(TEXT, "http", "HOST:PORT", struct options_given, http,
	       "the daemon's http.listen, asked for a stream's past when its\n"
	       "                         fan is shown (default " HTTP_ADDRESS ", with the\n"
	       "                         default --connect)"),
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
		 "Show forecasts as they come: in a terminal on the whole screen, to sort, filter\n"
		 "and look into; elsewhere a line per forecast.\n",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.more = "In a terminal ? shows the keys and what the columns mean; q ends it. With --once\n"
		"it prints the table and ends.\n"
		"Lost are numbers missing in the sequence of messages (not counted with --topic);\n"
		"networks lead where one counts most, and share where one has any weight.\n"
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
	struct subscription subscription;
	int signals;
	struct board board;
	struct viewer viewer;
	struct canvas canvas;
	const struct board_row *asked; /* whose past was asked for last */
	uint64_t refused;	       /* messages that were no forecasts */
	int64_t start_us, drawn_us, new_stream_us;
	uint64_t drawn_forecasts;
	double per_second;
	unsigned keys_empty;
	bool touched; /* a key or a new size asks for a new picture */
	bool said_waiting, done;
};

/* ---- what a forecast does ---- */

static void print_row(struct watch *watch, struct board_row *row, uint64_t sequence, int64_t now_us)
{
	if (watch->mode >= MODE_SCREEN ||
	    (row->printed_us &&
	     (watch->given.once || now_us - row->printed_us < watch->given.every_us)))
		return;
	if (watch->mode == MODE_JSON)
		forecast_json_print(stdout, row->forecast, sequence);
	else
		table_print_line(stdout, row);
	row->printed_us = now_us;
}

static int take_forecast(struct watch *watch, const struct rollcast_forecast *forecast,
			 uint64_t sequence, int64_t now_us)
{
	struct board_row *row;
	int r;

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
		const struct rollcast_forecast *forecast;
		uint64_t sequence;
		int r = subscription_next(&watch->subscription, &forecast, &sequence);

		if (r == SUBSCRIPTION_EMPTY)
			return 0;
		if (r == SUBSCRIPTION_REFUSED)
			watch->refused++;
		else if (r > 0)
			r = take_forecast(watch, forecast, sequence, now_us);
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
		.endpoint = watch->given.connect,
		.trouble = watch->subscription.link.trouble,
		.per_second = watch->per_second,
		.counts_losses = !*watch->given.topic,
		.now_us = now_us,
	};
}

/*
 * A stream that is shown alone for the first time: what the daemon still has of its past. It may be
 * another daemon than the one that sends: what it knows has to fit the forecast.
 */
static void ask_for_past(struct watch *watch)
{
	struct board_row *row = viewer_stream(&watch->viewer);
	struct forecast_answer answer;
	int64_t after;

	if (!row || row == watch->asked)
		return;
	watch->asked = row;
	if (!watch->given.http || forecast_answer_get(NULL, watch->given.http, row->forecast->name,
						      BOARD_PAST, &answer) != STATUS_DONE)
		return;
	after = (answer.until_us - row->forecast->origin_us) / row->forecast->step_us;
	if (answer.forecast->step_us == row->forecast->step_us && after >= 0 &&
	    after < (int64_t)answer.count) {
		size_t count = answer.count - (size_t)after;
		double last = row->forecast->last;

		if (fabs(answer.past[count - 1] - last) <= 1e-9 * fabs(last))
			board_extend(row, answer.past, count);
	}
	forecast_answer_finish(&answer);
}

static int draw(struct watch *watch, int64_t now_us)
{
	struct table_view view = view_of(watch, now_us);
	size_t width, height;
	int r = 0;

	screen_measure(&width, &height);
	if (width != watch->canvas.width || height != watch->canvas.height)
		r = canvas_resize(&watch->canvas, width, height);
	ask_for_past(watch);
	if (!r)
		r = viewer_draw(&watch->viewer, &watch->canvas, &view);
	if (!r)
		screen_show(&watch->canvas);
	return r;
}

/* Shows what came: on the screen if it is time to, else at once. */
static int show(struct watch *watch, int64_t now_us)
{
	bool changed = watch->board.forecasts != watch->drawn_forecasts;

	if (watch->mode != MODE_SCREEN)
		return fflush(stdout) ? -errno : 0;
	if (!watch->touched && now_us - watch->drawn_us < (changed ? REDRAW_US : REDRAW_IDLE_US))
		return 0;
	/* A key is answered at once, and says nothing about the rate. */
	if (now_us - watch->drawn_us >= REDRAW_US)
		measure_rate(watch, now_us);
	watch->touched = false;
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
			watch->touched = true;
	}
}

static void take_keys(struct watch *watch)
{
	uint32_t key = screen_key();

	watch->keys_empty = key ? 0 : watch->keys_empty + 1;
	for (; key; key = screen_key()) {
		watch->done = watch->done || !viewer_press(&watch->viewer, key);
		watch->touched = true;
	}
}

static void check_deadlines(struct watch *watch, int64_t now_us)
{
	/* The screen says so itself. */
	if (watch->mode != MODE_SCREEN && !watch->board.forecasts)
		link_look(&watch->subscription.link);
	if (watch->mode != MODE_SCREEN && !watch->said_waiting && !watch->board.forecasts &&
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
		{watch->subscription.socket, 0, ZMQ_POLLIN, 0},
		{NULL, watch->signals, ZMQ_POLLIN, 0},
		{NULL, STDOUT_FILENO, ZMQ_POLLERR, 0},
		{NULL, watch->mode == MODE_SCREEN ? screen_input() : -1, ZMQ_POLLIN, 0},
	};
	int r = 0;

	while (!watch->done && r >= 0) {
		bool keys = waited[3].fd >= 0 && watch->keys_empty < KEYS_EMPTY_MAX;

		if (zmq_poll(waited, keys ? 4 : 3, REDRAW_US / 1000) < 0 && zmq_errno() != EINTR)
			return -zmq_errno();
		if (waited[2].revents)
			return -EPIPE;
		take_signals(watch);
		if (keys && waited[3].revents)
			take_keys(watch);
		r = receive(watch);
		check_deadlines(watch, clock_monotonic_us());
		if (r >= 0)
			r = show(watch, clock_monotonic_us());
	}
	return r;
}

/* The table as it stands, for --once. */
static int print_table(struct watch *watch)
{
	struct table_view view = view_of(watch, clock_monotonic_us());
	size_t height = watch->board.count + 2;
	int r = canvas_resize(&watch->canvas, screen_width(), height);

	if (r)
		return r;
	view.per_second = NAN;
	table_draw_totals(&watch->canvas, 0, &watch->board, &view);
	table_draw(&watch->canvas, 1, watch->board.rows, watch->board.count, &view);
	canvas_print(stdout, &watch->canvas, height, screen_wants_colours());
	return fflush(stdout) ? -errno : 0;
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

static void watch_finish(struct watch *watch)
{
	viewer_finish(&watch->viewer);
	canvas_finish(&watch->canvas);
	board_finish(&watch->board);
	rollcast_selector_destroy(watch->selector);
	subscription_finish(&watch->subscription);
}

static int open_all(struct watch *watch)
{
	const struct curve_plan curve = curve_options_plan(&watch->given.curve);

	watch->start_us = watch->drawn_us = clock_monotonic_us();
	watch->viewer.board = &watch->board;
	watch->touched = true;
	watch->signals = signals_open();
	if (watch->signals < 0)
		return watch->signals;
	watch->subscription.link.program = watch->program;
	return subscription_open(&watch->subscription, watch->given.connect, watch->given.topic,
				 &curve);
}

static int watch_forecasts(struct watch *watch)
{
	int r = open_all(watch);

	if (r) {
		fprintf(stderr, "%s: %s: %s\n", watch->program, watch->given.connect,
			zmq_strerror(-r));
		return STATUS_FAILED;
	}
	/* A terminal that ncurses does not know gets lines. */
	if (watch->mode == MODE_SCREEN && screen_open() < 0)
		watch->mode = MODE_LINES;
	watch->subscription.link.quiet = watch->mode == MODE_SCREEN;
	r = run(watch);
	if (watch->mode == MODE_SCREEN) {
		screen_close();
		link_complain(&watch->subscription.link);
	}
	if (r >= 0 && watch->mode == MODE_TABLE)
		r = print_table(watch);
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
	status = curve_options_check(&given->curve, argv[0], false);
	if (status != OPTIONS_GO_ON)
		return status;
	if (given->once && !given->seconds_us)
		given->seconds_us = ONCE_US;
	/* Another output may be another daemon's. */
	if (!given->http && !strcmp(given->connect, DEFAULT_ENDPOINT))
		given->http = HTTP_ADDRESS;
	if (given->json)
		watch->mode = MODE_JSON;
	else if (isatty(STDOUT_FILENO))
		watch->mode = given->once ? MODE_TABLE : MODE_SCREEN;
	return read_selector(watch);
}

int verb_watch(int argc, char **argv)
{
	struct watch watch = {
		.program = argv[0],
		.given = {.connect = DEFAULT_ENDPOINT, .topic = ""},
		.signals = -1,
		.per_second = NAN,
	};
	int status = read_options(argc, argv, &watch);

	if (status == OPTIONS_GO_ON)
		status = watch_forecasts(&watch);
	watch_finish(&watch);
	return status;
}
