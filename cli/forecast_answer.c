#include "cli/forecast_answer.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/args.h"
#include "cli/verbs.h"

enum { PATH_MAX_BYTES = 8192 };

void forecast_answer_finish(struct forecast_answer *answer)
{
	if (!answer)
		return;
	free(answer->past);
	rollcast_forecast_reader_destroy(answer->reader);
	http_answer_finish(&answer->http);
	*answer = (struct forecast_answer){0};
}

static int take_past(struct forecast_answer *answer, struct json_piece history)
{
	struct json_piece values, items, item;
	double until = json_piece_number_at(history, "until");
	size_t count = 0;

	if (!json_piece_find(history, "values", &values))
		return -EINVAL;
	for (items = values; json_piece_next(&items, &item);)
		count++;
	answer->past = calloc(count + 1, sizeof(*answer->past));
	if (!answer->past)
		return -ENOMEM;
	for (; answer->count < count && json_piece_next(&values, &item); answer->count++)
		if (!json_piece_number(item, &answer->past[answer->count]))
			return -EINVAL;
	answer->until_us = count && fabs(until) < 1e12 ? llround(1e6 * until) : 0;
	return 0;
}

static int take(struct forecast_answer *answer)
{
	struct json_piece message, history;
	int r;

	if (!json_piece_find(answer->http.body, "forecast", &message) ||
	    !json_piece_find(answer->http.body, "history", &history))
		return -EINVAL;
	r = rollcast_forecast_reader_create(ROLLCAST_FORMAT_JSON, &answer->reader);
	if (!r)
		r = rollcast_forecast_read(answer->reader, message.at,
					   (size_t)(message.end - message.at), &answer->forecast);
	return r ? r : take_past(answer, history);
}

int forecast_answer_get(const char *program, const char *address, const char *stream,
			uint64_t history, struct forecast_answer *ret_answer)
{
	char path[PATH_MAX_BYTES] = "/api/forecast", number[32];
	int status, r;

	*ret_answer = (struct forecast_answer){0};
	snprintf(number, sizeof(number), "%llu", (unsigned long long)history);
	if (!http_add_query(path, sizeof(path), "history", number) ||
	    !http_add_query(path, sizeof(path), "stream", stream))
		return program ? args_refuse(program, "the stream's name is too long")
			       : STATUS_USAGE;
	status = http_get_json(program, address, path, &ret_answer->http);
	if (status != STATUS_DONE)
		return status;
	r = take(ret_answer);
	if (!r)
		return STATUS_DONE;
	if (program)
		fprintf(stderr, "%s: %s: %s\n", program, address,
			r == -ENOMEM ? "there is not enough memory" : "that is no forecast");
	forecast_answer_finish(ret_answer);
	return STATUS_FAILED;
}
