#include "daemon/watch/metrics.h"

#include <stdbool.h>
#include <string.h>

#include "daemon/watch/process.h"

static void write_head(FILE *out, const char *family, const char *help)
{
	size_t length = strlen(family);
	bool total = length > 6 && strcmp(family + length - 6, "_total") == 0;

	fprintf(out, "# HELP rollcast_%s %s\n# TYPE rollcast_%s %s\n", family, help, family,
		total ? "counter" : "gauge");
}

static void write_ports(FILE *out, const struct counter_row *row, enum counter which,
			const char *label, const struct ports *ports)
{
	for (const struct port_counters *port = ports_first(ports); port; port = ports_next(port))
		fprintf(out, "rollcast_%s{%s=\"%s\"%s%s} %.15g\n", row->family, label, port->name,
			row->label ? "," : "", row->label ? row->label : "",
			row->unit * (double)count_get(&port->counters, which));
}

static void write_counter(FILE *out, const struct all_counters *all, enum counter which)
{
	const struct counter_row *row = counter_row(which);

	switch (row->owner) {
	case OWNER_INPUT:
		write_ports(out, row, which, "input", &all->inputs);
		break;
	case OWNER_OUTPUT:
		write_ports(out, row, which, "output", &all->outputs);
		break;
	case OWNER_DAEMON:
		fprintf(out, "rollcast_%s%s%s%s %.15g\n", row->family, row->label ? "{" : "",
			row->label ? row->label : "", row->label ? "}" : "",
			row->unit * (double)count_get(&all->daemon, which));
		break;
	}
}

static void write_counters(FILE *out, const struct all_counters *all)
{
	const char *family = "";

	for (int i = 0; i < COUNTERS; i++) {
		const struct counter_row *row = counter_row(i);

		if (strcmp(family, row->family) != 0)
			write_head(out, row->family, row->help);
		family = row->family;
		write_counter(out, all, i);
	}
}

static void write_latency(FILE *out, const struct histogram *latency)
{
	static const char family[] = "forecast_latency_seconds";
	uint64_t total = 0;

	fprintf(out,
		"# HELP rollcast_%s from a sample's arrival to the forecast handed on\n"
		"# TYPE rollcast_%s histogram\n",
		family, family);
	for (int i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		total += atomic_load_explicit(&latency->counts[i], memory_order_relaxed);
		if (i < HISTOGRAM_BOUNDS)
			fprintf(out, "rollcast_%s_bucket{le=\"%g\"} %lu\n", family,
				(double)histogram_bounds_us[i] / 1e6, (unsigned long)total);
		else
			fprintf(out, "rollcast_%s_bucket{le=\"+Inf\"} %lu\n", family,
				(unsigned long)total);
	}
	fprintf(out, "rollcast_%s_sum %.15g\nrollcast_%s_count %lu\n", family,
		1e-6 * (double)atomic_load_explicit(&latency->sum_us, memory_order_relaxed), family,
		(unsigned long)total);
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

void metrics_write(FILE *out, const struct all_counters *counters,
		   const struct metrics_gauges *gauges)
{
	write_head(out, "build_info", "the version that runs");
	fprintf(out, "rollcast_build_info{version=\"%s\"} 1\n", ROLLCAST_VERSION);
	write_counters(out, counters);
	write_latency(out, &counters->latency);
	write_queues(out, gauges);
	write_gauge(out, "start_time_seconds", "when the daemon started, since the epoch",
		    gauges->start_seconds);
	write_gauge(out, "resident_memory_bytes", "memory in use by the process",
		    process_resident_bytes());
	write_gauge(out, "cpu_seconds_total", "processor time used by the process",
		    process_cpu_seconds());
}
