/* Samples from JSON: the shapes of msgpack in another notation. */
#include "tests/wire/transcript.h"

#define S  1e6
#define NS 1e-3

static void decodes_every_shape(void **state)
{
	static const struct row rows[] = {
		ROW(S, "{\"name\":\"x\",\"time\":1,\"value\":2}", "x 1000000 2;"),
		ROW(S, " {\n\t\"value\" : 2 , \"time\" : 1.25 ,\r\n \"name\" : \"x\" } \n",
		    "x 1250000 2;"),
		ROW(S, "{\"name\":\"x\",\"value\":2}", "x 77 2;"),
		ROW(S, "{\"name\":\"x\",\"value\":2,\"time\":null,\"tags\":null}", "x 77 2;"),
		ROW(S,
		    "{\"name\":\"x\",\"value\":true,\"tags\":{\"b\":\"2\",\"a\":\"1\",\"c\":\"\"}}",
		    "x{a=\"1\",b=\"2\"} 77 1;"),
		ROW(S,
		    "{\"name\":\"x\",\"value\":2,\"other\":[[],{},{\"a\":[1,\"2\",null]},-1.5e3,"
		    "\"\"]}",
		    "x 77 2;"),
		ROW(S,
		    "{\"name\":\"x\",\"timestamp\":1,\"tags\":{\"h\":\"q\"},"
		    "\"fields\":{\"a\":1,\"value\":2,\"s\":\"text\",\"up\":false}}",
		    "x_a{h=\"q\"} 1000000 1;x{h=\"q\"} 1000000 2;x_up{h=\"q\"} 1000000 0;"),
		ROW(S, "{\"name\":\"x\",\"times\":[1,2],\"values\":[3,0.5]}",
		    "x 1000000 3;x 2000000 0.5;"),
		ROW(S, "[{\"name\":\"x\",\"value\":1},{\"name\":\"y\",\"value\":2}]",
		    "x 77 1;y 77 2;"),
		ROW(S, "[ ]", ""),
		/* a map per line */
		ROW(S, "{\"name\":\"x\",\"value\":1}\n{\"name\":\"y\",\"value\":2}\n",
		    "x 77 1;y 77 2;"),
		ROW(S, "[{\"name\":\"x\",\"value\":1}][{\"name\":\"y\",\"value\":2}]",
		    "x 77 1;y 77 2;"),
	};

	(void)state;
	CHECK(ROLLCAST_FORMAT_JSON, rows);
}

#define VALUED(value) "{\"name\":\"x\",\"value\":" value "}"
#define TIMED(time)   "{\"name\":\"x\",\"value\":2,\"time\":" time "}"
#define NAMED(name)   "{\"value\":2,\"name\":\"" name "\"}"

static void decodes_numbers(void **state)
{
	static const struct row rows[] = {
		ROW(S, VALUED("0"), "x 77 0;"),
		ROW(S, VALUED("-0.5"), "x 77 -0.5;"),
		ROW(S, VALUED("1e3"), "x 77 1000;"),
		ROW(S, VALUED("0.1"), "x 77 0.10000000000000001;"),
		ROW(S, VALUED("-9223372036854775808"), "x 77 -9.2233720368547758e+18;"),
		ROW(S, VALUED("-9223372036854775809"), "x 77 -9.2233720368547758e+18;"),
		ROW(S, VALUED("18446744073709551615"), "x 77 1.8446744073709552e+19;"),
		ROW(S, VALUED("184467440737095516160"), "x 77 1.8446744073709552e+20;"),
		ROW(NS, TIMED("1700000000123456789"), "x 1700000000123456 2;"),
		ROW(NS, TIMED("-1"), "x -1 2;"),
		ROW(S, TIMED("1700000000.123456"), "x 1700000000123456 2;"),
		ROW(S, TIMED("1.7e9"), "x 1700000000000000 2;"),
		/* what Python writes for numbers that JSON does not have */
		ROW(S, "{\"name\":\"x\",\"times\":[1,2,3,4],\"values\":[NaN,Infinity,-Infinity,5]}",
		    "x 4000000 5;value=3;"),
		ROW(S, VALUED("1e999"), "value=1;"),
		ROW(S, VALUED("null"), "value=1;"),
		ROW(S, VALUED("\"1\""), "value=1;"),
		ROW(S, TIMED("NaN"), "time=1;"),
		ROW(S, TIMED("1e300"), "time=1;"),
		ROW(S, TIMED("\"2023-11-14\""), "time=1;"),
	};

	(void)state;
	CHECK(ROLLCAST_FORMAT_JSON, rows);
}

