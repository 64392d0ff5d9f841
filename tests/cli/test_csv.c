/* CSV files as people have them, and as nobody should have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/csv.h"

static char directory[] = "/tmp/rollcast-csv-XXXXXX";
static char path[64];

static void write_file(const char *text, size_t size)
{
	FILE *file;

	snprintf(path, sizeof(path), "%s/load.csv", directory);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	fclose(file);
}

/*
 * Reads a file of `text` and writes every sample as `stream seconds value;`, and behind a `!` what
 * is complained of, without the directory.
 */
static char *read_all(const char *text, size_t size, const struct csv_options *given)
{
	CLEANUP(csv_close) struct csv_reader *reader = NULL;
	struct csv_options options = given ? *given : (struct csv_options){0};
	char *result = NULL, *errors = NULL, *at;
	size_t result_size, errors_size;
	FILE *out = open_memstream(&result, &result_size);
	struct csv_sample sample;
	int r;

	write_file(text, size);
	options.errors = open_memstream(&errors, &errors_size);
	r = csv_open(path, &options, &reader);
	while (r >= 0 && (r = csv_next(reader, &sample)) > 0)
		fprintf(out, "%s %.15g %.10g;", csv_stream(reader, sample.stream),
			(double)sample.time_us / 1e6, sample.value);
	fclose(options.errors);
	for (at = errors; (at = strstr(at, path)); at += strlen(path))
		fprintf(out, "!%.*s", (int)strcspn(at + strlen(path), "\n"), at + strlen(path));
	fclose(out);
	free(errors);
	return result;
}

struct example {
	const char *text, *expected;
	struct csv_options options;
};

static void check(const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *got =
			read_all(examples[i].text, strlen(examples[i].text), &examples[i].options);

		if (strcmp(got, examples[i].expected) != 0)
			fail_msg("%s\nis read as  %s\ninstead of  %s", examples[i].text, got,
				 examples[i].expected);
		free(got);
	}
}
#define CHECK(examples) check(examples, sizeof(examples) / sizeof(examples[0]))

static void reads_layouts(void **state)
{
	static const struct example examples[] = {
		/* no times */
		{"1\n2\n3\n", "load 0 1;load 1 2;load 2 3;", {0}},
		{"value\n1\n2\n", "load 0 1;load 1 2;", {0}},
		{"Passengers\n112\n", "Passengers 0 112;", {0}},
		{"1,10\n2,20\n",
		 "load{column=\"1\"} 0 1;load{column=\"2\"} 0 10;"
		 "load{column=\"1\"} 1 2;load{column=\"2\"} 1 20;",
		 {0}},
		/* one column of values */
		{"\"Month\",\"Passengers\"\n\"1949-01\",112\n", "Passengers -662688000 112;", {0}},
		{"ts,value\n1525910400,0.5\n", "load 1525910400 0.5;", {0}},
		{"1525910400,0.5\n1525910401,1\n", "load 1525910400 0.5;load 1525910401 1;", {0}},
		{"value,when\n3,2020-01-01\n", "load 1577836800 3;", {0}},
		{"year,y\n1970,1\n1971,2\n", "load 0 1;load 31536000 2;", {0}},
		{",time,value\n0,10,1\n1,20,2\n", "load 10 1;load 20 2;", {0}},
		/* wide */
		{"time,a,b\n1,10,20\n2,,21\n3,11,NA\n", "a 1 10;b 1 20;b 2 21;a 3 11;", {0}},
		{"time,2019,2020\n1,10,20\n", "2019 1 10;2020 1 20;", {0}},
		{"time,cpu{host=\"b\"}\n1,10\n", "cpu{host=\"b\"} 1 10;", {0}},
		{"time,\"cpu{z=\"\"1\"\",a=\"\"2\"\"}\"\n1,10\n",
		 "cpu{a=\"2\",z=\"1\"} 1 10;",
		 {0}},
		{"time,a\"b\n1,10\n", "load{column=\"a\\\"b\"} 1 10;", {0}},
		/* long */
		{"name,time,value\ncpu,1,10\nmem,1,20\ncpu,2,11\n",
		 "cpu 1 10;mem 1 20;cpu 2 11;",
		 {0}},
		{"time,metric,v\n1,cpu,10\n2,mem,11\n", "cpu 1 10;mem 2 11;", {0}},
		{"time;stream;value;labels\n1;cpu;1,5;host=a,dc=b\n",
		 "cpu{dc=\"b\",host=\"a\"} 1 1.5;",
		 {0}},
		{"time,stream,value,tags\n1,cpu,1,\"{host=\"\"a\"\"}\"\n",
		 "cpu{host=\"a\"} 1 1;",
		 {0}},
		{"series,host,time,value\ncpu,a,1,10\ncpu,b,1,11\n",
		 "cpu{host=\"a\"} 1 10;cpu{host=\"b\"} 1 11;",
		 {0}},
		{"cpu,1525910400,1\ncpu,1525910401,2\n", "cpu 1525910400 1;cpu 1525910401 2;", {0}},
	};
	(void)state;
	CHECK(examples);
}

