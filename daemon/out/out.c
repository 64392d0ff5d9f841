#include "daemon/out/out.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "daemon/base/log.h"
#include "daemon/base/socket.h"
#include "rollcast/wire.h"

enum {
	POLL_MS = 1000,
	LINGER_MS = 1000, /* what subscribers get to fetch the last forecasts at stop */
	TOPIC_BYTES = 2048,
};

struct output {
	const struct output_settings *settings;
	void *socket;
	struct rollcast_encoder *encoder;
	uint64_t sequence;	/* of the message sent last */
	uint64_t subscriptions; /* live topics of an XPUB */
	uint64_t sent, behind;	/* since they were added to the counters */
};

struct out {
	struct out_plan plan;
	struct output *outputs;
	size_t count;
	zmq_pollitem_t *poll_items; /* [count + 1], the last one is the queue's */
	pthread_t thread;
	bool started;
};

/* ---- sending ---- */

/*
 * The first frame, on which all is decided: a message is sent whole or not at all. A publisher is told
 * (ZMQ_XPUB_NODROP) when a subscriber has reached its high-water mark, and then sends again without
 * that, so that only the slow one loses. ZeroMQ then leaves it out until it has caught up, and cannot
 * tell how much that was: the gaps in the sequence tell the subscriber. Returns 0, 1 if a subscriber
 * began to lose, or a negative errno.
 */
