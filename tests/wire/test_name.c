/* Canonical names: written, refused, read back, hashed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rollcast/name.h"

#define TEXT(literal)                        \
	{                                    \
		literal, sizeof(literal) - 1 \
	}
#define LABEL(name, value)              \
	{                               \
		TEXT(name), TEXT(value) \
	}

static struct rollcast_text text_of(const char *string)
{
	return (struct rollcast_text){string, strlen(string)};
}

struct row {
	struct rollcast_text name;
	struct rollcast_label labels[3];
	size_t count;
	const char *expected; /* NULL: refused */
};

static const struct row rows[] = {
	{TEXT("cpu"), {}, 0, "cpu"},
	{TEXT("cpu"), {LABEL("host", "a")}, 1, "cpu{host=\"a\"}"},
	{TEXT("cpu"), {LABEL("host", "a"), LABEL("cpu", "0")}, 2, "cpu{cpu=\"0\",host=\"a\"}"},
	{TEXT("c"),
	 {LABEL("b", "1"), LABEL("c", "2"), LABEL("a", "3")},
	 3,
	 "c{a=\"3\",b=\"1\",c=\"2\"}"},
	/* a shorter name comes before the longer one that starts with it */
	{TEXT("c"), {LABEL("ab", "1"), LABEL("a", "2")}, 2, "c{a=\"2\",ab=\"1\"}"},
	/* bytes are compared without sign */
	{TEXT("c"), {LABEL("\xc3\xa4", "1"), LABEL("z", "2")}, 2, "c{z=\"2\",\xc3\xa4=\"1\"}"},
	/* an empty value is no label, even if the label comes twice */
	{TEXT("c"), {LABEL("a", "")}, 1, "c"},
	{TEXT("c"), {LABEL("b", "1"), LABEL("a", ""), LABEL("a", "2")}, 3, "c{a=\"2\",b=\"1\"}"},
	/* values may hold anything that can be escaped or needs it not */
	{TEXT("c"), {LABEL("a", "\\ \" \n")}, 1, "c{a=\"\\\\ \\\" \\n\"}"},
	{TEXT("c"), {LABEL("a", "{x=1,y}")}, 1, "c{a=\"{x=1,y}\"}"},
	{TEXT("disk used/var"),
	 {LABEL("mount point", " /")},
	 1,
	 "disk used/var{mount point=\" /\"}"},
	{TEXT("a=b,c"), {}, 0, "a=b,c"},
	{TEXT("temp\xc3\xa9rature \xf0\x9f\x8c\xa1"), {}, 0, "temp\xc3\xa9rature \xf0\x9f\x8c\xa1"},
	/* refused: empty, control characters, braces and quotes */
	{TEXT(""), {}, 0, NULL},
	{TEXT(""), {LABEL("a", "1")}, 1, NULL},
	{TEXT("a\tb"), {}, 0, NULL},
	{TEXT("a\nb"), {}, 0, NULL},
	{TEXT("a\0b"), {}, 0, NULL},
	{TEXT("a\x7f"), {}, 0, NULL},
	{TEXT("a{"), {}, 0, NULL},
	{TEXT("a}"), {}, 0, NULL},
	{TEXT("a\""), {}, 0, NULL},
	{TEXT("c"), {LABEL("", "1")}, 1, NULL},
	{TEXT("c"), {LABEL("a=", "1")}, 1, NULL},
	{TEXT("c"), {LABEL("a,b", "1")}, 1, NULL},
	{TEXT("c"), {LABEL("a!", "1")}, 1, NULL},
	{TEXT("c"), {LABEL("a~", "1")}, 1, NULL},
	{TEXT("c"), {LABEL("a\"", "1")}, 1, NULL},
	{TEXT("c"), {LABEL("a\n", "1")}, 1, NULL},
	{TEXT("c"), {LABEL("a", "\x1b[2J")}, 1, NULL},
	{TEXT("c"), {LABEL("a", "\"\0\"")}, 1, NULL},
	{TEXT("c"), {LABEL("a", "1"), LABEL("a", "1")}, 2, NULL},
	/* refused: no UTF-8. Alone, cut off, overlong, a surrogate, beyond the last character */
	{TEXT("a\x80"), {}, 0, NULL},
	{TEXT("a\xc2\x9b"), {}, 0, NULL},
	{TEXT("a\xc2\xa0"), {}, 0, "a\xc2\xa0"},
	{TEXT("c"),
	 {LABEL("a", "\xc2\x9b"
		     "2J")},
	 1,
	 NULL},
	{TEXT("a\xc3"), {}, 0, NULL},
	{TEXT("\xc0\xaf"), {}, 0, NULL},
	{TEXT("\xe0\x80\xaf"), {}, 0, NULL},
	{TEXT("\xed\xa0\x80"), {}, 0, NULL},
	{TEXT("\xf0\x80\x80\x80"), {}, 0, NULL},
	{TEXT("\xf4\x90\x80\x80"), {}, 0, NULL},
	{TEXT("\xff"), {}, 0, NULL},
	{TEXT("c"), {LABEL("\xe2\x82", "1")}, 1, NULL},
	{TEXT("c"), {LABEL("a", "\xe2\x82")}, 1, NULL},
};

