/* Arguments of the command line: read whole or refused, never guessed. */
#include "cli/args.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verbs.h"

static const struct {
	const char *name;
	double us;
} units[] = {
	{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"", 1e6}, {"m", 60e6}, {"h", 3600e6}, {"d", 86400e6},
};

bool args_count(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *ret_count)
{
	unsigned long long count;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	count = strtoull(text, &end, 10);
	if (errno || *end || count < minimum || count > maximum)
		return false;
	*ret_count = count;
	return true;
}

bool args_duration_us(const char *text, int64_t *ret_us)
{
	size_t digits = strspn(text, "0123456789.");
	double number;
	char *end;

	if (!digits)
		return false;
	number = strtod(text, &end);
	if (end != text + digits)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		double us = round(number * units[i].us);

		if (strcmp(end, units[i].name))
			continue;
		if (us < 1 || us > 1e18)
			return false;
		*ret_us = (int64_t)us;
		return true;
	}
	return false;
}

int args_point_to_help(const char *program)
{
	fprintf(stderr, "Try `%s --help`.\n", program);
	return STATUS_USAGE;
}

int args_refuse(const char *program, const char *format, ...)
{
	va_list values;

	fprintf(stderr, "%s: ", program);
	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	fputc('\n', stderr);
	return args_point_to_help(program);
}
