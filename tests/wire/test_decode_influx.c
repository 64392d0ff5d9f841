/* Samples from Influx line protocol. */
#include "tests/wire/transcript.h"

#define S 1e6 /* of no effect: line protocol has nanoseconds */

static void decodes_lines(void **state)
{
	static const struct row rows[] = {
		ROW(S, "cpu value=1.5 1700000000123456789", "cpu 1700000000123456 1.5;"),
		ROW(S, "cpu value=1.5 1700000000123456789\n", "cpu 1700000000123456 1.5;"),
		ROW(S, "cpu value=1.5\r\n", "cpu 77 1.5;"),
		ROW(S, "cpu value=1.5", "cpu 77 1.5;"),
		ROW(S, "cpu value=1.5 -1", "cpu -1 1.5;"),
		ROW(S, "cpu value=1.5 18446744073709551615", "cpu 18446744073709551 1.5;"),
		/* tags, sorted; fields, each its own stream */
		ROW(S, "cpu,host=a,cpu=0 usage=12.5,idle=80i,count=7u,value=1 1000",
		    "cpu_usage{cpu=\"0\",host=\"a\"} 1 12.5;cpu_idle{cpu=\"0\",host=\"a\"} 1 80;"
		    "cpu_count{cpu=\"0\",host=\"a\"} 1 7;cpu{cpu=\"0\",host=\"a\"} 1 1;"),
		/* truth in all spellings; texts are passed over, whatever is in them */
		ROW(S, "x a=t,b=T,c=true,d=True,e=TRUE,f=f,g=F,h=false,i=False,j=FALSE",
		    "x_a 77 1;x_b 77 1;x_c 77 1;x_d 77 1;x_e 77 1;"
		    "x_f 77 0;x_g 77 0;x_h 77 0;x_i 77 0;x_j 77 0;"),
		ROW(S, "x a=\"b, c=1 \\\" \\\\\",d=2\n", "x_d 77 2;"),
		ROW(S, "x a=\"two\nlines\",d=2 5000", "x_d 5 2;"),
		ROW(S, "x s=\"only\" 5", ""),
		/* escapes */
		ROW(S, "a\\ b\\,c,t\\=1\\,=v\\ w f\\ g=1", "name=1;"),
		ROW(S, "a\\ b\\,c,t\\ 1=v\\ w\\,\\=x f\\ g=1", "a b,c_f g{t 1=\"v w,=x\"} 77 1;"),
		ROW(S, "x,path=C:\\dir\\ 1 value=1", "x{path=\"C:\\\\dir 1\"} 77 1;"),
		/* an = needs none in a measurement */
		ROW(S, "a=b value=1", "a=b 77 1;"),
		/* many lines, comments, empty ones, a broken one between good ones */
		ROW(S, "x value=1 1000\n\n# comment value=2\n  \ny value=3 2000\n", "x 1 1;y 2 3;"),
		ROW(S, "x value=1\nbroken\ny value=2\n", "x 77 1;y 77 2;malformed=1;"),
		/* more than one space */
		ROW(S, "  x  value=1  1000  ", "x 1 1;"),
		/* tags do not stay for the next line */
		ROW(S, "x,a=b value=1\nx value=2", "x{a=\"b\"} 77 1;x 77 2;"),
	};

	(void)state;
	CHECK(ROLLCAST_FORMAT_INFLUX, rows);
}

