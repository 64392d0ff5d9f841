/* Where messages end, whatever the pieces they come in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cli/frame.h"

static void lines_end_with_the_last_newline(void **state)
{
	(void)state;
	assert_int_equal(frame_lines("", 0), 0);
	assert_int_equal(frame_lines("abc", 3), 0);
	assert_int_equal(frame_lines("a\nbc", 4), 2);
	assert_int_equal(frame_lines("a\n\n", 3), 3);
}

/* One object of each kind, by the byte that begins it. */
static const struct {
	const char *bytes;
	size_t size;
} objects[] = {
	{"\x07", 1},
	{"\xff", 1},
	{"\xc0", 1},
	{"\xc3", 1},
	{"\x80", 1},
	{"\x90", 1},
	{"\xa0", 1},
	{"\xa3"
	 "abc",
	 4},
	{"\xd9\x03"
	 "abc",
	 5},
	{"\xda\0\x03"
	 "abc",
	 6},
	{"\xdb\0\0\0\x03"
	 "abc",
	 8},
	{"\xc4\x02"
	 "ab",
	 4},
	{"\xc5\0\x02"
	 "ab",
	 5},
	{"\xc6\0\0\0\x02"
	 "ab",
	 7},
	{"\xc7\x02\x01"
	 "ab",
	 5},
	{"\xc8\0\x02\x01"
	 "ab",
	 6},
	{"\xc9\0\0\0\x02\x01"
	 "ab",
	 8},
	{"\xca"
	 "1234",
	 5},
	{"\xcb"
	 "12345678",
	 9},
	{"\xcc"
	 "1",
	 2},
	{"\xcd"
	 "12",
	 3},
	{"\xce"
	 "1234",
	 5},
	{"\xcf"
	 "12345678",
	 9},
	{"\xd0"
	 "1",
	 2},
	{"\xd1"
	 "12",
	 3},
	{"\xd2"
	 "1234",
	 5},
	{"\xd3"
	 "12345678",
	 9},
	{"\xd4\x01"
	 "1",
	 3},
	{"\xd5\x01"
	 "12",
	 4},
	{"\xd6\xff"
	 "1234",
	 6},
	{"\xd7\xff"
	 "12345678",
	 10},
	{"\xd8\x01"
	 "1234567890123456",
	 18},
	{"\x92\x01\x91\x02", 4},
	{"\xdc\0\x02\x01\x02", 5},
	{"\xdd\0\0\0\x02\x01\x02", 7},
	{"\x81\xa1k\x92\x01\xc0", 6},
	{"\xde\0\x01\xa1k\x01", 6},
	{"\xdf\0\0\0\x01\xa1k\x01", 8},
};
enum { OBJECTS = sizeof(objects) / sizeof(*objects) };

static void an_object_of_any_kind_ends_where_it_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < OBJECTS; i++) {
		for (size_t size = 0; size < objects[i].size; size++)
			assert_int_equal(frame_msgpack(objects[i].bytes, size), 0);
		assert_int_equal(frame_msgpack(objects[i].bytes, objects[i].size), objects[i].size);
	}
}

static void objects_in_a_row_are_whole_up_to_the_first_that_is_not(void **state)
{
	(void)state;
	char bytes[1024];
	size_t ends[OBJECTS + 1] = {0};

	for (size_t i = 0; i < OBJECTS; i++) {
		memcpy(bytes + ends[i], objects[i].bytes, objects[i].size);
		ends[i + 1] = ends[i] + objects[i].size;
	}
	for (size_t size = 0, i = 0; size <= ends[OBJECTS]; size++) {
		if (i < OBJECTS && size == ends[i + 1])
			i++;
		assert_int_equal(frame_msgpack(bytes, size), ends[i]);
	}
}

static void what_begins_no_object_is_broken(void **state)
{
	(void)state;
	assert_true(frame_msgpack("\xc1", 1) == FRAME_BROKEN);
	assert_true(frame_msgpack("\x91\xc1", 2) == FRAME_BROKEN);
	assert_int_equal(frame_msgpack("\x01\xc1", 2), 1);
}

static void a_length_beyond_what_comes_waits(void **state)
{
	(void)state;
	assert_int_equal(frame_msgpack("\xdd\xff\xff\xff\xff\x01", 6), 0);
	assert_int_equal(frame_msgpack("\xdf\xff\xff\xff\xff\x01", 6), 0);
	assert_int_equal(frame_msgpack("\xdb\xff\xff\xff\xff"
				       "abc",
				       8),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_with_the_last_newline),
		cmocka_unit_test(an_object_of_any_kind_ends_where_it_ends),
		cmocka_unit_test(objects_in_a_row_are_whole_up_to_the_first_that_is_not),
		cmocka_unit_test(what_begins_no_object_is_broken),
		cmocka_unit_test(a_length_beyond_what_comes_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
