#include "daemon/in/in.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/in/inputs.h"
#include "daemon/message.h"
#include "rollcast/wire.h"

enum {
	ROUND_MESSAGES = 1024, /* from one socket before the next one's turn, */
	ROUND_SAMPLES = 16384, /* and about so many samples, as messages may be large */
	POLL_MS = 1000,
	FRAMES_MAX = 3, /* [topic] payload [sequence] */
	RECORD_SAMPLES_MAX = 1024,
};

/* What has arrived is still taken while stopping, but senders that never pause get no more than this. */
#define STOP_US (5 * INT64_C(1000000))

/* The same before sockets change. */
#define CHANGE_US INT64_C(200000)

_Static_assert(COUNT_DECODE_END - COUNT_DECODE == ROLLCAST_DECODE_RESULTS,
	       "a counter for each result of decoding");

struct in {
	struct in_plan plan;
	struct inputs inputs;
	struct input *reading;	    /* whose payload is being decoded */
	zmq_pollitem_t *poll_items; /* [inputs + 1], the last one is stop_fd */
	struct block **filling;	    /* [shards], NULL: none taken yet */
	struct log_limit refusals;
	int64_t round_us;   /* when the round over all sockets began; monotonic */
	int64_t stop_by_us; /* monotonic; 0: not stopping */
	int stop_fd;
	atomic_bool pausing; /* set before stop_fd tells */
	pthread_t thread;
	bool started;
};

/* ---- samples into blocks ---- */

static void send_block(struct in *in, uint32_t shard)
{
	struct letter letter = {
		.kind = LETTER_SAMPLES, .arrival_us = in->round_us, .samples = in->filling[shard]};

	in->filling[shard] = NULL;
	queue_push(&in->plan.inboxes[shard],
		   &letter); /* shards close after this room has stopped */
}

static void send_all(struct in *in)
{
	for (uint32_t i = 0; i < in->plan.shards; i++)
		if (in->filling[i])
			send_block(in, i);
}

/* Room for one record in the shard's block, in a fresh one if need be. */
static struct sample_record *append_record(struct in *in, uint32_t shard, size_t size)
{
	if (in->filling[shard]) {
		struct sample_record *record = block_append(in->filling[shard], size);

		if (record)
			return record;
		send_block(in, shard);
	}
	in->filling[shard] = block_pool_take(in->plan.blocks);
	return block_append(in->filling[shard], size);
}

/*
 * How many samples may go on. A SUB input drops the excess, as it would at its high-water mark; a PULL
 * input takes them all and then waits, so that its senders do.
 */
static size_t within_rate(struct in *in, size_t count)
{
	struct input *input = in->reading;
	size_t allowed;

	if (input->settings->type == INPUT_PULL) {
		bucket_owe(&input->bucket, count);
		return count;
	}
	allowed = bucket_take(&input->bucket, count);
	input->over_rate += count - allowed;
	return allowed;
}

static void take_samples(void *context, const struct rollcast_samples *samples)
{
	struct in *in = context;
	size_t allowed = within_rate(in, samples->count);
	uint64_t hash = rollcast_name_hash(samples->name);
	uint32_t shard = hash % in->plan.shards;

	for (size_t done = 0; done < allowed;) {
		size_t left = allowed - done;
		uint32_t count = left < RECORD_SAMPLES_MAX ? left : RECORD_SAMPLES_MAX;
		struct sample_record *record =
			append_record(in, shard, sample_record_size(count, samples->name.length));

		record->hash = hash;
		record->count = count;
		record->name_length = samples->name.length;
		memcpy(record->times_us, samples->times_us + done, count * sizeof(int64_t));
		memcpy(sample_record_values(record), samples->values + done,
		       count * sizeof(double));
		memcpy(sample_record_name(record), samples->name.bytes, samples->name.length);
		sample_record_name(record)[samples->name.length] = '\0';
		done += count;
	}
}

/* ---- messages off sockets ---- */

static void close_frames(zmq_msg_t *frames, int count)
{
	for (int i = 0; i < count; i++)
		zmq_msg_close(&frames[i]);
}

