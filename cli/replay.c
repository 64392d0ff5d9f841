/*
 * rollcast replay: CSV files as a live stream.
 *
 *	a.csv ─┐                        ┌─ column batches, one per stream
 *	b.csv ─┴─► oldest sample first ─┤
 *	                                └─► PUSH or PUB: when the clock has to be waited for, when a
 *	                                    batch is full, at the end
 *
 * So the same code sends single samples at the speed of life and large batches at full speed.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/csv.h"
#include "cli/csv_options.h"
#include "cli/names.h"
#include "cli/curve_options.h"
#include "cli/options.h"
#include "cli/publisher.h"
#include "cli/signals.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "rollcast/wire.h"

enum {
	FILES_MAX = 1024,
	BATCH = 256,	      /* samples of one stream in a message */
	WAITING_MAX = 262144, /* samples of all streams that wait for their batch to fill */
	HIGH_WATER_MARK = 100,
	SEND_WAIT_MS = 100,
	SUBSCRIPTION_MS = 200, /* a subscriber's wish arrives after the subscriber */
	PROGRESS_US = 500000,
};

struct replay_options {
	struct csv_options csv;
	const char *connect, *bind, *speed;
	struct curve_options curve;
	bool push, pub, start_now, loop, no_header;
	int64_t wait_us;
};
#define ROW(kind, name, value, field, help) \
	OPTION(kind, name, value, struct replay_options, field, help)

static const struct option_row rows[] = {
	{.help = "Where to:"},
	ROW(TEXT, "connect", "ENDPOINT", connect, "connect (default tcp://127.0.0.1:5556)"),
	ROW(TEXT, "bind", "ENDPOINT", bind, "bind instead"),
	ROW(FLAG, "push", NULL, push, "a PUSH socket, for an input of type pull (default)"),
	ROW(FLAG, "pub", NULL, pub, "a PUB socket, for an input of type sub; topic: the stream"),
	CURVE_OPTION_ROWS(struct replay_options, curve),
	ROW(DURATION, "wait", "DURATION", wait_us, "wait so long for a peer (default 30s)"),
	{.help = "How:"},
	ROW(TEXT, "speed", "N|max", speed, "seconds of the data per second (default 1)"),
	ROW(FLAG, "start-now", NULL, start_now, "move all times so that the first is now"),
	ROW(FLAG, "loop", NULL, loop, "begin again at the end; times go on, a step later"),
	{.help = "The file, where it is not clear by itself:"},
	CSV_OPTION_ROWS(struct replay_options, csv, no_header),
};

static const struct options options = {
	"Usage: rollcast replay FILE.csv... [OPTION]...\n"
	"Publish CSV files as a live stream: samples in msgpack over ZeroMQ. `-` is standard "
	"input.\n"
	"Several files are merged by time.\n",
	rows,
	sizeof(rows) / sizeof(rows[0]),
	"Nothing is lost on the way: slow receivers are waited for. SIGINT stops it.\n" CSV_HELP
	"Exit status: 0 done, 1 failed at run time or a line could not be read, 2 wrong usage.\n",
};

struct batch {
	int64_t *times_us;
	double *values;
	uint32_t count, room;
};

struct file {
	struct csv_reader *reader;
	struct csv_sample next;
	bool ended;
};

struct replay {
	const char *program;
	const struct replay_options *options;
	double speed; /* 0: as fast as possible */
	int signals;
	bool stopped, terminal;
	struct publisher *publisher;
	struct rollcast_encoder *encoder;
	struct file *files;
	int file_count;
	struct names names;
	struct batch *batches; /* one per name */
	uint32_t batch_room;
	uint64_t waiting, samples, problems;
	int64_t first_us, last_us, step_us; /* of the data in this round; the least step seen */
	int64_t shift_us;
	int64_t started_us, shown_us; /* by the monotonic clock */
	int64_t data_started_us;      /* shifted time of the first sample of all */
	bool began;
};

static int64_t clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Waits for `us` or a signal that ends; true if none came. */
static bool rest(struct replay *replay, int64_t us)
{
	struct pollfd pollfd = {.fd = replay->signals, .events = POLLIN};
	struct timespec timeout = {us / 1000000, us % 1000000 * 1000};
	int signal;

	if (replay->stopped)
		return false;
	if (ppoll(&pollfd, 1, &timeout, NULL)) /* readable, or interrupted by it */
		while ((signal = signals_next(replay->signals)))
			replay->stopped |= signal != SIGWINCH;
	return !replay->stopped;
}

