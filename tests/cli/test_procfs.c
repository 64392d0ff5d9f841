/* /proc's files as Linux 6.1, 2.6 and a container wrote them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/procfs.h"

static void cpu_time_is_that_of_all_cores(void **state)
{
	struct procfs_cpu cpu;

	(void)state;
	assert_int_equal(procfs_read_cpu("cpu  5108 7 4503 1003014 904 1 95 26 3 0\n"
					 "cpu0 2310 0 1828 502524 106 0 8 9 0 0\n",
					 &cpu),
			 0);
	assert_int_equal(cpu.ticks[0], 5108);
	assert_int_equal(cpu.ticks[3], 1003014);
	assert_int_equal(cpu.ticks[7], 26);
	assert_string_equal(procfs_cpu_mode(3), "idle");
	/* Linux 2.4 had no iowait. */
	assert_int_equal(procfs_read_cpu("cpu  1 2 3 4\ncpu0 5 6 7 8\n", &cpu), 0);
	assert_int_equal(cpu.ticks[3], 4);
	assert_int_equal(cpu.ticks[4], 0);
}

static void text_that_is_something_else_is_refused(void **state)
{
	static const char *const cases[] = {"", "cpu", "cpu0 1 2 3 4\n", "cpu  1 2 x\n",
					    "MemTotal: 1 kB\n"};
	struct procfs_cpu cpu;
	double loads[PROCFS_LOADS];
	struct procfs_memory memory;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(procfs_read_cpu(cases[i], &cpu), -EINVAL);
		assert_int_equal(procfs_read_load(cases[i], loads), -EINVAL);
		assert_int_equal(procfs_read_memory(cases[i], &memory), -EINVAL);
	}
}

static void load_is_three_numbers(void **state)
{
	double loads[PROCFS_LOADS];

	(void)state;
	assert_int_equal(procfs_read_load("0.15 0.07 12.05 1/93 11329\n", loads), 0);
	assert_true(loads[0] == 0.15 && loads[1] == 0.07 && loads[2] == 12.05);
}

static void memory_is_in_bytes_and_available_is_estimated_where_it_is_not_told(void **state)
{
	struct procfs_memory memory;

	(void)state;
	assert_int_equal(procfs_read_memory("MemTotal:       24684096 kB\n"
					    "MemFree:        24333220 kB\n"
					    "MemAvailable:   24319148 kB\n"
					    "Buffers:            2540 kB\n"
					    "Cached:            94140 kB\n"
					    "SwapCached:           77 kB\n"
					    "SwapTotal:       1000000 kB\n"
					    "SwapFree:         900000 kB\n",
					    &memory),
			 0);
	assert_int_equal(memory.total, 24684096 * 1024L);
	assert_int_equal(memory.available, 24319148 * 1024L);
	assert_int_equal(memory.cached, (94140 + 2540) * 1024L);
	assert_int_equal(memory.swap_total - memory.swap_free, 100000 * 1024L);
	assert_int_equal(procfs_read_memory("MemTotal: 100 kB\nMemFree: 10 kB\nBuffers: 5 kB\n"
					    "Cached: 20 kB\n",
					    &memory),
			 0);
	assert_int_equal(memory.available, 35 * 1024);
	assert_int_equal(memory.swap_total, 0);
}

static const char diskstats[] =
	"   7       0 loop0 11 0 28 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
	" 254       0 vda 5082 2214 411394 3420 9911 8105 601288 7020 0 9300 10440 0 0 0 0 5 6\n"
	" 254       1 vda1 5000 2214 411000 3420 9911 8105 601288 7020 0 9300 10440 0 0 0 0 0 0\n"
	" 259       0 nvme0n1 1 2 3 4 5 6 7 8 0 9 10\n"
	" 259       1 nvme0n1p1 1 2 3 4 5 6 7 8 0 9 10\n"
	" 253       0 dm-0 1 2 3 4 5 6 7 8 0 9 10\n"
	"   3       1 hda1 35486 38030 38030 38030\n"
	"  11       0 sr0 0 0 0 0 0 0 0 0 0 0 0\n"
	"   8      16 sdb 0 0 0 0 0 0 0 0 0 0 0\n";

