/*
 * Times as people write them, and back.
 *
 * ISO 8601: `1949-01`, `1949-01-31`, `1949-01-31T23:59[:58[.123456789]][Z|+01:00|+0100|+01]`, a
 * space for the T and a slash for the dash are accepted; without a zone the time is UTC. And
 * numbers: seconds, milli-, micro- or nanoseconds since 1970, or years.
 */
#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum when_unit { WHEN_UNIT_S, WHEN_UNIT_MS, WHEN_UNIT_US, WHEN_UNIT_NS, WHEN_UNIT_YEAR };

enum { WHEN_TEXT_MAX = 40 };

/* A date, or a date and a time, that fills the whole text. */
bool when_read_iso(const char *text, size_t length, int64_t *ret_us);

/* A number of `unit` since 1970 (or a year). Whole numbers are exact. */
bool when_read_number(const char *text, size_t length, enum when_unit unit, int64_t *ret_us);

/* The unit in which a number since 1970 lies between 1973 and 5138; seconds when it is smaller. */
enum when_unit when_unit_of(double number);

/* The time `months` calendar months later; a day that the month lacks becomes its last. */
int64_t when_add_months(int64_t time_us, int64_t months);

/* Months since year 0; the day and what is smaller do not count. */
int64_t when_month(int64_t time_us);

/* True if the time is midnight of a first of a month, UTC. */
bool when_starts_month(int64_t time_us);

/*
 * The shortest ISO text that shows steps of `step_us`: `1949-01` from 28 days on, `1949-01-31` from
 * a day on, else with the time of day, UTC. `text` holds WHEN_TEXT_MAX bytes; returns it.
 */
char *when_write(int64_t time_us, int64_t step_us, char *text);

#endif
