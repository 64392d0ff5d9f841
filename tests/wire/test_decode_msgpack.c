/* Samples from msgpack: the shapes, the numbers, what is refused and for which reason. */
#include "tests/wire/transcript.h"

#define S  1e6
#define MS 1e3
#define US 1.0
#define NS 1e-3

/* Pieces of messages; the length byte of a text is octal 240 + length. */
#define NAME   "\244name\241x"
#define TIME1  "\244time\001"
#define VALUE2 "\245value\002"

static void decodes_every_shape(void **state)
{
	static const struct row rows[] = {
		/* one sample, its keys in any order, unknown ones skipped
		 * map of 3, name: x, time: 1, value: 2 */
		ROW(S, "\203" NAME TIME1 VALUE2, "x 1000000 2;"),
		ROW(S, "\203" VALUE2 NAME TIME1, "x 1000000 2;"),
		ROW(S, "\205\244unit\241s" VALUE2 NAME "\245extra\222\300\201\001\220" TIME1,
		    "x 1000000 2;"),
		/* a key that is no text, or a container, is one more unknown key */
		ROW(S, "\204\007\010" VALUE2 NAME "\222\001\002\003", "x 77 2;"),
		/* without time, or with nil, it came now */
		ROW(S, "\202" NAME VALUE2, "x 77 2;"),
		ROW(S, "\203" NAME VALUE2 "\244time\300", "x 77 2;"),
		/* tags, sorted; an empty one and nil are none */
		ROW(S, "\203" NAME VALUE2 "\244tags\202\241b\242yy\241a\241z",
		    "x{a=\"z\",b=\"yy\"} 77 2;"),
		ROW(S, "\203" NAME VALUE2 "\244tags\202\241b\240\241a\300", "x 77 2;"),
		ROW(S, "\203" NAME VALUE2 "\244tags\200", "x 77 2;"),
		ROW(S, "\203" NAME VALUE2 "\244tags\300", "x 77 2;"),
		/* Telegraf: tags and fields; the field called value; a text passed over; a bool */
		ROW(S,
		    "\204" NAME "\251timestamp\001\244tags\201\241h\241q"
		    "\246fields\204\241a\001\245value\002\241s\244text\242up\303",
		    "x_a{h=\"q\"} 1000000 1;x{h=\"q\"} 1000000 2;x_up{h=\"q\"} 1000000 1;"),
		ROW(S, "\202" NAME "\246fields\200", ""),
		/* an array of maps, also an empty one, and maps one after the other */
		ROW(S, "\222\202" NAME VALUE2 "\203" NAME VALUE2 TIME1, "x 77 2;x 1000000 2;"),
		ROW(S, "\220", ""),
		ROW(S, "\202" NAME VALUE2 "\202" NAME VALUE2, "x 77 2;x 77 2;"),
		/* tags do not stay for the next map */
		ROW(S, "\222\203" NAME VALUE2 "\244tags\201\241a\241z\202" NAME VALUE2,
		    "x{a=\"z\"} 77 2;x 77 2;"),
		/* a column batch */
		ROW(S,
		    "\203" NAME "\245times\222\001\002\246values\222\003\313\x3f\xe0\0\0\0\0\0\0",
		    "x 1000000 3;x 2000000 0.5;"),
		ROW(S,
		    "\204" NAME "\246values\221\003\244tags\201\241a\241z"
		    "\245times\221\001",
		    "x{a=\"z\"} 1000000 3;"),
		ROW(S, "\203" NAME "\245times\220\246values\220", ""),
	};

	(void)state;
	CHECK(ROLLCAST_FORMAT_MSGPACK, rows);
}

#define VALUED(bytes) "\202" NAME "\245value" bytes

