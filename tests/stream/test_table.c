/* A shard's table of streams: found again after growth, told apart by name when hashes are equal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "daemon/stream/table.h"

static uint64_t poor_hash(int i)
{
	return (uint64_t)(i % 50) << 20;
}

static void every_name_is_found_after_growth(void **state)
{
	(void)state;
	struct entry *entries[1000];
	struct table table;
	char name[16];

	assert_int_equal(table_init(&table), 0);
	for (int i = 0; i < 1000; i++) {
		int length = snprintf(name, sizeof(name), "s%d", i);

		assert_null(table_find(&table, poor_hash(i), name, length));
		assert_int_equal(table_add(&table, poor_hash(i), name, length, &entries[i]), 0);
	}
	assert_int_equal(table.count, 1000);
	for (int i = 0; i < 1000; i++) {
		int length = snprintf(name, sizeof(name), "s%d", i);

		assert_ptr_equal(table_find(&table, poor_hash(i), name, length), entries[i]);
		assert_string_equal(entries[i]->name, name);
	}
	table_finish(&table);
}

static void equal_hashes_and_a_shared_prefix_are_no_match(void **state)
{
	(void)state;
	struct entry *entry;
	struct table table;

	assert_int_equal(table_init(&table), 0);
	assert_int_equal(table_add(&table, 42, "cpu", 3, &entry), 0);
	assert_null(table_find(&table, 42, "cpu_", 4));
	assert_null(table_find(&table, 42, "mem", 3));
	assert_ptr_equal(table_find(&table, 42, "cpu", 3), entry);
	table_finish(&table);
}

static void what_is_left_is_found_after_removals(void **state)
{
	(void)state;
	struct entry *entries[600];
	struct table table;
	char name[16];

	assert_int_equal(table_init(&table), 0);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 600; i++) {
			int length = snprintf(name, sizeof(name), "s%d", i);

			if (round == 0 || i % 3 == 0)
				assert_int_equal(
					table_add(&table, poor_hash(i), name, length, &entries[i]),
					0);
		}
		for (int i = 0; i < 600; i += 3) {
			table_remove(&table, entries[i]);
			entry_destroy(entries[i]);
		}
		assert_int_equal(table.count, 400);
		for (int i = 0; i < 600; i++) {
			int length = snprintf(name, sizeof(name), "s%d", i);

			assert_ptr_equal(table_find(&table, poor_hash(i), name, length),
					 i % 3 ? entries[i] : NULL);
		}
	}
	table_finish(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_found_after_growth),
		cmocka_unit_test(what_is_left_is_found_after_removals),
		cmocka_unit_test(equal_hashes_and_a_shared_prefix_are_no_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
