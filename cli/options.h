/*
 * Command lines from a table: one row per option, from which it is read, checked and explained.
 *
 *	--name VALUE   --name=VALUE   --name [VALUE]   --flag   -- ends the options
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	OPTION_WORDS_MAX = 8,
	OPTIONS_GO_ON = -1,
};

enum option_kind {
	OPTION_HEADING,	  /* no option: a line of the help */
	OPTION_FLAG,	  /* bool */
	OPTION_TEXT,	  /* const char *, borrowed from argv */
	OPTION_COUNT,	  /* uint64_t in low..high */
	OPTION_NUMBER,	  /* double in low..high */
	OPTION_DURATION,  /* int64_t, microseconds */
	OPTION_WORD,	  /* uint32_t: which of `words` */
	OPTION_WORDS,	  /* struct option_words: some of `words`, separated by commas */
	OPTION_RANGE,	  /* struct option_range: `0.1..5` or `3`, in low..high */
	OPTION_CHARACTER, /* char: one byte, or `tab` */
};

struct option_words {
	uint32_t items[OPTION_WORDS_MAX], count;
};

struct option_range {
	double low, high;
};

struct option_row {
	enum option_kind kind;
	const char *name;  /* without dashes */
	const char *value; /* what stands for it in the help, such as FILE */
	const char *help;  /* one line */
	size_t offset;	   /* of the field in the caller's structure */
	double low, high;
	const char *const *words; /* ended by NULL */
	/* The value may be left out: then it is `bare`. What follows is a value only if it fits. */
	const char *bare;
	bool (*fits)(const char *text);
};

/* A row for `field` of `type`; what follows are further fields of the row, by name. */
#define OPTION(kind_, name_, value_, type, field, help_, ...)                          \
	{                                                                              \
		.kind = OPTION_##kind_, .name = name_, .value = value_, .help = help_, \
		.offset = offsetof(type, field), __VA_ARGS__                           \
	}

struct options {
	const char *usage; /* printed before the options, and `more` behind them */
	const struct option_row *rows;
	size_t count;
	const char *more;
};

/*
 * Reads a verb's command line into the fields of `into` (a later option overrules an earlier one)
 * and moves what is no option to the front: argv[1 .. 1 + *ret_files). OPTIONS_GO_ON, or the status
 * to end with: --help was asked for and shown, or something is wrong and said on stderr.
 */
int options_read(const struct options *options, int argc, char **argv, void *into, int *ret_files);

#endif
