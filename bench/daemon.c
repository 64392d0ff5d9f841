/*
 * Samples through the whole daemon, from one sender over PULL, beside a bare ZeroMQ PULL loop that
 * only counts messages, in the same run; and forecasts, when each sample closes a step.
 *
 *	bench/daemon PATH_OF_ROLLCASTD
 *
 * The daemon is the real one, a child with settings of its own; it is done when the `samples` of the
 * forecasts of all streams add up to what was sent.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/base/clock.h"
#include "rollcast/wire.h"

enum {
	STREAMS = 100,
	WAIT_MS = 60000,
	EPOCH_S = 1700000000,
};

static const char in_endpoint[] = "tcp://127.0.0.1:15856", out_endpoint[] = "tcp://127.0.0.1:15857";

struct work {
	const char *title;
	size_t messages;
	uint32_t samples_each; /* in one message, as columns */
	int64_t spacing_us;    /* between samples of one stream; the step is 1 s */
	const char *settings;  /* of the stream rule */
};

/* Learning would hide the path of a sample: the first rows end before a stream has enough steps to train
 * on. In the last one each stream is trained once, meanwhile, on the same cores. */
static const struct work works[] = {
	{"1 sample a message, 1000 samples a step", 1000000, 1, 1000,
	 "window: 300, retrain: {every: 100d}"},
	{"100 samples a message (columns)", 50000, 100, 1000,
	 "window: 300, retrain: {every: 100d}"},
	{"every sample closes a step", 100000, 1, 1000000, "window: 300, retrain: {every: 100d}"},
};

static void fail(const char *what)
{
	fprintf(stderr, "bench/daemon: %s: %s\n", what, zmq_strerror(errno));
	exit(EXIT_FAILURE);
}

static void set_int(void *socket, int option, int value)
{
	if (zmq_setsockopt(socket, option, &value, sizeof(value)))
		fail("zmq_setsockopt");
}

static pid_t start_daemon(const char *path, const struct work *work, const char *directory)
{
	char config[256];

	snprintf(config, sizeof(config), "%s/bench.yaml", directory);
	FILE *file = fopen(config, "w");

	if (!file)
		fail(config);
	fprintf(file,
		"inputs: [{name: in, type: pull, bind: ['%s'], high_water_mark: 100000}]\n"
		"outputs: [{name: out, type: xpub, bind: ['%s'], high_water_mark: 1000000}]\n"
		"streams: [{match: '*', step: 1s, horizon: 12, %s}]\n"
		"http: {listen: none}\n"
		"limits: {lag: never}\n"
		"state: {path: none}\n",
		in_endpoint, out_endpoint, work->settings);
	fclose(file);

	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		execl(path, path, "--config", config, (char *)NULL);
		_exit(127);
	}
	return child;
}

/* All samples of one work, the streams in turn. */
static void send_all(void *context, const struct work *work)
{
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	void *socket = zmq_socket(context, ZMQ_PUSH);
	int64_t times_us[100];
	double values[100];
	const void *bytes;
	size_t size;

	if (!socket || rollcast_encoder_create(ROLLCAST_FORMAT_MSGPACK, &encoder))
		fail("sender");
	set_int(socket, ZMQ_SNDHWM, 100000);
	if (zmq_connect(socket, in_endpoint))
		fail("zmq_connect");
	for (size_t i = 0; i < work->messages; i++) {
		char name[32];
		size_t first = i / STREAMS * work->samples_each;
		int length = snprintf(name, sizeof(name), "bench_%zu", i % STREAMS);

		for (uint32_t j = 0; j < work->samples_each; j++) {
			times_us[j] = EPOCH_S * INT64_C(1000000) +
				      (int64_t)(first + j) * work->spacing_us;
			values[j] = (double)((first + j) % 97);
		}
		const struct rollcast_samples samples = {
			{name, (size_t)length}, times_us, values, work->samples_each};

		if (rollcast_encode_samples(encoder, &samples, &bytes, &size) ||
		    zmq_send(socket, bytes, size, 0) < 0)
			fail("zmq_send");
	}
	zmq_close(socket);
}

static pid_t start_sender(const struct work *work)
{
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (child == 0) {
		void *context = zmq_ctx_new();

		send_all(context, work);
		zmq_ctx_term(context);
		_exit(0);
	}
	return child;
}

