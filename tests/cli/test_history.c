/* One series on a regular grid, out of files that are not so regular. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/history.h"
#include "cli/when.h"

static char path[] = "/tmp/rollcast-history-XXXXXX";

/*
 * `title step season filled: first value value ...`, or what is said of the file, without its name.
 */
static char *load(const char *text, const char *stream)
{
	struct csv_options options = {0};
	struct history history;
	char *errors = NULL, *result = NULL, when[WHEN_TEXT_MAX], step[WHEN_TEXT_MAX];
	size_t errors_size, result_size;
	FILE *file = fopen(path, "w"), *out = open_memstream(&result, &result_size);

	fputs(text, file);
	fclose(file);
	options.errors = open_memstream(&errors, &errors_size);
	if (!history_load(path, stream, &options, &history)) {
		fprintf(out, "%s %s %u %zu: %s", history.title, history_step(&history, step),
			history_season(&history), history.filled, history_when(&history, 0, when));
		for (size_t i = 0; i < history.count; i++)
			fprintf(out, " %.6g", history.values[i]);
		fprintf(out, " | %s", history_when(&history, history.count, when));
		history_finish(&history);
	}
	fclose(options.errors);
	if (*errors)
		fprintf(out, "!%s", errors + strlen(path) + 1);
	fclose(out);
	free(errors);
	return result;
}

static void check(const char *text, const char *stream, const char *expected)
{
	char *got = load(text, stream);

	if (strcmp(got, expected) != 0)
		fail_msg("%s\nis loaded as  %s\ninstead of    %s", text, got, expected);
	free(got);
}

static void finds_the_step_and_the_season(void **state)
{
	(void)state;
	check("m,v\n1949-11,1\n1949-12,2\n1950-01,3\n", NULL,
	      "v month 12 0: 1949-11 1 2 3 | 1950-02");
	check("m,v\n2020-01,1\n2020-04,2\n2020-07,3\n", NULL,
	      "v 3 months 4 0: 2020-01 1 2 3 | 2020-10");
	check("year,v\n1900,1\n1901,2\n", NULL, "v year 1 0: 1900-01 1 2 | 1902-01");
	check("d,v\n2024-02-28,1\n2024-02-29,2\n2024-03-01,3\n", NULL,
	      "v day 7 0: 2024-02-28 1 2 3 | 2024-03-02");
	check("d,v\n2024-01-01,1\n2024-01-08,2\n", NULL,
	      "v week 52 0: 2024-01-01 1 2 | 2024-01-15");
	check("time,v\n1700000000,1\n1700000300,2\n", NULL,
	      "v 5 min 288 0: 2023-11-14T22:13:20Z 1 2 | 2023-11-14T22:23:20Z");
	check("time,v\n2024-01-01T00:00,1\n2024-01-01T01:00,2\n2024-01-01T02:00,2\n", NULL,
	      "v hour 24 0: 2024-01-01T00:00:00Z 1 2 2 | 2024-01-01T03:00:00Z");
	check("v\n5\n6\n", NULL, "v row 1 0: 0 5 6 | 2");
}

static void fills_gaps_and_sorts(void **state)
{
	(void)state;
	check("m,v\n1949-01,1\n1949-02,\n1949-04,4\n1949-03,3\n", NULL,
	      "v month 12 1: 1949-01 1 2 3 4 | 1949-05");
	check("time,v\n30,4\n0,1\n10,2\n", NULL,
	      "v 10 s 8640 1: 1970-01-01T00:00:00Z 1 2 3 4 | 1970-01-01T00:00:40Z");
}

static void averages_values_of_one_step(void **state)
{
	(void)state;
	check("time,v\n0,1\n10,2\n10,3\n10,7\n20,5\n", NULL,
	      "v 10 s 8640 0: 1970-01-01T00:00:00Z 1 4 5 | 1970-01-01T00:00:30Z");
	check("time,v\n0,1\n9,2\n20,3\n", NULL,
	      "v 9 s 9600 0: 1970-01-01T00:00:00Z 1 2 3 | 1970-01-01T00:00:27Z");
}

static void takes_one_stream_of_several(void **state)
{
	(void)state;
	check("a,b\n1,10\n2,20\n", "b", "b row 1 0: 0 10 20 | 2");
	check("name,time,value\nx,0,1\ny,0,2\nx,1,3\n", "x",
	      "x s 86400 0: 1970-01-01T00:00:00Z 1 3 | 1970-01-01T00:00:02Z");
	check("a,b\n1,10\n", NULL, "! choose one of its 2 streams with --stream: a, b\n");
	check("a,b\n1,10\n", "c", "! no stream \"c\"; there are a, b\n");
}

static void refuses_what_is_no_series(void **state)
{
	(void)state;
	check("time,v\n1,x\n2,3\n", NULL, "!2:3: v: \"x\" is no number\n");
	check("time,v\n", NULL, "! there are no values in it\n");
	check("time,v\n0,1\n1,2\n2,3\n100000000,4\n", NULL,
	      "! its times are too far apart for a regular grid\n");
}

static void a_month_later_has_its_own_length(void **state)
{
	int64_t time_us;

	(void)state;
	assert_true(when_read_iso("2024-01-31", 10, &time_us));
	assert_int_equal(when_add_months(time_us, 1), 1709164800000000);  /* 29 February */
	assert_int_equal(when_add_months(time_us, 13), 1740700800000000); /* 28 February */
	assert_int_equal(when_add_months(time_us, -2), 1701302400000000); /* 30 November */
}

static int make_file(void **state)
{
	int descriptor = mkstemp(path);

	(void)state;
	return descriptor < 0 ? -1 : close(descriptor);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_step_and_the_season),
		cmocka_unit_test(fills_gaps_and_sorts),
		cmocka_unit_test(averages_values_of_one_step),
		cmocka_unit_test(takes_one_stream_of_several),
		cmocka_unit_test(refuses_what_is_no_series),
		cmocka_unit_test(a_month_later_has_its_own_length),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
