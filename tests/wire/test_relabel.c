/* Labels kept, dropped, renamed and added on their way in. */
#include <errno.h>

#include "tests/wire/transcript.h"

enum { LISTED = 4 };

/* Rules, written as short lists that end with nothing. */
struct rules {
	char *keep[LISTED], *drop[LISTED];
	struct rollcast_label_pair rename[LISTED], add[LISTED];
};

static struct rollcast_label_rules counted(const struct rules *rules)
{
	struct rollcast_label_rules all = {.keep = rules->keep,
					   .drop = rules->drop,
					   .rename = rules->rename,
					   .add = rules->add};

	for (; rules->keep[all.keep_count]; all.keep_count++)
		;
	for (; rules->drop[all.drop_count]; all.drop_count++)
		;
	for (; rules->rename[all.rename_count].name; all.rename_count++)
		;
	for (; rules->add[all.add_count].name; all.add_count++)
		;
	return all;
}

static void expect(const struct rules *rules, enum rollcast_format format, const char *payload,
		   size_t size, const char *expected)
{
	CLEANUP(rollcast_decoder_destroy) struct rollcast_decoder *decoder = NULL;
	const struct rollcast_label_rules all = counted(rules);
	uint64_t counts[ROLLCAST_DECODE_RESULTS] = {0};
	struct transcript transcript = {0};

	assert_int_equal(rollcast_decoder_create(format, 1e6, &decoder), 0);
	assert_int_equal(rollcast_decoder_relabel(decoder, &all), 0);
	rollcast_decode(decoder, payload, size, ARRIVAL_US, write_down, &transcript, counts);
	for (int i = 1; i < ROLLCAST_DECODE_RESULTS; i++)
		if (counts[i])
			say(&transcript, "%s=%llu;", rollcast_decode_word(i),
			    (unsigned long long)counts[i]);
	assert_string_equal(transcript.text, expected);
}

