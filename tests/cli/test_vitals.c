/* From two readings of /proc to metrics. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "cli/vitals.h"

enum { METRICS_MAX = 128 };

struct metrics {
	size_t count;
	char names[METRICS_MAX][128];
	double values[METRICS_MAX];
};

static void collect(void *context, const char *name, const char *label, const char *label_value,
		    double value)
{
	struct metrics *metrics = context;

	assert_in_range(metrics->count, 0, METRICS_MAX - 1);
	snprintf(metrics->names[metrics->count], sizeof(metrics->names[0]), "%s%s%s", name,
		 label ? " " : "", label ? label_value : "");
	metrics->values[metrics->count++] = value;
}

/* The value of a metric; NaN if there is none. */
static double metric(const struct metrics *metrics, const char *name)
{
	for (size_t i = 0; i < metrics->count; i++)
		if (!strcmp(metrics->names[i], name))
			return metrics->values[i];
	return (double)NAN;
}

static struct vitals reading(int64_t read_us)
{
	return (struct vitals){
		.read_us = read_us,
		.has = {true, true, true, true, true},
		.cpu = {{100, 0, 100, 1000}},
		.loads = {1, 2, 3},
		.memory = {.total = 1000, .available = 600, .cached = 50},
		.disks = {{.name = "sda", .read_bytes = 1000, .written_bytes = 0, .busy_ms = 10}},
		.disk_count = 1,
		.interfaces = {{.name = "eth0", .receive_bytes = 500, .transmit_errors = 7}},
		.interface_count = 1,
	};
}

static void the_first_reading_has_levels_and_no_rates(void **state)
{
	struct vitals now = reading(5);
	struct metrics metrics = {0};

	(void)state;
	vitals_metrics(NULL, &now, collect, &metrics);
	assert_int_equal(metrics.count, 7);
	assert_true(metric(&metrics, "host_load5") == 2);
	assert_true(metric(&metrics, "host_memory_used_bytes") == 400);
}

static void counters_become_rates_over_the_time_between(void **state)
{
	struct vitals before = reading(0), now = reading(2000000);
	struct metrics metrics = {0};

	(void)state;
	now.cpu.ticks[0] += 30;
	now.cpu.ticks[3] += 90;
	now.disks[0].read_bytes += 4096;
	now.disks[0].busy_ms += 500;
	now.interfaces[0].receive_bytes += 300;
	vitals_metrics(&before, &now, collect, &metrics);
	assert_true(metric(&metrics, "host_cpu_percent user") == 25);
	assert_true(metric(&metrics, "host_cpu_percent idle") == 75);
	assert_true(metric(&metrics, "host_cpu_percent steal") == 0);
	assert_true(metric(&metrics, "host_disk_read_bytes_per_second sda") == 2048);
	assert_true(metric(&metrics, "host_disk_busy_percent sda") == 25);
	assert_true(metric(&metrics, "host_network_receive_bytes_per_second eth0") == 150);
	assert_true(metric(&metrics, "host_network_transmit_errors_per_second eth0") == 0);
}

static void counters_that_start_again_have_no_rate(void **state)
{
	struct vitals before = reading(0), now = reading(1000000);
	struct metrics metrics = {0};

	(void)state;
	now.disks[0].read_bytes = 0;
	now.cpu.ticks[3] = 0;
	vitals_metrics(&before, &now, collect, &metrics);
	assert_true(isnan(metric(&metrics, "host_disk_read_bytes_per_second sda")));
	assert_true(metric(&metrics, "host_disk_written_bytes_per_second sda") == 0);
	/* no time passed in any mode: no share of it either */
	assert_true(isnan(metric(&metrics, "host_cpu_percent idle")));
}

static void a_device_that_came_in_between_waits_for_its_second_reading(void **state)
{
	struct vitals before = reading(0), now = reading(1000000);
	struct metrics metrics = {0};

	(void)state;
	strcpy(now.disks[0].name, "sdb");
	now.interface_count = 0;
	vitals_metrics(&before, &now, collect, &metrics);
	assert_true(isnan(metric(&metrics, "host_disk_read_bytes_per_second sdb")));
	assert_true(isnan(metric(&metrics, "host_network_receive_bytes_per_second eth0")));
}

static void what_cannot_be_read_is_left_out(void **state)
{
	struct vitals vitals;
	struct metrics metrics = {0};

	(void)state;
	vitals_read("/nonexistent", false, 1, &vitals);
	for (int part = 0; part < VITALS_PARTS; part++)
		assert_false(vitals.has[part]);
	vitals_metrics(&vitals, &vitals, collect, &metrics);
	assert_int_equal(metrics.count, 0);
}

static void this_machine_can_be_read(void **state)
{
	struct vitals vitals;

	(void)state;
	vitals_read("/proc", false, 1, &vitals);
	assert_true(vitals.has[VITALS_CPU]);
	assert_true(vitals.has[VITALS_MEMORY]);
	assert_true(vitals.memory.total >= vitals.memory.available);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_reading_has_levels_and_no_rates),
		cmocka_unit_test(counters_become_rates_over_the_time_between),
		cmocka_unit_test(counters_that_start_again_have_no_rate),
		cmocka_unit_test(a_device_that_came_in_between_waits_for_its_second_reading),
		cmocka_unit_test(what_cannot_be_read_is_left_out),
		cmocka_unit_test(this_machine_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
