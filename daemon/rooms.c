/*
 * The rooms and the queues between them: made, started against the flow, stopped with it.
 */
#include "daemon/daemon.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/base/socket.h"

enum {
	SHARDS_AUTO_MAX = 8,
	INBOX_LETTERS = 128,
	QUESTIONS = 16,
	SAMPLE_BLOCKS = 64,
	SAMPLE_BLOCK_BYTES = 65536,
	FORECAST_BLOCKS = 256, /* a burst of some thousand forecasts */
	TRAININGS_WAITING = 64,
	KEEPINGS_WAITING = 128,
	JOURNAL_BLOCKS = 64,
	CHANNEL_DEPTH = 64, /* newest steps kept of a stream that others read */
};

/* ---- making the rooms ---- */

static uint32_t cores(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	return online > 0 ? (uint32_t)online : 1;
}

uint32_t trainer_count(const struct settings *settings)
{
	return settings->threads.train == TRAIN_AUTO ? cores() : settings->threads.train;
}

uint32_t shard_count(const struct settings *settings)
{
	uint32_t wanted = settings->threads.shards;

	if (wanted == 0)
		wanted = cores() < SHARDS_AUTO_MAX ? cores() : SHARDS_AUTO_MAX;
	return wanted;
}

static int make_queues(struct daemon *daemon)
{
	size_t forecast_bytes = shard_forecast_block_size(daemon->settings);
	int r;

	values_init(&daemon->limits, daemon->settings->streams_max, 1, daemon->settings->ttl_us);
	values_init(&daemon->channels, daemon->settings->streams_max, CHANNEL_DEPTH,
		    daemon->settings->ttl_us);
	daemon->shard_count = shard_count(daemon->settings);
	daemon->inboxes = calloc(daemon->shard_count, sizeof(*daemon->inboxes));
	daemon->questions = calloc(daemon->shard_count, sizeof(*daemon->questions));
	daemon->shards = calloc(daemon->shard_count, sizeof(*daemon->shards));
	daemon->heartbeats = calloc(2 + daemon->shard_count, sizeof(*daemon->heartbeats));
	if (!daemon->inboxes || !daemon->questions || !daemon->shards || !daemon->heartbeats)
		return -ENOMEM;
	for (uint32_t i = 0; i < daemon->shard_count; i++) {
		r = queue_init(&daemon->inboxes[i], INBOX_LETTERS, sizeof(struct letter), NULL,
			       false);
		if (r == 0)
			r = queue_init(&daemon->questions[i], QUESTIONS, sizeof(struct question *),
				       NULL, false);
		if (r < 0)
			return r;
	}
	r = queue_init(&daemon->training, TRAININGS_WAITING, sizeof(struct training),
		       train_goes_before, false);
	if (r < 0)
		return r;
	r = queue_init(&daemon->settled, daemon->shard_count, sizeof(uint32_t), NULL, true);
	if (r < 0)
		return r;
	r = queue_init(&daemon->leaving, FORECAST_BLOCKS, sizeof(struct block *), NULL, true);
	if (r < 0)
		return r;
	r = block_pool_init(&daemon->samples, SAMPLE_BLOCKS + daemon->shard_count,
			    SAMPLE_BLOCK_BYTES);
	if (r < 0)
		return r;
	return block_pool_init(&daemon->forecasts, FORECAST_BLOCKS, forecast_bytes);
}

static int make_state(struct daemon *daemon)
{
	const struct state_plan plan = {
		.settings = &daemon->settings->state,
		.queue = &daemon->keeping,
		.journals = &daemon->journals,
		.inboxes = daemon->inboxes,
		.restored = &daemon->restored,
		.shards = daemon->shard_count,
		.counters = &daemon->counters.daemon,
		.alive = systemd_restoring,
	};
	int r = queue_init(&daemon->keeping, KEEPINGS_WAITING, sizeof(struct keeping), NULL, false);

	if (r == 0)
		r = queue_init(&daemon->restored, daemon->shard_count, sizeof(uint32_t), NULL,
			       false);
	if (r == 0)
		r = block_pool_init(&daemon->journals, JOURNAL_BLOCKS, SAMPLE_BLOCK_BYTES);
	return r < 0 ? r : state_create(&plan, &daemon->state);
}