static void show_progress(struct replay *replay, int64_t time_us)
{
	int64_t now_us = clock_us(CLOCK_MONOTONIC);
	char when[WHEN_TEXT_MAX];

	if (!replay->terminal || now_us - replay->shown_us < PROGRESS_US)
		return;
	replay->shown_us = now_us;
	fprintf(stderr, "\r\033[K%s: %" PRIu64 " samples, at %s", replay->program, replay->samples,
		when_write(time_us, 1, when));
}

static int send_batch(struct replay *replay, uint32_t stream)
{
	struct batch *batch = &replay->batches[stream];
	const char *name = replay->names.items[stream];
	struct rollcast_samples samples = {
		{name, strlen(name)}, batch->times_us, batch->values, batch->count};
	const void *bytes;
	size_t size;
	int r;

	if (!batch->count)
		return 0;
	r = rollcast_encode_samples(replay->encoder, &samples, &bytes, &size);
	if (r)
		return r;
	do {
		r = publisher_send(replay->publisher, name, bytes, size, SEND_WAIT_MS);
	} while (r == PUBLISHER_FULL && rest(replay, 0));
	if (r < 0)
		return r;
	if (r == 0)
		replay->samples += batch->count;
	replay->waiting -= batch->count;
	batch->count = 0;
	return 0;
}

static int send_all(struct replay *replay)
{
	int r = 0;

	for (uint32_t i = 0; i < replay->names.count && replay->waiting && !r; i++)
		r = send_batch(replay, i);
	return r;
}

static int grow_batch(struct batch *batch)
{
	uint32_t room = batch->room ? 4 * batch->room : 4;
	int64_t *times = reallocarray(batch->times_us, room, sizeof(*times));
	double *values;

	if (!times)
		return -ENOMEM;
	batch->times_us = times;
	values = reallocarray(batch->values, room, sizeof(*values));
	if (!values)
		return -ENOMEM;
	batch->values = values;
	batch->room = room;
	return 0;
}

/* The batch of a stream by its name; files may share streams. 0, NAMES_FULL, -ENOMEM. */
static int find_batch(struct replay *replay, const char *name, uint32_t *ret_stream)
{
	int r = names_add(&replay->names, name, ret_stream);
	struct batch *batches;

	if (r || replay->names.room == replay->batch_room)
		return r;
	batches = reallocarray(replay->batches, replay->names.room, sizeof(*batches));
	if (!batches)
		return -ENOMEM;
	replay->batches = batches;
	memset(replay->batches + replay->batch_room, 0,
	       (replay->names.room - replay->batch_room) * sizeof(struct batch));
	replay->batch_room = replay->names.room;
	return 0;
}

static int add_sample(struct replay *replay, const char *name, int64_t time_us, double value)
{
	struct batch *batch;
	uint32_t stream;
	int r = find_batch(replay, name, &stream);

	if (r)
		return r;
	batch = &replay->batches[stream];
	if (batch->count == batch->room) {
		r = grow_batch(batch);
		if (r)
			return r;
	}
	batch->times_us[batch->count] = time_us;
	batch->values[batch->count++] = value;
	replay->waiting++;
	if (batch->count == BATCH)
		return send_batch(replay, stream);
	return replay->waiting >= WAITING_MAX ? send_all(replay) : 0;
}

/* Waits until a sample of `time_us` is due; what is older leaves before. */
static int wait_until_due(struct replay *replay, int64_t time_us)
{
	int64_t late_us;

	if (!replay->began) {
		replay->began = true;
		replay->data_started_us = time_us;
		replay->started_us = clock_us(CLOCK_MONOTONIC);
	}
	if (replay->speed == 0)
		return 0;
	late_us = clock_us(CLOCK_MONOTONIC) - replay->started_us -
		  (int64_t)((double)(time_us - replay->data_started_us) / replay->speed);
	if (late_us < 0) {
		int r = send_all(replay);

		if (r)
			return r;
		publisher_look(replay->publisher);
		while (late_us < 0 &&
		       rest(replay, late_us < -PROGRESS_US ? PROGRESS_US : -late_us)) {
			show_progress(replay, time_us);
			late_us = clock_us(CLOCK_MONOTONIC) - replay->started_us -
				  (int64_t)((double)(time_us - replay->data_started_us) /
					    replay->speed);
		}
	}
	return 0;
}

