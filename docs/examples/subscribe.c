/*
 * Forecasts as they are published, read by librollcast.
 *
 *	cc subscribe.c $(pkg-config --cflags --libs rollcast libzmq) -o subscribe
 *	./subscribe [ENDPOINT [TOPIC]]
 */
#include <stdio.h>
#include <string.h>

#include <rollcast/wire.h>
#include <zmq.h>

/* The mean and the widest interval at the end of the horizon. */
static void print_forecast(const struct rollcast_forecast *forecast)
{
	uint32_t end = forecast->horizon - 1, widest = forecast->quantile_count - 1;

	printf("%s: %g now, %g", forecast->name, forecast->last, forecast->mean[end]);
	if (forecast->quantile_count)
		printf(" (%g to %g)", forecast->quantiles[end],
		       forecast->quantiles[widest * forecast->horizon + end]);
	printf(" in %g s\n", forecast->horizon * (double)forecast->step_us / 1e6);
	fflush(stdout);
}

/* Takes the frames of one message: topic, payload, sequence. Only the payload matters here. */
static int receive(void *socket, zmq_msg_t *payload)
{
	for (int frame = 0, more = 1; more; frame++) {
		zmq_msg_t other, *message = frame == 1 ? payload : &other;

		if (message == &other)
			zmq_msg_init(&other);
		if (zmq_msg_recv(message, socket, 0) < 0)
			return -1;
		more = zmq_msg_more(message);
		if (message == &other)
			zmq_msg_close(&other);
	}
	return 0;
}

static int subscribe(void *socket, struct rollcast_forecast_reader *reader)
{
	const struct rollcast_forecast *forecast;
	zmq_msg_t payload;

	zmq_msg_init(&payload);
	while (receive(socket, &payload) == 0)
		if (rollcast_forecast_read(reader, zmq_msg_data(&payload), zmq_msg_size(&payload),
					   &forecast) == 0)
			print_forecast(forecast);
		else
			fprintf(stderr, "that was no forecast\n");
	zmq_msg_close(&payload);
	fprintf(stderr, "subscribe: %s\n", zmq_strerror(zmq_errno()));
	return 1;
}

int main(int argc, char **argv)
{
	const char *endpoint = argc > 1 ? argv[1] : "tcp://127.0.0.1:5557";
	const char *topic = argc > 2 ? argv[2] : "";
	struct rollcast_forecast_reader *reader;
	void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_SUB);
	int status = 1;

	if (rollcast_forecast_reader_create(ROLLCAST_FORMAT_MSGPACK, &reader) == 0) {
		if (zmq_setsockopt(socket, ZMQ_SUBSCRIBE, topic, strlen(topic)) ||
		    zmq_connect(socket, endpoint))
			fprintf(stderr, "subscribe: %s: %s\n", endpoint, zmq_strerror(zmq_errno()));
		else
			status = subscribe(socket, reader);
		rollcast_forecast_reader_destroy(reader);
	}
	zmq_close(socket);
	zmq_ctx_term(context);
	return status;
}
