/*
 * The settings: YAML files in, one checked and immutable structure out.
 *
 * Every key is one row of the table in table.c (name, type, place, range, default, help); unknown
 * keys are errors; all problems are found in one run and printed as `file:line:col: key: problem`.
 */
#ifndef DAEMON_SETTINGS_SETTINGS_H
#define DAEMON_SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "rollcast/cleanup.h"
#include "rollcast/stream.h"
#include "rollcast/wire.h"

enum input_type { INPUT_SUB, INPUT_PULL };
enum output_type { OUTPUT_XPUB, OUTPUT_PUB, OUTPUT_PUSH };
enum time_unit { TIME_UNIT_S, TIME_UNIT_MS, TIME_UNIT_US, TIME_UNIT_NS };

struct strings {
	char **items;
	size_t count;
};

struct pairs {
	struct rollcast_label_pair *items;
	size_t count;
};

struct input_labels_settings {
	struct strings keep, drop; /* globs; at most one of the two has any */
	struct pairs rename, add;
};

/* Who may talk to a socket, and how we show who we are. Texts are never NULL; "": not given. */
struct curve_settings {
	char *secret_key_file;
	char *clients; /* a file or directory of certificates, or "any" */
	char *server_key, *server_key_file;
};

/* Of the unix sockets that `ipc://` binds. */
struct ipc_settings {
	uint32_t mode;
	char *group; /* "": the process's */
};

struct input_settings {
	char *name;
	enum input_type type;
	struct strings bind, connect; /* ZeroMQ endpoints */
	bool insecure;		      /* may bind beyond loopback */
	struct curve_settings curve;
	struct ipc_settings ipc;
	struct strings topics; /* SUB prefixes; [""] takes all */
	enum rollcast_format format;
	enum time_unit time_unit; /* of plain numbers of time */
	uint32_t high_water_mark; /* messages */
	uint64_t rate_limit;	  /* samples a second; 0: none */
	uint64_t message_max_bytes;
	struct input_labels_settings labels;
};

struct model_settings {
	char *name;
	struct rollcast_model_settings model;
};

/* One rule: the streams that `match` selects and no earlier rule does. */
struct stream_settings {
	char *match;
	struct rollcast_selector *selector;
	char *model;				/* its name under `models` */
	struct strings inputs_from;		/* streams that the network reads too */
	struct rollcast_stream_settings stream; /* with a copy of that model; borrows the names */
};

/* Streams held against a limit; exactly one of `above` and `below` is not empty. */
struct threshold_settings {
	char *name;
	char *match;
	struct rollcast_selector *selector;
	char *above, *below; /* a number, or the name of the stream that is the limit */
	double raise, clear; /* probabilities at which an alert is raised, and cleared */
};
enum { THRESHOLDS_MAX = 64 };

static inline bool threshold_is_above(const struct threshold_settings *threshold)
{
	return *threshold->above != '\0';
}

static inline const char *threshold_text(const struct threshold_settings *threshold)
{
	return threshold_is_above(threshold) ? threshold->above : threshold->below;
}

/* Whether the limit is a number, and which. */
static inline bool threshold_number(const struct threshold_settings *threshold, double *ret_number)
{
	const char *text = threshold_text(threshold);
	char *end;

	*ret_number = strtod(text, &end);
	return end != text && *end == '\0';
}

enum output_content { CONTENT_FORECASTS, CONTENT_ALERTS };

struct output_settings {
	char *name;
	enum output_type type;
	struct strings bind, connect;
	bool insecure;
	struct curve_settings curve;
	struct ipc_settings ipc;
	char *prefix; /* before the stream's name in the topic */
	char *match;
	struct rollcast_selector *selector;
	enum output_content content;
	enum rollcast_format format;
	int64_t every_us; /* of a stream's forecasts only the first in each is sent; 0: all */
	uint32_t high_water_mark;
};

struct threads_settings {
	uint32_t shards; /* 0: auto, one per core but at most 8 */
	uint32_t train;	 /* TRAIN_AUTO, or how many; 0: in the shard, in order */
};
#define TRAIN_AUTO UINT32_MAX

struct http_settings {
	char *listen;	      /* ADDRESS:PORT, [ADDRESS]:PORT; NULL: no server */
	bool insecure;	      /* may listen beyond loopback */
	struct strings hosts; /* names that it is asked by, beside its own */
	char *token_file;     /* what is no GET needs the token in there; "": none */
	char *forecasts;      /* the streams whose forecasts are metrics too; NULL: none */
	struct rollcast_selector *forecasts_selector;
};

/* Where streams are kept, so that a restart goes on where the daemon was. */
struct state_settings {
	char *path; /* a directory, "auto" or "none" */
	int64_t checkpoint_us, journal_us;
	uint64_t size_bytes;
};

struct settings {
	struct input_settings *inputs;
	size_t input_count;
	struct model_settings *models; /* `default` is always among them */
	size_t model_count;
	struct stream_settings *streams; /* in file order: the first match wins */
	size_t stream_count;
	struct threshold_settings *thresholds;
	size_t threshold_count; /* at most THRESHOLDS_MAX */
	struct output_settings *outputs;
	size_t output_count;
	struct threads_settings threads;
	struct http_settings http;
	struct state_settings state;
	uint32_t streams_max; /* limits.streams */
	uint64_t memory_max;  /* limits.memory, bytes */
	int64_t ttl_us;	      /* limits.ttl; 0: never */
	int64_t lag_us;	      /* limits.lag; 0: never */
};

static inline bool curve_settings_are_on(const struct curve_settings *curve)
{
	return curve->secret_key_file && *curve->secret_key_file;
}

/*
 * Reads and merges files and directories (their *.yaml, in the order of their names). Problems go
 * to `errors`, a line each, in the order of file and line; returns how many there were, or a negative
 * errno for what is no mistake of the settings (-ENOMEM). On 0 the caller owns *ret_settings.
 */
int settings_load(const char *const *paths, size_t count, FILE *errors,
		  struct settings **ret_settings);
/* The same for who opens no sockets: inputs and outputs may be missing. */
int settings_load_offline(const char *const *paths, size_t count, FILE *errors,
			  struct settings **ret_settings);
void settings_destroy(struct settings *settings);
DEFINE_CLEANUP(struct settings *, settings_destroy);

/* The settings in use as YAML that settings_load reads back, defaults included. */
void settings_print(const struct settings *settings, FILE *out);

/* All keys with type, range, default and help, as Markdown: docs/settings.md is made from it. */
void settings_print_reference(FILE *out);

#endif
