/*
 * What Linux counts, read from the text of /proc's files. Pure: text in, numbers out.
 *
 * Lines that do not parse are left out: the files grew over the years and differ between kernels.
 */
#ifndef CLI_PROCFS_H
#define CLI_PROCFS_H

#include <stddef.h>
#include <stdint.h>

enum {
	PROCFS_CPU_MODES = 8,
	PROCFS_LOADS = 3,
	PROCFS_DEVICES_MAX = 64,
	PROCFS_DEVICE_NAME_MAX = 32,
};

/* /proc/stat: time of all cores together, in ticks since boot. */
struct procfs_cpu {
	uint64_t ticks[PROCFS_CPU_MODES];
};

/* "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal". */
const char *procfs_cpu_mode(size_t mode);

/* /proc/meminfo, in bytes. */
struct procfs_memory {
	uint64_t total, available, cached; /* cached: page cache and buffers */
	uint64_t swap_total, swap_free;
};

/* A line of /proc/diskstats or /proc/net/dev: counters since boot. */
struct procfs_disk {
	char name[PROCFS_DEVICE_NAME_MAX];
	uint64_t read_bytes, written_bytes, busy_ms;
};
struct procfs_interface {
	char name[PROCFS_DEVICE_NAME_MAX];
	uint64_t receive_bytes, receive_packets, receive_errors;
	uint64_t transmit_bytes, transmit_packets, transmit_errors;
};

/* 0, or -EINVAL: not the text that the name says. */
int procfs_read_cpu(const char *text, struct procfs_cpu *ret_cpu);
int procfs_read_load(const char *text, double ret_loads[PROCFS_LOADS]);
int procfs_read_memory(const char *text, struct procfs_memory *ret_memory);

/* How many devices were read, at most `limit`. Lines of any kind: see the two below. */
size_t procfs_read_disks(const char *text, struct procfs_disk *disks, size_t limit);
size_t procfs_read_interfaces(const char *text, struct procfs_interface *interfaces, size_t limit);

/*
 * Keeps the disks that do their own work, in order, and returns how many: no partitions (their disk
 * counts them), no loop, RAM, mapper or RAID devices (what is below counts them), none never used.
 */
size_t procfs_keep_real_disks(struct procfs_disk *disks, size_t count);
/* The same for interfaces: not the loopback, none never used. */
size_t procfs_keep_real_interfaces(struct procfs_interface *interfaces, size_t count);

#endif