static void takes_what_the_options_say(void **state)
{
	static const struct example examples[] = {
		{"a,b,c\n1,2,3\n", "b 0 2;", {.column = "B"}},
		{"a,b,c\n1,2,3\n", "c 1 3;", {.column = "3", .time_column = "a"}},
		{"time,value\n1,2\n", "time 0 1;value 0 2;", {.time_column = "none"}},
		{"time,value\n1,2\n", "x 1 2;", {.name = "x"}},
		{"time,a,b\n1,2,3\n", "x{column=\"a\"} 1 2;x{column=\"b\"} 1 3;", {.name = "x"}},
		{"1\n2\n", "1 0 2;", {.header = CSV_HEADER_YES}},
		{"a|b,1\n",
		 "!:1:1: 1: \"a|b\" is no number",
		 {.header = CSV_HEADER_NO, .column = "1", .separator = ','}},
		{"a,b\n1,2\n", "!: no column \"d\"; there are \"a\", \"b\"", {.column = "d"}},
		{"a,b\n1,2\n", "!: no column \"3\"; there are \"a\", \"b\"", {.time_column = "3"}},
	};
	(void)state;
	CHECK(examples);
}

static void finds_the_separator_and_the_decimal_mark(void **state)
{
	static const struct example examples[] = {
		{"t;v\n2020-01-01;1,5\n2020-01-02;2,5\n",
		 "v 1577836800 1.5;v 1577923200 2.5;",
		 {0}},
		{"2020-01-01;1,5\n2020-01-02;2,5\n",
		 "load 1577836800 1.5;load 1577923200 2.5;",
		 {0}},
		{"2020-01-01;1.5\n", "load 1577836800 1.5;", {0}},
		{"time\ta\n1\t1,5\n", "a 1 1.5;", {0}},
		{"time|a\n1|2\n", "a 1 2;", {0}},
		{"time,\"a;b\"\n1,2\n2,3\n", "a;b 1 2;a;b 2 3;", {0}},
		{"1,5\n2,5\n",
		 "load{column=\"1\"} 0 1;load{column=\"2\"} 0 5;"
		 "load{column=\"1\"} 1 2;load{column=\"2\"} 1 5;",
		 {0}},
		{"v;w\n1.234,5;2\n", "w 0 2;!:2:1: v: \"1.234,5\" is no number", {0}},
	};
	(void)state;
	CHECK(examples);
}