static void labels_follow_the_rules(void **state)
{
	static const struct {
		struct rules rules;
		const char *tags, *expected;
	} rows[] = {
		{{.drop = {"pid", "tmp_*"}}, "host=a,pid=7,tmp_x=1", "x{host=\"a\"} 77 1;"},
		{{.drop = {"*"}}, "host=a,pid=7", "x 77 1;"},
		{{.drop = {"[!h]*"}}, "host=a,pid=7", "x{host=\"a\"} 77 1;"},
		{{.drop = {"ho"}}, "host=a", "x{host=\"a\"} 77 1;"},
		{{.keep = {"host", "c?u"}}, "cpu=0,host=a,pid=7", "x{cpu=\"0\",host=\"a\"} 77 1;"},
		{{.keep = {"none"}}, "host=a", "x 77 1;"},
		/* what comes twice and is dropped does no harm, else it does */
		{{.drop = {"a"}}, "a=1,a=2,b=3", "x{b=\"3\"} 77 1;"},
		{{.drop = {"b"}}, "a=1,a=2,b=3", "name=1;"},
		/* sorted by the new names */
		{{.rename = {{"a", "z"}}}, "a=1,b=2", "x{b=\"2\",z=\"1\"} 77 1;"},
		{{.rename = {{"z", "a"}}}, "b=2,z=1", "x{a=\"1\",b=\"2\"} 77 1;"},
		/* all at once */
		{{.rename = {{"a", "b"}, {"b", "c"}}}, "a=1,b=2", "x{b=\"1\",c=\"2\"} 77 1;"},
		{{.rename = {{"a", "b"}, {"b", "a"}}}, "a=1,b=2", "x{a=\"2\",b=\"1\"} 77 1;"},
		/* who is renamed goes first, and by the earlier rule before the later one */
		{{.rename = {{"instance", "host"}}}, "host=a,instance=b", "x{host=\"b\"} 77 1;"},
		{{.rename = {{"instance", "host"}}}, "instance=b,host=a", "x{host=\"b\"} 77 1;"},
		{{.rename = {{"i", "host"}, {"n", "host"}}}, "i=1,n=2", "x{host=\"1\"} 77 1;"},
		{{.rename = {{"i", "host"}, {"n", "host"}}}, "n=2,i=1", "x{host=\"1\"} 77 1;"},
		{{.rename = {{"i", "host"}, {"n", "host"}}}, "n=2", "x{host=\"2\"} 77 1;"},
		/* keep and drop know the old names */
		{{.drop = {"host"}, .rename = {{"i", "host"}}},
		 "host=a,i=b",
		 "x{host=\"b\"} 77 1;"},
		{{.keep = {"i"}, .rename = {{"i", "host"}}}, "host=a,i=b", "x{host=\"b\"} 77 1;"},
		/* added last, in the place of what is there */
		{{.add = {{"dc", "eu"}}}, "host=a", "x{dc=\"eu\",host=\"a\"} 77 1;"},
		{{.add = {{"dc", "eu"}}}, "dc=us", "x{dc=\"eu\"} 77 1;"},
		{{.drop = {"*"}, .add = {{"dc", "e\"u"}}}, "dc=us", "x{dc=\"e\\\"u\"} 77 1;"},
		{{.rename = {{"a", "dc"}}, .add = {{"dc", "eu"}}}, "a=b", "x{dc=\"eu\"} 77 1;"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char line[256];
		int size = snprintf(line, sizeof line, "x,%s value=1", rows[i].tags);

		expect(&rows[i].rules, ROLLCAST_FORMAT_INFLUX, line, (size_t)size,
		       rows[i].expected);
	}
}

static const struct rules some = {
	.drop = {"pid"}, .rename = {{"instance", "host"}}, .add = {{"dc", "eu"}}};

/* Twice: the first map's or line's labels are not the second one's. */
static void every_format_does(void **state)
{
	static const char msgpack[] = "\x92"
				      "\x83\xa4name\xa1x\xa4tags\x82\xa3pid\xa1"
				      "7\xa8instance\xa1"
				      "a\xa5value\x01"
				      "\x84\xa4name\xa1x\xa4tags\x81\xa8instance\xa1"
				      "b\xa5times\x92\x02\x03\xa6values\x92\x04\x05";
	static const char json[] =
		"[{\"name\":\"x\",\"tags\":{\"pid\":\"7\",\"instance\":\"a\"},\"value\":1},"
		"{\"name\":\"x\",\"tags\":{\"instance\":\"b\"},\"times\":[2,3],\"values\":[4,5]}]";
	static const char influx[] = "x,pid=7,instance=a value=1\n"
				     "x,instance=b value=4 2000000000\n"
				     "x,instance=b value=5 3000000000\n";
	static const char expected[] = "x{dc=\"eu\",host=\"a\"} 77 1;"
				       "x{dc=\"eu\",host=\"b\"} 2000000 4;"
				       "x{dc=\"eu\",host=\"b\"} 3000000 5;";

	(void)state;
	expect(&some, ROLLCAST_FORMAT_MSGPACK, msgpack, sizeof msgpack - 1, expected);
	expect(&some, ROLLCAST_FORMAT_JSON, json, sizeof json - 1, expected);
	expect(&some, ROLLCAST_FORMAT_INFLUX, influx, sizeof influx - 1, expected);
}

/* Otherwise a would become b for the first field and c for the second one. */
static void fields_share_labels_that_changed_once(void **state)
{
	static const struct rules chain = {.rename = {{"a", "b"}, {"b", "c"}}};
	static const char influx[] = "x,a=1 u=1,v=2";
	static const char json[] =
		"{\"name\":\"x\",\"tags\":{\"a\":\"1\"},\"fields\":{\"u\":1,\"v\":2}}";

	(void)state;
	expect(&chain, ROLLCAST_FORMAT_INFLUX, influx, strlen(influx),
	       "x_u{b=\"1\"} 77 1;x_v{b=\"1\"} 77 2;");
	expect(&chain, ROLLCAST_FORMAT_JSON, json, strlen(json),
	       "x_u{b=\"1\"} 77 1;x_v{b=\"1\"} 77 2;");
}

static void an_empty_tag_takes_no_name(void **state)
{
	static const char json[] =
		"{\"name\":\"x\",\"tags\":{\"host\":\"a\",\"instance\":\"\"},\"value\":1}";

	(void)state;
	expect(&some, ROLLCAST_FORMAT_JSON, json, strlen(json), "x{dc=\"eu\",host=\"a\"} 77 1;");
}

static void more_labels_than_a_name_may_have_are_refused(void **state)
{
	char line[1024] = "x";
	size_t size = 1;

	(void)state;
	for (int i = 0; i < ROLLCAST_LABELS_MAX; i++)
		size += (size_t)snprintf(line + size, sizeof line - size, ",l%d=v", i);
	size += (size_t)snprintf(line + size, sizeof line - size, " value=1\ny value=2");
	expect(&some, ROLLCAST_FORMAT_INFLUX, line, size, "y{dc=\"eu\"} 77 2;name=1;");
}

static void what_is_no_glob_is_refused(void **state)
{
	CLEANUP(rollcast_decoder_destroy) struct rollcast_decoder *decoder = NULL;
	const struct rollcast_label_rules wrong = {.keep = (char *[]){"a", "[b"}, .keep_count = 2};
	const struct rollcast_label_rules none = {0};

	(void)state;
	assert_int_equal(rollcast_decoder_create(ROLLCAST_FORMAT_JSON, 1e6, &decoder), 0);
	assert_int_equal(rollcast_decoder_relabel(decoder, &wrong), -EINVAL);
	assert_int_equal(rollcast_decoder_relabel(decoder, &none), 0);
}

static void survives_random_bytes_with_rules(void **state)
{
	static const char line[] = "x,a=1,host=b,pid=7 u=1,v=2";
	CLEANUP(rollcast_decoder_destroy) struct rollcast_decoder *decoder = NULL;
	const struct rollcast_label_rules rules = counted(&some);
	uint64_t counts[ROLLCAST_DECODE_RESULTS] = {0};
	uint64_t seed = 1;

	(void)state;
	assert_int_equal(rollcast_decoder_create(ROLLCAST_FORMAT_INFLUX, 1e6, &decoder), 0);
	assert_int_equal(rollcast_decoder_relabel(decoder, &rules), 0);
	for (int i = 0; i < 20000; i++) {
		char bytes[sizeof line - 1];

		memcpy(bytes, line, sizeof bytes);
		for (uint32_t n = draw(&seed) % 4; n; n--)
			bytes[draw(&seed) % sizeof bytes] = line[draw(&seed) % sizeof bytes];
		rollcast_decode(decoder, bytes, sizeof bytes, 0, look_at, NULL, counts);
	}
	assert_true(counts[ROLLCAST_DECODE_OK] > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_follow_the_rules),
		cmocka_unit_test(every_format_does),
		cmocka_unit_test(fields_share_labels_that_changed_once),
		cmocka_unit_test(an_empty_tag_takes_no_name),
		cmocka_unit_test(more_labels_than_a_name_may_have_are_refused),
		cmocka_unit_test(what_is_no_glob_is_refused),
		cmocka_unit_test(survives_random_bytes_with_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
