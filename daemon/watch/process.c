#include "daemon/watch/process.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

double process_resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	double pages = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*s %lf", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages * (double)sysconf(_SC_PAGESIZE);
}

double process_cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}
