/* What Linux counts, read from the text of /proc's files (proc(5), iostats.rst in the kernel). */
#include "cli/procfs.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* diskstats counts sectors of 512 bytes, whatever the device's own are. */
enum { SECTOR_BYTES = 512 };

static const char *const cpu_modes[PROCFS_CPU_MODES] = {
	"user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal",
};

const char *procfs_cpu_mode(size_t mode)
{
	return cpu_modes[mode];
}

int procfs_read_cpu(const char *text, struct procfs_cpu *ret_cpu)
{
	struct procfs_cpu cpu = {0};
	const char *at = text + 4;
	size_t read = 0;

	if (strncmp(text, "cpu ", 4))
		return -EINVAL;
	for (; read < PROCFS_CPU_MODES; read++) {
		char *end;

		at += strspn(at, " ");
		if (!isdigit((unsigned char)*at))
			break;
		cpu.ticks[read] = strtoull(at, &end, 10);
		at = end;
	}
	if (read < 4) /* Linux 2.4 had four */
		return -EINVAL;
	*ret_cpu = cpu;
	return 0;
}

int procfs_read_load(const char *text, double ret_loads[PROCFS_LOADS])
{
	double loads[PROCFS_LOADS];

	if (sscanf(text, "%lf %lf %lf", &loads[0], &loads[1], &loads[2]) != PROCFS_LOADS)
		return -EINVAL;
	memcpy(ret_loads, loads, sizeof(loads));
	return 0;
}

/* The value of `Key:   123 kB` in bytes. */
static bool read_kib(const char *text, const char *key, uint64_t *ret_bytes)
{
	size_t length = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, length) && line[length] == ':') {
			*ret_bytes = strtoull(line + length + 1, NULL, 10) * 1024;
			return true;
		}
	}
	return false;
}

int procfs_read_memory(const char *text, struct procfs_memory *ret_memory)
{
	struct procfs_memory memory = {0};
	uint64_t free_bytes, buffers = 0;

	if (!read_kib(text, "MemTotal", &memory.total) || !read_kib(text, "MemFree", &free_bytes))
		return -EINVAL;
	read_kib(text, "Cached", &memory.cached);
	read_kib(text, "Buffers", &buffers);
	memory.cached += buffers;
	/* Before Linux 3.14: what would be free without the page cache. */
	if (!read_kib(text, "MemAvailable", &memory.available))
		memory.available = free_bytes + memory.cached;
	read_kib(text, "SwapTotal", &memory.swap_total);
	read_kib(text, "SwapFree", &memory.swap_free);
	*ret_memory = memory;
	return 0;
}

/*
 *    8       0 sda 5082 2214 411394 3420 9911 8105 601288 7020 0 9300 10440
 *    major,minor   reads    sectors   ms  writes   sectors  ms   busy ms
 */
static bool read_disk(const char *line, struct procfs_disk *ret_disk)
{
	struct procfs_disk disk = {0};
	uint64_t read_sectors, written_sectors;

	if (sscanf(line,
		   "%*u %*u %31s %*u %*u %" SCNu64 " %*u %*u %*u %" SCNu64 " %*u %*u %" SCNu64,
		   disk.name, &read_sectors, &written_sectors, &disk.busy_ms) != 4)
		return false;
	disk.read_bytes = read_sectors * SECTOR_BYTES;
	disk.written_bytes = written_sectors * SECTOR_BYTES;
	*ret_disk = disk;
	return true;
}

/*
 *    eth0: 77402987    1861    0    0    0     0          0         0   102444    1086    0 ...
 *          bytes       packets errs drop fifo frame compressed multicast bytes packets errs
 */
static bool read_interface(const char *line, struct procfs_interface *ret_interface)
{
	struct procfs_interface interface = {0};
	const char *colon = strchr(line, ':');
	const char *end = strchr(line, '\n');

	/* An old kernel writes no space after the colon; an alias (eth0:1) has one of its own. */
	for (const char *next = colon; next && (!end || next < end); next = strchr(next + 1, ':'))
		colon = next;
	line += strspn(line, " ");
	if (!colon || colon <= line || (end && colon > end) ||
	    (size_t)(colon - line) >= sizeof(interface.name))
		return false;
	memcpy(interface.name, line, (size_t)(colon - line));
	if (sscanf(colon + 1,
		   "%" SCNu64 " %" SCNu64 " %" SCNu64 " %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
		   " %" SCNu64,
		   &interface.receive_bytes, &interface.receive_packets, &interface.receive_errors,
		   &interface.transmit_bytes, &interface.transmit_packets,
		   &interface.transmit_errors) != 6)
		return false;
	*ret_interface = interface;
	return true;
}

size_t procfs_read_disks(const char *text, struct procfs_disk *disks, size_t limit)
{
	size_t count = 0;

	for (const char *line = text; line && count < limit; line = strchr(line, '\n')) {
		line += *line == '\n';
		count += read_disk(line, &disks[count]);
	}
	return count;
}

size_t procfs_read_interfaces(const char *text, struct procfs_interface *interfaces, size_t limit)
{
	size_t count = 0;

	for (const char *line = text; line && count < limit; line = strchr(line, '\n')) {
		line += *line == '\n';
		count += read_interface(line, &interfaces[count]);
	}
	return count;
}

static bool is_layered(const char *name)
{
	static const char *const prefixes[] = {"loop", "ram", "zram", "dm-", "md", "fd", "sr"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/* sda1 of sda, nvme0n1p2 of nvme0n1. */
static bool is_partition(const char *name, const struct procfs_disk *disks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(disks[i].name);
		const char *rest = name + length;

		if (strncmp(name, disks[i].name, length) || !*rest)
			continue;
		rest += *rest == 'p';
		if (*rest && strspn(rest, "0123456789") == strlen(rest))
			return true;
	}
	return false;
}

size_t procfs_keep_real_disks(struct procfs_disk *disks, size_t count)
{
	size_t kept = 0;

	/* A partition follows its disk, and its disk is in use when it is. */
	for (size_t i = 0; i < count; i++) {
		const struct procfs_disk *disk = &disks[i];

		if (is_layered(disk->name) || is_partition(disk->name, disks, kept) ||
		    !(disk->read_bytes || disk->written_bytes))
			continue;
		disks[kept++] = *disk;
	}
	return kept;
}

size_t procfs_keep_real_interfaces(struct procfs_interface *interfaces, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct procfs_interface *interface = &interfaces[i];

		if (!strcmp(interface->name, "lo") ||
		    !(interface->receive_packets || interface->transmit_packets))
			continue;
		interfaces[kept++] = *interface;
	}
	return kept;
}