static void decodes_numbers_of_every_width(void **state)
{
	static const struct row rows[] = {
		ROW(S, VALUED("\000"), "x 77 0;"),
		ROW(S, VALUED("\177"), "x 77 127;"),
		ROW(S, VALUED("\377"), "x 77 -1;"),
		ROW(S, VALUED("\340"), "x 77 -32;"),
		ROW(S, VALUED("\xcc\xff"), "x 77 255;"),
		ROW(S, VALUED("\xcd\xff\xfe"), "x 77 65534;"),
		ROW(S, VALUED("\xce\xff\xff\xff\xfe"), "x 77 4294967294;"),
		ROW(S, VALUED("\xcf\xff\xff\xff\xff\xff\xff\xf8\x00"),
		    "x 77 1.844674407370955e+19;"),
		ROW(S, VALUED("\xd0\x80"), "x 77 -128;"),
		ROW(S, VALUED("\xd0\x7f"), "x 77 127;"),
		ROW(S, VALUED("\xd1\x80\x00"), "x 77 -32768;"),
		ROW(S, VALUED("\xd2\x80\x00\x00\x00"), "x 77 -2147483648;"),
		ROW(S, VALUED("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"),
		    "x 77 -9.2233720368547758e+18;"),
		ROW(S, VALUED("\xca\x3f\xc0\x00\x00"), "x 77 1.5;"),
		ROW(S, VALUED("\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"), "x 77 0.10000000000000001;"),
		ROW(S, VALUED("\302"), "x 77 0;"),
		ROW(S, VALUED("\303"), "x 77 1;"),
	};

	(void)state;
	CHECK(ROLLCAST_FORMAT_MSGPACK, rows);
}

#define NAMED(bytes) "\202\244name" bytes VALUE2

static void decodes_names_of_every_width(void **state)
{
	static const struct row rows[] = {
		ROW(S, NAMED("\243cpu"), "cpu 77 2;"),
		ROW(S, NAMED("\xd9\003cpu"), "cpu 77 2;"),
		ROW(S, NAMED("\xda\000\003cpu"), "cpu 77 2;"),
		ROW(S, NAMED("\xdb\000\000\000\003cpu"), "cpu 77 2;"),
		ROW(S, NAMED("\xc4\003cpu"), "cpu 77 2;"),
		ROW(S, NAMED("\xc5\000\003cpu"), "cpu 77 2;"),
		ROW(S, NAMED("\xc6\000\000\000\003cpu"), "cpu 77 2;"),
		ROW(S, NAMED("\245t\303\244st"), "t\303\244st 77 2;"),
		/* keys may be bin as well, and maps have wide headers */
		ROW(S, "\336\000\002\xc4\004name\241x" VALUE2, "x 77 2;"),
		ROW(S, "\337\000\000\000\002" NAME VALUE2, "x 77 2;"),
		ROW(S, "\334\000\001\202" NAME VALUE2, "x 77 2;"),
		ROW(S, "\335\000\000\000\001\202" NAME VALUE2, "x 77 2;"),
	};

	(void)state;
	CHECK(ROLLCAST_FORMAT_MSGPACK, rows);
}

#define TIMED(bytes) "\203" NAME VALUE2 "\244time" bytes