static void reads_quotes_comments_and_line_ends(void **state)
{
	static const struct example examples[] = {
		{"\xef\xbb\xbf"
		 "value\r\n1\r\n2\r\n",
		 "load 0 1;load 1 2;",
		 {0}},
		{"# made by hand\nvalue\n# and\n\n1\n\n2", "load 0 1;load 1 2;", {0}},
		{"value\r1\r2\r", "load 0 1;load 1 2;", {0}},
		{"time , value \n 1 ,\t2 \n", "load 1 2;", {0}},
		{"\"time\" , \"two\nlines\"\n1,\"2\"\n", "load{column=\"two\\nlines\"} 1 2;", {0}},
		{"time,value\n1,2,,\n", "load 1 2;", {0}},
		{"time,value\n1,null\n2,NaN\n3,-\n4,4\n", "load 4 4;", {0}},
		{"value\n1e3\n-2.5E-1\n+.5\n", "load 0 1000;load 1 -0.25;load 2 0.5;", {0}},
	};
	(void)state;
	CHECK(examples);
}

static void reads_times(void **state)
{
	static const struct example examples[] = {
		{"t,v\n1970-01-02,1\n", "v 86400 1;", {0}},
		{"time,v\n1970-01-01T00:01,1\n", "v 60 1;", {0}},
		{"time,v\n1970-01-01 00:00:01.250,1\n", "v 1.25 1;", {0}},
		{"time,v\n1970-01-01T01:00:00+01:00,1\n1970-01-01T00:00:00-0030,1\n",
		 "v 0 1;v 1800 1;",
		 {0}},
		{"time,v\n1970-01-01T00:00:05Z,1\n1970-01-01 00:00:06 UTC,2\n",
		 "v 5 1;v 6 2;",
		 {0}},
		{"time,v\n1970/01/02 24:00,1\n", "v 172800 1;", {0}},
		{"time,v\n2024-02-29,1\n", "v 1709164800 1;", {0}},
		{"time,v\n1525910400000,1\n", "v 1525910400 1;", {0}},
		{"time,v\n1525910400000000,1\n", "v 1525910400 1;", {0}},
		{"time,v\n1525910400000000000,1\n", "v 1525910400 1;", {0}},
		{"time,v\n1525910400.5,1\n", "v 1525910400.5 1;", {0}},
		{"time,v\n2023-02-29,1\n", "!:2:1: \"2023-02-29\" is no time", {0}},
		{"time,v\n1970-13-01,1\n", "!:2:1: \"1970-13-01\" is no time", {0}},
		{"time,v\n1970-01-01T25:00,1\n", "!:2:1: \"1970-01-01T25:00\" is no time", {0}},
		{"time,v\n1970-01/01,1\n", "!:2:1: \"1970-01/01\" is no time", {0}},
		{"time,v\n12abc,1\n", "!:2:1: \"12abc\" is no time", {0}},
		{"time,v\n,1\n", "!:2:1: \"\" is no time", {0}},
		{"time,v\n1e300,1\n", "!:2:1: \"1e300\" is no time", {0}},
	};
	(void)state;
	CHECK(examples);
}

static void says_where_a_problem_is_and_goes_on(void **state)
{
	static const struct example examples[] = {
		{"time,v\n1,abc\n2,3\n", "v 2 3;!:2:3: v: \"abc\" is no number", {0}},
		{"time,v\n1,inf\n2,1e999\n3,0x10\n",
		 "!:2:3: v: \"inf\" is no number!:3:3: v: \"1e999\" is no number"
		 "!:4:3: v: \"0x10\" is no number",
		 {0}},
		{"time,v\n1\n2,3,4\n5,6\n",
		 "v 5 6;!:2:1: 1 cells where there should be 2!:3:1: 3 cells where there should be "
		 "2",
		 {0}},
		{"time,v\n1,\"2\"x\n2,3\n", "v 2 3;!:2:6: text after a closing quote", {0}},
		{"time,v\n1,\"2\n3,4\n", "!:2:3: the file ends within quotes", {0}},
		{"", "!: there is nothing in it", {0}},
		{"# only\n\n", "!: there is nothing in it", {0}},
		{"time,a,a\n1,2,3\n", "!: two columns are called \"a\"", {0}},
		{"name,time,value\n\"a\tb\",1,2\nc,1,2\n",
		 "c 1 2;!:2:1: no stream's name can be made of this row",
		 {0}},
		{"\xff\xfet", "!: this is UTF-16; UTF-8 is needed", {0}},
	};
	(void)state;
	CHECK(examples);
}

