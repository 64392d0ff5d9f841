/* Numbers for people: a few digits, a suffix, `-` for what is not known. */
#ifndef CLI_HUMAN_H
#define CLI_HUMAN_H

#include <stddef.h>
#include <stdint.h>

enum { HUMAN_TEXT_MAX = 24 };

/* What a suffix stands for: a power of 1000 (k M G T P E) or of 1024 (Ki Mi Gi Ti Pi Ei). */
enum human_prefix { HUMAN_SI, HUMAN_IEC };

/* IEC for a stream of bytes (its name, without labels, has the word `bytes`), else SI. */
enum human_prefix human_prefix_of(const char *stream);

/*
 * Each writes into `text`, HUMAN_TEXT_MAX bytes, and returns it.
 *
 * number: four significant digits, `1.234k`; whole numbers below 10000 as they are.
 * percent: of a fraction, 0.1234 is `12.3%`.
 * age: the largest unit alone, `59s`, `3m`, `2h`, `4d`.
 */
char *human_number(double value, enum human_prefix prefix, char *text);
char *human_percent(double fraction, char *text);
char *human_age(int64_t age_us, char *text);

/* Bytes that sparkline may write for `cells`: three each and a zero. */
#define SPARKLINE_SIZE(cells) (3 * (cells) + 1)

/*
 * `count` values as `cells` or fewer bars ▁▂▃▄▅▆▇█, between `low` and `high`; neighbours that share a
 * cell are averaged. What is not finite is a blank; if low and high are the same, all are ▄. Returns
 * how many cells were written.
 */
size_t sparkline(const double *values, size_t count, size_t cells, double low, double high,
		 char *text);

#endif
