#include "daemon/base/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/clock.h"

enum { LINE_MAX_BYTES = 2048 };

#define LIMIT_US (60 * INT64_C(1000000))

static bool journald_reads;
static _Thread_local FILE *copy;

static const char *const priority_words[] = {
	[LOG_EMERG] = "emergency", [LOG_ALERT] = "alert",     [LOG_CRIT] = "critical",
	[LOG_ERR] = "error",	   [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",	   [LOG_DEBUG] = "debug",
};

/* JOURNAL_STREAM names journald's end; a child's stderr may be another file (systemd.exec(5)). */
static bool is_stderr_the_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat status;

	return stream && sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
	       status.st_ino == inode;
}

void log_init(void)
{
	int fd;

	/* Otherwise a socket or pipe opened later would get the number, and log lines. */
	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	journald_reads = is_stderr_the_journal();
}

static int write_prefix(char *line, size_t size, int priority)
{
	if (journald_reads)
		return snprintf(line, size, "<%d>", priority);

	int64_t now_us = clock_wall_us();
	time_t seconds = now_us / 1000000;
	struct tm utc;
	char stamp[32];

	gmtime_r(&seconds, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	return snprintf(line, size, "%s.%03dZ %s: ", stamp, (int)(now_us / 1000 % 1000),
			priority_words[priority & 7]);
}

void log_line(int priority, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	int used = write_prefix(line, sizeof(line) - 1, priority);
	va_list arguments;

	va_start(arguments, format);
	int wanted = vsnprintf(line + used, sizeof(line) - 1 - used, format, arguments);
	va_end(arguments);
	if (wanted < 0)
		return;

	/* A line break within would let a stream's name forge a line. */
	for (char *c = line + used; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	strcat(line, "\n");
	fputs(line, stderr);
	if (copy)
		fputs(line + used, copy);
}

void log_copy_to(FILE *file)
{
	copy = file;
}

bool log_allowed(struct log_limit *limit, uint64_t *ret_suppressed)
{
	int64_t now_us = clock_monotonic_us();

	if (now_us < limit->next_us) {
		limit->suppressed++;
		return false;
	}
	*ret_suppressed = limit->suppressed;
	limit->suppressed = 0;
	limit->next_us = now_us + LIMIT_US;
	return true;
}
