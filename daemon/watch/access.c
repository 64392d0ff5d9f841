#include "daemon/watch/access.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "daemon/base/certificate.h"
#include "daemon/base/log.h"

enum {
	HOST_SIZE = 256,
	TOKEN_SIZE = 256,
	FORBIDDEN = 403,
	UNAUTHORIZED = 401,
	MISDIRECTED = 421,
	FAILED = 500,
};

int access_init(struct access *access, const struct http_settings *settings, bool is_local)
{
	*access = (struct access){
		.is_local = is_local,
		.token_file = strdup(settings->token_file),
		.hosts.items = calloc(settings->hosts.count + 1, sizeof(char *)),
	};
	if (!access->token_file || !access->hosts.items)
		return -ENOMEM;
	for (size_t i = 0; i < settings->hosts.count; i++) {
		access->hosts.items[i] = strdup(settings->hosts.items[i]);
		if (!access->hosts.items[i])
			return -ENOMEM;
		access->hosts.count++;
	}
	return 0;
}

void access_finish(struct access *access)
{
	for (size_t i = 0; i < access->hosts.count; i++)
		free(access->hosts.items[i]);
	free(access->hosts.items);
	free(access->token_file);
	*access = (struct access){0};
}

/* The host of HOST, HOST:PORT or [HOST]:PORT, without a last dot. Returns whether there is one. */
static bool read_host(const char *text, char host[HOST_SIZE])
{
	bool bracket = *text == '[';
	const char *begin = text + bracket;
	size_t length = strcspn(begin, bracket ? "]" : ":");
	const char *end = begin + length;

	if (bracket && *end++ != ']')
		return false;
	if ((*end && *end != ':') || length == 0 || length >= HOST_SIZE)
		return false;
	memcpy(host, begin, length);
	if (!bracket && length > 1 && host[length - 1] == '.')
		length--;
	host[length] = '\0';
	return true;
}

static bool is_address(const char *host)
{
	struct in6_addr v6;
	struct in_addr v4;

	return inet_pton(AF_INET, host, &v4) == 1 || inet_pton(AF_INET6, host, &v6) == 1;
}

static bool is_own_name(const char *host)
{
	char name[HOST_SIZE];

	if (gethostname(name, sizeof(name)))
		return false;
	name[sizeof(name) - 1] = '\0';
	return strcasecmp(host, name) == 0;
}

static bool is_listed(const struct strings *hosts, const char *host)
{
	for (size_t i = 0; i < hosts->count; i++)
		if (strcasecmp(hosts->items[i], host) == 0)
			return true;
	return false;
}

static bool is_ours(const struct access *access, const char *text)
{
	char host[HOST_SIZE];

	return read_host(text, host) && (is_address(host) || strcasecmp(host, "localhost") == 0 ||
					 is_own_name(host) || is_listed(&access->hosts, host));
}

/* Programs send neither header; browsers both. */
static bool is_from_elsewhere(const struct access_request *request)
{
	static const char scheme[] = "http://";
	const char *site = request->fetch_site, *origin = request->origin;

	if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
		return true;
	if (!origin)
		return false;
	return !request->host || strncmp(origin, scheme, sizeof(scheme) - 1) != 0 ||
	       strcasecmp(origin + sizeof(scheme) - 1, request->host) != 0;
}

/* In a time that does not tell how much of it is right. */
static bool is_same(const char a[TOKEN_SIZE], const char b[TOKEN_SIZE])
{
	unsigned char different = 0;

	for (size_t i = 0; i < TOKEN_SIZE; i++)
		different |= (unsigned char)(a[i] ^ b[i]);
	return different == 0;
}

static bool has_token(const struct access *access)
{
	return *access->token_file != '\0';
}

static int read_token(const struct access *access, char token[TOKEN_SIZE])
{
	char why[CERTIFICATE_WHY_SIZE] = "";
	int r = certificate_read_token(access->token_file, token, TOKEN_SIZE, why);

	if (r < 0)
		log_line(LOG_ERR, "http.token_file: %s", why);
	return r;
}

int access_try_token(const struct access *access)
{
	char token[TOKEN_SIZE];

	if (!has_token(access))
		return 0;
	int r = read_token(access, token);

	explicit_bzero(token, sizeof(token));
	return r;
}

/* 0, UNAUTHORIZED or FAILED. */
static unsigned check_token(const struct access *access, const char *authorization)
{
	static const char scheme[] = "Bearer ";
	char wanted[TOKEN_SIZE] = {0}, given[TOKEN_SIZE] = {0};
	unsigned status = UNAUTHORIZED;

	if (read_token(access, wanted) < 0)
		return FAILED;
	if (authorization && !strncasecmp(authorization, scheme, sizeof(scheme) - 1)) {
		snprintf(given, sizeof(given), "%s", authorization + sizeof(scheme) - 1);
		if (is_same(wanted, given))
			status = 0;
	}
	explicit_bzero(wanted, sizeof(wanted));
	explicit_bzero(given, sizeof(given));
	return status;
}

static unsigned refuse(unsigned status, const char *why, const char **ret_why)
{
	*ret_why = why;
	return status;
}

unsigned access_check(const struct access *access, const struct access_request *request,
		      const char **ret_why)
{
	bool reads = !strcmp(request->method, "GET") || !strcmp(request->method, "HEAD");
	unsigned status = 0;

	if (request->host && !is_ours(access, request->host))
		return refuse(MISDIRECTED,
			      "this is not that host; \"http: {hosts: [NAME]}\" makes it so\n",
			      ret_why);
	if (reads)
		return 0;
	if (is_from_elsewhere(request))
		return refuse(FORBIDDEN, "not from a page of another origin\n", ret_why);
	if (!has_token(access) && !access->is_local)
		return refuse(FORBIDDEN,
			      "beyond loopback only with a token: \"http: {token_file: FILE}\"\n",
			      ret_why);
	if (has_token(access))
		status = check_token(access, request->authorization);
	if (status == UNAUTHORIZED)
		return refuse(status, "the token is wrong or missing\n", ret_why);
	return status ? refuse(status, "the token cannot be read\n", ret_why) : 0;
}
