#include "cli/subscription.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <zmq.h>

enum { HIGH_WATER_MARK = 100000, KEEPALIVE_S = 10 };

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

int subscription_next(struct subscription *subscription,
		      const struct rollcast_forecast **ret_forecast, uint64_t *ret_sequence)
{
	struct message message = {.count = 0};
	zmq_msg_t *payload;
	int r = receive_message(subscription->socket, &message);

	if (r <= 0)
		return r;
	payload = &message.frames[message.count > 1];
	*ret_sequence = message_sequence(&message);
	r = rollcast_forecast_read(subscription->reader, zmq_msg_data(payload),
				   zmq_msg_size(payload), ret_forecast);
	close_message(&message);
	return r == -EINVAL ? SUBSCRIPTION_REFUSED : r ? r : 1;
}

static int set(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof(value));
}

int subscription_open(struct subscription *subscription, const char *endpoint, const char *topic,
		      const struct curve_plan *curve)
{
	struct link *link = &subscription->link;
	void *socket;
	int r;

	subscription->context = zmq_ctx_new();
	socket = subscription->context ? zmq_socket(subscription->context, ZMQ_SUB) : NULL;
	subscription->socket = socket;
	if (!socket || set(socket, ZMQ_LINGER, 0) || set(socket, ZMQ_RCVHWM, HIGH_WATER_MARK) ||
	    set(socket, ZMQ_TCP_KEEPALIVE, 1) || /* no heartbeats: daemon/base/socket.c */
	    set(socket, ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_S) ||
	    zmq_setsockopt(socket, ZMQ_SUBSCRIBE, topic, strlen(topic)))
		return -zmq_errno();
	link->endpoint = endpoint;
	link->is_client = true;
	r = link_open(link, subscription->context, socket);
	if (r == 0)
		r = curve_options_apply(curve, link->program, socket);
	if (r < 0)
		return r;
	if (zmq_connect(socket, endpoint))
		return -zmq_errno();
	return rollcast_forecast_reader_create(ROLLCAST_FORMAT_MSGPACK, &subscription->reader);
}

void subscription_finish(struct subscription *subscription)
{
	rollcast_forecast_reader_destroy(subscription->reader);
	link_close(&subscription->link);
	if (subscription->socket)
		zmq_close(subscription->socket);
	if (subscription->context)
		zmq_ctx_term(subscription->context);
	*subscription = (struct subscription){0};
}