/* All frames of one message, those beyond FRAMES_MAX thrown away. Returns how many came; 0: none. */
static int receive_frames(void *socket, zmq_msg_t *frames)
{
	zmq_msg_t beyond;
	int count = 0;

	do {
		zmq_msg_t *frame = count < FRAMES_MAX ? &frames[count] : &beyond;

		zmq_msg_init(frame);
		if (zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) < 0) {
			zmq_msg_close(frame);
			break;
		}
		count++;
		int more = zmq_msg_more(frame);

		if (frame == &beyond)
			zmq_msg_close(frame);
		if (!more)
			break;
	} while (true);
	return count;
}

static void take_message(struct in *in, struct input *input, zmq_msg_t *frames, int count,
			 int64_t arrival_us)
{
	input->messages++;
	in->reading = input;
	if (count > FRAMES_MAX) {
		input->bad_frames++;
		count = FRAMES_MAX;
	} else {
		zmq_msg_t *payload = &frames[count == 1 ? 0 : 1];

		rollcast_decode(input->decoder, zmq_msg_data(payload), zmq_msg_size(payload),
				arrival_us, take_samples, in, input->decode_counts);
	}
	close_frames(frames, count);
}

static bool is_time_up(const struct in *in)
{
	return in->stop_by_us && clock_monotonic_us() >= in->stop_by_us;
}

/* A stop waits for nobody. */
static bool must_wait(const struct in *in, const struct input *input)
{
	return input->settings->type == INPUT_PULL && !in->stop_by_us &&
	       bucket_wait_us(&input->bucket) > 0;
}

/* A round's share of one socket. Returns whether there may be more. */
static bool drain_input(struct in *in, struct input *input)
{
	zmq_msg_t frames[FRAMES_MAX];
	int64_t arrival_us = clock_wall_us();
	const uint64_t *samples = &input->decode_counts[ROLLCAST_DECODE_OK];

	bucket_fill(&input->bucket, clock_monotonic_us());
	for (int i = 0; i < ROUND_MESSAGES && *samples < ROUND_SAMPLES && !is_time_up(in); i++) {
		if (must_wait(in, input))
			return false;
		int count = receive_frames(input->socket, frames);

		if (count == 0)
			return false;
		take_message(in, input, frames, count, arrival_us);
	}
	return true;
}

/* One line a minute at most, however much garbage comes. */
static void log_refusals(struct in *in, const struct input *input)
{
	uint64_t suppressed, refused = input->bad_frames;

	for (int i = ROLLCAST_DECODE_OK + 1; i < ROLLCAST_DECODE_RESULTS; i++)
		refused += input->decode_counts[i];
	if (refused == 0 || !log_allowed(&in->refusals, &suppressed))
		return;

	char reasons[256] = "";
	size_t used = 0;

	for (int i = ROLLCAST_DECODE_OK + 1; i < ROLLCAST_DECODE_RESULTS; i++)
		if (input->decode_counts[i] && used < sizeof(reasons))
			used += snprintf(reasons + used, sizeof(reasons) - used, "%s%s",
					 used ? ", " : "", rollcast_decode_word(i));
	log_line(LOG_WARNING,
		 "inputs.%s: payloads or samples refused: %s (counted; at most one line a minute)",
		 input->settings->name,
		 input->bad_frames && !used ? "more than three frames" : reasons);
}

static void publish_counts(struct in *in, struct input *input)
{
	log_refusals(in, input);
	count_add(&input->port->counters, COUNT_MESSAGES, input->messages);
	count_add(&input->port->counters, COUNT_MESSAGES_FRAMES, input->bad_frames);
	count_add(&input->port->counters, COUNT_OVER_RATE, input->over_rate);
	for (int i = 0; i < ROLLCAST_DECODE_RESULTS; i++)
		if (input->decode_counts[i])
			count_add(&input->port->counters, COUNT_DECODE + i,
				  input->decode_counts[i]);
	input->messages = input->bad_frames = input->over_rate = 0;
	memset(input->decode_counts, 0, sizeof(input->decode_counts));
}

/* A round over all sockets. Returns whether there may be more to take. */
static bool drain_all(struct in *in)
{
	bool more = false;

	in->round_us = clock_monotonic_us();
	for (size_t i = 0; i < in->inputs.count; i++)
		more |= drain_input(in, &in->inputs.items[i]);
	send_all(in);
	for (size_t i = 0; i < in->inputs.count; i++)
		if (in->inputs.items[i].messages)
			publish_counts(in, &in->inputs.items[i]);
	return more;
}

