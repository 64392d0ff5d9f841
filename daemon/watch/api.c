#include "daemon/watch/api.h"

#include <errno.h>
#include <math.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/json.h"
#include "daemon/watch/ask.h"
#include "daemon/watch/process.h"
#include "rollcast/wire.h"

enum {
	LIMIT = 100,
	LIMIT_MAX = 1000,
	REACH_MAX = 10000, /* offset and limit together: what the shards may have to copy */
	HISTORY = 240,
	HISTORY_MAX = 10000,
};

/* ---- errors ---- */

static unsigned refuse(FILE *body, unsigned status, const char *what)
{
	fputs("{\"error\": ", body);
	json_string(body, what);
	fputs("}\n", body);
	return status;
}

static unsigned refuse_errno(FILE *body, int error)
{
	if (error == -ENOMEM)
		return refuse(body, MHD_HTTP_INTERNAL_SERVER_ERROR, "there is not enough memory");
	return refuse(body, MHD_HTTP_SERVICE_UNAVAILABLE, "the shards do not answer in time");
}

/* A whole number up to `most`; what is not given stays. */
static bool read_count(const char *text, uint32_t most, uint32_t *number)
{
	char *end;
	unsigned long long value;

	if (!text)
		return true;
	value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || value > most)
		return false;
	*number = (uint32_t)value;
	return true;
}

/* ---- parts ---- */

static void put_seconds(FILE *body, const char *key, int64_t us)
{
	fprintf(body, ", \"%s\": %.6f", key, (double)us / 1e6);
}

static void put_number(FILE *body, const char *key, double number)
{
	fprintf(body, ", \"%s\": ", key);
	json_number(body, number);
}

static void put_weights(FILE *body, const struct rollcast_forecast *forecast)
{
	fputs(", \"expert\": ", body);
	json_string(body, forecast->expert);
	fputs(", \"weights\": {", body);
	for (uint32_t i = 0; i < forecast->weight_count; i++) {
		fputs(i ? ", " : "", body);
		json_string(body, forecast->weights[i].name);
		fputs(": ", body);
		json_number(body, forecast->weights[i].weight);
	}
	fputs("}, \"coverage\": {", body);
	for (uint32_t i = 0; i < forecast->level_count; i++) {
		fprintf(body, "%s\"%.10g\": ", i ? ", " : "", forecast->levels[i]);
		json_number(body, forecast->coverage[i]);
	}
	fputs("}", body);
}

/* ---- /api/streams ---- */

static const char *const orders[ORDERS] = {
	[ORDER_NAME] = "name",	     [ORDER_SKILL] = "skill", [ORDER_COVERAGE] = "coverage",
	[ORDER_SAMPLES] = "samples", [ORDER_AGE] = "age",     [ORDER_BREACH] = "breach",
};

static bool read_order(const char *text, struct question *question)
{
	if (!text)
		return true;
	question->reversed = *text == '-';
	for (uint32_t i = 0; i < ORDERS; i++)
		if (strcmp(text + question->reversed, orders[i]) == 0) {
			question->order = i;
			return true;
		}
	return false;
}

/* The most probable breach of a threshold; null: nothing is watched, or no limit is known. */
static void put_breach(FILE *body, const struct rollcast_forecast *forecast)
{
	double probability = (double)NAN;
	bool raised = false;

	for (uint32_t i = 0; i < forecast->threshold_count; i++) {
		probability = fmax(probability, forecast->thresholds[i].probability);
		raised = raised || forecast->thresholds[i].raised;
	}
	put_number(body, "breach", probability);
	fprintf(body, ", \"raised\": %s", raised ? "true" : "false");
}

