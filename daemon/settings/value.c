/* Strict: the whole text is the value, and nothing is rounded into range. */
#include "daemon/settings/value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define DIGITS	"0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

const char *value_whole(const char *text, uint64_t *ret_number)
{
	size_t digits = strspn(text, DIGITS);

	if (!digits || text[digits])
		return "is no whole number";
	if (text[0] == '0' && digits > 1)
		return "is no whole number: it begins with a zero";
	errno = 0;
	*ret_number = strtoull(text, NULL, 10);
	return errno ? "is too large" : NULL;
}

const char *value_mode(const char *text, uint32_t *ret_mode)
{
	size_t digits = strspn(text, "01234567");

	if (text[digits] || digits < 3 || digits > 4 || (digits == 4 && *text != '0'))
		return "is no mode of a file: write three octal digits, as in 0660";
	*ret_mode = (uint32_t)strtoul(text, NULL, 8);
	return NULL;
}

const char *value_number(const char *text, double *ret_number)
{
	double number;
	char *end;

	/* strtod alone takes blanks, nan, inf and hexadecimal numbers too. */
	if (!*text || strspn(text, DIGITS "+-.eE") != strlen(text))
		return "is no number";
	number = strtod(text, &end);
	if (*end || end == text)
		return "is no number";
	if (!isfinite(number))
		return "is too large";
	*ret_number = number;
	return NULL;
}

struct unit {
	const char *word;
	double factor;
};

/* Number and unit; `missing` says what to add if there is none. */
static const char *quantity(const char *text, const struct unit *units, size_t count,
			    const char *missing, const char *malformed, double *ret_quantity)
{
	size_t whole = strspn(text, DIGITS);
	size_t length = whole;

	if (text[length] == '.')
		length += 1 + strspn(text + length + 1, DIGITS);
	if (!whole || text[length - 1] == '.')
		return malformed;
	*ret_quantity = strtod(text, NULL);
	if (!text[length])
		return *ret_quantity == 0 ? NULL : missing;
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(text + length, units[i].word)) {
			/* strtod would read "1e..." on; units begin with no "e". */
			*ret_quantity *= units[i].factor;
			return NULL;
		}
	}
	return malformed;
}

static bool is_whole(double number)
{
	return fabs(number - nearbyint(number)) <= 1e-9 + fabs(number) * 1e-15;
}

static const struct unit durations[] = {
	{"w", 7 * 86400e6}, {"d", 86400e6}, {"h", 3600e6}, {"m", 60e6},
	{"s", 1e6},	    {"ms", 1e3},    {"us", 1},
};
enum { DURATIONS = sizeof(durations) / sizeof(*durations) };

const char value_no_duration[] =
	"is no duration: write a number and us, ms, s, m, h, d or w, as in 90s";

const char *value_duration(const char *text, int64_t *ret_us)
{
	double us;
	const char *why =
		quantity(text, durations, DURATIONS,
			 "has no unit: us, ms, s, m, h, d or w, as in 90s", value_no_duration, &us);

	if (why)
		return why;
	if (!(us < 36525 * 86400e6))
		return "is longer than a hundred years";
	if (!is_whole(us))
		return "is finer than a microsecond";
	*ret_us = llround(us);
	return NULL;
}

static const struct unit sizes[] = {
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9},
	{"MB", 1e6},	  {"kB", 1e3},	    {"B", 1},
};
enum { SIZES = sizeof(sizes) / sizeof(*sizes) };

const char *value_size(const char *text, uint64_t *ret_bytes)
{
	double bytes;
	const char *why = quantity(
		text, sizes, SIZES, "has no unit: B, kB, MB, GB, KiB, MiB or GiB, as in 16MiB",
		"is no size: write a number and B, kB, MB, GB, KiB, MiB or GiB, as in 16MiB",
		&bytes);

	if (why)
		return why;
	if (!(bytes < 9e15))
		return "is too large";
	if (!is_whole(bytes))
		return "is no whole number of bytes";
	*ret_bytes = (uint64_t)llround(bytes);
	return NULL;
}

const char *value_name(const char *text)
{
	size_t length = strspn(text, LETTERS DIGITS "_-");

	if (!*text)
		return "is no name: it is empty";
	if (text[length])
		return "is no name: letters, digits, \"_\" and \"-\" make one";
	return length > 64 ? "is longer than 64 characters" : NULL;
}