static double bare_loop_seconds(const struct work *work)
{
	void *context = zmq_ctx_new();
	void *socket = zmq_socket(context, ZMQ_PULL);
	zmq_msg_t message;

	set_int(socket, ZMQ_RCVHWM, 100000);
	set_int(socket, ZMQ_RCVTIMEO, WAIT_MS);
	if (zmq_bind(socket, in_endpoint))
		fail(in_endpoint);
	pid_t sender = start_sender(work);
	int64_t start_us = 0;

	zmq_msg_init(&message);
	for (size_t i = 0; i < work->messages; i++) {
		if (zmq_msg_recv(&message, socket, 0) < 0)
			fail("bare loop");
		if (i == 0)
			start_us = clock_monotonic_us();
	}
	double seconds = (clock_monotonic_us() - start_us) / 1e6;

	zmq_msg_close(&message);
	waitpid(sender, NULL, 0);
	zmq_close(socket);
	zmq_ctx_term(context);
	return seconds;
}

/* Reads forecasts until every stream's newest one stands on all of its samples but those of the last,
 * still open step. Returns how many forecasts came. */
static size_t wait_for_forecasts(void *socket, const struct work *work)
{
	CLEANUP(rollcast_forecast_reader_destroy) struct rollcast_forecast_reader *reader = NULL;
	uint64_t each = work->messages / STREAMS * work->samples_each;
	uint64_t per_step = 1000000 / work->spacing_us;
	size_t done = 0, count = 0;
	bool finished[STREAMS] = {false};

	if (rollcast_forecast_reader_create(ROLLCAST_FORMAT_MSGPACK, &reader))
		fail("reader");
	while (done < STREAMS) {
		const struct rollcast_forecast *forecast;
		zmq_msg_t frames[3];

		for (int i = 0; i < 3; i++) {
			zmq_msg_init(&frames[i]);
			if (zmq_msg_recv(&frames[i], socket, 0) < 0)
				fail("waiting for forecasts");
		}
		if (rollcast_forecast_read(reader, zmq_msg_data(&frames[1]),
					   zmq_msg_size(&frames[1]), &forecast) == 0) {
			int stream = atoi(forecast->name + strlen("bench_"));

			count++;
			if (!finished[stream] && forecast->samples + per_step > each) {
				finished[stream] = true;
				done++;
			}
		}
		for (int i = 0; i < 3; i++)
			zmq_msg_close(&frames[i]);
	}
	return count;
}

static double daemon_seconds(const char *path, const struct work *work, const char *directory,
			     size_t *ret_forecasts)
{
	void *context = zmq_ctx_new();
	void *socket = zmq_socket(context, ZMQ_SUB);
	pid_t daemon = start_daemon(path, work, directory);

	set_int(socket, ZMQ_RCVHWM, 0);
	set_int(socket, ZMQ_RCVTIMEO, WAIT_MS);
	zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
	if (zmq_connect(socket, out_endpoint))
		fail(out_endpoint);
	usleep(500000); /* the subscription has to arrive */
	int64_t start_us = clock_monotonic_us();
	pid_t sender = start_sender(work);

	*ret_forecasts = wait_for_forecasts(socket, work);
	double seconds = (clock_monotonic_us() - start_us) / 1e6;

	waitpid(sender, NULL, 0);
	kill(daemon, SIGTERM);
	waitpid(daemon, NULL, 0);
	zmq_close(socket);
	zmq_ctx_term(context);
	return seconds;
}

int main(int argc, char **argv)
{
	char directory[] = "/tmp/rollcast-bench-XXXXXX";
	char config[256];

	if (argc != 2 || !mkdtemp(directory)) {
		fputs("Usage: bench/daemon PATH_OF_ROLLCASTD\n", stderr);
		return 2;
	}
	printf("%-42s %14s %14s %7s %14s\n", "one sender, tcp PUSH to PULL", "daemon", "bare loop",
	       "ratio", "forecasts/s");
	for (size_t i = 0; i < sizeof(works) / sizeof(*works); i++) {
		double samples = (double)works[i].messages * works[i].samples_each;
		size_t forecasts;
		double bare = bare_loop_seconds(&works[i]);
		double whole = daemon_seconds(argv[1], &works[i], directory, &forecasts);

		printf("%-42s %10.0f s/s %10.0f s/s %7.2f %14.0f\n", works[i].title,
		       samples / whole, samples / bare, bare / whole, forecasts / whole);
		fflush(stdout);
	}
	snprintf(config, sizeof(config), "%s/bench.yaml", directory);
	unlink(config);
	rmdir(directory);
	return 0;
}
