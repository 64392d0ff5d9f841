/* Names without a rule: known again, bounded, and listed for a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "daemon/stream/strangers.h"

static void a_name_is_known_again_by_its_hash(void **state)
{
	(void)state;
	struct strangers strangers;

	assert_int_equal(strangers_init(&strangers), 0);
	assert_false(strangers_know(&strangers, 0));
	assert_false(strangers_know(&strangers, 77));
	strangers_add(&strangers, 77, "cpu", 3);
	assert_true(strangers_know(&strangers, 77));
	assert_false(strangers_know(&strangers, 78)); /* has the same place */
	strangers_add(&strangers, 78, "mem", 3);
	assert_true(strangers_know(&strangers, 78));
	assert_string_equal(strangers.names, "cpu, mem");
	assert_int_equal(strangers.count, 2);
	strangers_begin_line(&strangers);
	assert_string_equal(strangers.names, "");
	assert_true(strangers_know(&strangers, 78));
	strangers_finish(&strangers);
}

static void a_line_lists_whole_names_as_far_as_they_fit(void **state)
{
	(void)state;
	struct strangers strangers;
	char name[200];

	assert_int_equal(strangers_init(&strangers), 0);
	memset(name, 'x', sizeof(name));
	for (int i = 0; i < 10000; i++) {
		int length = snprintf(name, sizeof(name), "stream_%d", i);

		name[length] = i == 3 ? 'x' : '\0';
		strangers_add(&strangers, (uint64_t)i << 20, name, i == 3 ? 200 : strlen(name));
	}
	assert_int_equal(strangers.count, 10000);
	assert_true(strangers.length < sizeof(strangers.names));
	assert_int_equal(strlen(strangers.names), strangers.length);
	assert_ptr_equal(strstr(strangers.names, "stream_0, stream_1, stream_2, stream_3"),
			 strangers.names);
	assert_non_null(strstr(strangers.names, "..., stream_4, "));
	strangers_finish(&strangers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_known_again_by_its_hash),
		cmocka_unit_test(a_line_lists_whole_names_as_far_as_they_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