static int advance(struct replay *replay, struct file *file)
{
	int r = csv_next(file->reader, &file->next);

	if (r == 0) {
		file->ended = true;
		replay->problems += csv_problems(file->reader);
	}
	return r < 0 ? r : 0;
}

static struct file *find_oldest(struct replay *replay)
{
	struct file *oldest = NULL;

	for (int i = 0; i < replay->file_count; i++)
		if (!replay->files[i].ended &&
		    (!oldest || replay->files[i].next.time_us < oldest->next.time_us))
			oldest = &replay->files[i];
	return oldest;
}

static int play_sample(struct replay *replay, struct file *file)
{
	const struct csv_sample *sample = &file->next;
	int64_t time_us = sample->time_us;
	int r;

	if (replay->last_us < time_us && replay->last_us >= replay->first_us &&
	    (!replay->step_us || time_us - replay->last_us < replay->step_us))
		replay->step_us = time_us - replay->last_us;
	if (time_us > replay->last_us)
		replay->last_us = time_us;
	r = wait_until_due(replay, time_us + replay->shift_us);
	if (r || replay->stopped)
		return r;
	r = add_sample(replay, csv_stream(file->reader, sample->stream), time_us + replay->shift_us,
		       sample->value);
	if (r == NAMES_FULL)
		fprintf(stderr, "%s: more than %d streams\n", replay->program, NAMES_MAX);
	if (r)
		return r;
	if (replay->samples % 4096 < BATCH)
		show_progress(replay, time_us);
	return advance(replay, file);
}

static void close_files(struct replay *replay)
{
	for (int i = 0; i < replay->file_count; i++)
		csv_close(replay->files[i].reader);
	memset(replay->files, 0, (size_t)replay->file_count * sizeof(*replay->files));
}

static int open_files(struct replay *replay, char **paths)
{
	for (int i = 0; i < replay->file_count; i++) {
		struct file *file = &replay->files[i];
		int r = csv_open(paths[i], &replay->options->csv, &file->reader);

		if (!r)
			r = advance(replay, file);
		if (r)
			return r;
	}
	return 0;
}

/* All files once. */
static int play_round(struct replay *replay, char **paths)
{
	struct file *file;
	int r = replay->files[0].reader ? 0 : open_files(replay, paths);

	if (r)
		return r;
	file = find_oldest(replay);
	if (!file) {
		fprintf(stderr, "%s: no sample in %s\n", replay->program, paths[0]);
		return -EINVAL;
	}
	if (replay->began) /* again: a step after the end of the round before */
		replay->shift_us += replay->last_us - replay->first_us +
				    (replay->step_us ? replay->step_us : 1000000);
	else if (replay->options->start_now)
		replay->shift_us = clock_us(CLOCK_REALTIME) - file->next.time_us;
	replay->first_us = replay->last_us = file->next.time_us;
	while (!r && !replay->stopped && (file = find_oldest(replay)))
		r = play_sample(replay, file);
	if (!r)
		r = send_all(replay);
	close_files(replay);
	return r;
}

static bool wait_for_peer(struct replay *replay)
{
	int64_t end_us = clock_us(CLOCK_MONOTONIC) + replay->options->wait_us;

	do {
		publisher_look(replay->publisher);
		if (publisher_has_peer(replay->publisher))
			return rest(replay, replay->options->pub ? SUBSCRIPTION_MS * 1000 : 0);
		if (clock_us(CLOCK_MONOTONIC) >= end_us) {
			fprintf(stderr, "%s: nobody came\n", replay->program);
			return false;
		}
	} while (rest(replay, 50000));
	return false;
}