static void decodes_texts(void **state)
{
	static const struct row rows[] = {
		ROW(S, NAMED("cpu"), "cpu 77 2;"),
		ROW(S, NAMED("\\u0063p\\u0075"), "cpu 77 2;"),
		ROW(S, NAMED("t\303\244st"), "t\303\244st 77 2;"),
		ROW(S, NAMED("t\\u00e4st\\u20AC\\ud83c\\udf21"),
		    "t\303\244st\342\202\254\360\237\214\241 77 2;"),
		ROW(S, NAMED("a\\/b"), "a/b 77 2;"),
		ROW(S, NAMED("0123456789012345678901234567890123456789"),
		    "0123456789012345678901234567890123456789 77 2;"),
		ROW(S, "{\"\\u006eame\":\"x\",\"val\\u0075e\":2}", "x 77 2;"),
		ROW(S, "{\"name\":\"x\",\"value\":2,\"tags\":{\"a\":\"\\\"\\\\\\n\"}}",
		    "x{a=\"\\\"\\\\\\n\"} 77 2;"),
		/* sound JSON, but no name */
		ROW(S, NAMED(""), "name=1;"),
		ROW(S, NAMED("a\\nb"), "name=1;"),
		ROW(S, NAMED("a\\u0000b"), "name=1;"),
		ROW(S, NAMED("a\\\"b"), "name=1;"),
		ROW(S, NAMED("\303"), "name=1;"),
	};

	(void)state;
	CHECK(ROLLCAST_FORMAT_JSON, rows);
}

static void refuses_what_is_no_json(void **state)
{
	static const struct row rows[] = {
		ROW(S, "hello", "malformed=1;"),
		ROW(S, "{name:\"x\"}", "malformed=1;"),
		ROW(S, "{'name':1}", "malformed=1;"),
		ROW(S, "{\"name\" \"x\"}", "malformed=1;"),
		ROW(S, "{\"name\":\"x\" \"value\":2}", "malformed=1;"),
		ROW(S, "{\"name\":\"x\",}", "malformed=1;"),
		ROW(S, "{,}", "malformed=1;"),
		ROW(S, "{1:2}", "malformed=1;"),
		ROW(S, "{]", "malformed=1;"),
		ROW(S, "[}", "malformed=1;"),
		ROW(S, "[1,]", "malformed=1;shape=1;"),
		ROW(S, "{\"a\":[1,]}", "malformed=1;"),
		ROW(S, "{\"a\":[,]}", "malformed=1;"),
		ROW(S, "{\"a\":[1 2]}", "malformed=1;"),
		ROW(S, "{\"a\":[1}}", "malformed=1;"),
		ROW(S, VALUED("01"), "malformed=1;"),
		ROW(S, VALUED("+1"), "malformed=1;"),
		ROW(S, VALUED(".5"), "malformed=1;"),
		ROW(S, VALUED("5."), "malformed=1;"),
		ROW(S, VALUED("1e"), "malformed=1;"),
		ROW(S, VALUED("nul"), "malformed=1;"),
		ROW(S, VALUED("nullx"), "malformed=1;"),
		ROW(S, VALUED("True"), "malformed=1;"),
		ROW(S, NAMED("\\x"), "malformed=1;"),
		ROW(S, NAMED("\\u12G4"), "malformed=1;"),
		ROW(S, NAMED("\\ud83c"), "malformed=1;"),
		ROW(S, NAMED("\\ud83c\\u0041"), "malformed=1;"),
		ROW(S, NAMED("\\udf21"), "malformed=1;"),
		ROW(S, NAMED("a\nb"), "malformed=1;"),
		ROW(S, NAMED("a\0b"), "malformed=1;"),
		/* what comes behind; what came before was good */
		ROW(S, VALUED("2") "x", "x 77 2;malformed=1;"),
		ROW(S, VALUED("2") ",", "x 77 2;malformed=1;"),
		ROW(S, "[" VALUED("2") "," VALUED("x") "," VALUED("3") "]", "x 77 2;malformed=1;"),
		/* sound JSON, but no shape */
		ROW(S, "5", "shape=1;"),
		ROW(S, "\"x\"", "shape=1;"),
		ROW(S, "{}", "shape=1;"),
		ROW(S, "[1,[" VALUED("2") "]," VALUED("3") "]", "x 77 3;shape=2;"),
		ROW(S, "{\"name\":\"x\",\"value\":1,\"value\":2}", "shape=1;"),
	};

	(void)state;
	CHECK(ROLLCAST_FORMAT_JSON, rows);
}

