/*
 * Samples as they come, sorted, then put on the grid that their times suggest.
 */
#include "cli/history.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/when.h"

static const int64_t SECOND_US = 1000000;
static const int64_t DAY_US = 86400000000;

struct sample {
	int64_t time_us;
	double value;
};

struct samples {
	struct sample *items;
	size_t count, room;
};

static int add(struct samples *samples, int64_t time_us, double value)
{
	if (samples->count == samples->room) {
		size_t room = samples->room ? 2 * samples->room : 1024;
		struct sample *items = reallocarray(samples->items, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		samples->items = items;
		samples->room = room;
	}
	samples->items[samples->count++] = (struct sample){time_us, value};
	return 0;
}

static bool is_wanted(struct csv_reader *reader, uint32_t stream, const char *wanted)
{
	return !wanted || !strcmp(csv_stream(reader, stream), wanted) ||
	       !strcmp(csv_title(reader, stream), wanted);
}

static int refuse_streams(struct csv_reader *reader, const char *path, const char *wanted,
			  FILE *errors)
{
	uint32_t count = csv_stream_count(reader);

	if (!errors)
		return -EINVAL;
	if (wanted)
		fprintf(errors, "%s: no stream \"%s\"; there are", path, wanted);
	else
		fprintf(errors, "%s: choose one of its %u streams with --stream:", path, count);
	for (uint32_t i = 0; i < count && i < 10; i++)
		fprintf(errors, "%s %s", i ? "," : "", csv_title(reader, i));
	fprintf(errors, "%s\n", count > 10 ? ", ..." : "");
	return -EINVAL;
}

static int read_samples(const char *path, const char *wanted, const struct csv_options *options,
			struct samples *samples, struct history *history)
{
	CLEANUP(csv_close) struct csv_reader *reader = NULL;
	struct csv_sample sample;
	const char *title = NULL;
	int r = csv_open(path, options, &reader);

	while (!r && (r = csv_next(reader, &sample)) > 0) {
		if (!is_wanted(reader, sample.stream, wanted)) {
			r = 0;
			continue;
		}
		title = csv_title(reader, sample.stream);
		r = add(samples, sample.time_us, sample.value);
	}
	if (r)
		return r;
	if (csv_problems(reader))
		return -EINVAL;
	if ((!wanted && csv_stream_count(reader) > 1) || (wanted && !samples->count))
		return refuse_streams(reader, path, wanted, options->errors);
	if (!samples->count || samples->count > HISTORY_COUNT_MAX) {
		if (options->errors)
			fprintf(options->errors, "%s: %s\n", path,
				samples->count ? "too many values" : "there are no values in it");
		return -EINVAL;
	}
	history->has_times = csv_has_times(reader);
	history->title = strdup(title);
	return history->title ? 0 : -ENOMEM;
}

static int by_time(const void *left, const void *right)
{
	const struct sample *a = left, *b = right;

	return (a->time_us > b->time_us) - (a->time_us < b->time_us);
}

static int by_size(const void *left, const void *right)
{
	const int64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Calendar months per step, or 0: a time is not the start of a month, or there is one time only. */
static uint32_t find_months(const struct samples *samples)
{
	int64_t first = when_month(samples->items[0].time_us);
	uint32_t months = 0;

	for (size_t i = 0; i < samples->count; i++) {
		if (!when_starts_month(samples->items[i].time_us))
			return 0;
		months = common_divisor(months,
					(uint32_t)(when_month(samples->items[i].time_us) - first));
	}
	return months;
}

/* The median distance of different times; a second if there are none. -ENOMEM. */
static int find_step(const struct samples *samples, int64_t *ret_us)
{
	int64_t *steps = reallocarray(NULL, samples->count, sizeof(*steps));
	size_t count = 0;

	if (!steps)
		return -ENOMEM;
	for (size_t i = 1; i < samples->count; i++) {
		int64_t step = samples->items[i].time_us - samples->items[i - 1].time_us;

		if (step > 0)
			steps[count++] = step;
	}
	qsort(steps, count, sizeof(*steps), by_size);
	*ret_us = count ? steps[(count - 1) / 2] : SECOND_US;
	free(steps);
	return 0;
}

static double index_of(const struct history *history, int64_t time_us)
{
	if (history->months)
		return (double)((when_month(time_us) - when_month(history->first_us)) /
				history->months);
	return round((double)(time_us - history->first_us) / (double)history->step_us);
}

static void fill_gaps(struct history *history)
{
	size_t before = 0;

	for (size_t i = 1; i < history->count; i++) {
		if (isnan(history->values[i]))
			continue;
		for (size_t j = before + 1; j < i; j++) {
			double share = (double)(j - before) / (double)(i - before);

			history->values[j] =
				history->values[before] * (1 - share) + history->values[i] * share;
			history->filled++;
		}
		before = i;
	}
}

static int put_on_grid(struct history *history, const struct samples *samples)
{
	double last = index_of(history, samples->items[samples->count - 1].time_us);
	uint32_t in_step = 0;
	size_t previous = SIZE_MAX;

	if (!(last < HISTORY_COUNT_MAX) || last > 20 * (double)samples->count)
		return -EINVAL;
	history->count = (size_t)last + 1;
	history->values = reallocarray(NULL, history->count, sizeof(*history->values));
	if (!history->values)
		return -ENOMEM;
	for (size_t i = 0; i < history->count; i++)
		history->values[i] = NAN;
	for (size_t i = 0; i < samples->count; i++) {
		size_t at = (size_t)index_of(history, samples->items[i].time_us);
		double *value = &history->values[at];

		in_step = at == previous ? in_step + 1 : 1;
		*value = in_step > 1 ? *value + (samples->items[i].value - *value) / in_step
				     : samples->items[i].value;
		previous = at;
	}
	fill_gaps(history);
	return 0;
}

static int arrange(struct samples *samples, struct history *history)
{
	int r;

	assert(samples->items);
	qsort(samples->items, samples->count, sizeof(*samples->items), by_time);
	history->first_us = samples->items[0].time_us;
	history->months = history->has_times ? find_months(samples) : 0;
	r = find_step(samples, &history->step_us);
	if (history->months)
		history->step_us = (int64_t)(365.2425 / 12 * (double)DAY_US) * history->months;
	if (!history->has_times)
		history->step_us = SECOND_US;
	return r ? r : put_on_grid(history, samples);
}

int history_load(const char *path, const char *stream, const struct csv_options *options,
		 struct history *ret_history)
{
	CLEANUP(history_finish) struct history *building = ret_history;
	struct samples samples = {0};
	int r;

	*ret_history = (struct history){0};
	r = read_samples(path, stream, options, &samples, ret_history);
	if (!r) {
		r = arrange(&samples, ret_history);
		if (r == -EINVAL && options->errors)
			fprintf(options->errors,
				"%s: its times are too far apart for a regular grid\n", path);
	}
	free(samples.items);
	if (!r)
		building = NULL;
	return r;
}

void history_finish(struct history *history)
{
	if (!history)
		return;
	free(history->title);
	free(history->values);
	*history = (struct history){0};
}

int64_t history_time(const struct history *history, size_t index)
{
	if (history->months)
		return when_add_months(history->first_us, (int64_t)index * history->months);
	return history->first_us + (int64_t)index * history->step_us;
}

char *history_when(const struct history *history, size_t index, char *text)
{
	if (history->has_times)
		return when_write(history_time(history, index), history->step_us, text);
	snprintf(text, WHEN_TEXT_MAX, "%" PRId64, history_time(history, index) / SECOND_US);
	return text;
}

static char *write_step(int64_t number, const char *unit, bool plural, char *text)
{
	if (number == 1)
		snprintf(text, WHEN_TEXT_MAX, "%s", unit);
	else
		snprintf(text, WHEN_TEXT_MAX, "%" PRId64 " %s%s", number, unit, plural ? "s" : "");
	return text;
}

char *history_step(const struct history *history, char *text)
{
	static const struct {
		const char *name;
		int64_t us;
		bool plural;
	} units[] = {{"week", 604800000000, true}, {"day", 86400000000, true},
		     {"hour", 3600000000, true},   {"min", 60000000, false},
		     {"s", 1000000, false},	   {"ms", 1000, false}};

	if (!history->has_times)
		return write_step(1, "row", false, text);
	if (history->months % 12 == 0 && history->months)
		return write_step(history->months / 12, "year", true, text);
	if (history->months)
		return write_step(history->months, "month", true, text);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (history->step_us % units[i].us == 0)
			return write_step(history->step_us / units[i].us, units[i].name,
					  units[i].plural, text);
	return write_step(history->step_us, "us", false, text);
}

uint32_t history_season(const struct history *history)
{
	if (!history->has_times)
		return 1;
	if (history->months)
		return history->months < 12 && 12 % history->months == 0 ? 12 / history->months : 1;
	if (history->step_us == DAY_US)
		return 7;
	if (history->step_us == 7 * DAY_US)
		return 52;
	if (history->step_us > DAY_US / 2 || DAY_US % history->step_us)
		return 1;
	return (uint32_t)(DAY_US / history->step_us);
}
