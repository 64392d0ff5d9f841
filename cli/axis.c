#include "cli/axis.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static const int64_t SECOND_US = 1000000;

/* ---- values ---- */

/* 1, 2 or 5 times a power of ten, `rough` or more. */
static double round_step(double rough)
{
	double power = pow(10, floor(log10(rough)));
	double size = rough / power;

	return power * (size <= 1 ? 1 : size <= 2 ? 2 : size <= 5 ? 5 : 10);
}

/* What the larger bound is counted in, and its letter. */
static double unit_of(double size, enum human_prefix prefix, const char **ret_suffix)
{
	static const char *const suffixes[2][7] = {
		{"", "k", "M", "G", "T", "P", "E"},
		{"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"},
	};
	double base = prefix == HUMAN_IEC ? 1024 : 1000, unit = 1;
	size_t power = 0;

	/* As people write them: 5000, but 20k. */
	if (prefix == HUMAN_SI && size < 10000)
		size = 0;
	for (; size >= unit * base && power < 6; power++)
		unit *= base;
	*ret_suffix = suffixes[prefix][power];
	return unit;
}

/* As many digits as tell two marks apart that are a step from each other; `most` is the largest. */
static void write_value(char *text, double value, double step, double most, const char *suffix)
{
	int decimals = (int)fmax(0, -floor(log10(step) + 1e-9));

	if (most < 1e7 && decimals <= 9)
		snprintf(text, AXIS_TEXT_MAX, "%.*f%s", decimals, value, suffix);
	else
		snprintf(text, AXIS_TEXT_MAX, "%.*g%s", (int)fmin(2 + log10(most / step), 17),
			 value, suffix);
}

void axis_values(struct axis *axis, double low, double high, size_t wanted,
		 enum human_prefix prefix)
{
	const char *suffix;
	double unit, step, first, most = fmax(fabs(low), fabs(high));

	axis->count = 0;
	if (!isfinite(low) || !isfinite(high) || !(low < high) || !wanted)
		return;
	unit = unit_of(most, prefix, &suffix);
	step = round_step((high - low) / unit / (double)wanted);
	/* Closer than doubles are, marks would never end. */
	if (!(step > 1e-14 * most / unit))
		return;
	first = ceil(low / unit / step - 1e-9);
	for (double i = first; i * step <= high / unit + 1e-9 * step; i++) {
		struct axis_mark *mark = &axis->marks[axis->count++];

		mark->at = i * step * unit;
		write_value(mark->text, i == 0 ? 0 : i * step, step, most / unit,
			    i == 0 ? "" : suffix);
		if (axis->count == AXIS_MARKS_MAX)
			break;
	}
}

/* ---- times ---- */

/* Round steps in seconds; below them come decimal fractions, beyond them powers of two weeks. */
static int64_t time_step(int64_t rough_us)
{
	static const int seconds[] = {1,     2,	    5,	   10,	  15,	  30,	 60,
				      120,   300,   600,   900,	  1800,	  3600,	 7200,
				      10800, 21600, 43200, 86400, 172800, 604800};
	int64_t step_us = 1;

	if (rough_us < SECOND_US) {
		step_us = (int64_t)round_step(rough_us > 1 ? (double)rough_us : 1);
		return step_us < SECOND_US ? step_us : SECOND_US;
	}
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
		if (rough_us <= seconds[i] * SECOND_US)
			return seconds[i] * SECOND_US;
	for (step_us = 14 * 86400 * SECOND_US; step_us < rough_us && step_us < INT64_MAX / 4;)
		step_us *= 2;
	return step_us;
}

static void write_time(char *text, int64_t time_us, int64_t step_us)
{
	int64_t micros = time_us % SECOND_US;
	time_t seconds = (time_t)(time_us / SECOND_US);
	struct tm parts;

	if (micros < 0) {
		micros += SECOND_US;
		seconds--;
	}
	localtime_r(&seconds, &parts);
	if (step_us < SECOND_US) {
		size_t used = strftime(text, AXIS_TEXT_MAX, "%H:%M:%S", &parts);
		int digits = step_us < 1000 ? 6 : step_us < 100000 ? 3 : 1;

		snprintf(text + used, AXIS_TEXT_MAX - used, ".%0*d", digits,
			 (int)(micros / (digits == 6   ? 1
					 : digits == 3 ? 1000
						       : 100000)));
		return;
	}
	strftime(text, AXIS_TEXT_MAX,
		 step_us < 60 * SECOND_US	     ? "%H:%M:%S"
		 : step_us < 86400 * SECOND_US	     ? "%H:%M"
		 : step_us < 300 * 86400 * SECOND_US ? "%d %b"
						     : "%b %Y",
		 &parts);
}

/* Local time is so much ahead of UTC. */
static int64_t offset_at(int64_t time_us)
{
	time_t seconds = (time_t)(time_us / SECOND_US);
	struct tm parts;

	return localtime_r(&seconds, &parts) ? parts.tm_gmtoff * SECOND_US : 0;
}

void axis_times(struct axis *axis, int64_t from_us, int64_t to_us, size_t wanted)
{
	int64_t offset_us = offset_at(from_us), step_us, first;

	axis->count = 0;
	if (from_us >= to_us || !wanted)
		return;
	step_us = time_step((to_us - from_us) / (int64_t)wanted);
	first = (from_us + offset_us) / step_us;
	for (int64_t i = first; axis->count < AXIS_MARKS_MAX; i++) {
		int64_t time_us = i * step_us - offset_us;

		if (time_us < from_us)
			continue;
		if (time_us > to_us)
			break;
		axis->marks[axis->count].at = (double)time_us;
		write_time(axis->marks[axis->count++].text, time_us, step_us);
	}
}
