#include "daemon/out/out.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/message.h"
#include "daemon/out/outputs.h"
#include "daemon/out/wishes.h"
#include "rollcast/wire.h"

/* Beside 0, 1 (a subscriber began to lose) and negative errnos. */
enum { SEND_LATER = 2 };

enum {
	POLL_MS = 1000,
	BUSY_MS = 5,		   /* while a snapshot is under way */
	PATIENCE_US = 3000000,	   /* for a subscriber that does not take its snapshot, */
	LIVE_PATIENCE_US = 250000, /* also when live forecasts come in between */
	AFTER_SNAPSHOT_US = 1000000,
	IMPATIENCE_US = 10000000, /* after that, nobody is waited for */
	TOPIC_BYTES = 2048,
	ROUND_BLOCKS = 64, /* sent before subscriptions have their turn, */
	ROUND_SUBSCRIPTIONS = 4096,
};

struct out {
	struct out_plan plan;
	struct outputs outputs;
	zmq_pollitem_t *poll_items; /* [outputs + 1], the last one is the queue's */
	struct wishes wishes;
	struct queue held;   /* of struct block *: snapshots that a subscriber has no room for */
	struct block *first; /* the one whose turn it is; NULL: take the next */
	size_t first_place;  /* what of it has been sent */
	int64_t held_since_us, impatient_until_us;
	struct block *live;   /* being sent; NULL: take the next */
	size_t live_place;    /* what of it has been sent, */
	uint32_t live_output; /* and to which outputs, of what is there */
	int64_t live_since_us, live_impatient_until_us;
	pthread_t thread;
	bool started;
};

/* ---- sending ---- */

struct frames {
	const char *topic;
	size_t topic_length;
	const void *payload;
	size_t payload_size;
	uint64_t sequence; /* as it is sent */
};

/* All is decided on the first frame: a message is sent whole or not at all. */
static int send_once(struct output *output, const struct frames *frames)
{
	int flags = ZMQ_SNDMORE | ZMQ_DONTWAIT;

	if (zmq_send(output->socket, frames->topic, frames->topic_length, flags) < 0 ||
	    zmq_send(output->socket, frames->payload, frames->payload_size, flags) < 0 ||
	    zmq_send(output->socket, &frames->sequence, sizeof(frames->sequence), ZMQ_DONTWAIT) < 0)
		return -errno;
	return 0;
}

static void set_option(struct output *output, int option, int value)
{
	zmq_setsockopt(output->socket, option, &value, sizeof(value));
}

/*
 * A publisher is told (ZMQ_XPUB_NODROP) when a subscriber is at its high-water mark, and then sends
 * again without that, so that only the slow one loses; or, with patience, later. ZeroMQ then leaves it
 * out until it has caught up, and cannot tell how much that was: the gaps in the sequence tell the
 * subscriber. Returns 0, 1 if a subscriber began to lose, SEND_LATER, or a negative errno.
 */
static int send_frames(struct output *output, const struct frames *frames, bool patient)
{
	int r = send_once(output, frames);

	if (r == -EAGAIN && patient)
		return SEND_LATER;
	if (r != -EAGAIN || output->settings->type == OUTPUT_PUSH)
		return r;
	set_option(output, ZMQ_XPUB_NODROP, 0);
	r = send_once(output, frames);
	set_option(output, ZMQ_XPUB_NODROP, 1);
	return r < 0 ? r : 1;
}

/* Returns as send_frames does. A snapshot is no part of the sequence: its number is 0. */
static int send_message(struct output *output, const struct rollcast_forecast *forecast,
			const void *payload, size_t size, bool patient)
{
	char topic[TOPIC_BYTES];
	int length =
		snprintf(topic, sizeof(topic), "%s%s", output->settings->prefix, forecast->name);

	if (length < 0 || (size_t)length >= sizeof(topic))
		return -ENAMETOOLONG;
	const struct frames frames = {
		topic,
		(size_t)length,
		payload,
		size,
		forecast->snapshot ? 0 : htole64(output->sequence + 1),
	};
	int r = send_frames(output, &frames, patient);

	output->sequence += (r == 0 || r == 1) && !forecast->snapshot;
	return r;
}

