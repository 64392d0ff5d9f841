/* Command lines from a table: what is taken, and what is refused with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"

static const char *const cells[] = {"lstm", "gru", "rnn", NULL};

struct wish {
	bool flag;
	const char *text;
	uint64_t count;
	double number;
	int64_t duration;
	uint32_t word;
	struct option_words words;
	struct option_range range;
	char character;
};

#define ROW(kind, name, field, ...) OPTION(kind, name, "V", struct wish, field, "help", __VA_ARGS__)
static const struct option_row rows[] = {
	{.help = "Heading"},
	ROW(FLAG, "flag", flag),
	ROW(TEXT, "text", text),
	ROW(COUNT, "count", count, .low = 1, .high = 10),
	ROW(NUMBER, "number", number, .low = 0, .high = 1),
	ROW(DURATION, "duration", duration),
	ROW(WORD, "word", word, .words = cells),
	ROW(WORDS, "words", words, .words = cells),
	ROW(RANGE, "range", range, .low = 1, .high = 100),
	ROW(CHARACTER, "character", character),
};
static const struct options options = {"usage\n", rows, sizeof(rows) / sizeof(rows[0]), "more\n"};

/* Reads a line of arguments separated by blanks. */
static int read_line(const char *line, struct wish *wish, char **argv, int *ret_files)
{
	static char copy[256];
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	argv[0] = (char[]){"verb"};
	for (char *at = strtok(copy, " "); at; at = strtok(NULL, " "))
		argv[argc++] = at;
	argv[argc] = NULL;
	return options_read(&options, argc, argv, wish, ret_files);
}

static void reads_every_kind(void **state)
{
	struct wish wish = {0};
	char *argv[32];
	int files;

	(void)state;
	assert_int_equal(
		read_line("a --flag --text=x --count 7 b --number .5 --duration 2m --word gru "
			  "--words rnn,lstm --range 2..50 --character tab - -- --c",
			  &wish, argv, &files),
		OPTIONS_GO_ON);
	assert_true(wish.flag);
	assert_string_equal(wish.text, "x");
	assert_int_equal(wish.count, 7);
	assert_true(wish.number == 0.5);
	assert_int_equal(wish.duration, 120000000);
	assert_int_equal(wish.word, 1);
	assert_int_equal(wish.words.count, 2);
	assert_int_equal(wish.words.items[0], 2);
	assert_true(wish.range.low == 2 && wish.range.high == 50);
	assert_int_equal(wish.character, '\t');
	assert_int_equal(files, 4);
	assert_string_equal(argv[1], "a");
	assert_string_equal(argv[2], "b");
	assert_string_equal(argv[3], "-");
	assert_string_equal(argv[4], "--c");
}

static void the_last_of_two_counts(void **state)
{
	struct wish wish = {0};
	char *argv[32];
	int files;

	(void)state;
	assert_int_equal(read_line("--range 3 --count 1 --count 2", &wish, argv, &files),
			 OPTIONS_GO_ON);
	assert_int_equal(wish.count, 2);
	assert_true(wish.range.low == 3 && wish.range.high == 3);
}

/* What is said on stderr about a line that is refused. */
static void refuses(const char *line, const char *expected)
{
	char path[] = "/tmp/rollcast-options-XXXXXX", said[512] = "", *argv[32];
	int file = mkstemp(path), kept = dup(STDERR_FILENO), files, status;
	struct wish wish = {0};
	ssize_t size;

	fflush(stderr);
	dup2(file, STDERR_FILENO);
	status = read_line(line, &wish, argv, &files);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	size = pread(file, said, sizeof(said) - 1, 0);
	close(kept);
	close(file);
	unlink(path);
	assert_int_equal(status, 2);
	assert_true(size > 0);
	if (!strstr(said, expected))
		fail_msg("%s\nis refused with  %s\ninstead of  %s", line, said, expected);
}

static void says_what_it_would_have_taken(void **state)
{
	(void)state;
	refuses("--count 11", "verb: --count: \"11\" is not a whole number from 1 to 10");
	refuses("--count 3x", "\"3x\" is not a whole number");
	refuses("--count -1", "\"-1\" is not a whole number");
	refuses("--number nan", "\"nan\" is not a number from 0 to 1");
	refuses("--number 0x1", "is not a number");
	refuses("--number 1.5", "is not a number from 0 to 1");
	refuses("--duration 5x", "is not a duration such as");
	refuses("--word lst", "is not one of lstm, gru, rnn");
	refuses("--words lstm,", "is not some of lstm, gru, rnn");
	refuses("--words lstm,lstm", "is not some of");
	refuses("--range 5..2", "is not a number or a range LOW..HIGH within 1..100");
	refuses("--range ..2", "is not a number or a range");
	refuses("--range 0..2", "is not a number or a range");
	refuses("--character ab", "is not one character");
	refuses("--text=", "--text: it is empty");
	refuses("--flag=1", "--flag takes no value");
	refuses("--count", "--count needs a value");
	refuses("--coutn 3", "unknown option \"--coutn\"; did you mean \"--count\"?");
	refuses("-x", "unknown option \"-x\"");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_kind),
		cmocka_unit_test(the_last_of_two_counts),
		cmocka_unit_test(says_what_it_would_have_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