static void decodes_times_in_every_unit(void **state)
{
	static const struct row rows[] = {
		/* plain numbers: 1700000000 s, ms, us, ns */
		ROW(S, TIMED("\xce\x65\x53\xf1\x00"), "x 1700000000000000 2;"),
		ROW(MS, TIMED("\xcf\x00\x00\x01\x8b\xcf\xe5\x68\x00"), "x 1700000000000000 2;"),
		ROW(US, TIMED("\xcf\x00\x06\x0a\x24\x18\x1e\x40\x00"), "x 1700000000000000 2;"),
		ROW(NS, TIMED("\xcf\x17\x97\x9c\xfe\x36\x2a\x00\x00"), "x 1700000000000000 2;"),
		/* ns beyond the range of int64 still fit as microseconds */
		ROW(NS, TIMED("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "x 18446744073709551 2;"),
		/* before 1970; ns are rounded down */
		ROW(S, TIMED("\377"), "x -1000000 2;"),
		ROW(NS, TIMED("\377"), "x -1 2;"),
		ROW(NS, TIMED("\xd1\xfc\x18"), "x -1 2;"),
		/* floats keep their fraction: 1700000000.123456, -0.5 */
		ROW(S, TIMED("\xcb\x41\xd9\x54\xfc\x40\x07\xe6\xb4"), "x 1700000000123456 2;"),
		ROW(S, TIMED("\xcb\xbf\xe0\x00\x00\x00\x00\x00\x00"), "x -500000 2;"),
		ROW(MS, TIMED("\xca\x3f\xc0\x00\x00"), "x 1500 2;"),
		/* the timestamp extension of 32, 64 and 96 bit, whatever the unit:
		 *    type seconds */
		ROW(NS, TIMED("\xd6\xff\x65\x53\xf1\x00"), "x 1700000000000000 2;"),
		/*  type nanoseconds << 34 | seconds: 123456789 and 1700000000 */
		ROW(S, TIMED("\xd7\xff\x1d\x6f\x34\x54\x65\x53\xf1\x00"), "x 1700000000123456 2;"),
		/*  length type nanoseconds seconds: 1 s before 1970 and half a second on */
		ROW(S, TIMED("\xc7\x0c\xff\x1d\xcd\x65\x00\xff\xff\xff\xff\xff\xff\xff\xff"),
		    "x -500000 2;"),
	};

	(void)state;
	CHECK(ROLLCAST_FORMAT_MSGPACK, rows);
}

static void refuses_times_out_of_range(void **state)
{
	static const struct row rows[] = {
		ROW(S, TIMED("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "time=1;"),
		ROW(S, TIMED("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), "time=1;"),
		ROW(US, TIMED("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"), "time=1;"),
		ROW(US, TIMED("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), "time=1;"),
		/* NaN, infinity, 1e300 */
		ROW(S, TIMED("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"), "time=1;"),
		ROW(S, TIMED("\xcb\xff\xf0\x00\x00\x00\x00\x00\x00"), "time=1;"),
		ROW(S, TIMED("\xcb\x7e\x37\xe4\x3c\x88\x00\x75\x9c"), "time=1;"),
		/* a text, a bool, an array */
		ROW(S, TIMED("\241x"), "time=1;"),
		ROW(S, TIMED("\303"), "time=1;"),
		ROW(S, TIMED("\221\001"), "time=1;"),
		/* extensions of another type or length, 10^9 nanoseconds, 2^63 - 1 seconds */
		ROW(S, TIMED("\xd6\x01\x65\x53\xf1\x00"), "time=1;"),
		ROW(S, TIMED("\xd5\xff\x65\x53"), "time=1;"),
		ROW(S, TIMED("\xd7\xff\xee\x6b\x28\x00\x65\x53\xf1\x00"), "time=1;"),
		ROW(S, TIMED("\xc7\x0c\xff\x00\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff"),
		    "time=1;"),
	};

	(void)state;
	CHECK(ROLLCAST_FORMAT_MSGPACK, rows);
}

static void refuses_values_that_are_no_finite_number(void **state)
{
	static const struct row rows[] = {
		ROW(S, VALUED("\300"), "value=1;"),
		ROW(S, VALUED("\2421e"), "value=1;"),
		ROW(S, VALUED("\221\001"), "value=1;"),
		ROW(S, VALUED("\xca\x7f\xc0\x00\x00"), "value=1;"),
		ROW(S, VALUED("\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"), "value=1;"),
		ROW(S, VALUED("\xcb\xff\xf8\x00\x00\x00\x00\x00\x01"), "value=1;"),
		/* the others of the batch go on: nil, NaN, text, a map, then 4 */
		ROW(US,
		    "\203" NAME "\245times\225\001\002\003\004\005\246values\225"
		    "\300\xca\x7f\xc0\x00\x00\241x\201\001\002\004",
		    "x 5 4;value=4;"),
		ROW(US, "\203" NAME "\245times\224\001\300\241t\004\246values\224\001\002\003\004",
		    "x 1 1;x 4 4;time=2;"),
		ROW(S, "\202" NAME "\246fields\203\241a\300\241b\220\241c\005",
		    "x_c 77 5;value=2;"),
		ROW(S, "\222" VALUED("\300") VALUED("\001"), "x 77 1;value=1;"),
	};

	(void)state;
	CHECK(ROLLCAST_FORMAT_MSGPACK, rows);
}

static void refuses_what_is_no_shape(void **state)
{
	static const struct row rows[] = {
		ROW(S, "\200", "shape=1;"),
		ROW(S, "\201" NAME, "shape=1;"),
		ROW(S, "\201" VALUE2, "shape=1;"),
		ROW(S, "\202" NAME TIME1, "shape=1;"),
		ROW(S, "\202\244name\005" VALUE2, "shape=1;"),
		ROW(S, "\202\244Name\241x" VALUE2, "shape=1;"),
		/* which one was meant? */
		ROW(S, "\203" NAME VALUE2 VALUE2, "shape=1;"),
		ROW(S, "\203" NAME NAME VALUE2, "shape=1;"),
		ROW(S, "\204" NAME VALUE2 TIME1 "\251timestamp\001", "shape=1;"),
		ROW(S, "\203" NAME VALUE2 "\246fields\201\241a\001", "shape=1;"),
		ROW(S, "\204" NAME TIME1 "\245times\220\246values\220", "shape=1;"),
		/* columns that do not go together */
		ROW(S, "\202" NAME "\245times\221\001", "shape=1;"),
		ROW(S, "\202" NAME "\246values\221\001", "shape=1;"),
		ROW(S, "\203" NAME "\245times\221\001\246values\222\001\002", "shape=1;"),
		ROW(S, "\203" NAME "\245times\001\246values\221\001", "shape=1;"),
		/* tags and fields of wrong types */
		ROW(S, "\203" NAME VALUE2 "\244tags\221\001", "shape=1;"),
		ROW(S, "\203" NAME VALUE2 "\244tags\201\241a\001", "shape=1;"),
		ROW(S, "\203" NAME VALUE2 "\244tags\201\001\241a", "shape=1;"),
		ROW(S, "\202" NAME "\246fields\221\001", "shape=1;"),
		ROW(S, "\202" NAME "\246fields\202\001\002\241a\003", "x_a 77 3;shape=1;"),
		/* no map at all; in an array the others go on */
		ROW(S, "\001", "shape=1;"),
		ROW(S, "hello", "shape=1;"),
		ROW(S, "\223\001\221\002\202" NAME VALUE2, "x 77 2;shape=2;"),
	};

	(void)state;
	CHECK(ROLLCAST_FORMAT_MSGPACK, rows);
}

static void refuses_names_that_cannot_be_canonical(void **state)
{
	static const struct row rows[] = {
		ROW(S, NAMED("\240"), "name=1;"),
		ROW(S, NAMED("\243a\nb"), "name=1;"),
		ROW(S, NAMED("\243a\0b"), "name=1;"),
		ROW(S, NAMED("\243a{b"), "name=1;"),
		ROW(S, NAMED("\243a\"b"), "name=1;"),
		ROW(S, NAMED("\242a\377"), "name=1;"),
		ROW(S, "\203" NAME VALUE2 "\244tags\202\241a\241y\241a\241z", "name=1;"),
		ROW(S, "\203" NAME VALUE2 "\244tags\201\240\241z", "name=1;"),
		ROW(S, "\202" NAME "\246fields\202\240\001\241a\002", "x_a 77 2;name=1;"),
	};

	(void)state;
	CHECK(ROLLCAST_FORMAT_MSGPACK, rows);
}

static void refuses_a_name_that_is_too_long_and_takes_one_that_just_fits(void **state)
{
	char bytes[ROLLCAST_NAME_MAX + 32] = "\202\245value\002\244name\xda";
	size_t head = 14;
	struct transcript transcript;

	(void)state;
	memset(bytes + head + 2, 'n', ROLLCAST_NAME_MAX);
	bytes[head] = (ROLLCAST_NAME_MAX - 1) >> 8;
	bytes[head + 1] = (char)((ROLLCAST_NAME_MAX - 1) & 0xff);
	decode(ROLLCAST_FORMAT_MSGPACK, S, bytes, head + 2 + ROLLCAST_NAME_MAX - 1, &transcript);
	assert_int_equal(transcript.samples, 1);
	assert_int_equal(transcript.length, ROLLCAST_NAME_MAX - 1 + strlen(" 77 2;"));
	bytes[head] = ROLLCAST_NAME_MAX >> 8;
	bytes[head + 1] = (char)(ROLLCAST_NAME_MAX & 0xff);
	decode(ROLLCAST_FORMAT_MSGPACK, S, bytes, head + 2 + ROLLCAST_NAME_MAX, &transcript);
	assert_string_equal(transcript.text, "name=1;");
}

static void refuses_more_labels_than_there_is_room_for(void **state)
{
	char bytes[512];
	size_t length = 0;
	struct transcript transcript;

	(void)state;
	for (int labels = ROLLCAST_LABELS_MAX; labels <= ROLLCAST_LABELS_MAX + 1; labels++) {
		length = (size_t)sprintf(bytes, "\203" NAME VALUE2 "\244tags\xde");
		bytes[length++] = 0;
		bytes[length++] = (char)labels;
		for (int i = 0; i < labels; i++)
			length += (size_t)sprintf(bytes + length, "\242%02d\241v", i);
		decode(ROLLCAST_FORMAT_MSGPACK, S, bytes, length, &transcript);
		assert_int_equal(transcript.samples, labels == ROLLCAST_LABELS_MAX);
	}
	assert_string_equal(transcript.text, "name=1;");
}

static void refuses_what_promises_more_than_there_is(void **state)
{
	static const struct row rows[] = {
		ROW(S, "", "truncated=1;"),
		ROW(S, "\335\377\377\377\377", "truncated=1;"),
		ROW(S, "\335\377\377\377\377\200", "truncated=1;"),
		ROW(S, "\337\377\377\377\377", "truncated=1;"),
		ROW(S, "\337\200\000\000\001\001\001", "truncated=1;"),
		ROW(S, "\203" NAME VALUE2, "truncated=1;"),
		ROW(S, "\202" NAME "\245value\xcb\x3f\xe0\0\0", "truncated=1;"),
		ROW(S, "\202" NAME "\245val", "truncated=1;"),
		ROW(S, "\202" VALUE2 "\244name\xdb\377\377\377\377x", "truncated=1;"),
		ROW(S, "\202" VALUE2 "\244name\xc6\377\377\377\377x", "truncated=1;"),
		ROW(S, "\203" NAME VALUE2 "\244time\xd7\xff\x1d", "truncated=1;"),
		ROW(S, "\203" NAME VALUE2 "\244time\xc7", "truncated=1;"),
		ROW(S, "\202" NAME "\245times\335\377\377\377\377", "truncated=1;"),
		/* each header modest, together too much: arrays of 15 within arrays of 15 */
		ROW(S, "\202\241k\237\237\237\237\237\237\237\237\237\237\237\237\237\237\237\237",
		    "truncated=1;"),
		/* what came before the break is delivered */
		ROW(S, "\223\202" NAME VALUE2 "\202" NAME VALUE2 "\202" NAME,
		    "x 77 2;x 77 2;truncated=1;"),
	};

	(void)state;
	CHECK(ROLLCAST_FORMAT_MSGPACK, rows);
}

static void refuses_what_is_no_msgpack_or_follows_it(void **state)
{
	static const struct row rows[] = {
		ROW(S, "\xc1", "malformed=1;"),
		ROW(S, "\202" NAME "\245value\xc1", "malformed=1;"),
		ROW(S, "\203" NAME VALUE2 "\241k\221\xc1", "malformed=1;"),
		ROW(S, "\202" NAME VALUE2 "\000", "x 77 2;malformed=1;"),
		ROW(S, "\202" NAME VALUE2 "\n\n\n", "x 77 2;malformed=1;"),
		ROW(S, "\202" NAME VALUE2 "\202", "x 77 2;truncated=1;"),
	};

	(void)state;
	CHECK(ROLLCAST_FORMAT_MSGPACK, rows);
}

static void skips_nesting_of_any_depth(void **state)
{
	static char bytes[100000 + 64];
	size_t length = (size_t)sprintf(bytes, "\203" NAME VALUE2 "\241k");
	struct transcript transcript;

	(void)state;
	memset(bytes + length, 0x91, 100000);
	bytes[length + 100000] = 0;
	decode(ROLLCAST_FORMAT_MSGPACK, S, bytes, length + 100001, &transcript);
	assert_string_equal(transcript.text, "x 77 2;");
}

static void count_only(void *context, const struct rollcast_samples *samples)
{
	uint64_t *sum = context;

	assert_true(samples->count > 0);
	for (size_t i = 0; i < samples->count; i++) {
		assert_int_equal(samples->times_us[i], (int64_t)(*sum));
		assert_float_equal(samples->values[i], (double)*sum, 0);
		(*sum)++;
	}
}

static void delivers_a_large_column_batch_in_order(void **state)
{
	enum { ROWS = 10000 };
	static uint8_t bytes[ROWS * 6 + 64];
	CLEANUP(rollcast_decoder_destroy) struct rollcast_decoder *decoder = NULL;
	uint64_t counts[ROLLCAST_DECODE_RESULTS] = {0};
	uint64_t sum = 0;
	uint8_t *at = bytes;

	(void)state;
	at += sprintf((char *)at, "\203" NAME);
	for (int column = 0; column < 2; column++) {
		at += sprintf((char *)at, column ? "\246values" : "\245times");
		*at++ = 0xdc;
		*at++ = ROWS >> 8;
		*at++ = ROWS & 0xff;
		for (int i = 0; i < ROWS; i++) {
			*at++ = 0xcd;
			*at++ = (uint8_t)(i >> 8);
			*at++ = (uint8_t)i;
		}
	}
	assert_int_equal(rollcast_decoder_create(ROLLCAST_FORMAT_MSGPACK, US, &decoder), 0);
	rollcast_decode(decoder, bytes, (size_t)(at - bytes), 0, count_only, &sum, counts);
	assert_int_equal(sum, ROWS);
	assert_int_equal(counts[ROLLCAST_DECODE_OK], ROWS);
}

static void survives_200000_mutations(void **state)
{
	static const struct row rows[] = {
		ROW(S, "\203" NAME TIMED("\xd7\xff\x1d\x6f\x34\x54\x65\x53\xf1\x00"), ""),
		ROW(S,
		    "\204" NAME "\251timestamp\001\244tags\201\241h\241q"
		    "\246fields\204\241a\001\245value\002\241s\244text\242up\303",
		    ""),
		ROW(S, "\222\203" NAME VALUE2 "\244tags\201\241a\241z\202" NAME VALUE2, ""),
		ROW(S,
		    "\203" NAME "\245times\222\001\002\246values\222\003\313\x3f\xe0\0\0\0\0\0\0",
		    ""),
	};
	uint64_t counts[ROLLCAST_DECODE_RESULTS] = {0};

	(void)state;
	mutate(ROLLCAST_FORMAT_MSGPACK, rows, sizeof rows / sizeof *rows, 200000, counts);
	/* Every outcome was met, or the mutations are too tame to prove anything. */
	for (int i = 0; i < ROLLCAST_DECODE_MEMORY; i++)
		assert_true(counts[i] > 0);
}

static void refuses_units_of_time_that_make_no_sense(void **state)
{
	struct rollcast_decoder *decoder = NULL;
	static const double units[] = {0, -1, 1e-9, 1e13, 0.0 / 0.0};

	(void)state;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		assert_true(rollcast_decoder_create(ROLLCAST_FORMAT_MSGPACK, units[i], &decoder) <
			    0);
	assert_null(decoder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_every_shape),
		cmocka_unit_test(decodes_numbers_of_every_width),
		cmocka_unit_test(decodes_names_of_every_width),
		cmocka_unit_test(decodes_times_in_every_unit),
		cmocka_unit_test(refuses_times_out_of_range),
		cmocka_unit_test(refuses_values_that_are_no_finite_number),
		cmocka_unit_test(refuses_what_is_no_shape),
		cmocka_unit_test(refuses_names_that_cannot_be_canonical),
		cmocka_unit_test(refuses_a_name_that_is_too_long_and_takes_one_that_just_fits),
		cmocka_unit_test(refuses_more_labels_than_there_is_room_for),
		cmocka_unit_test(refuses_what_promises_more_than_there_is),
		cmocka_unit_test(refuses_what_is_no_msgpack_or_follows_it),
		cmocka_unit_test(skips_nesting_of_any_depth),
		cmocka_unit_test(delivers_a_large_column_batch_in_order),
		cmocka_unit_test(survives_200000_mutations),
		cmocka_unit_test(refuses_units_of_time_that_make_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
