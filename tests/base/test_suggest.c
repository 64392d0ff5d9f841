/* "Did you mean": what is near, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/base/suggest.h"

static const char *const words[] = {"backtest", "compare", "fit",  "host",
				    "predict",	"replay",  "watch"};
enum { WORDS = sizeof(words) / sizeof(words[0]) };

static void slips_are_answered_with_the_word_that_was_meant(void **state)
{
	static const struct {
		const char *typed, *meant;
	} cases[] = {
		{"wacth", "watch"},
		{"wach", "watch"},
		{"wattch", "watch"},
		{"host", "host"},
		{"hots", "host"},
		{"repaly", "replay"},
		{"bakctset", "backtest"},
		{"fti", "fit"},
		{"Watch", "watch"},
		{"COMPAER", "compare"},
		/* the beginning of one word alone */
		{"back", "backtest"},
		{"w", "watch"},
		{"pre", "predict"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *meant = suggest(cases[i].typed, words, WORDS);

		assert_non_null(meant);
		assert_string_equal(meant, cases[i].meant);
	}
}

static void strangers_are_not_guessed_at(void **state)
{
	static const char *const cases[] = {
		"",
		"x",
		"status",
		"forecast",
		"a-word-of-more-than-sixty-three-letters-that-nobody-types-by-a-slip-of-the-hand",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_null(suggest(cases[i], words, WORDS));
	assert_null(suggest("watch", words, 0));
	/* one letter is no word with a slip in it */
	assert_null(suggest("x", (const char *const[]){"s"}, 1));
	assert_null(suggest("", (const char *const[]){"s"}, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slips_are_answered_with_the_word_that_was_meant),
		cmocka_unit_test(strangers_are_not_guessed_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
