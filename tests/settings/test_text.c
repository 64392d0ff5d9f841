#include "tests/settings/support.h"

#include "daemon/settings/text.h"

static int set_environment(void **state)
{
	(void)state;
	setenv("ROLLCAST_TEST_HOST", "web", 1);
	setenv("ROLLCAST_TEST_EMPTY", "", 1);
	setenv("ROLLCAST_TEST_DOLLAR", "${ROLLCAST_TEST_HOST}", 1);
	setenv("ROLLCAST_TEST_BYTES", "a\xff", 1);
	unsetenv("ROLLCAST_TEST_UNSET");
	return 0;
}

static void variables_become_their_values(void **state)
{
	static const struct {
		const char *text, *expanded;
	} cases[] = {
		{"", ""},
		{"plain", "plain"},
		{"${ROLLCAST_TEST_HOST}", "web"},
		{"a${ROLLCAST_TEST_HOST}b${ROLLCAST_TEST_HOST}", "awebbweb"},
		{"$$", "$"},
		{"$$$$", "$$"},
		{"$${ROLLCAST_TEST_HOST}", "${ROLLCAST_TEST_HOST}"},
		{"a$$b${ROLLCAST_TEST_HOST}$$", "a$bweb$"},
		{"${ROLLCAST_TEST_EMPTY}", ""},
		{"${ROLLCAST_TEST_EMPTY:-x}", "x"},
		{"${ROLLCAST_TEST_UNSET:-x}", "x"},
		{"${ROLLCAST_TEST_UNSET:-}", ""},
		{"${ROLLCAST_TEST_UNSET:-a:-b}", "a:-b"},
		{"${ROLLCAST_TEST_HOST:-x}", "web"},
		{"${ROLLCAST_TEST_DOLLAR}", "${ROLLCAST_TEST_HOST}"}, /* once, not again */
	};
	struct pool memory = {0};
	CLEANUP(pool_finish) struct pool *pool = &memory;
	char why[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *expanded = text_expand(pool, cases[i].text, why, sizeof(why));

		assert_string_equal(why, "");
		assert_string_equal(expanded, cases[i].expanded);
	}
}

static void what_is_no_variable_is_refused(void **state)
{
	static const char *const bad[] = {
		"$",
		"a$",
		"$HOME",
		"${",
		"${}",
		"${1a}",
		"${a",
		"${a b}",
		"${a:x}",
		"${a-x}",
		"${:-x}",
		"$$$",
		"${ROLLCAST_TEST_UNSET}",
		"${ROLLCAST_TEST_BYTES}",
	};
	struct pool memory = {0};
	CLEANUP(pool_finish) struct pool *pool = &memory;
	char why[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (text_expand(pool, bad[i], why, sizeof(why)))
			fail_msg("\"%s\" was expanded", bad[i]);
		assert_string_not_equal(why, "");
	}
}

static void utf8_is_decoded_strictly(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		uint32_t character;
	} cases[] = {
		{"a", 1, 'a'},
		{"\u00fc", 2, 0xfc},
		{"\u20ac", 3, 0x20ac},
		{"\U0001f600", 4, 0x1f600},
		{"\xc0\x80", 0, 0}, /* too long for what it says */
		{"\xe0\x80\x80", 0, 0},
		{"\xed\xa0\x80", 0, 0},	    /* half a pair of UTF-16 */
		{"\xf4\x90\x80\x80", 0, 0}, /* beyond Unicode */
		{"\xc3", 0, 0},
		{"\xe2\x82", 0, 0},
		{"\x80", 0, 0},
		{"\xff", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint32_t character = 0;

		assert_int_equal(text_decode(cases[i].text, &character), cases[i].size);
		assert_int_equal(character, cases[i].character);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_become_their_values),
		cmocka_unit_test(what_is_no_variable_is_refused),
		cmocka_unit_test(utf8_is_decoded_strictly),
	};

	return cmocka_run_group_tests(tests, set_environment, NULL);
}
