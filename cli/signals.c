/*
 * Signals as something to wait for beside sockets: a handler and a pipe (Bernstein's self-pipe).
 *
 * Not signalfd: it needs the signals blocked in every thread, and OpenBLAS starts threads before
 * main, in which they are not; there a signal would end the process.
 */
#include "cli/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static int pipe_ends[2] = {-1, -1};

static void pass_on(int number)
{
	unsigned char byte = (unsigned char)number;
	int error = errno;

	/* A full pipe holds thousands that nobody has looked at: one more says nothing new. */
	if (write(pipe_ends[1], &byte, 1) < 0)
		errno = error;
}

int signals_open(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH};
	struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};

	if (pipe2(pipe_ends, O_NONBLOCK | O_CLOEXEC))
		return -errno;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigaction(numbers[i], &action, NULL))
			return -errno;
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	return pipe_ends[0];
}

int signals_next(int descriptor)
{
	unsigned char byte;

	return read(descriptor, &byte, 1) == 1 ? byte : 0;
}
