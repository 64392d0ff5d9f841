/*
 * A machine's vital signs. Counters become rates here, between two readings, so that what leaves is
 * what people plot: percent, bytes, bytes per second.
 */
#include "cli/vitals.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 256 * 1024 };

static const char *const files[VITALS_PARTS] = {
	[VITALS_CPU] = "stat",	      [VITALS_LOAD] = "loadavg",    [VITALS_MEMORY] = "meminfo",
	[VITALS_DISKS] = "diskstats", [VITALS_NETWORK] = "net/dev",
};

const char *vitals_file(enum vitals_part part)
{
	return files[part];
}

/* Files in /proc have no size: read until the end. NULL if it cannot be read. */
static const char *read_file(const char *directory, const char *name)
{
	static char text[FILE_BYTES_MAX];
	char path[512];
	size_t length = 0;
	ssize_t got = -1;
	int file;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return NULL;
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return NULL;
	while (length < sizeof(text) - 1) {
		got = read(file, text + length, sizeof(text) - 1 - length);
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	close(file);
	text[length] = '\0';
	return got < 0 ? NULL : text;
}

static bool read_part(enum vitals_part part, const char *text, bool all, struct vitals *vitals)
{
	switch (part) {
	case VITALS_CPU:
		return !procfs_read_cpu(text, &vitals->cpu);
	case VITALS_LOAD:
		return !procfs_read_load(text, vitals->loads);
	case VITALS_MEMORY:
		return !procfs_read_memory(text, &vitals->memory);
	case VITALS_DISKS:
		vitals->disk_count = procfs_read_disks(text, vitals->disks, PROCFS_DEVICES_MAX);
		if (!all)
			vitals->disk_count =
				procfs_keep_real_disks(vitals->disks, vitals->disk_count);
		return true;
	case VITALS_NETWORK:
		vitals->interface_count =
			procfs_read_interfaces(text, vitals->interfaces, PROCFS_DEVICES_MAX);
		if (!all)
			vitals->interface_count = procfs_keep_real_interfaces(
				vitals->interfaces, vitals->interface_count);
		return true;
	case VITALS_PARTS:
		break;
	}
	return false;
}

void vitals_read(const char *directory, bool all, int64_t now_us, struct vitals *ret_vitals)
{
	memset(ret_vitals, 0, sizeof(*ret_vitals));
	ret_vitals->read_us = now_us;
	for (int part = 0; part < VITALS_PARTS; part++) {
		const char *text = read_file(directory, files[part]);

		ret_vitals->has[part] = text && read_part(part, text, all, ret_vitals);
	}
}

/* Where metrics go, and the time they are counted over. */
struct output {
	vitals_sink *sink;
	void *context;
	double seconds;
};

static void rate(const struct output *output, const char *name, const char *device, uint64_t before,
		 uint64_t now, double scale)
{
	if (now >= before)
		output->sink(output->context, name, "device", device,
			     (double)(now - before) * scale / output->seconds);
}

static void cpu_metrics(const struct output *output, const struct procfs_cpu *before,
			const struct procfs_cpu *now)
{
	uint64_t ticks[PROCFS_CPU_MODES], total = 0;

	/* Idle and iowait of a core that went to sleep are known to step back a little. */
	for (size_t i = 0; i < PROCFS_CPU_MODES; i++) {
		ticks[i] = now->ticks[i] > before->ticks[i] ? now->ticks[i] - before->ticks[i] : 0;
		total += ticks[i];
	}
	for (size_t i = 0; i < PROCFS_CPU_MODES && total; i++)
		output->sink(output->context, "host_cpu_percent", "mode", procfs_cpu_mode(i),
			     100.0 * (double)ticks[i] / (double)total);
}

static void disk_metrics(const struct output *output, const struct vitals *before,
			 const struct procfs_disk *now)
{
	for (size_t i = 0; i < before->disk_count; i++) {
		const struct procfs_disk *then = &before->disks[i];

		if (strcmp(then->name, now->name))
			continue;
		rate(output, "host_disk_read_bytes_per_second", now->name, then->read_bytes,
		     now->read_bytes, 1);
		rate(output, "host_disk_written_bytes_per_second", now->name, then->written_bytes,
		     now->written_bytes, 1);
		rate(output, "host_disk_busy_percent", now->name, then->busy_ms, now->busy_ms,
		     100.0 / 1000.0);
	}
}

static void interface_metrics(const struct output *output, const struct vitals *before,
			      const struct procfs_interface *now)
{
	for (size_t i = 0; i < before->interface_count; i++) {
		const struct procfs_interface *then = &before->interfaces[i];

		if (strcmp(then->name, now->name))
			continue;
		rate(output, "host_network_receive_bytes_per_second", now->name,
		     then->receive_bytes, now->receive_bytes, 1);
		rate(output, "host_network_receive_packets_per_second", now->name,
		     then->receive_packets, now->receive_packets, 1);
		rate(output, "host_network_receive_errors_per_second", now->name,
		     then->receive_errors, now->receive_errors, 1);
		rate(output, "host_network_transmit_bytes_per_second", now->name,
		     then->transmit_bytes, now->transmit_bytes, 1);
		rate(output, "host_network_transmit_packets_per_second", now->name,
		     then->transmit_packets, now->transmit_packets, 1);
		rate(output, "host_network_transmit_errors_per_second", now->name,
		     then->transmit_errors, now->transmit_errors, 1);
	}
}

static void level_metrics(const struct output *output, const struct vitals *now)
{
	const struct procfs_memory *memory = &now->memory;
	const struct {
		enum vitals_part part;
		const char *name;
		double value;
	} levels[] = {
		{VITALS_LOAD, "host_load1", now->loads[0]},
		{VITALS_LOAD, "host_load5", now->loads[1]},
		{VITALS_LOAD, "host_load15", now->loads[2]},
		{VITALS_MEMORY, "host_memory_used_bytes",
		 (double)memory->total - (double)memory->available},
		{VITALS_MEMORY, "host_memory_available_bytes", (double)memory->available},
		{VITALS_MEMORY, "host_memory_cached_bytes", (double)memory->cached},
		{VITALS_MEMORY, "host_swap_used_bytes",
		 (double)memory->swap_total - (double)memory->swap_free},
	};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (now->has[levels[i].part])
			output->sink(output->context, levels[i].name, NULL, NULL, levels[i].value);
}

void vitals_metrics(const struct vitals *before, const struct vitals *now, vitals_sink *sink,
		    void *context)
{
	struct output output = {sink, context, 0};

	level_metrics(&output, now);
	if (!before || now->read_us <= before->read_us)
		return;
	output.seconds = (double)(now->read_us - before->read_us) / 1e6;
	if (before->has[VITALS_CPU] && now->has[VITALS_CPU])
		cpu_metrics(&output, &before->cpu, &now->cpu);
	for (size_t i = 0; i < now->disk_count; i++)
		disk_metrics(&output, before, &now->disks[i]);
	for (size_t i = 0; i < now->interface_count; i++)
		interface_metrics(&output, before, &now->interfaces[i]);
}
