#include "tests/settings/support.h"

#include "daemon/settings/value.h"

static void whole_numbers_are_digits_and_nothing_else(void **state)
{
	static const char *const bad[] = {"",
					  "-1",
					  "+1",
					  "1.0",
					  "1e3",
					  "0x1",
					  " 1",
					  "1 ",
					  "01",
					  "12abc",
					  "1_0",
					  "١",
					  "18446744073709551616"};
	uint64_t number = 7;

	(void)state;
	assert_null(value_whole("0", &number));
	assert_int_equal(number, 0);
	assert_null(value_whole("18446744073709551615", &number));
	assert_true(number == UINT64_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!value_whole(bad[i], &number))
			fail_msg("\"%s\" was taken for a whole number", bad[i]);
}

static void modes_are_three_octal_digits(void **state)
{
	static const char *const bad[] = {"", "0", "66", "680", "4755", "00660", "rw", "0o660"};
	uint32_t mode = 7;

	(void)state;
	assert_null(value_mode("0660", &mode));
	assert_int_equal(mode, 0660);
	assert_null(value_mode("600", &mode));
	assert_int_equal(mode, 0600);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!value_mode(bad[i], &mode))
			fail_msg("\"%s\" was taken for a mode", bad[i]);
}

static void numbers_are_decimal_and_finite(void **state)
{
	static const struct {
		const char *text;
		double number;
	} good[] = {{"0", 0}, {"-1.5", -1.5}, {"1e-3", 1e-3}, {".5", .5}, {"5.", 5}, {"+2E2", 200}};
	static const char *const bad[] = {"",	   "nan", "inf", "-inf", "0x1",	  "1 ", " 1",
					  "1.2.3", "1e",  "e",	 "-",	 "1e999", "1f", "1,5"};
	double number;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_null(value_number(good[i].text, &number));
		assert_true(number == good[i].number);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!value_number(bad[i], &number))
			fail_msg("\"%s\" was taken for a number", bad[i]);
}

static void durations_have_a_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} good[] = {
		{"0", 0},
		{"1us", 1},
		{"1ms", 1000},
		{"1s", 1000000},
		{"90s", 90000000},
		{"1.5s", 1500000},
		{"0.1ms", 100},
		{"2m", 120000000},
		{"0s", 0},
		{"1h", 3600000000},
		{"7d", 604800000000},
		{"1w", 604800000000},
		{"0.000001s", 1},
		{"1.1w", 665280000000},
	};
	static const char *const bad[] = {"",	  "90",	   "s",	     "1 s",   "-1s",  "+1s",
					  "1S",	  "1sec",  "1h30m",  "1.s",   ".5s",  "1e3s",
					  "0x1s", "0.5us", "36525d", "1..5s", "infs", "1,5s"};
	int64_t us;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		const char *why = value_duration(good[i].text, &us);

		if (why)
			fail_msg("\"%s\" %s", good[i].text, why);
		assert_int_equal(us, good[i].us);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!value_duration(bad[i], &us))
			fail_msg("\"%s\" was taken for a duration", bad[i]);
}

static void sizes_have_a_unit(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{"0", 0},	  {"1B", 1},	       {"1kB", 1000},	    {"1KiB", 1024},
		{"1MB", 1000000}, {"16MiB", 16777216}, {"1GB", 1000000000}, {"1GiB", 1073741824},
		{"1.5KiB", 1536},
	};
	static const char *const bad[] = {"",	 "1",	 "1K", "1kb",		"1kib", "1 B",
					  "-1B", "0.5B", "B",  "9999999999GiB", "1MiBs"};
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_null(value_size(good[i].text, &bytes));
		assert_int_equal(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!value_size(bad[i], &bytes))
			fail_msg("\"%s\" was taken for a size", bad[i]);
}

static void formatted_values_read_back_the_same(void **state)
{
	static const int64_t durations[] = {
		0, 1, 999, 1000, 1500000, 60000000, 3600000000, 604800000000, 604800000001};
	static const uint64_t sizes[] = {0,	  1,	   1000,     1024,     1536,
					 1000000, 1048576, 16777216, 999999999};
	static const double numbers[] = {0, 1, 0.1, 1.0 / 3, 5e-3, 1e-8, 123456789.123, -2.5, 1e22};
	char text[VALUE_SIZE];
	int64_t us;
	uint64_t bytes;
	double number;

	(void)state;
	for (size_t i = 0; i < sizeof(durations) / sizeof(*durations); i++) {
		value_format_duration(durations[i], text);
		assert_null(value_duration(text, &us));
		assert_int_equal(us, durations[i]);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		value_format_size(sizes[i], text);
		assert_null(value_size(text, &bytes));
		assert_int_equal(bytes, sizes[i]);
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		value_format_number(numbers[i], text);
		assert_null(value_number(text, &number));
		assert_true(number == numbers[i]);
	}
}

