#include "daemon/base/counters.h"

#include <stdlib.h>
#include <string.h>

static const struct counter_row rows[COUNTERS] = {
	[COUNT_MESSAGES] = {"messages_received_total", NULL, "messages received", 1, OWNER_INPUT},
	[COUNT_MESSAGES_FRAMES] = {"messages_refused_total", "reason=\"frames\"",
				   "messages refused whole: they had more than three frames", 1,
				   OWNER_INPUT},
	[COUNT_DECODE + 0] = {"samples_decoded_total", NULL, "samples that payloads held", 1,
			      OWNER_INPUT},
	[COUNT_DECODE + 1] = {"refusals_total", "reason=\"truncated\"",
			      "payloads, or parts of them, that could not be read", 1, OWNER_INPUT},
	[COUNT_DECODE + 2] = {"refusals_total", "reason=\"malformed\"", NULL, 1, OWNER_INPUT},
	[COUNT_DECODE + 3] = {"refusals_total", "reason=\"shape\"", NULL, 1, OWNER_INPUT},
	[COUNT_DECODE + 4] = {"refusals_total", "reason=\"name\"", NULL, 1, OWNER_INPUT},
	[COUNT_DECODE + 5] = {"refusals_total", "reason=\"time\"", NULL, 1, OWNER_INPUT},
	[COUNT_DECODE + 6] = {"refusals_total", "reason=\"value\"", NULL, 1, OWNER_INPUT},
	[COUNT_DECODE + 7] = {"refusals_total", "reason=\"memory\"", NULL, 1, OWNER_INPUT},
	[COUNT_OVER_RATE] = {"samples_over_rate_total", NULL,
			     "samples that an input dropped beyond its rate limit", 1, OWNER_INPUT},
	[COUNT_INPUT_REFUSED + 0] = {"input_connections_refused_total", "reason=\"key\"",
				     "connections that CURVE refused", 1, OWNER_INPUT},
	[COUNT_INPUT_REFUSED + 1] = {"input_connections_refused_total", "reason=\"plaintext\"",
				     NULL, 1, OWNER_INPUT},
	[COUNT_INPUT_REFUSED + 2] = {"input_connections_refused_total", "reason=\"handshake\"",
				     NULL, 1, OWNER_INPUT},
	[COUNT_PUSH + 0] = {"samples_total", "result=\"accepted\"",
			    "samples by what became of them", 1},
	[COUNT_PUSH + 1] = {"samples_total", "result=\"late\"", NULL, 1},
	[COUNT_PUSH + 2] = {"samples_total", "result=\"not_finite\"", NULL, 1},
	[COUNT_PUSH + 3] = {"samples_total", "result=\"off_time\"", NULL, 1},
	[COUNT_STREAMS_REFUSED] = {"samples_total", "result=\"over_limit\"", NULL, 1},
	[COUNT_STREAMS_REFUSED_MEMORY] = {"samples_total", "result=\"over_memory\"", NULL, 1},
	[COUNT_STREAMS_UNMATCHED] = {"samples_total", "result=\"unmatched\"", NULL, 1},
	[COUNT_FAILURES] = {"samples_total", "result=\"out_of_memory\"", NULL, 1},
	[COUNT_STREAMS] = {"streams", NULL, "streams being forecast", 1},
	[COUNT_STREAMS_BYTES] = {"streams_bytes", NULL, "memory of the streams", 1},
	[COUNT_STREAMS_FORGOTTEN_TTL] = {"streams_forgotten_total", "reason=\"ttl\"",
					 "streams forgotten by reason", 1},
	[COUNT_STREAMS_FORGOTTEN_MEMORY] = {"streams_forgotten_total", "reason=\"memory\"", NULL,
					    1},
	[COUNT_STREAMS_FORGOTTEN_RULE] = {"streams_forgotten_total", "reason=\"rule\"", NULL, 1},
	[COUNT_STREAMS_CHANGED] = {"streams_changed_total", "result=\"whole\"",
				   "streams that a reload gave other settings, by whether they "
				   "fit all that was known",
				   1},
	[COUNT_STREAMS_CHANGED_PARTLY] = {"streams_changed_total", "result=\"partly\"", NULL, 1},
	[COUNT_STEPS] = {"steps_total", NULL, "steps closed that a forecast can be made from", 1},
	[COUNT_FORECASTS] = {"forecasts_total", "result=\"handed_on\"",
			     "forecasts by what became of them", 1},
	[COUNT_FORECASTS_DROPPED] = {"forecasts_total", "result=\"dropped\"", NULL, 1},
	[COUNT_FORECASTS_SKIPPED] = {"forecasts_total", "result=\"skipped\"", NULL, 1},
	[COUNT_MESSAGES_OUT] = {"messages_sent_total", NULL, "messages given to ZeroMQ", 1,
				OWNER_OUTPUT},
	[COUNT_OUTPUTS_BEHIND] = {"outputs_behind_total", NULL,
				  "times that a subscriber reached its high-water mark and began "
				  "to lose messages, or that no worker took one",
				  1, OWNER_OUTPUT},
	[COUNT_SUBSCRIPTIONS] = {"output_subscriptions", NULL,
				 "topics subscribed to now, if the output is told: xpub is", 1,
				 OWNER_OUTPUT},
	[COUNT_OUTPUT_REFUSED + 0] = {"output_connections_refused_total", "reason=\"key\"",
				      "connections that CURVE refused", 1, OWNER_OUTPUT},
	[COUNT_OUTPUT_REFUSED + 1] = {"output_connections_refused_total", "reason=\"plaintext\"",
				      NULL, 1, OWNER_OUTPUT},
	[COUNT_OUTPUT_REFUSED + 2] = {"output_connections_refused_total", "reason=\"handshake\"",
				      NULL, 1, OWNER_OUTPUT},
	[COUNT_TRAININGS] = {"trainings_total", "result=\"adopted\"",
			     "trainings by what became of them", 1},
	[COUNT_TRAININGS_DIVERGED] = {"trainings_total", "result=\"diverged\"", NULL, 1},
	[COUNT_TRAININGS_SKIPPED] = {"trainings_total", "result=\"put_off\"", NULL, 1},
	[COUNT_DRIFTS] = {"drifts_total", NULL,
			  "times that a stream's errors were found to have grown for good", 1},
	[COUNT_GROUP_TRAININGS] = {"group_trainings_total", "result=\"adopted\"",
				   "trainings of groups by what became of them", 1},
	[COUNT_GROUP_TRAININGS_FAILED] = {"group_trainings_total", "result=\"failed\"", NULL, 1},
	[COUNT_TRAINING_STEPS] = {"training_steps_total", NULL, "optimiser steps", 1},
	[COUNT_TRAINING_US] = {"training_seconds_total", NULL, "time spent training", 1e-6},
	[COUNT_RECORDS_SAVED] = {"state_records_total", "result=\"saved\"",
				 "streams written to the state, and records that could not be read",
				 1},
	[COUNT_RECORDS_ASIDE] = {"state_records_total", "result=\"set_aside\"", NULL, 1},
	[COUNT_JOURNAL_SAMPLES] = {"state_journal_samples_total", "result=\"saved\"",
				   "samples written to the journal, and those that could not be",
				   1},
	[COUNT_JOURNAL_LOST] = {"state_journal_samples_total", "result=\"lost\"", NULL, 1},
	[COUNT_STATE_COMMITS] = {"state_commits_total", "result=\"done\"",
				 "transactions of the state", 1},
	[COUNT_STATE_FAILURES] = {"state_commits_total", "result=\"failed\"", NULL, 1},
	[COUNT_RESTORED] = {"streams_restored_total", "result=\"whole\"",
			    "streams that went on where they were after a start", 1},
	[COUNT_RESTORED_PARTLY] = {"streams_restored_total", "result=\"partly\"", NULL, 1},
	[COUNT_REPLAYED] = {"samples_restored_total", NULL, "samples that came from the journal",
			    1},
	[COUNT_RELOADS] = {"reloads_total", "result=\"done\"", "reloads of the settings", 1},
	[COUNT_RELOADS_REFUSED] = {"reloads_total", "result=\"refused\"", NULL, 1},
	[COUNT_RELOADS_FAILED] = {"reloads_total", "result=\"failed\"", NULL, 1},
	[COUNT_RELOADED] = {"reload_success_time_seconds", NULL,
			    "when settings were last taken into use, since the epoch", 1e-6},
};

