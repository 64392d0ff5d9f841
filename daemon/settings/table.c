/* One row per key; a key that nothing implements has no row. */
#include "daemon/settings/table.h"

#include <string.h>

static const char *const input_types[] = {"sub", "pull", NULL};
static const char *const contents[] = {"forecasts", "alerts", NULL};
static const char *const output_types[] = {"xpub", "pub", "push", NULL};
static const char *const formats[] = {"msgpack", "json", "influx", NULL};
static const char *const time_units[] = {"s", "ms", "us", "ns", NULL};
static const char *const scopes[] = {"stream", "group", NULL};
static const char *const cells[] = {"lstm", "gru", "rnn", NULL};
static const char *const activations[] = {"tanh", "relu", NULL};
static const char *const losses[] = {"mae", "mse", "huber", NULL};
static const char *const optimizers[] = {"adam", "adamw", "rmsprop", "sgd", NULL};
static const char *const aggregates[] = {"mean", "last", "sum", "min", "max", "rate", NULL};
static const char *const gaps[] = {"linear", "last", "none", NULL};

#define PLACE(type, field) \
	.place = offsetof(struct type, field), .size = sizeof(((struct type *)NULL)->field)
#define ALSO(type, field) .also = offsetof(struct type, field)

#define GIB    (1024.0 * 1024 * 1024)
#define MS     1e3
#define S      1e6
#define D      (86400 * S)
#define U32    4294967295.0
#define QUEUED 1e8