/* Looks only at those inputs that need not wait. Returns for how long, in milliseconds. */
static int plan_poll(struct in *in)
{
	int64_t until_us = POLL_MS * 1000;

	for (size_t i = 0; i < in->inputs.count; i++) {
		bool waits = must_wait(in, &in->inputs.items[i]);
		int64_t wait_us = waits ? bucket_wait_us(&in->inputs.items[i].bucket) : until_us;

		in->poll_items[i].events = waits ? 0 : ZMQ_POLLIN;
		until_us = wait_us < until_us ? wait_us : until_us;
	}
	return (int)((until_us + 999) / 1000);
}

static void *run(void *argument)
{
	struct in *in = argument;
	zmq_pollitem_t *stop = &in->poll_items[in->inputs.count];

	while (!(stop->revents & ZMQ_POLLIN)) {
		heartbeat_beat(in->plan.heartbeat);
		bool more = drain_all(in);

		inputs_try_again(&in->inputs, in->round_us);
		int wait_ms = plan_poll(in);

		zmq_poll(in->poll_items, (int)in->inputs.count + 1, more ? 0 : wait_ms);
	}
	if (in->pausing)
		return NULL;
	in->stop_by_us = clock_monotonic_us() + STOP_US;
	while (drain_all(in) && !is_time_up(in))
		heartbeat_beat(in->plan.heartbeat);
	if (is_time_up(in))
		log_line(LOG_WARNING,
			 "inputs: samples still come in; those not taken yet are lost");
	return NULL;
}

/* ---- life ---- */

int in_change(struct in *in, const struct settings *settings)
{
	size_t places = settings->input_count + 1;
	CLEANUP(free) zmq_pollitem_t *poll_items = calloc(places, sizeof(*poll_items));
	int64_t until_us = clock_monotonic_us() + CHANGE_US;
	int r;

	if (!poll_items)
		return -ENOMEM;
	/* What has arrived was meant for the sockets, and the formats, that were. */
	while (drain_all(in) && clock_monotonic_us() < until_us)
		continue;
	r = inputs_change(&in->inputs, in->plan.context, settings, in->plan.ports);
	if (r < 0)
		return r;
	for (size_t i = 0; i < in->inputs.count; i++)
		poll_items[i] = (zmq_pollitem_t){.socket = in->inputs.items[i].socket,
						 .events = ZMQ_POLLIN};
	poll_items[in->inputs.count] = (zmq_pollitem_t){.fd = in->stop_fd, .events = ZMQ_POLLIN};
	free(in->poll_items);
	in->poll_items = STEAL(poll_items);
	return 0;
}

int in_create(const struct in_plan *plan, struct in **ret_in)
{
	CLEANUP(in_destroy) struct in *in = calloc(1, sizeof(*in));

	if (!in)
		return -ENOMEM;
	in->plan = *plan;
	in->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (in->stop_fd < 0)
		return -errno;
	in->filling = calloc(plan->shards, sizeof(*in->filling));
	int r = in->filling ? in_change(in, plan->settings) : -ENOMEM;

	if (r < 0)
		return r;
	*ret_in = STEAL(in);
	return 0;
}

int in_start(struct in *in)
{
	in->pausing = false;
	in->poll_items[in->inputs.count].revents = 0;
	int r = thread_start(&in->thread, "in", run, in);

	in->started = r == 0;
	return r;
}

/* The thread looks for it between two rounds. */
static void end_thread(struct in *in)
{
	uint64_t one = 1;

	if (write(in->stop_fd, &one, sizeof(one)) < 0)
		log_line(LOG_ERR, "in: cannot be told to stop: %s", strerror(errno));
	pthread_join(in->thread, NULL);
	in->started = false;
	if (read(in->stop_fd, &one, sizeof(one)) < 0)
		log_line(LOG_ERR, "in: was not told to stop: %s", strerror(errno));
}

void in_pause(struct in *in)
{
	in->pausing = true;
	end_thread(in);
}

void in_stop(struct in *in)
{
	if (in && in->started)
		end_thread(in);
}

void in_destroy(struct in *in)
{
	if (!in)
		return;
	in_stop(in);
	inputs_close(&in->inputs);
	if (in->stop_fd > 0)
		close(in->stop_fd);
	free(in->filling);
	free(in->poll_items);
	free(in);
}
