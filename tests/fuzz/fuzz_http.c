/*
 * Any bytes as what comes over a connection to the HTTP server, with a shard behind it that has streams.
 * What it answers to a question of the API is JSON, whatever was asked.
 */
#include "daemon/watch/http.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "cli/json_find.h"
#include "tests/fuzz/room.h"

enum { ANSWER_MAX = 1 << 20, ANSWER_MS = 2000, AFTER_MS = 2 };

static struct sockaddr_in address = {.sin_family = AF_INET};

static void choose_port(void)
{
	socklen_t length = sizeof(address);
	int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(!bind(probe, (const struct sockaddr *)&address, sizeof(address)));
	must(!getsockname(probe, (struct sockaddr *)&address, &length));
	close(probe);
}

static enum http_reload reload(void *context, FILE *answer)
{
	(void)context;
	fputs("there is no file\n", answer);
	return HTTP_RELOAD_FAILED;
}

static void start(void)
{
	static struct room room;
	static struct http *http;
	char listen[32];

	choose_port();
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", ntohs(address.sin_port));
	room_open(&room, false);
	room_feed(&room, "x{a=\"b\"}", 1700000000, 60);
	room_feed(&room, "y\xc3\xa4{a=\"</script>\\\\\\\"\\n\"}", 1700000000, 50);
	const struct http_plan plan = {
		.listen = listen,
		.settings = &room.settings->http,
		.forecasts = "*",
		.counters = &room.counters,
		.heartbeats = &room.heartbeat,
		.heartbeat_count = 1,
		.stalled_us = INT64_C(3600000000),
		.questions = &room.questions,
		.inboxes = &room.inbox,
		.shards = 1,
		.training = &room.training,
		.out = &room.out,
		.reload = reload,
	};
	must(!http_create(&plan, &http));
	http_set_ready(http, true);
}

/* Whether something more comes; a server need not close a connection that is only half closed. */
static bool is_more(int connection, bool something_came)
{
	struct pollfd wait = {.fd = connection, .events = POLLIN};

	return poll(&wait, 1, something_came ? AFTER_MS : ANSWER_MS) > 0;
}

/* Returns how many bytes came until the server closed, or had no more to say. */
static size_t ask_bytes(const uint8_t *bytes, size_t size, char *answer)
{
	/* A reset at the end, so that no port is kept waiting. */
	const struct linger reset = {1, 0};
	int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t used = 0;
	ssize_t came;

	must(!connect(connection, (const struct sockaddr *)&address, sizeof(address)));
	must(!setsockopt(connection, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
	if (send(connection, bytes, size, MSG_NOSIGNAL) == (ssize_t)size)
		shutdown(connection, SHUT_WR);
	while (is_more(connection, used > 0) &&
	       (came = recv(connection, answer + used, ANSWER_MAX - used, 0)) > 0)
		used += (size_t)came;
	close(connection);
	return used;
}

/* The first answer's body, if it is said to be JSON. (To HEAD there is none.) */
static void check_answer(const char *answer, size_t size)
{
	const char *head_end = memmem(answer, size, "\r\n\r\n", 4);
	const char *length = memmem(answer, size, "Content-Length: ", 16);
	struct json_piece all;

	if (size == 0)
		return;
	must(size > 12 && !memcmp(answer, "HTTP/1.", 7));
	if (!head_end || !length || length > head_end ||
	    !memmem(answer, (size_t)(head_end - answer), "application/json", 16))
		return;
	size_t body = strtoul(length + 16, NULL, 10);

	head_end += 4;
	if (body > 0 && body <= size - (size_t)(head_end - answer))
		must(json_piece_all(head_end, body, &all));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static char *answer;

	if (!answer) {
		answer = malloc(ANSWER_MAX + 1);
		must(answer);
		start();
	}
	size_t came = ask_bytes(bytes, size, answer);

	answer[came] = '\0';
	if (!memmem(bytes, size, "HEAD", 4))
		check_answer(answer, came);
	return 0;
}
