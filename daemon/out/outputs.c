#include "daemon/out/outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "daemon/base/log.h"
#include "daemon/base/sockets.h"

enum { LINGER_MS = 1000 }; /* what subscribers get to fetch the last forecasts at stop */

static const int socket_types[] = {
	[OUTPUT_XPUB] = ZMQ_XPUB,
	[OUTPUT_PUB] = ZMQ_PUB,
	[OUTPUT_PUSH] = ZMQ_PUSH,
};

/* A socket's plan, with the name that it points to. */
struct plan {
	char owner[128];
	struct socket_plan socket;
};

static void plan_init(struct plan *plan, const struct output_settings *settings)
{
	snprintf(plan->owner, sizeof(plan->owner), "outputs.%s", settings->name);
	plan->socket = (struct socket_plan){
		.owner = plan->owner,
		.type = socket_types[settings->type],
		.bind = settings->bind.items,
		.bind_count = settings->bind.count,
		.connect = settings->connect.items,
		.connect_count = settings->connect.count,
		.high_water_mark = settings->high_water_mark,
		.message_max_bytes = 65536, /* subscriptions are short */
		.linger_ms = LINGER_MS,
		.curve =
			{
				.secret_key_file = settings->curve.secret_key_file,
				.server_key = settings->curve.server_key,
				.server_key_file = settings->curve.server_key_file,
				.domain = plan->owner,
			},
		.ipc_mode = settings->ipc.mode,
		.ipc_group = settings->ipc.group,
	};
}

/* Every subscription is reported, for its snapshot, and so is every end of one. */
static void set_options(const struct output *output)
{
	static const int on = 1;
	enum output_type type = output->settings->type;

	if ((type != OUTPUT_PUSH &&
	     zmq_setsockopt(output->socket, ZMQ_XPUB_NODROP, &on, sizeof(on))) ||
	    (type == OUTPUT_XPUB &&
	     zmq_setsockopt(output->socket, ZMQ_XPUB_VERBOSER, &on, sizeof(on))))
		log_line(LOG_ERR, "outputs.%s: %s", output->settings->name, zmq_strerror(errno));
}

/* ---- places ---- */

static size_t find(const struct outputs *outputs, const char *name)
{
	size_t i = 0;

	while (i < outputs->count &&
	       !(outputs->items[i].settings && strcmp(outputs->items[i].settings->name, name) == 0))
		i++;
	return i;
}

static bool is_in(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->output_count; i++)
		if (strcmp(settings->outputs[i].name, name) == 0)
			return true;
	return false;
}

/* Its own place, or one that nobody has or will have. */
static size_t find_place(const struct outputs *outputs, const struct outputs *next,
			 const struct settings *settings, const char *name)
{
	size_t place = find(outputs, name);

	if (place < outputs->count)
		return place;
	for (place = 0; place < next->count; place++) {
		const struct output_settings *before =
			place < outputs->count ? outputs->items[place].settings : NULL;

		if (!next->items[place].settings && !(before && is_in(settings, before->name)))
			break;
	}
	return place;
}

/* All but the sockets. `next` has room for both. */
static int prepare(const struct outputs *outputs, struct outputs *next,
		   const struct settings *settings, struct ports *ports)
{
	next->count = outputs->count;
	for (size_t i = 0; i < settings->output_count; i++) {
		const struct output_settings *one = &settings->outputs[i];
		size_t before = find(outputs, one->name);
		size_t place = find_place(outputs, next, settings, one->name);
		struct output *output = &next->items[place];
		int r;

		next->count = place < next->count ? next->count : place + 1;
		*output = before < outputs->count ? outputs->items[before] : (struct output){0};
		output->settings = one;
		output->socket = NULL;
		output->encoder = NULL;
		output->port = ports_use(ports, one->name);
		r = output->port ? rollcast_encoder_create(one->format, &output->encoder) : -ENOMEM;
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- from one to the other ---- */

/* What happens to the sockets: place by place, and then those before that lost theirs to another. */
static size_t list_changes(const struct outputs *outputs, const struct outputs *next,
			   struct plan *plans, struct socket_change *changes)
{
	size_t count = next->count;

	for (size_t i = 0; i < next->count; i++) {
		changes[i] = (struct socket_change){0};
		if (!next->items[i].settings)
			continue;
		plan_init(&plans[i], next->items[i].settings);
		changes[i].after = &plans[i].socket;
	}
	for (size_t i = 0; i < outputs->count; i++) {
		struct plan *plan = &plans[next->count + i];
		size_t at;

		if (!outputs->items[i].settings)
			continue;
		plan_init(plan, outputs->items[i].settings);
		at = find(next, outputs->items[i].settings->name);
		if (at == next->count)
			changes[at = count++] = (struct socket_change){0};
		changes[at].before = &plan->socket;
		changes[at].socket = outputs->items[i].socket;
	}
	return count;
}

static int change_sockets(const struct outputs *outputs, struct outputs *next, void *context)
{
	size_t most = outputs->count + next->count;
	CLEANUP(free) struct plan *plans = calloc(most, sizeof(*plans));
	CLEANUP(free) struct socket_change *changes = calloc(most, sizeof(*changes));
	int r;

	if (!plans || !changes)
		return -ENOMEM;
	r = sockets_change(context, changes, list_changes(outputs, next, plans, changes));
	for (size_t i = 0; i < next->count && r == 0; i++) {
		struct output *output = &next->items[i];

		output->socket = changes[i].ret_socket;
		if (!output->socket || output->socket == changes[i].socket)
			continue;
		output->subscriptions = 0;
		set_options(output);
	}
	return r;
}

/* All but the sockets. */
static void finish(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++)
		rollcast_encoder_destroy(outputs->items[i].encoder);
	free(outputs->items);
	*outputs = (struct outputs){0};
}

int outputs_change(struct outputs *outputs, void *context, const struct settings *settings,
		   struct ports *ports)
{
	size_t most = outputs->count + settings->output_count;
	struct outputs next = {.items = calloc(most, sizeof(*next.items))};
	int r = next.items ? prepare(outputs, &next, settings, ports) : -ENOMEM;

	if (r == 0)
		r = change_sockets(outputs, &next, context);
	if (r < 0) {
		finish(&next);
		return r;
	}
	finish(outputs);
	*outputs = next;
	return 0;
}

void outputs_try_again(struct outputs *outputs, int64_t now_us)
{
	struct plan plan;

	for (size_t i = 0; i < outputs->count; i++) {
		const struct output *output = &outputs->items[i];

		if (output->socket && port_tries_again(output->port, now_us)) {
			plan_init(&plan, output->settings);
			socket_try_again(output->socket, &plan.socket);
		}
	}
}

void outputs_close(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++)
		if (outputs->items[i].socket)
			zmq_close(outputs->items[i].socket);
	finish(outputs);
}
