#include "daemon/in/inputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/base/sockets.h"

static const double unit_us[] = {
	[TIME_UNIT_S] = 1e6,
	[TIME_UNIT_MS] = 1e3,
	[TIME_UNIT_US] = 1,
	[TIME_UNIT_NS] = 1e-3,
};

/* A socket's plan, with the name that it points to. */
struct plan {
	char owner[128];
	struct socket_plan socket;
};

static void plan_init(struct plan *plan, const struct input_settings *settings)
{
	snprintf(plan->owner, sizeof(plan->owner), "inputs.%s", settings->name);
	plan->socket = (struct socket_plan){
		.owner = plan->owner,
		.type = settings->type == INPUT_SUB ? ZMQ_SUB : ZMQ_PULL,
		.bind = settings->bind.items,
		.bind_count = settings->bind.count,
		.connect = settings->connect.items,
		.connect_count = settings->connect.count,
		.high_water_mark = settings->high_water_mark,
		.message_max_bytes = (int64_t)settings->message_max_bytes,
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

/* ---- topics ---- */

static bool has_topic(const struct input_settings *settings, const char *topic)
{
	for (size_t i = 0; settings && i < settings->topics.count; i++)
		if (strcmp(settings->topics.items[i], topic) == 0)
			return true;
	return false;
}

/* Sets the option for those topics of `these` that `others` (NULL: none) do not have. */
static void set_topics(void *socket, int option, const struct input_settings *these,
		       const struct input_settings *others)
{
	for (size_t i = 0; i < these->topics.count; i++) {
		const char *topic = these->topics.items[i];

		if (!has_topic(others, topic) &&
		    zmq_setsockopt(socket, option, topic, strlen(topic)))
			log_line(LOG_ERR, "inputs.%s: topic \"%s\": %s", these->name, topic,
				 zmq_strerror(errno));
	}
}

/* What both have never ceases. */
static void change_topics(void *socket, const struct input_settings *after,
			  const struct input_settings *before)
{
	if (after->type != INPUT_SUB)
		return;
	set_topics(socket, ZMQ_SUBSCRIBE, after, before);
	if (before)
		set_topics(socket, ZMQ_UNSUBSCRIBE, before, after);
}

/* ---- from one to the other ---- */

static size_t find(const struct inputs *inputs, const char *name)
{
	size_t i = 0;

	while (i < inputs->count && strcmp(inputs->items[i].settings->name, name) != 0)
		i++;
	return i;
}

static int follow_labels(struct rollcast_decoder *decoder,
			 const struct input_labels_settings *labels)
{
	const struct rollcast_label_rules rules = {
		.keep = labels->keep.items,
		.keep_count = labels->keep.count,
		.drop = labels->drop.items,
		.drop_count = labels->drop.count,
		.rename = labels->rename.items,
		.rename_count = labels->rename.count,
		.add = labels->add.items,
		.add_count = labels->add.count,
	};

	return rollcast_decoder_relabel(decoder, &rules);
}

/* All but the socket. */
static int prepare(struct input *input, const struct input_settings *settings, struct ports *ports)
{
	input->settings = settings;
	input->port = ports_use(ports, settings->name);
	bucket_init(&input->bucket, settings->rate_limit, clock_monotonic_us());
	if (!input->port)
		return -ENOMEM;
	int r = rollcast_decoder_create(settings->format, unit_us[settings->time_unit],
					&input->decoder);

	return r < 0 ? r : follow_labels(input->decoder, &settings->labels);
}

/* What happens to the sockets: those of `next` first, in their order. Returns how many changes. */
static size_t list_changes(const struct inputs *inputs, const struct inputs *next,
			   struct plan *plans, struct socket_change *changes)
{
	size_t count = next->count;

	for (size_t i = 0; i < next->count; i++) {
		plan_init(&plans[i], next->items[i].settings);
		changes[i] = (struct socket_change){.after = &plans[i].socket};
	}
	for (size_t i = 0; i < inputs->count; i++) {
		struct plan *plan = &plans[next->count + i];
		size_t at = find(next, inputs->items[i].settings->name);

		plan_init(plan, inputs->items[i].settings);
		if (at == next->count) {
			at = count++;
			changes[at] = (struct socket_change){0};
		}
		changes[at].before = &plan->socket;
		changes[at].socket = inputs->items[i].socket;
	}
	return count;
}

static int change_sockets(const struct inputs *inputs, const struct inputs *next, void *context)
{
	size_t most = inputs->count + next->count;
	CLEANUP(free) struct plan *plans = calloc(most, sizeof(*plans));
	CLEANUP(free) struct socket_change *changes = calloc(most, sizeof(*changes));
	int r;

	if (!plans || !changes)
		return -ENOMEM;
	r = sockets_change(context, changes, list_changes(inputs, next, plans, changes));
	for (size_t i = 0; i < next->count && r == 0; i++) {
		struct input *input = &next->items[i];
		size_t at = find(inputs, input->settings->name);
		bool is_kept = changes[i].ret_socket == changes[i].socket;

		input->socket = changes[i].ret_socket;
		change_topics(input->socket, input->settings,
			      is_kept ? inputs->items[at].settings : NULL);
	}
	return r;
}

/* All but the sockets. */
static void finish(struct inputs *inputs)
{
	for (size_t i = 0; inputs->items && i < inputs->count; i++)
		rollcast_decoder_destroy(inputs->items[i].decoder);
	free(inputs->items);
	*inputs = (struct inputs){0};
}

int inputs_change(struct inputs *inputs, void *context, const struct settings *settings,
		  struct ports *ports)
{
	struct inputs next = {.items = calloc(settings->input_count, sizeof(*next.items))};
	int r = next.items ? 0 : -ENOMEM;

	while (r == 0 && next.count < settings->input_count) {
		r = prepare(&next.items[next.count], &settings->inputs[next.count], ports);
		next.count++;
	}
	if (r == 0)
		r = change_sockets(inputs, &next, context);
	if (r < 0) {
		finish(&next);
		return r;
	}
	finish(inputs);
	*inputs = next;
	return 0;
}

void inputs_try_again(struct inputs *inputs, int64_t now_us)
{
	struct plan plan;

	for (size_t i = 0; i < inputs->count; i++) {
		const struct input *input = &inputs->items[i];

		if (port_tries_again(input->port, now_us)) {
			plan_init(&plan, input->settings);
			socket_try_again(input->socket, &plan.socket);
		}
	}
}

void inputs_close(struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->count; i++)
		zmq_close(inputs->items[i].socket);
	finish(inputs);
}
