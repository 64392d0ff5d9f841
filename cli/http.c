/* HTTP/1.0: the answer ends where the connection does, so that there is nothing to take apart. */
#include "cli/http.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/verbs.h"

enum {
	ANSWER_MAX = 64 << 20,
	TIMEOUT_S = 5,
	REQUEST_MAX = 8192,
	PIECE = 65536,
};

struct request {
	const char *method, *path;
	const char *token; /* NULL or "": none */
	int patience_s;
};

bool http_add_query(char *path, size_t size, const char *key, const char *value)
{
	size_t used = strlen(path);
	int wrote = snprintf(path + used, size - used, "%c%s=", strchr(path, '?') ? '&' : '?', key);

	if (wrote < 0 || (size_t)wrote >= size - used)
		return false;
	used += (size_t)wrote;
	for (; *value; value++) {
		bool plain = isalnum((unsigned char)*value) || strchr("-_.~", *value);

		if (size - used < 4)
			return false;
		used += (size_t)snprintf(path + used, size - used, plain ? "%c" : "%%%02X",
					 (unsigned char)*value);
	}
	return true;
}

static int fail(const char *program, const char *address, const char *why)
{
	if (program)
		fprintf(stderr, "%s: %s: %s\n", program, address, why);
	return STATUS_FAILED;
}

/* HOST:PORT or [HOST]:PORT. */
static int resolve(const char *address, struct addrinfo **ret_found)
{
	static const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
	const char *colon = strrchr(address, ':');
	bool bracket = *address == '[' && colon && colon > address && colon[-1] == ']';
	char host[256];
	size_t length;

	if (!colon || colon == address || !colon[1])
		return EAI_NONAME;
	length = (size_t)(colon - address) - 2 * bracket;
	if (length >= sizeof(host))
		return EAI_NONAME;
	memcpy(host, address + bracket, length);
	host[length] = '\0';
	return getaddrinfo(host, colon + 1, &wanted, ret_found);
}

/* Returns the socket, or a negative errno. */
static int connect_any(const struct addrinfo *found, int patience_s)
{
	const struct timeval patience = {.tv_sec = patience_s};
	int error = ECONNREFUSED;

	for (; found; found = found->ai_next) {
		int fd = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, 0);

		if (fd < 0) {
			error = errno;
			continue;
		}
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		if (connect(fd, found->ai_addr, found->ai_addrlen) == 0)
			return fd;
		error = errno == EINPROGRESS ? ETIMEDOUT : errno;
		close(fd);
	}
	return -error;
}

static int send_request(int fd, const struct request *what, const char *address)
{
	bool has_token = what->token && *what->token;
	char request[REQUEST_MAX];
	int length = snprintf(request, sizeof(request), "%s %s HTTP/1.0\r\nHost: %s\r\n%s%s%s\r\n",
			      what->method, what->path, address,
			      has_token ? "Authorization: Bearer " : "",
			      has_token ? what->token : "", has_token ? "\r\n" : "");

	if (length < 0 || (size_t)length >= sizeof(request))
		return -ENAMETOOLONG;
	for (int sent = 0; sent < length;) {
		ssize_t r = send(fd, request + sent, (size_t)(length - sent), MSG_NOSIGNAL);

		if (r < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		sent += (int)r;
	}
	return 0;
}

/* All up to the end of the connection, with a zero behind it. */
static int receive_all(int fd, char **ret_bytes, size_t *ret_size)
{
	CLEANUP(free) char *bytes = NULL;
	size_t size = 0, capacity = 0;
	ssize_t r;

	do {
		if (size + PIECE > ANSWER_MAX)
			return -EMSGSIZE;
		if (size + PIECE > capacity) {
			capacity = 2 * capacity + PIECE;
			char *larger = realloc(bytes, capacity + 1);

			if (!larger)
				return -ENOMEM;
			bytes = larger;
		}
		r = recv(fd, bytes + size, PIECE, 0);
		if (r < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		size += (size_t)r;
	} while (r > 0);
	bytes[size] = '\0';
	*ret_bytes = STEAL(bytes);
	*ret_size = size;
	return 0;
}

static int talk(int fd, const struct request *what, const char *address, char **ret_bytes,
		size_t *ret_size)
{
	int r = send_request(fd, what, address);

	return r < 0 ? r : receive_all(fd, ret_bytes, ret_size);
}

/* The whole answer of whoever is there. 0, or STATUS_FAILED after a line on stderr. */
static int ask(const char *program, const char *address, const struct request *what,
	       char **ret_bytes, size_t *ret_size)
{
	struct addrinfo *found;
	int r = resolve(address, &found);

	if (r)
		return fail(program, address, gai_strerror(r));
	int fd = connect_any(found, what->patience_s);

	freeaddrinfo(found);
	if (fd < 0) {
		fail(program, address, strerror(-fd));
		if (program)
			fputs("Is rollcastd running, and is this its http.listen?\n", stderr);
		return STATUS_FAILED;
	}
	r = talk(fd, what, address, ret_bytes, ret_size);
	close(fd);
	return r ? fail(program, address, strerror(-r)) : 0;
}

/* The body within an answer, and its status; NULL: it is none. */
static char *find_body(char *bytes, int *ret_status)
{
	char *body = bytes ? strstr(bytes, "\r\n\r\n") : NULL;

	return body && sscanf(bytes, "HTTP/1.%*d %d", ret_status) == 1 ? body + 4 : NULL;
}

/* Whether it is an answer of the daemon: a status and JSON. */
static bool take_apart(struct http_answer *answer, size_t size, int *ret_status)
{
	const char *body = find_body(answer->bytes, ret_status);

	return body && json_piece_all(body, size - (size_t)(body - answer->bytes), &answer->body);
}

static int explain(const char *program, const char *address, const struct http_answer *answer,
		   int status)
{
	struct json_piece error;
	char why[512];

	if (!json_piece_find(answer->body, "error", &error) ||
	    !json_piece_text(error, why, sizeof(why)))
		snprintf(why, sizeof(why), "HTTP status %d", status);
	return fail(program, address, why);
}

int http_get_json(const char *program, const char *address, const char *path,
		  struct http_answer *ret_answer)
{
	struct http_answer answer = {0};
	size_t size = 0;
	int status = 0;
	const struct request what = {.method = "GET", .path = path, .patience_s = TIMEOUT_S};
	int r = ask(program, address, &what, &answer.bytes, &size);

	if (r)
		return r;
	if (!take_apart(&answer, size, &status))
		r = fail(program, address, "no answer of rollcastd");
	else if (status != 200)
		r = explain(program, address, &answer, status);
	if (r)
		http_answer_finish(&answer);
	else
		*ret_answer = answer;
	return r;
}

int http_post(const char *program, const char *address, const char *path, const char *token,
	      int patience_s, int *ret_status, char **ret_bytes)
{
	const struct request what = {"POST", path, token, patience_s};
	CLEANUP(free) char *bytes = NULL;
	size_t size;
	int r = ask(program, address, &what, &bytes, &size);
	char *body;

	if (r)
		return r;
	body = find_body(bytes, ret_status);
	if (!body)
		return fail(program, address, "no answer of rollcastd");
	memmove(bytes, body, strlen(body) + 1);
	*ret_bytes = STEAL(bytes);
	return 0;
}

void http_answer_finish(struct http_answer *answer)
{
	free(answer->bytes);
	*answer = (struct http_answer){0};
}
