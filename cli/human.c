/* Numbers for people: a few digits, a suffix, `-` for what is not known. */
#include "cli/human.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum human_prefix human_prefix_of(const char *stream)
{
	size_t length = strcspn(stream, "{");

	return memmem(stream, length, "bytes", 5) ? HUMAN_IEC : HUMAN_SI;
}

char *human_number(double value, enum human_prefix prefix, char *text)
{
	static const char *const suffixes[2][7] = {
		{"", "k", "M", "G", "T", "P", "E"},
		{"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"},
	};
	double base = prefix == HUMAN_IEC ? 1024 : 1000;
	double size = fabs(value);
	size_t power = 0;
	int decimals;

	if (!isfinite(value)) {
		snprintf(text, HUMAN_TEXT_MAX, "%s",
			 isnan(value) ? "-"
			 : value > 0  ? "inf"
				      : "-inf");
		return text;
	}
	/* As whole as it looks, or too small for a suffix. */
	if (size < 1 || (size < 10000 && size == floor(size))) {
		snprintf(text, HUMAN_TEXT_MAX, "%.4g", value);
		return text;
	}
	/* What would round up to the base belongs to the next suffix. */
	for (; size >= base - 0.05 && power < 6; power++)
		size /= base;
	if (size >= 1e6) {
		snprintf(text, HUMAN_TEXT_MAX, "%.3g", value);
		return text;
	}
	decimals = size < 9.9995 ? 3 : size < 99.995 ? 2 : size < 999.95 ? 1 : 0;
	snprintf(text, HUMAN_TEXT_MAX, "%.*f%s", decimals, copysign(size, value),
		 suffixes[prefix][power]);
	return text;
}

char *human_percent(double fraction, char *text)
{
	double percent = 100 * fraction;

	if (!isfinite(fraction))
		snprintf(text, HUMAN_TEXT_MAX, "-");
	else if (fabs(percent) < 999.95)
		snprintf(text, HUMAN_TEXT_MAX, "%.1f%%", percent);
	else
		snprintf(text, HUMAN_TEXT_MAX, "%.3g%%", percent);
	return text;
}

char *human_age(int64_t age_us, char *text)
{
	static const struct {
		int64_t seconds;
		char letter;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	int64_t seconds = age_us > 0 ? age_us / 1000000 : 0;
	size_t i = 0;

	while (units[i].seconds > 1 && seconds < units[i].seconds)
		i++;
	snprintf(text, HUMAN_TEXT_MAX, "%lld%c", (long long)(seconds / units[i].seconds),
		 units[i].letter);
	return text;
}

/* The mean of the finite ones; NaN if there are none. */
static double mean(const double *values, size_t count)
{
	double sum = 0;
	size_t finite = 0;

	for (size_t i = 0; i < count; i++) {
		if (!isfinite(values[i]))
			continue;
		sum += values[i];
		finite++;
	}
	return finite ? sum / (double)finite : (double)NAN;
}

static const char *bar(double value, double low, double high)
{
	static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	double height;

	if (!isfinite(value))
		return " ";
	if (!(high > low))
		return bars[3];
	height = floor((value - low) / (high - low) * 8);
	return bars[height < 0 ? 0 : height > 7 ? 7 : (int)height];
}

size_t sparkline(const double *values, size_t count, size_t cells, double low, double high,
		 char *text)
{
	if (cells > count)
		cells = count;
	for (size_t i = 0; i < cells; i++) {
		size_t begin = i * count / cells, end = (i + 1) * count / cells;

		text = stpcpy(text, bar(mean(values + begin, end - begin), low, high));
	}
	*text = '\0';
	return cells;
}
