#include "daemon/guard/zap.h"

#include <stdio.h>
#include <string.h>
#include <zmq.h>

enum {
	FRAME_VERSION,
	FRAME_ID,
	FRAME_DOMAIN,
	FRAME_ADDRESS,
	FRAME_IDENTITY,
	FRAME_MECHANISM,
	FRAME_CREDENTIALS,
	FRAMES,
};

/* The frames beyond those we know are thrown away. Returns how many came; 0: none. */
static int receive_frames(void *socket, char frames[FRAMES][ZAP_TEXT_SIZE], int sizes[FRAMES])
{
	char beyond[ZAP_TEXT_SIZE] = "";
	int count = 0, more = 1;
	size_t more_size = sizeof(more);

	while (more) {
		char *frame = count < FRAMES ? frames[count] : beyond;
		int size = zmq_recv(socket, frame, ZAP_TEXT_SIZE - 1, count ? 0 : ZMQ_DONTWAIT);

		if (size < 0)
			return 0;
		size = size < ZAP_TEXT_SIZE ? size : ZAP_TEXT_SIZE - 1; /* cut */
		frame[size] = '\0';
		if (count < FRAMES)
			sizes[count] = size;
		count++;
		if (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &more_size))
			return 0;
	}
	return count;
}

int zap_receive(void *socket, struct zap_request *ret_request)
{
	char frames[FRAMES][ZAP_TEXT_SIZE] = {{0}};
	int sizes[FRAMES] = {0};
	int count = receive_frames(socket, frames, sizes);

	if (count == 0)
		return ZAP_NONE;
	memcpy(ret_request->id, frames[FRAME_ID], ZAP_TEXT_SIZE);
	memcpy(ret_request->domain, frames[FRAME_DOMAIN], ZAP_TEXT_SIZE);
	memcpy(ret_request->address, frames[FRAME_ADDRESS], ZAP_TEXT_SIZE);
	memcpy(ret_request->key, frames[FRAME_CREDENTIALS], CERTIFICATE_KEY_BYTES);
	if (count == FRAMES && !strcmp(frames[FRAME_VERSION], "1.0") &&
	    !strcmp(frames[FRAME_MECHANISM], "CURVE") &&
	    sizes[FRAME_CREDENTIALS] == CERTIFICATE_KEY_BYTES)
		return 0;
	zap_answer(socket, ret_request, false);
	return ZAP_MALFORMED;
}

void zap_answer(void *socket, const struct zap_request *request, bool yes)
{
	const char *const frames[] = {
		"1.0", request->id, yes ? "200" : "400", yes ? "OK" : "not among the clients",
		"",    ""};
	const int count = sizeof(frames) / sizeof(*frames);

	for (int i = 0; i < count; i++)
		zmq_send(socket, frames[i], strlen(frames[i]), i < count - 1 ? ZMQ_SNDMORE : 0);
}