static int send_forecast(struct output *output, const struct rollcast_forecast *forecast,
			 bool patient)
{
	const void *payload;
	size_t size;
	int r = rollcast_encode_forecast(output->encoder, forecast, &payload, &size);

	if (r == 0)
		r = send_message(output, forecast, payload, size, patient);
	output->sent += r == 0 || r == 1;
	output->behind += r != 0 && r != SEND_LATER;
	return r;
}

/*
 * Alerts that a forecast raises or clears; of a snapshot, those that stand. They are few, and one that
 * waits would be sent twice: so none does.
 */
static void send_alerts(struct output *output, const struct rollcast_forecast *forecast)
{
	for (uint32_t i = 0; i < forecast->threshold_count; i++) {
		const struct rollcast_breach *breach = &forecast->thresholds[i];
		const void *payload;
		size_t size;

		if (forecast->snapshot ? !breach->raised : !breach->changed)
			continue;
		int r = rollcast_encode_alert(output->encoder, forecast, i, &payload, &size);

		if (r == 0)
			r = send_message(output, forecast, payload, size, false);
		output->sent += r >= 0;
		output->behind += r != 0;
	}
}

/* Returns SEND_LATER, or 0 for what is done with, whatever came of it. */
static int send_to(struct output *output, const struct rollcast_forecast *forecast, bool patient)
{
	struct rollcast_text name = {forecast->name, strlen(forecast->name)};

	if (!rollcast_selector_matches(output->settings->selector, name))
		return 0;
	if (output->settings->content == CONTENT_FORECASTS)
		return send_forecast(output, forecast, patient) == SEND_LATER ? SEND_LATER : 0;
	send_alerts(output, forecast);
	return 0;
}

static int64_t bucket(int64_t time_us, int64_t every_us)
{
	return time_us / every_us - (time_us % every_us < 0);
}

/* Of an output's `every` only the first forecast is sent: it is told by the one before it. */
static bool is_due(const struct output *output, const struct forecast_record *record)
{
	int64_t every_us = output->settings->every_us;
	int64_t origin_us = forecast_record_forecast(record)->origin_us;

	return every_us == 0 || output->settings->content == CONTENT_ALERTS ||
	       record->before_us == NONE_BEFORE ||
	       bucket(origin_us, every_us) != bucket(record->before_us, every_us);
}

static bool is_for(const struct output *output, const struct forecast_record *record)
{
	return record->only_output != FOR_ALERTS || output->settings->content == CONTENT_ALERTS;
}

/*
 * Whether live forecasts may wait for a subscriber whose queue a snapshot has filled: a little, and not
 * often. Once ZeroMQ loses a message of a subscriber it passes over that one for a while, and does not
 * say so, which costs it the rest of its snapshot. (More room in queues for a while is no way out: to
 * change a high-water mark while a peer goes ends the process in libzmq 4.3.)
 */
static bool may_live_wait(struct out *out, const struct output *output)
{
	int64_t now_us;

	if (!output->snapshot_until_us)
		return false;
	now_us = clock_monotonic_us();
	if (now_us > output->snapshot_until_us || now_us < out->live_impatient_until_us)
		return false;
	if (!out->live_since_us || now_us - out->live_since_us < LIVE_PATIENCE_US)
		return true;
	out->live_impatient_until_us = now_us + IMPATIENCE_US;
	return false;
}

/* To all outputs that have not got it yet. Returns false if it has to wait. */
static bool send_live_record(struct out *out, const struct forecast_record *record)
{
	for (; out->live_output < out->outputs.count; out->live_output++) {
		struct output *output = &out->outputs.items[out->live_output];

		if (output->socket && is_for(output, record) && is_due(output, record) &&
		    send_to(output, forecast_record_forecast(record), may_live_wait(out, output)) ==
			    SEND_LATER)
			return false;
	}
	out->live_output = 0;
	return true;
}

static size_t record_end(size_t place, const struct forecast_record *record)
{
	return place + block_rounded(forecast_record_size(forecast_record_forecast(record)));
}