static void durations_are_written_in_the_largest_whole_unit(void **state)
{
	char text[VALUE_SIZE];

	(void)state;
	value_format_duration(90000000, text);
	assert_string_equal(text, "90s");
	value_format_duration(7 * 86400000000, text);
	assert_string_equal(text, "7d");
	value_format_duration(1500, text);
	assert_string_equal(text, "1500us");
}

static void endpoints_are_what_zeromq_can_open(void **state)
{
	static const struct {
		const char *text;
		bool bind, connect, local;
	} cases[] = {
		{"tcp://127.0.0.1:5556", true, true, true},
		{"tcp://127.1.2.3:65535", true, true, true},
		{"tcp://localhost:1", true, true, true},
		{"tcp://[::1]:5556", true, true, true},
		{"tcp://lo:5556", true, true, true},
		{"ipc:///run/x", true, true, true},
		{"ipc://@abstract", true, true, true},
		{"tcp://*:5556", true, false, false},
		{"tcp://0.0.0.0:5556", true, true, false},
		{"tcp://[::]:5556", true, true, false},
		{"tcp://[::ffff:192.0.2.1]:5556", true, true, false},
		{"tcp://192.0.2.1:5556", true, true, false},
		{"tcp://127.0.0.1.example.org:5556", true, true, false},
		{"tcp://localhost.example.org:5556", true, true, false},
		{"tcp://example.org:5556", true, true, false},
		{"tcp://127.0.0.1", false, false, false},
		{"tcp://127.0.0.1:", false, false, false},
		{"tcp://127.0.0.1:0", false, false, false},
		{"tcp://127.0.0.1:*", false, false, false},
		{"tcp://127.0.0.1:65536", false, false, false},
		{"tcp://127.0.0.1:5556 ", false, false, false},
		{"tcp://127.0.0.1;10.0.0.1:5556", false, false, false},
		{"tcp://::1:5556", false, false, false},
		{"tcp://[::1:5556", false, false, false},
		{"tcp://[]:5556", false, false, false},
		{"TCP://127.0.0.1:1", false, false, false},
		{"ipc://", false, false, false},
		{"ipc://*", false, false, false},
		{"inproc://x", false, false, false},
		{"udp://127.0.0.1:1", false, false, false},
		{"127.0.0.1:1", false, false, false},
		{"", false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *text = cases[i].text;

		if (!value_endpoint(text, true) != cases[i].bind)
			fail_msg("bind %s", text);
		if (!value_endpoint(text, false) != cases[i].connect)
			fail_msg("connect %s", text);
		if (cases[i].bind && value_endpoint_is_local(text) != cases[i].local)
			fail_msg("is %s local?", text);
	}
}

static void addresses_to_listen_at_are_numbers(void **state)
{
	static const struct {
		const char *text;
		bool good, local;
	} cases[] = {
		{"127.0.0.1:9477", true, true},
		{"127.1.2.3:1", true, true},
		{"[::1]:65535", true, true},
		{"0.0.0.0:80", true, false},
		{"[::]:80", true, false},
		{"192.0.2.1:80", true, false},
		{"localhost:80", false, false},
		{"127.0.0.1", false, false},
		{"127.0.0.1:0", false, false},
		{"127.0.0.1:65536", false, false},
		{"127.0.0.1:", false, false},
		{"::1:80", false, false},
		{"[127.0.0.1]:80", false, false},
		{"[::1]", false, false},
		{":80", false, false},
		{"*:80", false, false},
		{"9477", false, false},
		{"", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (!value_listen(cases[i].text) != cases[i].good)
			fail_msg("%s", cases[i].text);
		if (cases[i].good && value_listen_is_local(cases[i].text) != cases[i].local)
			fail_msg("is %s local?", cases[i].text);
	}
}

static void names_are_short_and_simple(void **state)
{
	char longest[66];

	(void)state;
	memset(longest, 'x', 65);
	longest[65] = '\0';
	assert_non_null(value_name(longest));
	assert_null(value_name(longest + 1));
	assert_null(value_name("Web-1_b"));
	assert_non_null(value_name(""));
	assert_non_null(value_name("a.b"));
	assert_non_null(value_name("a b"));
	assert_non_null(value_name("ü"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers_are_digits_and_nothing_else),
		cmocka_unit_test(modes_are_three_octal_digits),
		cmocka_unit_test(numbers_are_decimal_and_finite),
		cmocka_unit_test(durations_have_a_unit),
		cmocka_unit_test(sizes_have_a_unit),
		cmocka_unit_test(formatted_values_read_back_the_same),
		cmocka_unit_test(durations_are_written_in_the_largest_whole_unit),
		cmocka_unit_test(endpoints_are_what_zeromq_can_open),
		cmocka_unit_test(addresses_to_listen_at_are_numbers),
		cmocka_unit_test(names_are_short_and_simple),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
