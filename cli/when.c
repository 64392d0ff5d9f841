/*
 * Times: a cursor over the text that either takes what is expected or gives up, and libc's
 * calendar.
 */
#include "cli/when.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SECOND_US = 1000000 };
static const int64_t DAY_US = 86400LL * SECOND_US;

struct cursor {
	const char *at, *end;
};

static bool take(struct cursor *cursor, const char *any_of, char *ret_taken)
{
	if (cursor->at == cursor->end || *cursor->at == '\0' || !strchr(any_of, *cursor->at))
		return false;
	if (ret_taken)
		*ret_taken = *cursor->at;
	cursor->at++;
	return true;
}

/* Exactly `digits` digits with a value in low..high. */
static bool take_digits(struct cursor *cursor, int digits, int low, int high, int *ret_value)
{
	int value = 0;

	if (cursor->end - cursor->at < digits)
		return false;
	for (int i = 0; i < digits; i++, cursor->at++) {
		if (!isdigit((unsigned char)*cursor->at))
			return false;
		value = value * 10 + (*cursor->at - '0');
	}
	*ret_value = value;
	return value >= low && value <= high;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/*
 * Digits of a second after the point, as many as there are; beyond microseconds they are cut off.
 */
static bool take_fraction(struct cursor *cursor, int64_t *ret_us)
{
	int64_t weight = SECOND_US / 10, us = 0;
	const char *start = cursor->at;

	while (cursor->at < cursor->end && isdigit((unsigned char)*cursor->at)) {
		us += weight * (*cursor->at++ - '0');
		weight /= 10;
	}
	*ret_us = us;
	return cursor->at > start;
}

/* Z, UTC, or an offset from it; nothing is UTC. */
static bool take_zone(struct cursor *cursor, int64_t *ret_offset_us)
{
	int hours, minutes = 0;
	char sign;

	*ret_offset_us = 0;
	if (cursor->at == cursor->end)
		return true;
	take(cursor, " ", NULL);
	if (take(cursor, "Zz", NULL))
		return true;
	if (cursor->end - cursor->at == 3 && !memcmp(cursor->at, "UTC", 3)) {
		cursor->at += 3;
		return true;
	}
	if (!take(cursor, "+-", &sign) || !take_digits(cursor, 2, 0, 23, &hours))
		return false;
	if (cursor->at < cursor->end) {
		take(cursor, ":", NULL);
		if (!take_digits(cursor, 2, 0, 59, &minutes))
			return false;
	}
	*ret_offset_us = (sign == '-' ? -1 : 1) * (hours * 60LL + minutes) * 60 * SECOND_US;
	return true;
}

bool when_read_iso(const char *text, size_t length, int64_t *ret_us)
{
	struct cursor cursor = {text, text + length};
	struct tm tm = {.tm_mday = 1};
	int64_t fraction_us = 0, offset_us = 0;
	char dash, again;
	int year, month;

	if (!take_digits(&cursor, 4, 0, 9999, &year) || !take(&cursor, "-/", &dash) ||
	    !take_digits(&cursor, 2, 1, 12, &month))
		return false;
	if (take(&cursor, "-/", &again) &&
	    (again != dash || !take_digits(&cursor, 2, 1, days_in_month(year, month), &tm.tm_mday)))
		return false;
	if (take(&cursor, "Tt ", NULL)) {
		if (!take_digits(&cursor, 2, 0, 24, &tm.tm_hour) || !take(&cursor, ":", NULL) ||
		    !take_digits(&cursor, 2, 0, 59, &tm.tm_min))
			return false;
		if (take(&cursor, ":", NULL)) {
			if (!take_digits(&cursor, 2, 0, 60, &tm.tm_sec))
				return false;
			if (take(&cursor, ".,", NULL) && !take_fraction(&cursor, &fraction_us))
				return false;
		}
		if (!take_zone(&cursor, &offset_us))
			return false;
		if (tm.tm_hour == 24 && (tm.tm_min || tm.tm_sec || fraction_us))
			return false;
	}
	if (cursor.at != cursor.end)
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	*ret_us = (int64_t)timegm(&tm) * SECOND_US + fraction_us - offset_us;
	return true;
}

static bool year_start(double year, int64_t *ret_us)
{
	struct tm tm = {.tm_mday = 1};

	if (year != floor(year) || year < 0 || year > 9999)
		return false;
	tm.tm_year = (int)year - 1900;
	*ret_us = (int64_t)timegm(&tm) * SECOND_US;
	return true;
}

bool when_read_number(const char *text, size_t length, enum when_unit unit, int64_t *ret_us)
{
	static const double scale[] = {1e6, 1e3, 1, 1e-3};
	char copy[WHEN_TEXT_MAX], *end;
	long long whole;
	double number;

	if (!length || length >= sizeof(copy) || !strchr("+-.0123456789", *text))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	number = strtod(copy, &end);
	if (end != copy + length || !isfinite(number) || strpbrk(copy, "xX"))
		return false;
	if (unit == WHEN_UNIT_YEAR)
		return year_start(number, ret_us);
	if (fabs(number * scale[unit]) > 9.2e18)
		return false;
	whole = strtoll(copy, &end, 10);
	if (*end != '\0')
		*ret_us = (int64_t)llround(number * scale[unit]);
	else if (unit == WHEN_UNIT_NS)
		*ret_us = whole / 1000;
	else
		*ret_us = whole * (int64_t)scale[unit];
	return true;
}

enum when_unit when_unit_of(double number)
{
	number = fabs(number);
	if (number < 1e11)
		return WHEN_UNIT_S;
	if (number < 1e14)
		return WHEN_UNIT_MS;
	return number < 1e17 ? WHEN_UNIT_US : WHEN_UNIT_NS;
}

/* The calendar of a time; returns the microseconds of its second. */
static int64_t calendar_of(int64_t time_us, struct tm *ret_tm)
{
	int64_t rest = time_us % SECOND_US;
	time_t seconds;

	if (rest < 0)
		rest += SECOND_US;
	seconds = (time_t)((time_us - rest) / SECOND_US);
	gmtime_r(&seconds, ret_tm);
	return rest;
}

int64_t when_month(int64_t time_us)
{
	struct tm tm;

	calendar_of(time_us, &tm);
	return (tm.tm_year + 1900LL) * 12 + tm.tm_mon;
}

bool when_starts_month(int64_t time_us)
{
	struct tm tm;

	return calendar_of(time_us, &tm) == 0 && tm.tm_mday == 1 && tm.tm_hour == 0 &&
	       tm.tm_min == 0 && tm.tm_sec == 0;
}

int64_t when_add_months(int64_t time_us, int64_t months)
{
	struct tm tm;
	int64_t rest = calendar_of(time_us, &tm), month = when_month(time_us) + months;
	int days;

	tm.tm_year = (int)(month / 12) - 1900;
	tm.tm_mon = (int)(month % 12);
	days = days_in_month(tm.tm_year + 1900, tm.tm_mon + 1);
	if (tm.tm_mday > days)
		tm.tm_mday = days;
	return (int64_t)timegm(&tm) * SECOND_US + rest;
}

char *when_write(int64_t time_us, int64_t step_us, char *text)
{
	struct tm tm;
	int64_t rest = calendar_of(time_us, &tm);
	size_t length;

	if (step_us >= 28 * DAY_US && when_starts_month(time_us))
		strftime(text, WHEN_TEXT_MAX, "%Y-%m", &tm);
	else if (step_us >= DAY_US && time_us % DAY_US == 0)
		strftime(text, WHEN_TEXT_MAX, "%Y-%m-%d", &tm);
	else {
		length = strftime(text, WHEN_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
		if (rest)
			length += (size_t)snprintf(text + length, WHEN_TEXT_MAX - length, ".%06d",
						   (int)rest);
		snprintf(text + length, WHEN_TEXT_MAX - length, "Z");
	}
	return text;
}
