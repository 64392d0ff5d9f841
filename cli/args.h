/* Arguments of the command line: read whole or refused, never guessed. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stdint.h>

/* A whole number in minimum..maximum that fills the text. */
bool args_count(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *ret_count);

/* `250ms`, `1s`, `1.5h`: a number above 0 and one of us ms s m h d; a bare number is seconds. */
bool args_duration_us(const char *text, int64_t *ret_us);

/* Says where help is, on stderr, after getopt said what is wrong; returns STATUS_USAGE. */
int args_point_to_help(const char *program);

/*
 * Says `PROGRAM: problem` and where help is, on stderr; returns STATUS_USAGE. `program` is a verb's
 * argv[0].
 */
int args_refuse(const char *program, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