const struct key table_keys[] = {
	{"inputs[].name", KEY_NAME, PLACE(input_settings, name),
	 .help = "Name of the input in metrics and messages; each has its own."},
	{"inputs[].type", KEY_WORD, PLACE(input_settings, type), .words = input_types,
	 .fallback = "sub",
	 .help = "ZeroMQ socket: `sub` subscribes to publishers, `pull` takes what is pushed."},
	{"inputs[].bind", KEY_BIND, PLACE(input_settings, bind), .fallback = "[]",
	 .help = "Endpoints to listen at. At least one of `bind` and `connect` names an endpoint."},
	{"inputs[].connect", KEY_CONNECT, PLACE(input_settings, connect), .fallback = "[]",
	 .help = "Endpoints to connect to."},
	{"inputs[].insecure", KEY_SWITCH, PLACE(input_settings, insecure), .fallback = "false",
	 .help = "Lets `bind` listen beyond loopback, where anybody may send, without CURVE."},
	{"inputs[].curve.secret_key_file", KEY_TEXT, PLACE(input_settings, curve.secret_key_file),
	 .fallback = "\"\"",
	 .help = "Our own certificate, as `rollcast keygen` makes it: turns on CURVE, so that the "
		 "socket "
		 "talks encrypted, and only to those it knows: `docs/security.md`."},
	{"inputs[].curve.clients", KEY_TEXT, PLACE(input_settings, curve.clients),
	 .fallback = "\"\"",
	 .help = "Who may connect to what `bind` names: a file of public certificates, or a "
		 "directory of `*.key`; `any` for whoever has the server's public key."},
	{"inputs[].curve.server_key", KEY_TEXT, PLACE(input_settings, curve.server_key),
	 .fallback = "\"\"",
	 .help = "The public key of what `connect` names: 40 characters, in quotes, with `$$` "
		 "for each `$`. `server_key_file` needs neither."},
	{"inputs[].curve.server_key_file", KEY_TEXT, PLACE(input_settings, curve.server_key_file),
	 .fallback = "\"\"", .help = "The same, as a file: a public certificate."},
	{"inputs[].ipc.mode", KEY_MODE, PLACE(input_settings, ipc.mode), .fallback = "0600",
	 .help = "Permissions of the unix sockets that `bind` makes: who may write may connect."},
	{"inputs[].ipc.group", KEY_TEXT, PLACE(input_settings, ipc.group), .fallback = "\"\"",
	 .help = "Group of those sockets; `\"\"` for that of the process."},
	{"inputs[].topics", KEY_TEXTS, PLACE(input_settings, topics), .fallback = "[\"\"]",
	 .help = "Topic prefixes to subscribe to; `\"\"` takes all. Only for `sub`."},
	{"inputs[].format", KEY_WORD, PLACE(input_settings, format), .words = formats,
	 .fallback = "msgpack", .help = "How payloads are encoded."},
	{"inputs[].time_unit", KEY_WORD, PLACE(input_settings, time_unit), .words = time_units,
	 .fallback = "s", .help = "Unit of times that are plain numbers since 1970."},
	{"inputs[].high_water_mark", KEY_WHOLE, PLACE(input_settings, high_water_mark), .min = 1,
	 .max = QUEUED, .fallback = "10000", .unit = "messages",
	 .help = "Messages that ZeroMQ holds per peer before it waits or drops."},
	{"inputs[].message_max", KEY_SIZE, PLACE(input_settings, message_max_bytes), .min = 64,
	 .max = GIB, .fallback = "16MiB",
	 .help = "A peer that sends a larger message is disconnected."},
	{"inputs[].rate_limit", KEY_WHOLE, PLACE(input_settings, rate_limit), .min = 1, .max = 1e9,
	 .special = "none", .fallback = "none", .unit = "samples a second",
	 .help = "More than that, `sub` drops and counts; `pull` takes messages more slowly, so "
		 "that its senders wait. A second's worth may come at once."},

	{"inputs[].labels.keep", KEY_GLOBS, PLACE(input_settings, labels.keep), .fallback = "[]",
	 .help = "Globs for the labels that stay; `[]` is all. Streams that differ in dropped "
		 "labels only become one stream."},
	{"inputs[].labels.drop", KEY_GLOBS, PLACE(input_settings, labels.drop), .fallback = "[]",
	 .help = "Globs for labels to drop. An input has either `keep` or `drop`."},
	{"inputs[].labels.rename", KEY_PAIRS, PLACE(input_settings, labels.rename),
	 .are_labels = true, .fallback = "{}",
	 .help = "New names for the labels that are left, as in `{instance: host}`; the new one "
		 "replaces another of that name."},
	{"inputs[].labels.add", KEY_PAIRS, PLACE(input_settings, labels.add), .fallback = "{}",
	 .help = "Labels with their values to give to every stream, as in `{dc: eu}`, in the place "
		 "of what is called so."},

	{"models.*.scope", KEY_WORD, PLACE(model_settings, model.scope), .words = scopes,
	 .fallback = "stream",
	 .help = "Who learns together: `stream`, each stream by itself; `group`, one network for "
		 "all streams of a rule, which a new stream has from its first full lookback on."},
	{"models.*.cell", KEY_WORD, PLACE(model_settings, model.cell), .words = cells,
	 .fallback = "lstm", .help = "Kind of recurrent cell."},
	{"models.*.hidden", KEY_WHOLE, PLACE(model_settings, model.hidden), .min = 1, .max = 1024,
	 .fallback = "16", .unit = "units", .help = "Units per layer."},
	{"models.*.layers", KEY_WHOLE, PLACE(model_settings, model.layers), .min = 1, .max = 8,
	 .fallback = "1", .unit = "layers", .help = "Recurrent layers on top of each other."},
	{"models.*.activation", KEY_WORD, PLACE(model_settings, model.activation),
	 .words = activations, .fallback = "tanh",
	 .help = "Activation of candidate and output; gates are sigmoid."},
	{"models.*.lookback", KEY_WHOLE, PLACE(model_settings, model.lookback), .min = 1,
	 .max = 4096, .fallback = "48", .unit = "steps", .help = "Steps that the network reads."},
	{"models.*.patch", KEY_WHOLE, PLACE(model_settings, model.patch), .min = 1, .max = 1024,
	 .fallback = "1", .unit = "steps",
	 .help = "Steps of the lookback that the network reads at once, such as a day of 24 hours: "
		 "fewer, wider steps. Divides `lookback`."},
	{"models.*.loss", KEY_WORD, PLACE(model_settings, model.loss), .words = losses,
	 .fallback = "mae",
	 .help = "What training minimises: absolute error, squared error, or `huber`, which is "
		 "square near zero and linear beyond `huber_delta`."},
	{"models.*.huber_delta", KEY_NUMBER, PLACE(model_settings, model.huber_delta), .min = 1e-6,
	 .max = 1e6, .fallback = "1", .unit = "scaled units",
	 .help = "Where the Huber loss turns from square to linear."},
	{"models.*.optimizer.kind", KEY_WORD, PLACE(model_settings, model.optimizer),
	 .words = optimizers, .fallback = "adam", .help = "Optimiser."},
	{"models.*.optimizer.rate", KEY_NUMBER, PLACE(model_settings, model.rate), .min = 1e-8,
	 .max = 1, .fallback = "0.005", .help = "Learning rate at the start of a training."},
	{"models.*.optimizer.momentum", KEY_NUMBER, PLACE(model_settings, model.momentum),
	 .max = 0.999, .fallback = "0", .help = "Momentum of `sgd` and `rmsprop`; 0 for none."},
	{"models.*.optimizer.weight_decay", KEY_NUMBER, PLACE(model_settings, model.weight_decay),
	 .max = 1, .fallback = "0",
	 .help = "Pulls weights towards zero: decoupled for `adamw`, L2 for the others."},
	{"models.*.clip_norm", KEY_NUMBER, PLACE(model_settings, model.clip_norm), .max = 1e6,
	 .fallback = "1", .help = "Gradients are clipped to this global norm; 0 for not at all."},
	{"models.*.batch", KEY_WHOLE, PLACE(model_settings, model.batch), .min = 1, .max = 4096,
	 .fallback = "32", .unit = "windows", .help = "Windows per optimiser step."},
	{"models.*.steps.first", KEY_WHOLE, PLACE(model_settings, model.steps_first), .min = 1,
	 .max = 100000, .fallback = "300", .unit = "optimiser steps",
	 .help = "Length of a stream's first training."},
	{"models.*.steps.refit", KEY_WHOLE, PLACE(model_settings, model.steps_refit), .min = 1,
	 .max = 100000, .fallback = "120", .unit = "optimiser steps",
	 .help = "Length of later trainings, which start from the weights in use."},
	{"models.*.seed", KEY_WHOLE, PLACE(model_settings, model.seed), .max = U32, .fallback = "1",
	 .help = "Seed of the initial weights and of the batches."},

	{"streams[].match", KEY_SELECTOR, PLACE(stream_settings, match),
	 ALSO(stream_settings, selector), .fallback = "'*'",
	 .help = "The streams of this rule, as `glob{label=\"glob\", label=~\"regex\"}`; operators "
		 "are `=`, `!=`, `=~` and `!~`. The first rule that matches counts; a stream "
		 "that none matches is not forecast."},
	{"streams[].step", KEY_DURATION, PLACE(stream_settings, stream.grid.step_us), .min = MS,
	 .max = 366 * D, .special = "auto", .fallback = "auto",
	 .help = "Spacing of the regular grid; `auto` finds it from the first samples, and anew "
		 "when the stream's rate has changed for good; what is remembered is kept."},
	{"streams[].aggregate", KEY_WORD, PLACE(stream_settings, stream.grid.aggregate),
	 .words = aggregates, .fallback = "mean",
	 .help = "What several samples in one step become; `rate` is for counters: their increase "
		 "per second from step to step, across resets and 32-bit overflows."},
	{"streams[].lateness", KEY_DURATION, PLACE(stream_settings, stream.grid.lateness_us),
	 .max = 7 * D, .fallback = "0s",
	 .help = "How long a step stays open for late samples, in the data's own time."},
	{"streams[].gap.fill", KEY_WORD, PLACE(stream_settings, stream.grid.gap), .words = gaps,
	 .fallback = "linear", .brief = true,
	 .help = "How missing steps are bridged: on a line, with the last value, or not at all. "
		 "`gap: last` is short for `gap: {fill: last}`."},
	{"streams[].gap.longest", KEY_WHOLE, PLACE(stream_settings, stream.grid.gap_longest),
	 .min = 1, .max = 4096, .fallback = "12", .unit = "steps",
	 .help = "A longer gap is a hole: nothing is learned across it."},
	{"streams[].window", KEY_SPAN, PLACE(stream_settings, stream.window), .min = 4,
	 .max = WINDOW_STEPS_MAX, .fallback = "2016", .unit = "steps",
	 .help = "What is remembered of a stream, and trained on."},
	{"streams[].horizon", KEY_WHOLE, PLACE(stream_settings, stream.horizon), .min = 1,
	 .max = ROLLCAST_HORIZON_MAX, .fallback = "12", .unit = "steps",
	 .help = "Steps forecast, all at once."},
	{"streams[].season", KEY_SPANS, PLACE(stream_settings, stream.seasons),
	 ALSO(stream_settings, stream.season_count),
	 .flag = offsetof(struct stream_settings, stream.season_auto), .min = 2, .max = 1e6,
	 .special = "auto", .fallback = "auto", .unit = "steps",
	 .help = "Length of the season, or a list of up to three: `[1d, 7d]`; `auto` finds them in "
		 "the "
		 "window, anew at each training."},
	{"streams[].model", KEY_NAME, PLACE(stream_settings, model), .fallback = "default",
	 .help = "Name of the network under `models`."},
	{"streams[].inputs_from", KEY_TEXTS, PLACE(stream_settings, inputs_from), .fallback = "[]",
	 .help = "Other streams of the same step that the network reads too, up to eight: a name "
		 "for "
		 "the stream with that name and the same labels, as in `requests`, or one with all "
		 "its labels, as in `'requests{dc=\"eu\"}'`."},
	{"streams[].retrain.every", KEY_SPAN, PLACE(stream_settings, stream.retrain_every),
	 .min = 1, .max = 1e6, .fallback = "288", .unit = "steps",
	 .help = "Data time from one training to the next."},
	{"streams[].retrain.drift", KEY_SWITCH, PLACE(stream_settings, stream.retrain_on_drift),
	 .fallback = "true",
	 .help = "Errors that have grown for good bring the next training forward."},
	{"streams[].intervals", KEY_LEVELS, PLACE(stream_settings, stream.levels),
	 ALSO(stream_settings, stream.level_count), .min = 0.01, .max = 0.999,
	 .fallback = "[0.8, 0.95]",
	 .help = "Levels of the forecast's central intervals, ascending, up to eight."},

	{"thresholds[].name", KEY_NAME, PLACE(threshold_settings, name),
	 .help = "Name of the threshold in forecasts and alerts; each has its own."},
	{"thresholds[].match", KEY_SELECTOR, PLACE(threshold_settings, match),
	 ALSO(threshold_settings, selector), .fallback = "'*'",
	 .help = "The streams that are watched; one stream for the first 16 that match it."},
	{"thresholds[].above", KEY_TEXT, PLACE(threshold_settings, above), .fallback = "\"\"",
	 .help = "The limit that values should not exceed: a number, or the name of the stream "
		 "that "
		 "has the limit and the same labels, as in `match: disk_used` and `above: "
		 "disk_size`. Each threshold has either `above` or `below`."},
	{"thresholds[].below", KEY_TEXT, PLACE(threshold_settings, below), .fallback = "\"\"",
	 .help = "The same for a limit that values should not fall below."},
	{"thresholds[].raise", KEY_NUMBER, PLACE(threshold_settings, raise), .min = 0.001, .max = 1,
	 .fallback = "0.5",
	 .help = "An alert is raised when a breach within the horizon is as probable as that."},
	{"thresholds[].clear", KEY_NUMBER, PLACE(threshold_settings, clear), .max = 0.999,
	 .fallback = "0.2", .help = "It is cleared when the probability is down to this."},

	{"outputs[].name", KEY_NAME, PLACE(output_settings, name),
	 .help = "Name of the output in metrics and messages; each has its own."},
	{"outputs[].type", KEY_WORD, PLACE(output_settings, type), .words = output_types,
	 .fallback = "xpub",
	 .help = "ZeroMQ socket: `xpub` and `pub` publish; `push` deals out to workers."},
	{"outputs[].bind", KEY_BIND, PLACE(output_settings, bind), .fallback = "[]",
	 .help = "Endpoints to listen at. At least one of `bind` and `connect` names an endpoint."},
	{"outputs[].connect", KEY_CONNECT, PLACE(output_settings, connect), .fallback = "[]",
	 .help = "Endpoints to connect to."},
	{"outputs[].insecure", KEY_SWITCH, PLACE(output_settings, insecure), .fallback = "false",
	 .help = "Lets `bind` listen beyond loopback, where anybody may read along, without "
		 "CURVE."},
	{"outputs[].curve.secret_key_file", KEY_TEXT, PLACE(output_settings, curve.secret_key_file),
	 .fallback = "\"\"",
	 .help = "Our own certificate, as `rollcast keygen` makes it: turns on CURVE, so that the "
		 "socket "
		 "talks encrypted, and only to those it knows: `docs/security.md`."},
	{"outputs[].curve.clients", KEY_TEXT, PLACE(output_settings, curve.clients),
	 .fallback = "\"\"",
	 .help = "Who may connect to what `bind` names: a file of public certificates, or a "
		 "directory of `*.key`; `any` for whoever has the server's public key."},
	{"outputs[].curve.server_key", KEY_TEXT, PLACE(output_settings, curve.server_key),
	 .fallback = "\"\"",
	 .help = "The public key of what `connect` names: 40 characters, in quotes, with `$$` "
		 "for each `$`. `server_key_file` needs neither."},
	{"outputs[].curve.server_key_file", KEY_TEXT, PLACE(output_settings, curve.server_key_file),
	 .fallback = "\"\"", .help = "The same, as a file: a public certificate."},
	{"outputs[].ipc.mode", KEY_MODE, PLACE(output_settings, ipc.mode), .fallback = "0600",
	 .help = "Permissions of the unix sockets that `bind` makes: who may write may connect."},
	{"outputs[].ipc.group", KEY_TEXT, PLACE(output_settings, ipc.group), .fallback = "\"\"",
	 .help = "Group of those sockets; `\"\"` for that of the process."},
	{"outputs[].prefix", KEY_TEXT, PLACE(output_settings, prefix), .fallback = "\"\"",
	 .help = "Stands before the stream's name in the topic."},
	{"outputs[].match", KEY_SELECTOR, PLACE(output_settings, match),
	 ALSO(output_settings, selector), .fallback = "'*'",
	 .help = "The streams whose forecasts are sent here."},
	{"outputs[].content", KEY_WORD, PLACE(output_settings, content), .words = contents,
	 .fallback = "forecasts",
	 .help = "What is sent: every forecast, or only alerts, when a threshold's alert is raised "
		 "or "
		 "cleared."},
	{"outputs[].format", KEY_WORD, PLACE(output_settings, format), .words = formats,
	 .fallback = "msgpack", .help = "How payloads are encoded."},
	{"outputs[].every", KEY_DURATION, PLACE(output_settings, every_us), .max = 366 * D,
	 .fallback = "0s",
	 .help = "Of each stream only the first forecast in every such time is sent, by the data's "
		 "own time; `0s` for all. Alerts are sent at once."},
	{"outputs[].high_water_mark", KEY_WHOLE, PLACE(output_settings, high_water_mark), .min = 1,
	 .max = QUEUED, .fallback = "1000", .unit = "messages",
	 .help = "Messages held per subscriber before it loses some."},

	{"state.path", KEY_TEXT, PLACE(settings, state.path), .fallback = "auto",
	 .help = "Directory that streams are kept in, so that a restart goes on where the daemon "
		 "was; "
		 "`none` keeps nothing. `auto` is what systemd names in `$STATE_DIRECTORY`, else "
		 "`/var/lib/rollcast`."},
	{"state.checkpoint", KEY_DURATION, PLACE(settings, state.checkpoint_us), .min = 100 * MS,
	 .max = 7 * D, .fallback = "60s",
	 .help = "How often each stream that has changed is written as a whole."},
	{"state.journal", KEY_DURATION, PLACE(settings, state.journal_us), .min = 10 * MS,
	 .max = 3600 * S, .fallback = "1s",
	 .help = "What a crash may cost: in between, samples are written to a journal so often."},
	{"state.size", KEY_SIZE, PLACE(settings, state.size_bytes), .min = 1024 * 1024,
	 .max = 16384 * GIB, .fallback = "4GiB",
	 .help = "What the files may take at most. A stream with the default window and network "
		 "takes "
		 "150 KiB, twice while it is rewritten."},

	{"threads.shards", KEY_WHOLE, PLACE(settings, threads.shards), .min = 1, .max = 64,
	 .special = "auto", .fallback = "auto", .unit = "threads",
	 .help = "Threads that streams are spread over; `auto` is one per core, at most 8."},
	{"threads.train", KEY_WHOLE, PLACE(settings, threads.train), .max = 64, .special = "auto",
	 .special_value = TRAIN_AUTO, .fallback = "auto", .unit = "threads",
	 .help = "Threads that train; 0 trains in the shard, in order, so that runs repeat."},

	{"http.listen", KEY_LISTEN, PLACE(settings, http.listen), .special = "none",
	 .fallback = "127.0.0.1:9477",
	 .help = "Address and port of metrics, health checks and the page; `none` for no server."},
	{"http.insecure", KEY_SWITCH, PLACE(settings, http.insecure), .fallback = "false",
	 .help = "Lets `listen` be beyond loopback, where anybody may read along."},
	{"http.hosts", KEY_TEXTS, PLACE(settings, http.hosts), .fallback = "[]",
	 .help = "Names by which it may be asked, beside `localhost`, addresses and this machine's "
		 "name; requests for others are refused, as a page in a browser may send them."},
	{"http.token_file", KEY_TEXT, PLACE(settings, http.token_file), .fallback = "\"\"",
	 .help = "A file whose first line is a token. Requests that change something need it: "
		 "`Authorization: Bearer TOKEN`. Beyond loopback they are refused without one."},
	{"http.forecasts", KEY_SELECTOR, PLACE(settings, http.forecasts),
	 ALSO(settings, http.forecasts_selector), .special = "none", .fallback = "none",
	 .help = "The streams whose forecasts are in `/metrics` too: horizon times quantiles "
		 "series "
		 "for each."},

	{"limits.streams", KEY_WHOLE, PLACE(settings, streams_max), .min = 1, .max = 1e7,
	 .fallback = "100000", .unit = "streams",
	 .help = "Streams held at most; samples of further ones are refused and counted."},
	{"limits.memory", KEY_SIZE, PLACE(settings, memory_max), .min = 1024 * 1024,
	 .max = 1024 * GIB, .fallback = "4GiB",
	 .help = "Memory of all streams. Samples of further streams are refused and counted; a "
		 "young stream that would need more than is left is forgotten."},
	{"limits.lag", KEY_DURATION, PLACE(settings, lag_us), .min = 10 * MS, .max = 3600 * S,
	 .special = "never", .fallback = "1s",
	 .help = "When samples have waited in the daemon for so long, it makes forecasts only from "
		 "the newest step of each stream, as far as there is time, and puts trainings off. "
		 "`never` makes one from each step, and lets senders wait: for histories that are "
		 "replayed as fast as they go."},
	{"limits.ttl", KEY_DURATION, PLACE(settings, ttl_us), .min = S, .max = 3660 * D,
	 .special = "never", .fallback = "7d",
	 .help = "A stream without samples for this time, and for ten of its steps, is forgotten."},
};
const size_t table_key_count = sizeof(table_keys) / sizeof(*table_keys);