static int run(struct replay *replay, char **paths)
{
	const struct replay_options *chosen = replay->options;
	struct publisher_plan plan = {
		.program = replay->program,
		.kind = chosen->pub ? PUBLISHER_PUB : PUBLISHER_PUSH,
		.endpoint = chosen->bind      ? chosen->bind
			    : chosen->connect ? chosen->connect
					      : "tcp://127.0.0.1:5556",
		.bind = chosen->bind != NULL,
		.curve = curve_options_plan(&chosen->curve),
		.high_water_mark = HIGH_WATER_MARK,
		.lossless = true,
	};
	int r = open_files(replay, paths); /* before anybody is waited for */

	if (!r)
		r = publisher_create(&plan, &replay->publisher);
	if (!r)
		r = rollcast_encoder_create(ROLLCAST_FORMAT_MSGPACK, &replay->encoder);
	if (r)
		return r;
	if (!wait_for_peer(replay))
		return replay->stopped ? 0 : -ETIMEDOUT;
	do {
		r = play_round(replay, paths);
	} while (!r && chosen->loop && !replay->stopped);
	return r;
}

static void report(const struct replay *replay)
{
	double seconds = (double)(clock_us(CLOCK_MONOTONIC) - replay->started_us) / 1e6;

	fprintf(stderr, "%s%s: %" PRIu64 " samples of %u stream%s in %.1f s%s\n",
		replay->terminal ? "\r\033[K" : "", replay->program, replay->samples,
		replay->names.count, replay->names.count == 1 ? "" : "s",
		replay->began ? seconds : 0, replay->stopped ? ", stopped" : "");
	if (replay->problems)
		fprintf(stderr, "%s: %" PRIu64 " problem%s left out\n", replay->program,
			replay->problems, replay->problems == 1 ? " was" : "s were");
}

static void finish(struct replay *replay)
{
	close_files(replay);
	rollcast_encoder_destroy(replay->encoder);
	publisher_destroy(replay->publisher);
	for (uint32_t i = 0; i < replay->batch_room; i++) {
		free(replay->batches[i].times_us);
		free(replay->batches[i].values);
	}
	free(replay->batches);
	free(replay->files);
	names_finish(&replay->names);
	if (replay->signals >= 0)
		close(replay->signals);
}

static int check(const char *program, const struct replay_options *chosen, int files, char **paths,
		 double *ret_speed)
{
	char *end;

	if (files < 1 || files > FILES_MAX)
		return args_refuse(program, files ? "too many files" : "no file is given");
	if (chosen->push && chosen->pub)
		return args_refuse(program, "--push and --pub exclude each other");
	if (chosen->connect && chosen->bind)
		return args_refuse(program, "--connect and --bind exclude each other");
	for (int i = 0; i < files; i++)
		if (!strcmp(paths[i], "-") && (chosen->loop || files > 1))
			return args_refuse(program, "standard input goes alone and without --loop");
	*ret_speed = 0;
	if (!strcmp(chosen->speed, "max"))
		return curve_options_check(&chosen->curve, program, chosen->bind);
	*ret_speed = strtod(chosen->speed, &end);
	if (*end || !(*ret_speed >= 1e-6 && *ret_speed <= 1e12))
		return args_refuse(program, "--speed: \"%s\" is neither a number above 0 nor max",
				   chosen->speed);
	return OPTIONS_GO_ON;
}

int verb_replay(int argc, char **argv)
{
	struct replay_options chosen = {.csv.errors = stderr, .speed = "1", .wait_us = 30000000};
	struct replay replay = {.program = argv[0], .options = &chosen, .signals = -1};
	int status, r;

	status = options_read(&options, argc, argv, &chosen, &replay.file_count);
	if (status == OPTIONS_GO_ON)
		status = check(argv[0], &chosen, replay.file_count, argv + 1, &replay.speed);
	if (status != OPTIONS_GO_ON)
		return status;
	chosen.csv.header = chosen.no_header ? CSV_HEADER_NO : CSV_HEADER_AUTO;
	replay.terminal = isatty(STDERR_FILENO);
	replay.files = calloc((size_t)replay.file_count, sizeof(*replay.files));
	if (!replay.files) {
		fprintf(stderr, "%s: %s\n", argv[0], strerror(ENOMEM));
		return STATUS_FAILED;
	}
	r = signals_open();
	if (r >= 0) {
		replay.signals = r;
		r = run(&replay, argv + 1);
	}
	if (replay.publisher)
		report(&replay);
	if (r == -ENOMEM)
		fprintf(stderr, "%s: %s\n", argv[0], strerror(ENOMEM));
	status = r || replay.problems ? STATUS_FAILED : STATUS_DONE;
	finish(&replay);
	return status;
}
