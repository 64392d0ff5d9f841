#include "daemon/watch/forecasts.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "rollcast/name.h"

/* ---- labels ---- */

struct labels {
	char *text;
	size_t used;
	char names[ROLLCAST_LABELS_MAX][ROLLCAST_NAME_MAX];
	size_t count;
};

static bool is_taken(const struct labels *labels, const char *name)
{
	static const char *const ours[] = {"stream", "horizon", "quantile", "interval"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (strcmp(name, ours[i]) == 0)
			return true;
	for (size_t i = 0; i < labels->count; i++)
		if (strcmp(name, labels->names[i]) == 0)
			return true;
	return false;
}

/* Letters, digits and _, no digit first, no two _ first. */
static void make_name(struct labels *labels, struct rollcast_text from, char *name)
{
	size_t length = 0;
	bool first_is_bad = isdigit((unsigned char)from.bytes[0]) ||
			    (from.length > 1 && !memcmp(from.bytes, "__", 2));

	if (first_is_bad)
		name[length++] = 'x';
	for (size_t i = 0; i < from.length && length < ROLLCAST_NAME_MAX / 2; i++) {
		unsigned char byte = (unsigned char)from.bytes[i];

		name[length++] = byte < 128 && (isalnum(byte) || byte == '_') ? (char)byte : '_';
	}
	name[length] = '\0';
	if (is_taken(labels, name)) {
		memmove(name + strlen("exported_"), name, length + 1);
		memcpy(name, "exported_", strlen("exported_"));
		length += strlen("exported_");
	}
	while (is_taken(labels, name) && length + 1 < ROLLCAST_NAME_MAX) {
		name[length++] = '_';
		name[length] = '\0';
	}
}

static void put_byte(struct labels *labels, char byte)
{
	if (labels->used + 1 < FORECASTS_LABELS_SIZE)
		labels->text[labels->used++] = byte;
}

static void put_label(struct labels *labels, const char *name, struct rollcast_text value)
{
	for (const char *at = name; *at; at++)
		put_byte(labels, *at);
	put_byte(labels, '=');
	put_byte(labels, '"');
	for (size_t i = 0; i < value.length; i++) {
		char byte = value.bytes[i];

		if (byte == '\\' || byte == '"' || byte == '\n')
			put_byte(labels, '\\');
		put_byte(labels, byte == '\n' ? 'n' : byte);
	}
	put_byte(labels, '"');
}

const char *forecasts_labels(const char *name, char text[FORECASTS_LABELS_SIZE])
{
	struct rollcast_text base, canonical = {name, strlen(name)};
	struct rollcast_label given[ROLLCAST_LABELS_MAX];
	struct labels labels = {.text = text};
	char scratch[ROLLCAST_NAME_MAX];
	int count = canonical.length < sizeof(scratch)
			    ? rollcast_name_read(canonical, scratch, &base, given)
			    : -1;

	*text = '\0';
	if (count < 0)
		return text;
	put_label(&labels, "stream", base);
	for (int i = 0; i < count; i++) {
		make_name(&labels, given[i].name, labels.names[labels.count]);
		put_byte(&labels, ',');
		put_label(&labels, labels.names[labels.count], given[i].value);
		labels.count++;
	}
	text[labels.used] = '\0';
	return text;
}

/* ---- families ---- */

struct family {
	const char *name, *type, *help;
	void (*write)(FILE *out, const char *name, const struct rollcast_forecast *forecast,
		      const char *labels);
};

static void write_forecast(FILE *out, const char *name, const struct rollcast_forecast *forecast,
			   const char *labels)
{
	for (uint32_t h = 0; h < forecast->horizon; h++)
		for (uint32_t i = 0; i < forecast->quantile_count; i++)
			fprintf(out, "rollcast_%s{%s,horizon=\"%.15g\",quantile=\"%.10g\"} %.12g\n",
				name, labels, 1e-6 * (double)((h + 1) * forecast->step_us),
				forecast->quantile_levels[i],
				forecast->quantiles[(size_t)i * forecast->horizon + h]);
}

static void write_one(FILE *out, const char *name, const char *labels, double value)
{
	if (isfinite(value))
		fprintf(out, "rollcast_%s{%s} %.16g\n", name, labels, value);
}

static void write_value(FILE *out, const char *name, const struct rollcast_forecast *forecast,
			const char *labels)
{
	write_one(out, name, labels, forecast->last);
}

static void write_skill(FILE *out, const char *name, const struct rollcast_forecast *forecast,
			const char *labels)
{
	write_one(out, name, labels, forecast->skill);
}

static void write_coverage(FILE *out, const char *name, const struct rollcast_forecast *forecast,
			   const char *labels)
{
	for (uint32_t i = 0; i < forecast->level_count; i++)
		if (isfinite(forecast->coverage[i]))
			fprintf(out, "rollcast_%s{%s,interval=\"%.10g\"} %.10g\n", name, labels,
				forecast->levels[i], forecast->coverage[i]);
}

/* third="1" is the nearest third of the horizon. */
static void write_third_coverage(FILE *out, const char *name,
				 const struct rollcast_forecast *forecast, const char *labels)
{
	for (uint32_t i = 0; i < forecast->level_count; i++)
		for (uint32_t third = 0; third < ROLLCAST_THIRDS; third++)
			if (isfinite(forecast->third_coverage[third][i]))
				fprintf(out,
					"rollcast_%s{%s,interval=\"%.10g\",third=\"%u\"} %.10g\n",
					name, labels, forecast->levels[i], third + 1,
					forecast->third_coverage[third][i]);
}

static void write_drifts(FILE *out, const char *name, const struct rollcast_forecast *forecast,
			 const char *labels)
{
	write_one(out, name, labels, (double)forecast->drifts);
}

static void write_origin(FILE *out, const char *name, const struct rollcast_forecast *forecast,
			 const char *labels)
{
	write_one(out, name, labels, 1e-6 * (double)forecast->origin_us);
}

static void write_trained(FILE *out, const char *name, const struct rollcast_forecast *forecast,
			  const char *labels)
{
	write_one(out, name, labels, 1e-6 * (double)forecast->trained_us);
}

static const struct family families[] = {
	{"forecast", "summary", "quantiles of what is forecast, `horizon` seconds after the origin",
	 write_forecast},
	{"stream_value", "gauge", "the stream's value at the origin of its newest forecast",
	 write_value},
	{"stream_skill", "gauge",
	 "1 - MAE / MAE of the better of naive and seasonal naive, measured on the stream",
	 write_skill},
	{"stream_coverage_ratio", "gauge", "share of values that fell into the interval, measured",
	 write_coverage},
	{"stream_third_coverage_ratio", "gauge",
	 "the same in each third of the horizon, from 1, the nearest", write_third_coverage},
	{"stream_drifts_total", "counter", "times that errors were found to have grown for good",
	 write_drifts},
	{"stream_origin_timestamp_seconds", "gauge", "time of the newest forecast's origin",
	 write_origin},
	{"stream_trained_timestamp_seconds", "gauge",
	 "time of the newest data that the weights saw; 0: untrained", write_trained},
};

void forecasts_write(FILE *out, const struct askable *askable, const char *match)
{
	struct question *question = question_create(askable, QUESTION_FORECASTS);
	char why[200], labels[FORECASTS_LABELS_SIZE];
	struct findings findings;
	size_t column;

	if (!question)
		return;
	question->most = UINT32_MAX;
	if (rollcast_selector_create(match, &question->selector, why, sizeof(why), &column) < 0) {
		question_release(question);
		return;
	}
	if (ask(askable, question, &findings) < 0)
		return;
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		const struct family *family = &families[i];

		fprintf(out, "# HELP rollcast_%s %s\n# TYPE rollcast_%s %s\n", family->name,
			family->help, family->name, family->type);
		for (uint32_t j = 0; j < findings.count; j++) {
			const struct rollcast_forecast *forecast =
				stream_record_forecast(findings.records[j]);

			family->write(out, family->name, forecast,
				      forecasts_labels(forecast->name, labels));
		}
	}
	findings_finish(&findings);
}
