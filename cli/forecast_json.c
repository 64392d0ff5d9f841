/* A forecast as one JSON object (RFC 8259), for pipes. */
#include "cli/forecast_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rollcast/name.h"

/* The shorter of 15 and 17 digits that reads back as the same double. */
static void print_number(FILE *file, double value)
{
	char text[32];

	if (!isfinite(value)) {
		fputs("null", file);
		return;
	}
	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		snprintf(text, sizeof(text), "%.17g", value);
	fputs(text, file);
}

static void print_numbers(FILE *file, const double *values, size_t count)
{
	fputc('[', file);
	for (size_t i = 0; i < count; i++) {
		if (i)
			fputc(',', file);
		print_number(file, values[i]);
	}
	fputc(']', file);
}

static void print_text(FILE *file, const char *bytes, size_t length)
{
	fputc('"', file);
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte < ' ' || byte == 0x7f)
			fprintf(file, "\\u%04x", byte);
		else if (byte == '"' || byte == '\\')
			fprintf(file, "\\%c", byte);
		else
			fputc(byte, file);
	}
	fputc('"', file);
}

/* Seconds, exact to the microsecond. */
static void print_seconds(FILE *file, int64_t us)
{
	uint64_t size = us < 0 ? -(uint64_t)us : (uint64_t)us;
	char text[40];
	size_t length;

	snprintf(text, sizeof(text), "%s%" PRIu64 ".%06" PRIu64, us < 0 ? "-" : "", size / 1000000,
		 size % 1000000);
	length = strlen(text);
	while (text[length - 1] == '0')
		length--;
	length -= text[length - 1] == '.';
	fprintf(file, "%.*s", (int)length, text);
}

/* The name without labels, the labels, and the canonical name that has both. */
static void print_names(FILE *file, const char *name)
{
	struct rollcast_label labels[ROLLCAST_LABELS_MAX];
	struct rollcast_text canonical = {name, strlen(name)}, base = canonical;
	char scratch[ROLLCAST_NAME_MAX];
	int count = 0;

	if (canonical.length < sizeof(scratch))
		count = rollcast_name_read(canonical, scratch, &base, labels);
	fputs("{\"name\":", file);
	print_text(file, base.bytes, base.length);
	fputs(",\"tags\":{", file);
	for (int i = 0; i < count; i++) {
		if (i)
			fputc(',', file);
		print_text(file, labels[i].name.bytes, labels[i].name.length);
		fputc(':', file);
		print_text(file, labels[i].value.bytes, labels[i].value.length);
	}
	fputs("},\"stream\":", file);
	print_text(file, canonical.bytes, canonical.length);
}

static void print_quantiles(FILE *file, const struct rollcast_forecast *forecast)
{
	fputs(",\"quantiles\":{", file);
	for (uint32_t i = 0; i < forecast->quantile_count; i++) {
		fprintf(file, "%s\"%.10g\":", i ? "," : "", forecast->quantile_levels[i]);
		print_numbers(file, forecast->quantiles + (size_t)i * forecast->horizon,
			      forecast->horizon);
	}
	fputc('}', file);
}

static void print_expert(FILE *file, const struct rollcast_forecast *forecast)
{
	fputs(",\"expert\":", file);
	if (forecast->expert)
		print_text(file, forecast->expert, strlen(forecast->expert));
	else
		fputs("null", file);
	fputs(",\"weights\":{", file);
	for (uint32_t i = 0; i < forecast->weight_count; i++) {
		const char *name = forecast->weights[i].name;

		if (i)
			fputc(',', file);
		print_text(file, name, strlen(name));
		fputc(':', file);
		print_number(file, forecast->weights[i].weight);
	}
	fputs("},\"skill\":", file);
	print_number(file, forecast->skill);
	fputs(",\"coverage\":{", file);
	for (uint32_t i = 0; i < forecast->level_count; i++) {
		fprintf(file, "%s\"%.10g\":", i ? "," : "", forecast->levels[i]);
		print_number(file, forecast->coverage[i]);
	}
	fputc('}', file);
}

/* Only streams that are watched for thresholds have any. */
static void print_thresholds(FILE *file, const struct rollcast_forecast *forecast)
{
	if (!forecast->threshold_count)
		return;
	fputs(",\"thresholds\":{", file);
	for (uint32_t i = 0; i < forecast->threshold_count; i++) {
		const struct rollcast_breach *breach = &forecast->thresholds[i];

		if (i)
			fputc(',', file);
		print_text(file, breach->name, strlen(breach->name));
		fputs(":{\"limit\":", file);
		print_number(file, breach->limit);
		fputs(",\"probability\":", file);
		print_number(file, breach->probability);
		fputs(",\"seconds\":", file);
		print_number(file, breach->seconds);
		fprintf(file, ",\"raised\":%s}", breach->raised ? "true" : "false");
	}
	fputc('}', file);
}

void forecast_json_print(FILE *file, const struct rollcast_forecast *forecast, uint64_t sequence)
{
	print_names(file, forecast->name);
	fputs(",\"time\":", file);
	print_seconds(file, forecast->origin_us);
	fputs(",\"step\":", file);
	print_seconds(file, forecast->step_us);
	fputs(",\"last\":", file);
	print_number(file, forecast->last);
	fputs(",\"mean\":", file);
	print_numbers(file, forecast->mean, forecast->horizon);
	print_quantiles(file, forecast);
	print_expert(file, forecast);
	print_thresholds(file, forecast);
	fputs(",\"trained\":", file);
	if (forecast->trained_us)
		print_seconds(file, forecast->trained_us);
	else
		fputs("null", file);
	fprintf(file, ",\"samples\":%" PRIu64 ",\"snapshot\":%s,\"sequence\":", forecast->samples,
		forecast->snapshot ? "true" : "false");
	if (sequence)
		fprintf(file, "%" PRIu64, sequence);
	else
		fputs("null", file);
	fputs("}\n", file);
}