static void says_truncated_wherever_a_payload_ends_early(void **state)
{
	static const char whole[] = "[{\"name\":\"x\\u0041\",\"value\":-1.5,\"a\":[true,{}]}]";
	struct transcript transcript;

	(void)state;
	for (size_t size = 0; size < sizeof whole - 1; size++) {
		decode(ROLLCAST_FORMAT_JSON, S, whole, size, &transcript);
		/* A number, word or escape that is cut in the middle looks wrong, not short. */
		if (!strcmp(transcript.text, "malformed=1;") &&
		    strchr("\\u0041-.tru", whole[size - 1]))
			continue;
		if (size == sizeof whole - 2)
			assert_string_equal(transcript.text, "xA 77 -1.5;truncated=1;");
		else if (strcmp(transcript.text, "truncated=1;"))
			fail_msg("%zu bytes: %s", size, transcript.text);
	}
}

static void bounds_its_nesting(void **state)
{
	struct transcript transcript;
	char bytes[200];

	(void)state;
	for (int depth = 30; depth <= 32; depth++) {
		size_t length = (size_t)sprintf(bytes, "{\"name\":\"x\",\"value\":2,\"a\":");

		memset(bytes + length, '[', (size_t)depth);
		memset(bytes + length + depth, ']', (size_t)depth);
		bytes[length + 2 * (size_t)depth] = '}';
		decode(ROLLCAST_FORMAT_JSON, S, bytes, length + 2 * (size_t)depth + 1, &transcript);
		assert_string_equal(transcript.text, depth < 32 ? "x 77 2;" : "malformed=1;");
	}
}

static void survives_200000_mutations(void **state)
{
	static const struct row rows[] = {
		ROW(S,
		    "[{\"name\":\"x\",\"time\":1e12,\"value\":-2e3,\"tags\":{\"a\":\"\\u00e4\\n\"}}"
		    "]",
		    ""),
		ROW(S, "{\"name\":\"x\",\"times\":[1,2e9],\"values\":[3,NaN]}", ""),
		ROW(S, "{\"name\":\"x\",\"fields\":{\"a\":true,\"b\":\"c\",\"d\":9}}", ""),
	};
	uint64_t counts[ROLLCAST_DECODE_RESULTS] = {0};

	(void)state;
	mutate(ROLLCAST_FORMAT_JSON, rows, sizeof rows / sizeof *rows, 200000, counts);
	for (int i = 0; i < ROLLCAST_DECODE_MEMORY; i++)
		assert_true(counts[i] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_every_shape),
		cmocka_unit_test(decodes_numbers),
		cmocka_unit_test(decodes_texts),
		cmocka_unit_test(refuses_what_is_no_json),
		cmocka_unit_test(says_truncated_wherever_a_payload_ends_early),
		cmocka_unit_test(bounds_its_nesting),
		cmocka_unit_test(survives_200000_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
