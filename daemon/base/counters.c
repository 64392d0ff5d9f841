#include "daemon/base/counters.h"

static const struct {
	const char *name, *help;
} rows[COUNTERS] = {
	[COUNT_MESSAGES] = {"messages_in", "messages received by all inputs"},
	[COUNT_MESSAGES_FRAMES] = {"messages_bad_frames", "messages with more than three frames"},
	[COUNT_DECODE + 0] = {"samples_decoded", "samples that a payload held"},
	[COUNT_DECODE + 1] = {"payloads_truncated", "payloads that ended early or promised too much"},
	[COUNT_DECODE + 2] = {"payloads_malformed", "payloads that are not of the input's format"},
	[COUNT_DECODE + 3] = {"payloads_shape", "payloads of no known shape"},
	[COUNT_DECODE + 4] = {"samples_bad_name", "samples without a usable name"},
	[COUNT_DECODE + 5] = {"samples_bad_time", "samples with a time out of range"},
	[COUNT_DECODE + 6] = {"samples_bad_value", "samples whose value is no finite number"},
	[COUNT_PUSH + 0] = {"samples_accepted", "samples taken by their stream"},
	[COUNT_PUSH + 1] = {"samples_late", "samples whose step was closed already"},
	[COUNT_PUSH + 2] = {"samples_not_finite", "samples that reached a stream as NaN or infinity"},
	[COUNT_PUSH + 3] = {"samples_off_time", "samples at a time that their grid cannot hold"},
	[COUNT_STREAMS] = {"streams", "streams being forecast"},
	[COUNT_STREAMS_REFUSED] = {"samples_over_limit", "samples of streams beyond limits.streams"},
	[COUNT_STREAMS_UNMATCHED] = {"samples_unmatched", "samples of streams that no rule matches"},
	[COUNT_FAILURES] = {"failures", "samples or steps lost to a lack of memory"},
	[COUNT_STEPS] = {"steps", "steps forecast from"},
	[COUNT_FORECASTS] = {"forecasts", "forecasts handed to the outputs"},
	[COUNT_FORECASTS_DROPPED] = {"forecasts_dropped", "forecasts dropped: the outputs were behind"},
	[COUNT_MESSAGES_OUT] = {"messages_out", "forecast messages given to ZeroMQ"},
	[COUNT_MESSAGES_OUT_DROPPED] = {"messages_out_dropped", "forecast messages without a receiver"},
	[COUNT_TRAININGS] = {"trainings", "trainings whose weights came into use"},
	[COUNT_TRAININGS_DIVERGED] = {"trainings_diverged", "trainings that diverged; old weights kept"},
	[COUNT_TRAININGS_SKIPPED] = {"trainings_skipped", "trainings put off: the trainers were behind"},
	[COUNT_TRAINING_STEPS] = {"training_steps", "optimiser steps"},
	[COUNT_TRAINING_US] = {"training_us", "microseconds spent training"},
};

const char *counter_name(enum counter which)
{
	return rows[which].name;
}

const char *counter_help(enum counter which)
{
	return rows[which].help;
}
