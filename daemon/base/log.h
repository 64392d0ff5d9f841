/*
 * Lines to stderr: with journald's priority prefix under systemd, with a time stamp elsewhere.
 *
 * Whoever decides what an error means logs it, once. What can happen per sample is a counter, plus
 * at most a line a minute through a log_limit.
 */
#ifndef DAEMON_BASE_LOG_H
#define DAEMON_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <syslog.h>

/*
 * Finds out who reads stderr, and opens /dev/null in place of standard files that are closed. Call once,
 * before any thread and any other file.
 */
void log_init(void);

/* One line; `priority` is syslog's (LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG). */
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * What this thread logs from now on goes to that file too, without priority and time; NULL ends it. For
 * those who asked for what is being done.
 */
void log_copy_to(FILE *file);

/* At most one line a minute; zero-initialised. One thread. */
struct log_limit {
	int64_t next_us;
	uint64_t suppressed;
};

/* Whether a line may be written now; if so *ret_suppressed is how many were not since the last. */
bool log_allowed(struct log_limit *limit, uint64_t *ret_suppressed);

#endif