static bool is_snapshot(const struct block *block)
{
	const struct forecast_record *first = (const void *)block->bytes;

	return block->used && first->only_output >= 0;
}

/* The rest of the live block in hand. Returns false if it has to wait. */
static bool send_live(struct out *out)
{
	while (out->live_place < out->live->used) {
		const struct forecast_record *record =
			(const void *)(out->live->bytes + out->live_place);

		if (!send_live_record(out, record)) {
			if (!out->live_since_us)
				out->live_since_us = clock_monotonic_us();
			return false;
		}
		out->live_since_us = 0;
		out->live_place = record_end(out->live_place, record);
	}
	block_pool_give(out->plan.blocks, out->live);
	out->live = NULL;
	return true;
}

/* Returns false if it has to wait. */
static bool take_block(struct out *out, struct block *block)
{
	if (is_snapshot(block)) {
		queue_try_push(&out->held, &block); /* it has a place for each block */
		return true;
	}
	out->live = block;
	out->live_place = 0;
	return send_live(out);
}

/* ---- snapshots ---- */

/* Whether a subscriber that has no room may be given some time. */
static bool is_patient(struct out *out, int64_t now_us)
{
	if (now_us < out->impatient_until_us)
		return false;
	if (!out->held_since_us || now_us - out->held_since_us < PATIENCE_US)
		return true;
	out->impatient_until_us = now_us + IMPATIENCE_US;
	return false;
}

/* The rest of a block of one output's snapshot. Returns false if a subscriber has no room. */
static bool send_rest(struct out *out, struct output *output, bool patient)
{
	while (out->first_place < out->first->used) {
		const struct forecast_record *record =
			(const void *)(out->first->bytes + out->first_place);

		if (send_to(output, forecast_record_forecast(record), patient) == SEND_LATER)
			return false;
		out->held_since_us = 0;
		out->first_place = record_end(out->first_place, record);
	}
	return true;
}

/* Returns false if a subscriber has no room. */
static bool send_first(struct out *out, bool patient)
{
	const struct forecast_record *record = (const void *)out->first->bytes;
	struct output *output = &out->outputs.items[record->only_output];

	output->snapshot_until_us = clock_monotonic_us() + AFTER_SNAPSHOT_US;
	if (output->socket && !send_rest(out, output, patient))
		return false;
	block_pool_give(out->plan.blocks, out->first);
	out->first = NULL;
	out->first_place = 0;
	return true;
}

static void send_snapshots(struct out *out, bool may_wait)
{
	int64_t now_us = clock_monotonic_us();

	while (out->first || queue_pop(&out->held, 0, &out->first) == 0) {
		if (send_first(out, may_wait && is_patient(out, now_us)))
			continue;
		if (!out->held_since_us)
			out->held_since_us = now_us;
		return;
	}
}

/*
 * Subscriptions are messages: a byte, 1 or 0, and the topic. Their count is for people only. Nothing may
 * depend on it: a peer can cancel what it never subscribed to, and bring it to zero.
 */
static void read_subscriptions(struct out *out, uint32_t index)
{
	struct output *output = &out->outputs.items[index];
	zmq_msg_t message;

	if (!output->socket || output->settings->type != OUTPUT_XPUB)
		return;
	zmq_msg_init(&message);
	for (int i = 0;
	     i < ROUND_SUBSCRIPTIONS && zmq_msg_recv(&message, output->socket, ZMQ_DONTWAIT) > 0;
	     i++) {
		const char *bytes = zmq_msg_data(&message);

		if (bytes[0] == 1) {
			output->subscriptions++;
			wishes_add(&out->wishes, index, output->settings->prefix, bytes + 1,
				   zmq_msg_size(&message) - 1);
		} else if (bytes[0] == 0 && output->subscriptions > 0) {
			output->subscriptions--;
		}
	}
	zmq_msg_close(&message);
}

static void publish_counts(struct out *out)
{
	for (size_t i = 0; i < out->outputs.count; i++) {
		struct output *output = &out->outputs.items[i];
		struct counters *counters;

		if (!output->socket)
			continue;
		counters = &output->port->counters;
		count_add(counters, COUNT_MESSAGES_OUT, output->sent);
		count_add(counters, COUNT_OUTPUTS_BEHIND, output->behind);
		count_set(counters, COUNT_SUBSCRIPTIONS, output->subscriptions);
		output->sent = output->behind = 0;
	}
}

