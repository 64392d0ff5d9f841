#include "cli/link.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

enum {
	EVENTS = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
		 ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
		 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL,
};

#define MONITOR "inproc://monitor"

int link_open(struct link *link, void *context, void *socket)
{
	link->socket = socket;
	if (zmq_socket_monitor(socket, MONITOR, EVENTS))
		return -zmq_errno();
	link->monitor = zmq_socket(context, ZMQ_PAIR);
	return link->monitor && !zmq_connect(link->monitor, MONITOR) ? 0 : -zmq_errno();
}

void link_complain(const struct link *link)
{
	if (link->trouble)
		fprintf(stderr, "%s: %s %s\n", link->program, link->endpoint, link->trouble);
}

/* Once: it would be tried again and again. */
static void say(struct link *link, const char *why)
{
	if (link->trouble || !link->is_client)
		return;
	link->trouble = why;
	if (!link->quiet)
		link_complain(link);
}

/* One event: a frame of u16 event and u32 value, and a frame with the address. */
static bool take_event(struct link *link)
{
	unsigned char frame[6];
	char address[256];
	uint16_t event;

	if (zmq_recv(link->monitor, frame, sizeof(frame), ZMQ_DONTWAIT) != sizeof(frame))
		return false;
	zmq_recv(link->monitor, address, sizeof(address), 0);
	memcpy(&event, frame, sizeof(event));
	if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
		link->peers++;
	else if (event == ZMQ_EVENT_DISCONNECTED)
		link->peers -= link->peers > 0;
	else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
		say(link, "does not have this certificate among its clients");
	else
		say(link, "and we cannot agree: is it ZeroMQ, does it use CURVE (--certificate) as "
			  "we do, and is --server-key its?");
	return true;
}

void link_look(struct link *link)
{
	while (link->monitor && take_event(link))
		;
}

void link_close(struct link *link)
{
	if (link->monitor) {
		zmq_socket_monitor(link->socket, NULL, 0);
		zmq_close(link->monitor);
	}
	link->monitor = NULL;
}