static void refuses_broken_lines(void **state)
{
	static const struct row rows[] = {
		ROW(S, "", "truncated=1;"),
		ROW(S, "x", "malformed=1;"),
		ROW(S, "x ", "malformed=1;"),
		ROW(S, "x value", "malformed=1;"),
		ROW(S, "x value=", "malformed=1;"),
		ROW(S, "x value= 5", "malformed=1;"),
		ROW(S, "x value=1,", "malformed=1;"),
		ROW(S, "x value=1,=2", "malformed=1;"),
		ROW(S, ",a=b value=1", "malformed=1;"),
		ROW(S, "x, value=1", "malformed=1;"),
		ROW(S, "x,a value=1", "malformed=1;"),
		ROW(S, "x,a= value=1", "malformed=1;"),
		ROW(S, "x,=b value=1", "malformed=1;"),
		ROW(S, "x,a=b=c value=1", "malformed=1;"),
		ROW(S, "x,a=b", "malformed=1;"),
		ROW(S, "x,a=b\nvalue=1", "malformed=2;"),
		ROW(S, "x value=1 2 3", "malformed=1;"),
		ROW(S, "x value=1 then", "malformed=1;"),
		ROW(S, "x value=1 1e", "malformed=1;"),
		ROW(S, "x s=\"a\"b", "malformed=1;"),
		ROW(S, "x s=\"a", "truncated=1;"),
		ROW(S, "x s=\"a\\\"", "truncated=1;"),
		ROW(S, "{\"name\":\"x\",\"value\":1}", "malformed=1;"),
		/* names */
		ROW(S, "a{b value=1", "name=1;"),
		ROW(S, "x,a=1,a=2 value=1", "name=1;"),
		ROW(S, "x\xff value=1", "name=1;"),
		/* times */
		ROW(S, "x value=1 1.5", "time=1;"),
		ROW(S, "x value=1 -9223372036854775809", "time=1;"),
		ROW(S, "x value=1 99999999999999999999", "time=1;"),
		/* values; the other fields go on */
		ROW(S, "x a=nan,b=inf,c=1x,d=1.5i,e=0x1,f=1e999,g=tru,h=2", "x_h 77 2;value=7;"),
	};

	(void)state;
	CHECK(ROLLCAST_FORMAT_INFLUX, rows);
}

static void refuses_names_and_tags_that_do_not_fit(void **state)
{
	static char bytes[4 * ROLLCAST_NAME_MAX];
	struct transcript transcript;
	size_t length;

	(void)state;
	/* A measurement of escaped spaces. */
	for (length = 0; length < 3 * ROLLCAST_NAME_MAX; length += 2)
		memcpy(bytes + length, "\\ ", 2);
	memcpy(bytes + length, " value=1\nx value=2", 18);
	decode(ROLLCAST_FORMAT_INFLUX, S, bytes, length + 18, &transcript);
	assert_string_equal(transcript.text, "x 77 2;name=1;");
	/* More tags than a stream can have. */
	length = (size_t)sprintf(bytes, "x");
	for (int i = 0; i <= ROLLCAST_LABELS_MAX; i++)
		length += (size_t)sprintf(bytes + length, ",t%02d=v", i);
	length += (size_t)sprintf(bytes + length, " value=1\nx value=2");
	decode(ROLLCAST_FORMAT_INFLUX, S, bytes, length, &transcript);
	assert_string_equal(transcript.text, "x 77 2;name=1;");
}

static void survives_200000_mutations(void **state)
{
	static const struct row rows[] = {
		ROW(S,
		    "cpu,host=a\\ b,cpu=0 usage=12.5,idle=80i,s=\"a\\\"b\" 1700000000123456789\n",
		    ""),
		ROW(S, "# comment\r\nx value=1 1000\n\ny a=t,b=F,c=1e5 2000\n", ""),
		ROW(S, "{ value=1\n", ""),
	};
	uint64_t counts[ROLLCAST_DECODE_RESULTS] = {0};

	(void)state;
	mutate(ROLLCAST_FORMAT_INFLUX, rows, sizeof rows / sizeof *rows, 200000, counts);
	for (int i = 0; i < ROLLCAST_DECODE_MEMORY; i++)
		if (i != ROLLCAST_DECODE_SHAPE)
			assert_true(counts[i] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_lines),
		cmocka_unit_test(refuses_broken_lines),
		cmocka_unit_test(refuses_names_and_tags_that_do_not_fit),
		cmocka_unit_test(survives_200000_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
