/*
 * A machine's vital signs: what /proc says at one moment, and the metrics between two moments.
 */
#ifndef CLI_VITALS_H
#define CLI_VITALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/procfs.h"

enum vitals_part {
	VITALS_CPU,
	VITALS_LOAD,
	VITALS_MEMORY,
	VITALS_DISKS,
	VITALS_NETWORK,
	VITALS_PARTS,
};

struct vitals {
	int64_t read_us; /* monotonic */
	bool has[VITALS_PARTS];
	struct procfs_cpu cpu;
	double loads[PROCFS_LOADS];
	struct procfs_memory memory;
	struct procfs_disk disks[PROCFS_DEVICES_MAX];
	size_t disk_count;
	struct procfs_interface interfaces[PROCFS_DEVICES_MAX];
	size_t interface_count;
};

/* The file of a part below /proc: "stat", "net/dev", ... */
const char *vitals_file(enum vitals_part part);

/*
 * Reads every part below `directory` (/proc); a part whose file is missing or not as expected is left
 * out. `all`: also loopback, partitions, and devices that are layered or were never used.
 */
void vitals_read(const char *directory, bool all, int64_t now_us, struct vitals *ret_vitals);

/* One metric. `label` is NULL or the name of its only label. */
typedef void vitals_sink(void *context, const char *name, const char *label,
			 const char *label_value, double value);

/*
 * The metrics at `now`: levels, and rates since `before` for what is counted (none if `before` is
 * NULL). A device that came in between, or whose counters started again, has none this time.
 */
void vitals_metrics(const struct vitals *before, const struct vitals *now, vitals_sink *sink,
		    void *context);

#endif