/* A stream's forecast was cut down to the last step of its horizon. */
static void put_stream(FILE *body, const struct stream_record *record)
{
	const struct rollcast_forecast *forecast = stream_record_forecast(record);

	fputs("\n{\"stream\": ", body);
	json_string(body, forecast->name);
	put_seconds(body, "time", forecast->origin_us);
	put_seconds(body, "step", forecast->step_us);
	fprintf(body, ", \"horizon\": %u", record->horizon);
	put_number(body, "last", forecast->last);
	put_number(body, "mean", forecast->mean[0]);
	fputs(", \"interval\": [", body);
	json_number(body, forecast->quantiles[0]);
	fputs(", ", body);
	json_number(body, forecast->quantiles[forecast->quantile_count - 1]);
	fputs("]", body);
	put_number(body, "level",
		   forecast->level_count ? forecast->levels[forecast->level_count - 1]
					 : (double)NAN);
	put_weights(body, forecast);
	put_number(body, "skill", forecast->skill);
	put_breach(body, forecast);
	if (forecast->trained_us)
		put_seconds(body, "trained", forecast->trained_us);
	else
		fputs(", \"trained\": null", body);
	fprintf(body, ", \"samples\": %lu", (unsigned long)forecast->samples);
	put_seconds(body, "age", record->age_us);
	fputs("}", body);
}

static void put_streams(FILE *body, const struct findings *findings, uint32_t offset,
			uint32_t limit)
{
	fprintf(body, "{\"matched\": %u, \"offset\": %u, \"streams\": [", findings->matched,
		offset);
	for (uint32_t i = offset; i < findings->count && i - offset < limit; i++) {
		fputs(i > offset ? "," : "", body);
		put_stream(body, findings->records[i]);
	}
	fputs("\n]}\n", body);
}

static struct askable askable_of(const struct http_plan *plan)
{
	return (struct askable){plan->questions, plan->inboxes, plan->shards};
}

unsigned api_streams(const struct http_plan *plan, const struct api_query *query, FILE *body)
{
	const struct askable askable = askable_of(plan);
	CLEANUP(question_release)
	struct question *question = question_create(&askable, QUESTION_STREAMS);
	struct findings findings;
	uint32_t limit = LIMIT, offset = 0;
	char why[200], text[256];
	size_t column;
	int r = 0;

	if (!question)
		return refuse_errno(body, -ENOMEM);
	if (!read_count(query->limit, LIMIT_MAX, &limit) ||
	    !read_count(query->offset, REACH_MAX - limit, &offset))
		return refuse(body, MHD_HTTP_BAD_REQUEST,
			      "limit is at most 1000, and offset and limit together 10000; "
			      "match= narrows the streams");
	if (!read_order(query->sort, question))
		return refuse(body, MHD_HTTP_BAD_REQUEST,
			      "sort is name, skill, coverage, breach, samples or age, or one of "
			      "them with a - before it");
	if (query->match)
		r = rollcast_selector_create(query->match, &question->selector, why, sizeof(why),
					     &column);
	if (r == -EINVAL) {
		snprintf(text, sizeof(text), "match is no selector: %s", why);
		return refuse(body, MHD_HTTP_BAD_REQUEST, text);
	}
	if (r < 0)
		return refuse_errno(body, r);
	if (query->search && !(question->part = strdup(query->search)))
		return refuse_errno(body, -ENOMEM);
	question->most = offset + limit;
	r = ask(&askable, STEAL(question), &findings);

	if (r < 0)
		return refuse_errno(body, r);
	put_streams(body, &findings, offset, limit);
	findings_finish(&findings);
	return MHD_HTTP_OK;
}

/* ---- /api/forecast ---- */

static void put_history(FILE *body, const struct stream_record *record)
{
	fputs(", \"history\": {\"values\": ", body);
	json_numbers(body, stream_record_history(record), record->history);
	if (record->history)
		put_seconds(body, "until", record->history_until_us);
	fputs("}", body);
}

static int put_forecast(FILE *body, const struct stream_record *record)
{
	const struct rollcast_forecast *forecast = stream_record_forecast(record);
	CLEANUP(rollcast_encoder_destroy) struct rollcast_encoder *encoder = NULL;
	const void *bytes = NULL;
	size_t size = 0;
	int r = rollcast_encoder_create(ROLLCAST_FORMAT_JSON, &encoder);

	if (r == 0)
		r = rollcast_encode_forecast(encoder, forecast, &bytes, &size);
	if (r < 0)
		return r;
	fputs("{\"stream\": ", body);
	json_string(body, forecast->name);
	put_seconds(body, "age", record->age_us);
	fputs(", \"forecast\": ", body);
	fwrite(bytes, 1, size, body);
	put_history(body, record);
	fputs("}\n", body);
	return 0;
}

