/* Windows of other streams: see channels.h. */
#include "lib/forecast/channels.h"

#include <errno.h>
#include <math.h>

#include "lib/forecast/transform.h"

int channels_init(struct channels *channels, uint32_t count, size_t capacity)
{
	*channels = (struct channels){0};
	for (; channels->count < count; channels->count++) {
		uint32_t i = channels->count;
		int r = window_init(&channels->values[i], capacity);

		if (r < 0)
			return r;
		r = window_init(&channels->behind[i], capacity);
		if (r < 0) {
			window_finish(&channels->values[i]);
			return r;
		}
	}
	return 0;
}

void channels_finish(struct channels *channels)
{
	for (uint32_t i = 0; i < channels->count; i++) {
		window_finish(&channels->values[i]);
		window_finish(&channels->behind[i]);
	}
	*channels = (struct channels){0};
}

void channels_push(struct channels *channels, bool jumped)
{
	for (uint32_t i = 0; i < channels->count; i++) {
		window_push(&channels->values[i], NAN);
		window_push(&channels->behind[i], 0);
	}
	if (jumped)
		channels->regular = 0;
	if (channels->regular < ROLLCAST_CHANNEL_STEPS)
		channels->regular++;
}

/* How many of the newest places are not known. Those far back will not be any more. */
static uint32_t count_behind(const struct window *values, uint32_t most)
{
	const double *end = window_values(values) + window_count(values);
	uint32_t behind = 0;

	while (behind < most && isnan(end[-1 - (ptrdiff_t)behind]))
		behind++;
	return behind;
}

void channels_look(struct channels *channels, rollcast_channel_read *read, void *context,
		   int64_t time_us, int64_t step_us)
{
	double known[ROLLCAST_CHANNEL_STEPS];
	uint32_t count = channels->regular;

	for (uint32_t i = 0; i < channels->count; i++) {
		for (uint32_t j = 0; j < count; j++)
			known[j] = NAN;
		read(context, i, time_us, step_us, known, count);
		for (uint32_t j = 0; j < count; j++)
			if (isfinite(known[j]))
				window_replace(&channels->values[i], count - 1 - j, known[j]);
		window_replace(&channels->behind[i], 0, count_behind(&channels->values[i], count));
	}
}

void channels_blank(struct channels *channels, size_t places)
{
	channels->regular = 0;
	for (uint32_t i = 0; i < channels->count; i++)
		for (size_t j = 0; j < places; j++) {
			window_push(&channels->values[i], NAN);
			window_push(&channels->behind[i], 0);
		}
}

static bool is_behind(double value)
{
	return value >= 0 && value <= ROLLCAST_CHANNEL_STEPS;
}

static void window_archive(struct archive *archive, struct window *window, bool behind)
{
	size_t count = archive_count(archive, window_count(window), sizeof(double));
	size_t dropped = count > window->capacity ? count - window->capacity : 0;

	for (size_t i = 0; i < count && !archive->error; i++) {
		double value = archive_is_loading(archive) ? 0 : window_values(window)[i];

		archive_value(archive, &value);
		archive_check(archive, behind ? is_behind(value) : !isinf(value));
		if (archive_is_loading(archive) && !archive->error && i >= dropped)
			window_push(window, value);
	}
}

void channels_archive(struct archive *archive, struct channels *channels)
{
	archive_value(archive, &channels->regular);
	archive_check(archive, channels->regular <= ROLLCAST_CHANNEL_STEPS);
	for (uint32_t i = 0; i < channels->count; i++) {
		window_archive(archive, &channels->values[i], false);
		window_archive(archive, &channels->behind[i], true);
	}
}

double channel_scale(const double *values, size_t count, uint32_t horizon)
{
	size_t k = horizon / 2 ? horizon / 2 : 1, moves = 0;
	double now = NAN, before = NAN, sum = 0, scale;

	for (size_t i = 0; i < count; i++) {
		now = isnan(values[i]) ? now : values[i];
		if (i >= k && !isnan(values[i - k]))
			before = values[i - k];
		if (isnan(before))
			continue;
		sum += fabs(now - before);
		moves++;
	}
	scale = moves ? sum / (double)moves : 0;
	/* What is below the rounding of the values is no movement. */
	return isfinite(scale) && scale > 1e-14 * fabs(now) && scale > 1e-290 ? scale : 0;
}

void channel_encode(const double *values, uint32_t lookback, uint32_t behind, double scale,
		    uint32_t patch, uint32_t stride, float *inputs)
{
	uint32_t known = behind < lookback ? lookback - behind : 0;
	double anchor = NAN, last = NAN;

	for (uint32_t i = known; i > 0 && isnan(anchor); i--)
		anchor = values[i - 1];
	for (uint32_t i = 0; i < lookback; i++) {
		last = i >= known || isnan(values[i]) ? last : values[i];
		inputs[i / patch * stride + i % patch] =
			scale > 0 && !isnan(last) ? (float)transform_there(last, anchor, scale) : 0;
	}
}
