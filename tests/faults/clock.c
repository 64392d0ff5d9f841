/*
 * A wall clock that can be turned, for a program that runs: put before it with LD_PRELOAD, it adds the number
 * in the file $CLOCK_OFFSET, in seconds, to the time of day. Other clocks are as they are.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Eight bytes, in this machine's order. */
static const volatile int64_t *offset;

__attribute__((constructor)) static void open_offset(void)
{
	const char *path = getenv("CLOCK_OFFSET");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *memory =
		fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*offset), PROT_READ, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	if (memory == MAP_FAILED)
		abort();
	offset = memory;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	static int (*real)(clockid_t, struct timespec *);

	if (!real)
		real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	int r = real(id, now);

	if (r == 0 && id == CLOCK_REALTIME && offset)
		now->tv_sec += *offset;
	return r;
}