/* Some of what shards have handed over, up to the mark of out_pause. Returns as queue_pop does. */
static int take_blocks(struct out *out, bool *ret_pausing)
{
	struct block *block;
	bool waits = out->live && !send_live(out);
	int r = 0;

	for (int i = 0; i < ROUND_BLOCKS && !*ret_pausing && !waits; i++) {
		r = queue_pop(out->plan.queue, 0, &block);
		if (r)
			break;
		*ret_pausing = !block;
		if (block)
			waits = !take_block(out, block);
		heartbeat_beat(out->plan.heartbeat);
	}
	return r;
}

static void *run(void *argument)
{
	struct out *out = argument;
	bool pausing = false;
	int r;

	do {
		bool busy = out->first || out->live || wishes_are_open(&out->wishes);
		int items = (int)out->outputs.count + !out->live; /* the queue has to wait, too */

		heartbeat_beat(out->plan.heartbeat);
		zmq_poll(out->poll_items, items, busy ? BUSY_MS : POLL_MS);
		for (uint32_t i = 0; i < out->outputs.count; i++)
			read_subscriptions(out, i);
		wishes_ask(&out->wishes, out->first != NULL, clock_monotonic_us());
		r = take_blocks(out, &pausing);
		send_snapshots(out, !pausing);
		publish_counts(out);
		outputs_try_again(&out->outputs, clock_monotonic_us());
	} while (r != QUEUE_CLOSED && !pausing);
	return NULL;
}

/* ---- life ---- */

int out_change(struct out *out, const struct settings *settings)
{
	size_t most = out->outputs.count + settings->output_count;
	CLEANUP(free) zmq_pollitem_t *poll_items = calloc(most + 1, sizeof(*poll_items));
	int fd = queue_event_fd(out->plan.queue);
	int r = poll_items ? wishes_enlarge(&out->wishes, (uint32_t)most) : -ENOMEM;

	if (r == 0)
		r = outputs_change(&out->outputs, out->plan.context, settings, out->plan.ports);
	if (r < 0)
		return r;
	for (size_t i = 0; i < out->outputs.count; i++) {
		const struct output *output = &out->outputs.items[i];
		bool is_asked = output->socket && output->settings->type == OUTPUT_XPUB;

		poll_items[i] = (zmq_pollitem_t){
			.socket = output->socket, .fd = fd, .events = is_asked ? ZMQ_POLLIN : 0};
	}
	poll_items[out->outputs.count] = (zmq_pollitem_t){.fd = fd, .events = ZMQ_POLLIN};
	free(out->poll_items);
	out->poll_items = STEAL(poll_items);
	return 0;
}

int out_create(const struct out_plan *plan, struct out **ret_out)
{
	CLEANUP(out_destroy) struct out *out = calloc(1, sizeof(*out));

	if (!out)
		return -ENOMEM;
	out->plan = *plan;
	int r = queue_init(&out->held, block_pool_count(plan->blocks), sizeof(struct block *), NULL,
			   false);

	wishes_init(&out->wishes, plan->inboxes, plan->shards);
	if (r == 0)
		r = out_change(out, plan->settings);
	if (r < 0)
		return r;
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

void out_pause(struct out *out)
{
	struct block *mark = NULL;

	queue_push(out->plan.queue, &mark);
	out_join(out);
}

/* Snapshots that nobody took. */
static void give_back_held(struct out *out)
{
	if (!out->held.items)
		return;
	while (out->first || queue_pop(&out->held, 0, &out->first) == 0) {
		block_pool_give(out->plan.blocks, out->first);
		out->first = NULL;
	}
	queue_finish(&out->held);
}

void out_destroy(struct out *out)
{
	if (!out)
		return;
	out_join(out);
	outputs_close(&out->outputs);
	wishes_finish(&out->wishes);
	if (out->live)
		block_pool_give(out->plan.blocks, out->live);
	give_back_held(out);
	free(out->poll_items);
	free(out);
}