const struct counter_row *counter_row(enum counter which)
{
	return &rows[which];
}

/* ---- inputs and outputs ---- */

static struct port_counters *add_port(const char *name)
{
	struct port_counters *port = calloc(1, sizeof(*port));

	if (!port)
		return NULL;
	port->name = strdup(name);
	if (port->name)
		return port;
	free(port);
	return NULL;
}

struct port_counters *ports_use(struct ports *ports, const char *name)
{
	struct port_counters *_Atomic *place = &ports->first;

	while (*place && strcmp((*place)->name, name) != 0)
		place = &(*place)->next;
	if (!*place)
		*place = add_port(name);
	if (*place)
		(*place)->in_use = true;
	return *place;
}

static struct port_counters *first_in_use(struct port_counters *port)
{
	while (port && !port->in_use)
		port = port->next;
	return port;
}

struct port_counters *ports_first(const struct ports *ports)
{
	return first_in_use(ports->first);
}

struct port_counters *ports_next(const struct port_counters *port)
{
	return first_in_use(port->next);
}

void ports_finish(struct ports *ports)
{
	struct port_counters *port = ports->first, *next;

	for (; port; port = next) {
		next = port->next;
		free(port->name);
		free(port);
	}
	ports->first = NULL;
}

/* Of those that are no longer in use, too. */
static uint64_t sum(const struct ports *ports, enum counter which)
{
	uint64_t total = 0;

	for (const struct port_counters *port = ports->first; port; port = port->next)
		total += count_get(&port->counters, which);
	return total;
}

uint64_t count_total(const struct all_counters *all, enum counter which)
{
	switch (counter_row(which)->owner) {
	case OWNER_INPUT:
		return sum(&all->inputs, which);
	case OWNER_OUTPUT:
		return sum(&all->outputs, which);
	case OWNER_DAEMON:
		break;
	}
	return count_get(&all->daemon, which);
}
