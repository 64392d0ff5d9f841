#include "daemon/watch/metrics.h"

#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void write_head(FILE *out, const char *family, const char *help)
{
	size_t length = strlen(family);
	bool total = length > 6 && strcmp(family + length - 6, "_total") == 0;

	fprintf(out, "# HELP rollcast_%s %s\n# TYPE rollcast_%s %s\n", family, help, family,
		total ? "counter" : "gauge");
}

static void write_counters(FILE *out, const struct counters *counters)
{
	const char *family = "";

	for (int i = 0; i < COUNTERS; i++) {
		const struct counter_row *row = counter_row(i);

		if (strcmp(family, row->family) != 0)
			write_head(out, row->family, row->help);
		family = row->family;
		fprintf(out, "rollcast_%s", family);
		if (row->label)
			fprintf(out, "{%s}", row->label);
		fprintf(out, " %.15g\n", row->unit * (double)count_get(counters, i));
	}
}

static double resident_bytes(void)
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

static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void write_gauge(FILE *out, const char *family, const char *help, double value)
{
	write_head(out, family, help);
	fprintf(out, "rollcast_%s %.15g\n", family, value);
}

static void write_queues(FILE *out, const struct metrics_gauges *gauges)
{
	write_head(out, "queue_length", "what waits in the queues between the rooms");
	fprintf(out, "rollcast_queue_length{queue=\"shards\"} %zu\n", gauges->inbox_letters);
	fprintf(out, "rollcast_queue_length{queue=\"training\"} %zu\n", gauges->training_queue);
	fprintf(out, "rollcast_queue_length{queue=\"out\"} %zu\n", gauges->out_blocks);
}

void metrics_write(FILE *out, const struct counters *counters, const struct metrics_gauges *gauges)
{
	write_head(out, "build_info", "the version that runs");
	fprintf(out, "rollcast_build_info{version=\"%s\"} 1\n", ROLLCAST_VERSION);
	write_counters(out, counters);
	write_queues(out, gauges);
	write_gauge(out, "start_time_seconds", "when the daemon started, since the epoch",
		    gauges->start_seconds);
	write_gauge(out, "resident_memory_bytes", "memory in use by the process", resident_bytes());
	write_gauge(out, "cpu_seconds_total", "processor time used by the process", cpu_seconds());
}