static int send_topic(struct output *output, const char *topic, size_t length)
{
	int on = 1, off = 0;

	if (zmq_send(output->socket, topic, length, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
		return 0;
	if (errno != EAGAIN || output->settings->type == OUTPUT_PUSH)
		return -errno;
	zmq_setsockopt(output->socket, ZMQ_XPUB_NODROP, &off, sizeof(off));
	int r = zmq_send(output->socket, topic, length, ZMQ_SNDMORE | ZMQ_DONTWAIT);
	int error = errno;

	zmq_setsockopt(output->socket, ZMQ_XPUB_NODROP, &on, sizeof(on));
	return r < 0 ? -error : 1;
}

/* Returns as send_topic does. */
static int send_frames(struct output *output, const struct rollcast_forecast *forecast,
		       const void *payload, size_t size)
{
	char topic[TOPIC_BYTES];
	int length =
		snprintf(topic, sizeof(topic), "%s%s", output->settings->prefix, forecast->name);
	uint64_t sequence = htole64(output->sequence + 1);

	if (length < 0 || (size_t)length >= sizeof(topic))
		return -ENAMETOOLONG;
	int r = send_topic(output, topic, (size_t)length);

	if (r < 0)
		return r;
	if (zmq_send(output->socket, payload, size, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0 ||
	    zmq_send(output->socket, &sequence, sizeof(sequence), ZMQ_DONTWAIT) < 0)
		return -errno;
	output->sequence++;
	return r;
}

static void send_forecast(struct out *out, const struct rollcast_forecast *forecast)
{
	struct rollcast_text name = {forecast->name, strlen(forecast->name)};

	for (size_t i = 0; i < out->count; i++) {
		struct output *output = &out->outputs[i];
		const void *payload;
		size_t size;

		if (!rollcast_selector_matches(output->settings->selector, name))
			continue;
		int r = rollcast_encode_forecast(output->encoder, forecast, &payload, &size);

		if (r == 0)
			r = send_frames(output, forecast, payload, size);
		output->sent += r >= 0;
		output->behind += r != 0;
	}
}

static void send_block(struct out *out, struct block *block)
{
	for (size_t place = 0; place < block->used;) {
		const struct rollcast_forecast *forecast = (const void *)(block->bytes + place);

		send_forecast(out, forecast);
		place += block_rounded(rollcast_forecast_size(forecast));
	}
	block_pool_give(out->plan.blocks, block);
}

/*
 * Subscriptions are messages: a byte, 1 or 0, and the topic. Their count is for people only. Nothing may
 * depend on it: a peer can cancel what it never subscribed to, and bring it to zero.
 */
static void read_subscriptions(struct output *output)
{
	unsigned char message[1];

	if (output->settings->type != OUTPUT_XPUB)
		return;
	while (zmq_recv(output->socket, message, sizeof(message), ZMQ_DONTWAIT) > 0) {
		if (message[0] == 1)
			output->subscriptions++;
		else if (message[0] == 0 && output->subscriptions > 0)
			output->subscriptions--;
	}
}

static void publish_counts(struct out *out)
{
	for (size_t i = 0; i < out->count; i++) {
		struct output *output = &out->outputs[i];
		struct counters *counters = &out->plan.counters[i].counters;

		count_add(counters, COUNT_MESSAGES_OUT, output->sent);
		count_add(counters, COUNT_OUTPUTS_BEHIND, output->behind);
		count_set(counters, COUNT_SUBSCRIPTIONS, output->subscriptions);
		output->sent = output->behind = 0;
	}
}

static void *run(void *argument)
{
	struct out *out = argument;
	struct block *block;
	int r;

	do {
		heartbeat_beat(out->plan.heartbeat);
		zmq_poll(out->poll_items, (int)out->count + 1, POLL_MS);
		for (size_t i = 0; i < out->count; i++)
			read_subscriptions(&out->outputs[i]);
		while ((r = queue_pop(out->plan.queue, 0, &block)) == 0) {
			send_block(out, block);
			heartbeat_beat(out->plan.heartbeat);
		}
		publish_counts(out);
	} while (r != QUEUE_CLOSED);
	return NULL;
}

/* ---- life ---- */

static const int socket_types[] = {
	[OUTPUT_XPUB] = ZMQ_XPUB,
	[OUTPUT_PUB] = ZMQ_PUB,
	[OUTPUT_PUSH] = ZMQ_PUSH,
};

static int open_output(struct out *out, const struct output_settings *settings,
		       struct output *output)
{
	char owner[128];

	snprintf(owner, sizeof(owner), "outputs.%s", settings->name);
	const struct socket_plan plan = {
		.owner = owner,
		.type = socket_types[settings->type],
		.bind = settings->bind.items,
		.bind_count = settings->bind.count,
		.connect = settings->connect.items,
		.connect_count = settings->connect.count,
		.high_water_mark = settings->high_water_mark,
		.message_max_bytes = 65536, /* subscriptions are short */
		.linger_ms = LINGER_MS,
	};
	int r = rollcast_encoder_create(settings->format, &output->encoder);

	if (r < 0)
		return r;
	output->settings = settings;
	r = socket_open(out->plan.context, &plan, &output->socket);
	if (r < 0 || settings->type == OUTPUT_PUSH)
		return r;

	int on = 1;

	return zmq_setsockopt(output->socket, ZMQ_XPUB_NODROP, &on, sizeof(on)) ? -errno : 0;
}

int out_create(const struct out_plan *plan, struct out **ret_out)
{
	CLEANUP(out_destroy) struct out *out = calloc(1, sizeof(*out));

	if (!out)
		return -ENOMEM;
	out->plan = *plan;
	out->count = plan->settings->output_count;
	out->outputs = calloc(out->count, sizeof(*out->outputs));
	out->poll_items = calloc(out->count + 1, sizeof(*out->poll_items));
	if (!out->outputs || !out->poll_items)
		return -ENOMEM;
	for (size_t i = 0; i < out->count; i++) {
		int r = open_output(out, &plan->settings->outputs[i], &out->outputs[i]);

		if (r < 0)
			return r;
		if (out->outputs[i].settings->type == OUTPUT_XPUB)
			out->poll_items[i].events = ZMQ_POLLIN;
		out->poll_items[i].socket = out->outputs[i].socket;
	}
	out->poll_items[out->count] =
		(zmq_pollitem_t){.fd = queue_event_fd(plan->queue), .events = ZMQ_POLLIN};
	*ret_out = STEAL(out);
	return 0;
}

int out_start(struct out *out)
{
	int r = thread_start(&out->thread, "out", run, out);

	out->started = r == 0;
	return r;
}

void out_join(struct out *out)
{
	if (!out || !out->started)
		return;
	pthread_join(out->thread, NULL);
	out->started = false;
}

void out_destroy(struct out *out)
{
	if (!out)
		return;
	out_join(out);
	for (size_t i = 0; out->outputs && i < out->count; i++) {
		if (out->outputs[i].socket)
			zmq_close(out->outputs[i].socket);
		rollcast_encoder_destroy(out->outputs[i].encoder);
	}
	free(out->poll_items);
	free(out->outputs);
	free(out);
}