static int make_shards(struct daemon *daemon)
{
	bool trainers = trainer_count(daemon->settings) > 0;

	for (uint32_t i = 0; i < daemon->shard_count; i++) {
		const struct shard_plan plan = {
			.settings = daemon->settings,
			.index = i,
			.inbox = &daemon->inboxes[i],
			.questions = &daemon->questions[i],
			.shards = daemon->shard_count,
			.state = daemon->state ? &daemon->keeping : NULL,
			.journals = &daemon->journals,
			.restored = &daemon->restored,
			.settled = &daemon->settled,
			.samples = &daemon->samples,
			.training = trainers ? &daemon->training : NULL,
			.out = &daemon->leaving,
			.forecasts = &daemon->forecasts,
			.limits = &daemon->limits,
			.channels = &daemon->channels,
			.groups = daemon->groups,
			.counters = &daemon->counters.daemon,
			.latency = &daemon->counters.latency,
			.heartbeat = &daemon->heartbeats[2 + i],
		};
		int r = shard_create(&plan, &daemon->shards[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int make_threads(struct daemon *daemon)
{
	int r = groups_create(daemon->settings, &daemon->counters.daemon, NULL, &daemon->groups);

	if (r == 0)
		r = make_state(daemon);
	if (r == 0)
		r = make_shards(daemon);
	if (r < 0)
		return r;
	const struct train_plan train_plan = {
		.queue = &daemon->training,
		.inboxes = daemon->inboxes,
		.threads = trainer_count(daemon->settings),
	};

	r = train_create(&train_plan, &daemon->train);
	if (r < 0)
		return r;
	const struct out_plan out_plan = {
		.context = daemon->context,
		.settings = daemon->settings,
		.queue = &daemon->leaving,
		.inboxes = daemon->inboxes,
		.shards = daemon->shard_count,
		.blocks = &daemon->forecasts,
		.ports = &daemon->counters.outputs,
		.heartbeat = &daemon->heartbeats[1],
	};

	r = out_create(&out_plan, &daemon->out);
	if (r < 0)
		return r;
	const struct in_plan in_plan = {
		.context = daemon->context,
		.settings = daemon->settings,
		.inboxes = daemon->inboxes,
		.shards = daemon->shard_count,
		.blocks = &daemon->samples,
		.ports = &daemon->counters.inputs,
		.heartbeat = &daemon->heartbeats[0],
	};

	return in_create(&in_plan, &daemon->in);
}

/* Last of all: it asks the shards, and listens from the start. */
static int make_http(struct daemon *daemon)
{
	const char *listen = daemon->settings->http.listen;
	const struct http_plan plan = {
		.listen = listen,
		.settings = &daemon->settings->http,
		.forecasts = daemon->settings->http.forecasts,
		.counters = &daemon->counters,
		.heartbeats = daemon->heartbeats,
		.heartbeat_count = 2 + daemon->shard_count,
		.stalled_us = STALLED_US,
		.inboxes = daemon->inboxes,
		.questions = daemon->questions,
		.shards = daemon->shard_count,
		.training = &daemon->training,
		.out = &daemon->leaving,
		.reload = reload_ask,
		.context = daemon,
	};

	return plan.listen ? http_create(&plan, &daemon->http) : 0;
}

struct guard_plan rooms_guard_plan(struct daemon *daemon, const struct settings *settings)
{
	return (struct guard_plan){
		.context = daemon->context,
		.settings = settings,
		.inputs = &daemon->counters.inputs,
		.outputs = &daemon->counters.outputs,
	};
}

int rooms_make(struct daemon *daemon)
{
	int r;

	train_prepare_blas();
	socket_allow_many();
	daemon->context = zmq_ctx_new();
	if (!daemon->context)
		return -errno;
	const struct guard_plan guard = rooms_guard_plan(daemon, daemon->settings);

	r = make_queues(daemon);
	if (r == 0)
		r = guard_create(&guard, &daemon->guard);
	if (r == 0)
		r = make_threads(daemon);
	return r < 0 ? r : make_http(daemon);
}

/* ---- starting and stopping, against and with the flow ---- */

int rooms_start(struct daemon *daemon)
{
	for (uint32_t i = 0; i < 2 + daemon->shard_count; i++)
		heartbeat_beat(&daemon->heartbeats[i]);
	int r = out_start(daemon->out);

	for (uint32_t i = 0; r == 0 && i < daemon->shard_count; i++)
		r = shard_start(daemon->shards[i]);
	if (r == 0 && daemon->state)
		r = state_restore(daemon->state);
	if (r == 0 && daemon->state)
		r = state_start(daemon->state);
	if (r == 0)
		r = train_start(daemon->train);
	if (r == 0)
		r = in_start(daemon->in);
	if (r == 0)
		http_set_ready(daemon->http, true);
	return r;
}

void rooms_stop(struct daemon *daemon, bool started)
{
	if (!daemon->out)
		return;
	reload_close(&daemon->reload);
	http_destroy(STEAL(daemon->http));
	in_stop(daemon->in);
	train_stop(daemon->train);
	for (uint32_t i = 0; i < daemon->shard_count; i++)
		queue_close(&daemon->inboxes[i]);
	if (!started) /* nobody may be there to take it */
		queue_close(&daemon->keeping);
	for (uint32_t i = 0; i < daemon->shard_count; i++)
		shard_join(daemon->shards[i]);
	queue_close(&daemon->keeping);
	state_join(daemon->state);
	queue_close(&daemon->leaving);
	out_join(daemon->out);
}

void rooms_finish(struct daemon *daemon)
{
	http_destroy(daemon->http);
	in_destroy(daemon->in);
	out_destroy(daemon->out);
	guard_destroy(daemon->guard);
	train_destroy(daemon->train);
	for (uint32_t i = 0; daemon->shards && i < daemon->shard_count; i++)
		shard_destroy(daemon->shards[i]);
	groups_destroy(daemon->groups);
	state_destroy(daemon->state);
	if (daemon->journals.free.items)
		block_pool_finish(&daemon->journals);
	if (daemon->restored.items)
		queue_finish(&daemon->restored);
	if (daemon->settled.items)
		queue_finish(&daemon->settled);
	if (daemon->keeping.items)
		queue_finish(&daemon->keeping);
	if (daemon->context)
		zmq_ctx_term(daemon->context);
	if (daemon->forecasts.free.items)
		block_pool_finish(&daemon->forecasts);
	if (daemon->samples.free.items)
		block_pool_finish(&daemon->samples);
	if (daemon->leaving.items)
		queue_finish(&daemon->leaving);
	if (daemon->training.items)
		queue_finish(&daemon->training);
	for (uint32_t i = 0; daemon->inboxes && i < daemon->shard_count; i++)
		if (daemon->inboxes[i].items)
			queue_finish(&daemon->inboxes[i]);
	for (uint32_t i = 0; daemon->questions && i < daemon->shard_count; i++)
		if (daemon->questions[i].items)
			queue_finish(&daemon->questions[i]);
	ports_finish(&daemon->counters.inputs);
	ports_finish(&daemon->counters.outputs);
	values_finish(&daemon->limits);
	values_finish(&daemon->channels);
	free(daemon->heartbeats);
	free(daemon->shards);
	free(daemon->questions);
	free(daemon->inboxes);
}