#define ARRAY(type, array, counter)                                                             \
	.place = offsetof(struct settings, array), .count = offsetof(struct settings, counter), \
	.element_size = sizeof(struct type)

const struct section table_sections[] = {
	{"inputs", "inputs[]", SECTION_LIST, ARRAY(input_settings, inputs, input_count),
	 "Where samples come from: a list of sockets, one or more."},
	{"models", "models.*", SECTION_MAP, ARRAY(model_settings, models, model_count),
	 "Networks by name. `default` exists in any case; keys left out have their defaults."},
	{"streams", "streams[]", SECTION_LIST, ARRAY(stream_settings, streams, stream_count),
	 "Rules, of which the first that matches a stream counts. Without this section one rule "
	 "forecasts every stream with the defaults."},
	{"thresholds", "thresholds[]", SECTION_LIST,
	 ARRAY(threshold_settings, thresholds, threshold_count),
	 "Limits that streams are held against: a forecast then says how probable a breach is "
	 "within "
	 "the horizon, and when. A list, up to 64."},
	{"outputs", "outputs[]", SECTION_LIST, ARRAY(output_settings, outputs, output_count),
	 "Where forecasts go: a list of sockets, one or more."},
	{"state", "state", SECTION_ONE, .help = "What is kept for a restart."},
	{"threads", "threads", SECTION_ONE, .help = "How the work is spread."},
	{"http", "http", SECTION_ONE,
	 .help = "What people and Prometheus read: `docs/metrics.md`."},
	{"limits", "limits", SECTION_ONE, .help = "What the daemon may take."},
};
const size_t table_section_count = sizeof(table_sections) / sizeof(*table_sections);

static bool is_key_of(const struct section *section, const struct key *key)
{
	size_t length = strlen(section->element);

	return !strncmp(key->path, section->element, length) && key->path[length] == '.';
}

const struct key *table_section_keys(const struct section *section, size_t *ret_count)
{
	const struct key *first = table_keys;

	while (!is_key_of(section, first))
		first++;
	*ret_count = 0;
	while (first + *ret_count < table_keys + table_key_count &&
	       is_key_of(section, first + *ret_count))
		(*ret_count)++;
	return first;
}

const char *table_key_name(const struct section *section, const struct key *key)
{
	return key->path + strlen(section->element) + 1;
}

size_t table_element_count(const struct section *section, const struct settings *settings)
{
	if (section->kind == SECTION_ONE)
		return 1;
	return *(const size_t *)((const char *)settings + section->count);
}

void *table_element(const struct section *section, const struct settings *settings, size_t index)
{
	if (section->kind == SECTION_ONE)
		return (void *)settings;
	return *(char *const *)((const char *)settings + section->place) +
	       index * section->element_size;
}