/* The host of host:port or [host]:port, without the brackets. */
static const char *host_and_port(const char *text, char host[256], const char **ret_port)
{
	bool bracket = *text == '[';
	const char *begin = text + bracket;
	const char *end = bracket ? strchr(begin, ']') : strrchr(begin, ':');

	if (!end || (bracket && end[1] != ':'))
		return "has no port: write tcp://host:port";
	if (end == begin)
		return "has no host: write tcp://host:port, or tcp://*:port for all addresses";
	if (end - begin >= 256)
		return "has a host name that is too long";
	memcpy(host, begin, (size_t)(end - begin));
	host[end - begin] = '\0';
	*ret_port = end + 1 + bracket;
	return NULL;
}

static const char *check_tcp(const char *address, bool bind)
{
	struct in6_addr ignored;
	char host[256];
	const char *port = NULL;
	const char *why = host_and_port(address, host, &port);
	uint64_t number;

	if (why)
		return why;
	if (*address == '[' && inet_pton(AF_INET6, host, &ignored) != 1)
		return "has no IPv6 address in its brackets";
	if (*address != '[' && strchr(host, ':'))
		return "has an IPv6 address without brackets: write tcp://[::1]:port";
	if (!strcmp(host, "*") && !bind)
		return "cannot be connected to: \"*\" is for bind";
	if (*address != '[' && strcmp(host, "*") && host[strspn(host, LETTERS DIGITS ".-_")])
		return "has a host that is no address and no name";
	if (value_whole(port, &number) || number < 1 || number > 65535)
		return "has no port from 1 to 65535";
	return NULL;
}

static const char *check_ipc(const char *path)
{
	if (!*path || !strcmp(path, "*"))
		return "has no path: write ipc:///run/rollcast/samples";
	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return "has a path that is too long for a socket";
	return NULL;
}

const char *value_endpoint(const char *text, bool bind)
{
	if (!strncmp(text, "tcp://", 6))
		return check_tcp(text + 6, bind);
	if (!strncmp(text, "ipc://", 6))
		return check_ipc(text + 6);
	if (!strncmp(text, "inproc://", 9))
		return "reaches nobody: inproc stays inside one process; use tcp:// or ipc://";
	return "is no endpoint: write tcp://host:port or ipc://path";
}

const char *value_listen(const char *text)
{
	struct in6_addr ignored;
	char host[256];
	const char *port;
	uint64_t number;
	bool bracket = *text == '[';

	if (host_and_port(text, host, &port) ||
	    inet_pton(bracket ? AF_INET6 : AF_INET, host, &ignored) != 1)
		return "is no address: write 127.0.0.1:9477 or [::1]:9477";
	if (value_whole(port, &number) || number < 1 || number > 65535)
		return "has no port from 1 to 65535";
	return NULL;
}

bool value_listen_is_local(const char *text)
{
	struct in6_addr v6;
	struct in_addr v4;
	char host[256];
	const char *port;

	if (host_and_port(text, host, &port))
		return false;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return !strcmp(host, "localhost") || !strcmp(host, "lo");
}

bool value_endpoint_is_local(const char *text)
{
	return !strncmp(text, "ipc://", 6) || value_listen_is_local(text + 6);
}

void value_format_number(double number, char text[VALUE_SIZE])
{
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, VALUE_SIZE, "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			return;
	}
}

/* The largest unit that leaves a whole number. */
void value_format_duration(int64_t us, char text[VALUE_SIZE])
{
	for (size_t i = 1; i < DURATIONS; i++) { /* without weeks: 7d reads better than 1w */
		int64_t factor = (int64_t)durations[i].factor;

		if (us && us % factor == 0) {
			snprintf(text, VALUE_SIZE, "%" PRId64 "%s", us / factor, durations[i].word);
			return;
		}
	}
	snprintf(text, VALUE_SIZE, "0s");
}

void value_format_size(uint64_t bytes, char text[VALUE_SIZE])
{
	for (size_t i = 0; i < SIZES; i++) {
		uint64_t factor = (uint64_t)sizes[i].factor;

		if (bytes && bytes % factor == 0) {
			snprintf(text, VALUE_SIZE, "%" PRIu64 "%s", bytes / factor, sizes[i].word);
			return;
		}
	}
	snprintf(text, VALUE_SIZE, "0B");
}
