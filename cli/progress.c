/* One line, written over and over. */
#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 30 };

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void progress_init(struct progress *progress)
{
	progress->terminal = isatty(STDERR_FILENO);
	progress->started_us = now_us();
}

double progress_seconds(const struct progress *progress)
{
	return (double)(now_us() - progress->started_us) / 1e6;
}

void progress_show(const struct progress *progress, const char *label, double share)
{
	double seconds = progress_seconds(progress);
	char bar[WIDTH + 1];

	if (!progress->terminal)
		return;
	for (int i = 0; i < WIDTH; i++)
		bar[i] = i < (int)(share * WIDTH) ? '#' : '.';
	bar[WIDTH] = '\0';
	fprintf(stderr, "\r\033[K%s [%s] %3.0f %%", label, bar, share * 100);
	if (share > 0.02)
		fprintf(stderr, ", %.0f s left", seconds / share * (1 - share));
	fflush(stderr);
}

void progress_finish(const struct progress *progress)
{
	if (progress->terminal)
		fputs("\r\033[K", stderr);
}