static void complains_of_a_missing_file(void **state)
{
	struct csv_options options = {.errors = NULL};
	struct csv_reader *reader = NULL;
	char *errors = NULL;
	size_t size;

	(void)state;
	options.errors = open_memstream(&errors, &size);
	assert_int_equal(csv_open("/nowhere/x.csv", &options, &reader), -2);
	fclose(options.errors);
	assert_string_equal(errors, "/nowhere/x.csv: No such file or directory\n");
	assert_null(reader);
	free(errors);
}

static void shows_only_the_first_problems(void **state)
{
	char text[16 * 1000] = "v\n", *got;
	size_t problems = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		strcat(text, "abc\n");
	got = read_all(text, strlen(text), &(struct csv_options){.header = CSV_HEADER_YES});
	for (const char *at = got; *at; at++)
		problems += *at == '!';
	assert_int_equal(problems, CSV_PROBLEMS_SHOWN + 1);
	assert_non_null(strstr(got, "there are more problems, not shown"));
	free(got);
}

static void survives_endless_rows(void **state)
{
	static const char *const fillers[] = {"x", ",", "\"\"", " ", "x,", "\n\"", "1,2\n"};
	enum { SIZE = 3 << 20 };
	char *text = malloc(SIZE + 64);

	(void)state;
	for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++) {
		size_t length = strlen(fillers[i]), size = 0;
		char *got;

		memcpy(text, "a,b\n", 4);
		for (size = 4; size + length <= SIZE; size += length)
			memcpy(text + size, fillers[i], length);
		memcpy(text + size, "\n7,8\n", 5);
		got = read_all(text, size + 5, NULL);
		assert_true(strlen(got) > 0);
		free(got);
	}
	free(text);
}

/*
 * Every byte and every pair of hostile bytes in a small file: nothing but samples and complaints.
 */
static void survives_every_byte_anywhere(void **state)
{
	static const char base[] = "time,\"a\",b\n1,\"2\",3\n2,4,5\n";
	char text[sizeof(base)];

	(void)state;
	for (size_t at = 0; at < sizeof(base) - 1; at++)
		for (int byte = 0; byte < 256; byte += at < 14 ? 1 : 7) {
			memcpy(text, base, sizeof(base));
			text[at] = (char)byte;
			free(read_all(text, sizeof(base) - 1, NULL));
		}
}

static void holds_no_more_than_so_many_streams(void **state)
{
	size_t size = 0, room = 70000 * 24;
	char *text = malloc(room), *got;

	(void)state;
	size += (size_t)sprintf(text, "name,time,value\n");
	for (int i = 0; i < 65538; i++)
		size += (size_t)sprintf(text + size, "s%d,1,2\n", i);
	got = read_all(text, size, NULL);
	assert_non_null(strstr(got, "s65535 1 2;!:65538:1: this is the 65537th stream, too many"));
	free(got);
	free(text);
}

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_layouts),
		cmocka_unit_test(takes_what_the_options_say),
		cmocka_unit_test(finds_the_separator_and_the_decimal_mark),
		cmocka_unit_test(reads_quotes_comments_and_line_ends),
		cmocka_unit_test(reads_times),
		cmocka_unit_test(says_where_a_problem_is_and_goes_on),
		cmocka_unit_test(complains_of_a_missing_file),
		cmocka_unit_test(shows_only_the_first_problems),
		cmocka_unit_test(survives_endless_rows),
		cmocka_unit_test(survives_every_byte_anywhere),
		cmocka_unit_test(holds_no_more_than_so_many_streams),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