static void writes_one_spelling_or_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct rollcast_label labels[3];
		char buffer[256];
		size_t length;

		memcpy(labels, rows[i].labels, sizeof labels);
		length = rollcast_name_write(rows[i].name, labels, rows[i].count, buffer,
					     sizeof buffer);
		if (!rows[i].expected) {
			if (length)
				fail_msg("row %zu: \"%s\" instead of a refusal", i, buffer);
			continue;
		}
		if (length != strlen(rows[i].expected) || strcmp(buffer, rows[i].expected))
			fail_msg("row %zu: \"%.*s\" instead of \"%s\"", i, (int)length, buffer,
				 rows[i].expected);
	}
}

static void what_is_written_reads_back_and_is_written_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct rollcast_label labels[ROLLCAST_LABELS_MAX];
		struct rollcast_text name;
		char scratch[256], buffer[256];
		int count;

		if (!rows[i].expected)
			continue;
		count = rollcast_name_read(text_of(rows[i].expected), scratch, &name, labels);
		assert_in_range(count, 0, 3);
		assert_int_equal(name.length, rows[i].name.length);
		assert_memory_equal(name.bytes, rows[i].name.bytes, name.length);
		assert_int_equal(
			rollcast_name_write(name, labels, (size_t)count, buffer, sizeof buffer),
			strlen(rows[i].expected));
		assert_string_equal(buffer, rows[i].expected);
	}
}

static void values_are_read_without_their_escapes(void **state)
{
	static const char canonical[] = "c{a=\"1\\n\\\"\\\\2\",b=\"plain\",c=\"\\\\\"}";
	struct rollcast_label labels[ROLLCAST_LABELS_MAX];
	struct rollcast_text name;
	char scratch[sizeof canonical];

	(void)state;
	assert_int_equal(rollcast_name_read(text_of(canonical), scratch, &name, labels), 3);
	assert_int_equal(labels[0].value.length, 5);
	assert_memory_equal(labels[0].value.bytes, "1\n\"\\2", 5);
	assert_int_equal(labels[1].value.length, 5);
	assert_memory_equal(labels[1].value.bytes, "plain", 5);
	assert_int_equal(labels[2].value.length, 1);
	assert_memory_equal(labels[2].value.bytes, "\\", 1);
}

static void refuses_to_read_what_is_no_canonical_name(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"{a=\"b\"}",
		"c{",
		"c{}",
		"c{a",
		"c{a=",
		"c{a=\"",
		"c{a=\"b",
		"c{a=\"b\"",
		"c{a=\"b\",}",
		"c{a=\"b\"}x",
		"c{=\"b\"}",
		"c{a=b}",
		"c{a=\"b\" }",
		"c{a=\"\\x\"}",
		"c{a=\"\\\"}",
		"c{a=\"\\",
		"c}",
		"c\"",
		"c{a=\"b\"c=\"d\"}",
		"c\n",
		"c{a!=\"b\"}",
		"c{a=\"b\"}}",
	};
	struct rollcast_label labels[ROLLCAST_LABELS_MAX];
	struct rollcast_text name;
	char scratch[64];

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (rollcast_name_read(text_of(texts[i]), scratch, &name, labels) != -EINVAL)
			fail_msg("\"%s\" was read", texts[i]);
}

static void refuses_what_does_not_fit_and_writes_what_just_fits(void **state)
{
	static const char expected[] = "c{a=\"\\\\x\"}";
	char buffer[sizeof expected + 1];

	(void)state;
	for (size_t size = 0; size <= sizeof expected; size++) {
		struct rollcast_label label = LABEL("a", "\\x");
		struct rollcast_text name = TEXT("c");

		memset(buffer, '#', sizeof buffer);
		assert_int_equal(rollcast_name_write(name, &label, 1, buffer, size),
				 size == sizeof expected ? sizeof expected - 1 : 0);
		assert_int_equal(buffer[size], '#');
	}
	assert_string_equal(buffer, expected);
}

