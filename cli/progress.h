/* A bar on stderr while something takes its time; nothing where stderr is no terminal. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool terminal;
	int64_t started_us;
};

void progress_init(struct progress *progress);
/* `label [#####.....] 50 %, 3 s left`; `share` is 0..1. */
void progress_show(const struct progress *progress, const char *label, double share);
/* Takes the bar away. */
void progress_finish(const struct progress *progress);

/* Seconds since progress_init. */
double progress_seconds(const struct progress *progress);

#endif