static void disks_are_lines_with_all_their_counters(void **state)
{
	struct procfs_disk disks[PROCFS_DEVICES_MAX];

	(void)state;
	assert_int_equal(procfs_read_disks(diskstats, disks, PROCFS_DEVICES_MAX), 8);
	assert_string_equal(disks[1].name, "vda");
	assert_int_equal(disks[1].read_bytes, 411394 * 512L);
	assert_int_equal(disks[1].written_bytes, 601288 * 512L);
	assert_int_equal(disks[1].busy_ms, 9300);
	assert_int_equal(procfs_read_disks(diskstats, disks, 3), 3);
	assert_int_equal(procfs_read_disks("", disks, 3), 0);
}

static void real_disks_are_whole_and_in_use(void **state)
{
	struct procfs_disk disks[PROCFS_DEVICES_MAX];
	size_t count = procfs_read_disks(diskstats, disks, PROCFS_DEVICES_MAX);

	(void)state;
	assert_int_equal(procfs_keep_real_disks(disks, count), 2);
	assert_string_equal(disks[0].name, "vda");
	assert_string_equal(disks[1].name, "nvme0n1");
}

static const char net_dev[] =
	"Inter-|   Receive                                                |  Transmit\n"
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs "
	"drop "
	"fifo colls carrier compressed\n"
	"    lo:    3267      29    0    0    0     0          0         0     3267      29    0   "
	" 0    "
	"0     0       0          0\n"
	"  ifb0:       0       0    0    0    0     0          0         0        0       0    0   "
	" 0    "
	"0     0       0          0\n"
	"  eth0:77402987    1861    4    0    0     0          0         0   102444    1086    5   "
	" 0    "
	"0     0       0          0\n"
	"eth0:1: 1 2 3 0 0 0 0 0 4 5 6 0 0 0 0 0\n";

static void interfaces_are_lines_with_a_name_and_its_counters(void **state)
{
	struct procfs_interface interfaces[PROCFS_DEVICES_MAX];

	(void)state;
	assert_int_equal(procfs_read_interfaces(net_dev, interfaces, PROCFS_DEVICES_MAX), 4);
	assert_string_equal(interfaces[2].name, "eth0");
	assert_int_equal(interfaces[2].receive_bytes, 77402987);
	assert_int_equal(interfaces[2].receive_packets, 1861);
	assert_int_equal(interfaces[2].receive_errors, 4);
	assert_int_equal(interfaces[2].transmit_bytes, 102444);
	assert_int_equal(interfaces[2].transmit_packets, 1086);
	assert_int_equal(interfaces[2].transmit_errors, 5);
	assert_string_equal(interfaces[3].name, "eth0:1");
	assert_int_equal(interfaces[3].transmit_errors, 6);
}

static void real_interfaces_are_in_use_and_lead_outside(void **state)
{
	struct procfs_interface interfaces[PROCFS_DEVICES_MAX];
	size_t count = procfs_read_interfaces(net_dev, interfaces, PROCFS_DEVICES_MAX);

	(void)state;
	assert_int_equal(procfs_keep_real_interfaces(interfaces, count), 2);
	assert_string_equal(interfaces[0].name, "eth0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_time_is_that_of_all_cores),
		cmocka_unit_test(text_that_is_something_else_is_refused),
		cmocka_unit_test(load_is_three_numbers),
		cmocka_unit_test(
			memory_is_in_bytes_and_available_is_estimated_where_it_is_not_told),
		cmocka_unit_test(disks_are_lines_with_all_their_counters),
		cmocka_unit_test(real_disks_are_whole_and_in_use),
		cmocka_unit_test(interfaces_are_lines_with_a_name_and_its_counters),
		cmocka_unit_test(real_interfaces_are_in_use_and_lead_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