unsigned api_forecast(const struct http_plan *plan, const struct api_query *query, FILE *body)
{
	const struct askable askable = askable_of(plan);
	CLEANUP(question_release)
	struct question *question = question_create(&askable, QUESTION_FORECASTS);
	struct findings findings;
	uint32_t history = HISTORY;

	if (!query->stream)
		return refuse(body, MHD_HTTP_BAD_REQUEST, "stream= is missing: a stream's name");
	if (!read_count(query->history, HISTORY_MAX, &history))
		return refuse(body, MHD_HTTP_BAD_REQUEST, "history is a number up to 10000");
	if (!question || !(question->name = strdup(query->stream)))
		return refuse_errno(body, -ENOMEM);
	question->history = history;
	question->most = 1;
	int r = ask(&askable, STEAL(question), &findings);

	if (r < 0)
		return refuse_errno(body, r);
	unsigned status = MHD_HTTP_OK;

	if (findings.count == 0)
		status = refuse(body, MHD_HTTP_NOT_FOUND, "there is no forecast of that stream");
	else if (put_forecast(body, findings.records[0]) < 0)
		status = refuse_errno(body, -ENOMEM);
	findings_finish(&findings);
	return status;
}

/* ---- /api/trainings ---- */

unsigned api_trainings(const struct http_plan *plan, FILE *body)
{
	const struct askable askable = askable_of(plan);
	struct question *question = question_create(&askable, QUESTION_TRAININGS);
	struct findings findings;
	int r = question ? ask(&askable, question, &findings) : -ENOMEM;

	if (r < 0)
		return refuse_errno(body, r);
	fputs("{\"trainings\": [", body);
	for (uint32_t i = 0; i < findings.count; i++) {
		const struct training_record *record = findings.records[i];

		fputs(i ? ",\n{\"stream\": " : "\n{\"stream\": ", body);
		json_string(body, record->name);
		put_seconds(body, "time", record->at_us);
		put_seconds(body, "seconds", record->duration_us);
		fprintf(body, ", \"steps\": %u, \"result\": \"%s\"}", record->steps,
			record->diverged ? "diverged" : "adopted");
	}
	fputs("\n]}\n", body);
	findings_finish(&findings);
	return MHD_HTTP_OK;
}

/* ---- /api/status ---- */

static void put_counts(FILE *body, const struct counters *counters, enum counter_owner owner)
{
	bool first = true;

	fputs("{", body);
	for (int i = 0; i < COUNTERS; i++) {
		const struct counter_row *row = counter_row(i);
		char key[128];

		if (row->owner != owner)
			continue;
		snprintf(key, sizeof(key), "%s%s%s%s", row->family, row->label ? "{" : "",
			 row->label ? row->label : "", row->label ? "}" : "");
		fputs(first ? "" : ", ", body);
		json_string(body, key);
		fprintf(body, ": %.15g", row->unit * (double)count_get(counters, i));
		first = false;
	}
	fputs("}", body);
}

static void put_ports(FILE *body, const char *key, const struct ports *ports,
		      enum counter_owner owner)
{
	const struct port_counters *first = ports_first(ports);

	fprintf(body, ",\n\"%s\": {", key);
	for (const struct port_counters *port = first; port; port = ports_next(port)) {
		fputs(port == first ? "" : ", ", body);
		json_string(body, port->name);
		fputs(": ", body);
		put_counts(body, &port->counters, owner);
	}
	fputs("}", body);
}

unsigned api_status(const struct http_plan *plan, const struct api_server *server, FILE *body)
{
	const struct all_counters *all = plan->counters;

	fputs("{\"version\": \"" ROLLCAST_VERSION "\"", body);
	put_seconds(body, "time", clock_wall_us());
	fprintf(body, ", \"started\": %.6f, \"ready\": %s, \"healthy\": %s", server->start_seconds,
		server->ready ? "true" : "false", server->healthy ? "true" : "false");
	put_number(body, "resident_memory_bytes", process_resident_bytes());
	put_number(body, "cpu_seconds", process_cpu_seconds());
	fputs(",\n\"counts\": ", body);
	put_counts(body, &all->daemon, OWNER_DAEMON);
	put_ports(body, "inputs", &all->inputs, OWNER_INPUT);
	put_ports(body, "outputs", &all->outputs, OWNER_OUTPUT);
	fputs("}\n", body);
	return MHD_HTTP_OK;
}