static void reads_at_most_the_labels_there_is_room_for(void **state)
{
	char canonical[1024] = "c{";
	struct rollcast_label labels[ROLLCAST_LABELS_MAX];
	struct rollcast_text name;
	char scratch[sizeof canonical];
	size_t length = 2;

	(void)state;
	for (int i = 0; i <= ROLLCAST_LABELS_MAX; i++) {
		length += (size_t)sprintf(canonical + length, "%sl%02d=\"v\"", i ? "," : "", i);
		canonical[length] = '}';
		assert_int_equal(rollcast_name_read((struct rollcast_text){canonical, length + 1},
						    scratch, &name, labels),
				 i < ROLLCAST_LABELS_MAX ? i + 1 : -EINVAL);
	}
}

static void hashes_are_the_same_in_every_run(void **state)
{
	(void)state;
	/* MurmurHash64A without seed: the published value of "hello". */
	assert_true(rollcast_name_hash(text_of("hello")) == 0x1e68d17c457bf117);
	assert_true(rollcast_name_hash(text_of("cpu{host=\"a\"}")) ==
		    rollcast_name_hash(text_of("cpu{host=\"a\"}")));
}

static void every_bit_of_a_name_moves_half_of_its_hash(void **state)
{
	char name[] = "cpu_usage{cpu=\"0\",host=\"a\"}";
	uint64_t base = rollcast_name_hash(text_of(name));

	(void)state;
	for (size_t bit = 0; bit < 8 * strlen(name); bit++) {
		int changed;

		name[bit / 8] ^= (char)(1 << bit % 8);
		changed = __builtin_popcountll(
			base ^ rollcast_name_hash((struct rollcast_text){name, sizeof name - 1}));
		name[bit / 8] ^= (char)(1 << bit % 8);
		assert_in_range(changed, 14, 50);
	}
}

static void similar_names_spread_evenly(void **state)
{
	enum { NAMES = 1 << 16, BUCKETS = 1 << 10 };
	static unsigned low[BUCKETS], high[BUCKETS];

	(void)state;
	for (int i = 0; i < NAMES; i++) {
		char name[64];
		uint64_t hash;

		sprintf(name, "cpu_usage{cpu=\"%d\",host=\"web%d\"}", i % 64, i / 64);
		hash = rollcast_name_hash(text_of(name));
		low[hash % BUCKETS]++;
		high[hash >> 54]++;
	}
	/* Mean 64, deviation 8: five deviations. */
	for (int i = 0; i < BUCKETS; i++) {
		assert_in_range(low[i], 24, 104);
		assert_in_range(high[i], 24, 104);
	}
}

static void a_name_beside_a_stream_has_its_labels_unless_it_has_its_own(void **state)
{
	static const struct {
		const char *other, *stream, *expected;
	} beside[] = {
		{"b", "a", "b"},
		{"b", "a{x=\"1\"}", "b{x=\"1\"}"},
		{"b{y=\"2\"}", "a{x=\"1\"}", "b{y=\"2\"}"},
		{"b{y=\"2\"}", "a", "b{y=\"2\"}"},
		{"b", "a{x=\"{\"}", "b{x=\"{\"}"},
	};
	char buffer[16];

	(void)state;
	for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
		size_t length = rollcast_name_beside(beside[i].other, text_of(beside[i].stream),
						     buffer, sizeof buffer);

		assert_int_equal(length, strlen(beside[i].expected));
		assert_string_equal(buffer, beside[i].expected);
	}
	assert_int_equal(
		rollcast_name_beside("012345678", text_of("a{x=\"1\"}"), buffer, sizeof buffer), 0);
	assert_int_equal(
		rollcast_name_beside("01234567", text_of("a{x=\"1\"}"), buffer, sizeof buffer), 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_one_spelling_or_refuses),
		cmocka_unit_test(what_is_written_reads_back_and_is_written_the_same),
		cmocka_unit_test(values_are_read_without_their_escapes),
		cmocka_unit_test(refuses_to_read_what_is_no_canonical_name),
		cmocka_unit_test(refuses_what_does_not_fit_and_writes_what_just_fits),
		cmocka_unit_test(reads_at_most_the_labels_there_is_room_for),
		cmocka_unit_test(hashes_are_the_same_in_every_run),
		cmocka_unit_test(every_bit_of_a_name_moves_half_of_its_hash),
		cmocka_unit_test(similar_names_spread_evenly),
		cmocka_unit_test(a_name_beside_a_stream_has_its_labels_unless_it_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
