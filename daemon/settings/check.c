/*
 * What keys mean together. A check looks at values that are good by themselves only, so that one
 * mistake gives one problem.
 */
#include <string.h>

#include "daemon/base/suggest.h"
#include "daemon/settings/check_curve.h"
#include "daemon/settings/read.h"
#include "daemon/settings/value.h"

struct check {
	struct problems *problems;
	struct node *root;
	const struct settings *settings;
	const struct section *section; /* whose elements are being checked */
	size_t index;
};

static const struct section *section_at(size_t place)
{
	size_t i = 0;

	while (table_sections[i].kind == SECTION_ONE || table_sections[i].place != place)
		i++;
	return &table_sections[i];
}

static struct node *element_node(const struct check *check)
{
	return read_element_node(check->root, check->section, check->index);
}

/* The node of a key of this element, or NULL: it has its default. */
static struct node *value_node(const struct check *check, const char *name)
{
	struct node *element = element_node(check);

	return element ? node_find(element, name) : NULL;
}

static bool is_good(const struct check *check, const char *name)
{
	const struct node *node = value_node(check, name);

	return !node || !node->bad;
}

/* Where to complain about a key: at its value, at the element, or at the file as a whole. */
static struct node *culprit(const struct check *check, const char *name)
{
	struct node *node = value_node(check, name);

	if (!node)
		node = element_node(check);
	return node ? node : check->root;
}

static struct node *item_node(struct node *list, size_t index)
{
	return list->kind == NODE_LIST ? list->entries[index].node : list;
}

/* An input or an output. */
struct socket {
	const char *name;
	const struct strings *bind, *connect;
	const struct curve_settings *curve;
	bool insecure;
};

static struct socket input_socket(const struct settings *settings, size_t index)
{
	const struct input_settings *input = &settings->inputs[index];

	return (struct socket){input->name, &input->bind, &input->connect, &input->curve,
			       input->insecure};
}

static struct socket output_socket(const struct settings *settings, size_t index)
{
	const struct output_settings *output = &settings->outputs[index];

	return (struct socket){output->name, &output->bind, &output->connect, &output->curve,
			       output->insecure};
}

static struct socket socket_at(const struct check *check, size_t index)
{
	return check->section->place == offsetof(struct settings, inputs)
		       ? input_socket(check->settings, index)
		       : output_socket(check->settings, index);
}

static void check_name_is_new(const struct check *check, const struct socket *socket)
{
	struct check earlier = *check;

	for (size_t i = 0; socket->name && i < check->index; i++) {
		struct node *first;

		earlier.index = i;
		first = culprit(&earlier, "name");
		if (!socket_at(check, i).name || strcmp(socket_at(check, i).name, socket->name))
			continue;
		node_problem(check->problems, culprit(check, "name"),
			     "\"%s\" is taken; the first is at %s:%zu:%zu", socket->name,
			     first->place.source->path, first->place.line, first->place.column);
		return;
	}
}

static bool has_text(const struct strings *strings, const char *text, size_t before)
{
	for (size_t i = 0; i < strings->count && i < before; i++) {
		if (!strcmp(strings->items[i], text))
			return true;
	}
	return false;
}

/* Whether an earlier socket, or this one, binds the endpoint already. */
static bool is_bound(const struct check *check, const struct socket *socket, size_t index)
{
	const struct settings *settings = check->settings;
	const char *endpoint = socket->bind->items[index];
	bool is_output = check->section->place == offsetof(struct settings, outputs);
	size_t inputs = is_output ? settings->input_count : check->index;
	size_t outputs = is_output ? check->index : 0;

	for (size_t i = 0; i < inputs; i++) {
		if (has_text(&settings->inputs[i].bind, endpoint, SIZE_MAX))
			return true;
	}
	for (size_t i = 0; i < outputs; i++) {
		if (has_text(&settings->outputs[i].bind, endpoint, SIZE_MAX))
			return true;
	}
	return has_text(socket->bind, endpoint, index);
}

static void check_binds(const struct check *check, const struct socket *socket)
{
	struct node *bind = value_node(check, "bind");

	for (size_t i = 0; i < socket->bind->count; i++) {
		const char *endpoint = socket->bind->items[i];

		if (is_bound(check, socket, i))
			node_problem(check->problems, item_node(bind, i), "\"%s\" is bound twice",
				     endpoint);
		if (!socket->insecure && is_good(check, "insecure") &&
		    !curve_settings_are_on(socket->curve) &&
		    is_good(check, "curve.secret_key_file") && !value_endpoint_is_local(endpoint))
			node_problem(check->problems, item_node(bind, i),
				     "\"%s\" is open beyond loopback, without encryption; "
				     "\"curve\" beside it encrypts, \"insecure: true\" allows that",
				     endpoint);
	}
}

static void check_socket(const struct check *check)
{
	struct socket socket = socket_at(check, check->index);
	struct node *element = element_node(check);

	check_name_is_new(check, &socket);
	check_binds(check, &socket);
	check_curve(check->problems, element, socket.curve, socket.bind->count,
		    socket.connect->count);
	if (element->kind == NODE_MAP && !socket.bind->count && !socket.connect->count &&
	    is_good(check, "bind") && is_good(check, "connect"))
		node_problem(check->problems, element,
			     "names no endpoint; give it bind or connect");
}

static void check_topics(const struct check *check)
{
	const struct input_settings *input = &check->settings->inputs[check->index];
	bool all = input->topics.count == 1 && !*input->topics.items[0];

	if (input->type == INPUT_PULL && !all && is_good(check, "topics"))
		node_problem(check->problems, culprit(check, "topics"),
			     "only \"sub\" has topics; \"pull\" takes every message");
	if (input->type == INPUT_SUB && !input->topics.count && is_good(check, "topics"))
		node_problem(check->problems, culprit(check, "topics"),
			     "an empty list subscribes to nothing; [\"\"] takes all");
}

static void check_labels(const struct check *check)
{
	const struct input_labels_settings *labels = &check->settings->inputs[check->index].labels;

	if (labels->keep.count && labels->drop.count)
		node_problem(check->problems, culprit(check, "labels.drop"),
			     "stands beside \"keep\", which drops all others already");
}

/* `missing`: what to say when there is none; NULL: nothing. */
static void check_sockets(struct check *check, size_t place, size_t count, const char *missing)
{
	static const struct place start = {.line = 1, .column = 1};
	struct place where = start;
	struct node *node;

	check->section = section_at(place);
	node = node_find(check->root, check->section->name);
	for (check->index = 0; check->index < count; check->index++) {
		check_socket(check);
		if (place == offsetof(struct settings, inputs)) {
			check_topics(check);
			check_labels(check);
		}
	}
	if (count || !missing || (node && node->bad) || check->root->bad)
		return;
	where.source = check->root->place.source;
	problems_add(check->problems, node ? &node->place : &where, check->section->name, "%s",
		     missing);
}

static void check_model(const struct check *check)
{
	const struct rollcast_model_settings *model = &check->settings->models[check->index].model;
	bool has_momentum = model->optimizer == ROLLCAST_OPTIMIZER_SGD ||
			    model->optimizer == ROLLCAST_OPTIMIZER_RMSPROP;

	if (model->momentum > 0 && !has_momentum && is_good(check, "optimizer.momentum") &&
	    is_good(check, "optimizer.kind"))
		node_problem(check->problems, culprit(check, "optimizer.momentum"),
			     "only \"sgd\" and \"rmsprop\" have momentum of their own");
	if (is_good(check, "patch") && is_good(check, "lookback") && model->lookback % model->patch)
		node_problem(check->problems, culprit(check, "patch"),
			     "does not divide the lookback, %u", model->lookback);
}

static void check_is_reached(const struct check *check)
{
	const char *match = check->settings->streams[check->index].match;
	struct check earlier = *check;

	for (size_t i = 0; match && is_good(check, "match") && i < check->index; i++) {
		const char *other = check->settings->streams[i].match;
		const struct node *first;

		earlier.index = i;
		first = element_node(&earlier);
		if (!other || !is_good(&earlier, "match") || first->kind != NODE_MAP ||
		    (strcmp(other, "*") && strcmp(other, match)))
			continue;
		node_problem(check->problems, culprit(check, "match"),
			     "never used: the rule at %s:%zu:%zu takes all its streams",
			     first->place.source->path, first->place.line, first->place.column);
		return;
	}
}

static void check_model_exists(const struct check *check)
{
	const struct settings *settings = check->settings;
	const char *wanted = settings->streams[check->index].model;
	const char *names[256];
	const char *meant;
	size_t count = 0;

	if (!wanted || !is_good(check, "model") || check->root->bad)
		return;
	for (size_t i = 0; i < settings->model_count; i++) {
		const char *name = settings->models[i].name;

		if (name && !strcmp(name, wanted))
			return;
		if (name && count < sizeof(names) / sizeof(*names))
			names[count++] = name;
	}
	meant = suggest(wanted, names, count);
	if (meant)
		node_problem(check->problems, culprit(check, "model"),
			     "there is no model \"%s\"; did you mean \"%s\"?", wanted, meant);
	else
		node_problem(check->problems, culprit(check, "model"), "there is no model \"%s\"",
			     wanted);
}

/* Steps of the grid, or 0: unknown until the step is. */
static uint64_t steps_of(struct rollcast_span span, int64_t step_us)
{
	if (span.steps)
		return span.steps;
	return step_us ? (uint64_t)(span.us / step_us) : 0;
}

static struct node *lookback_node(const struct check *check)
{
	const char *name = check->settings->streams[check->index].model;
	struct node *models = node_find(check->root, "models");
	struct entry *model = models && name ? node_entry(models, name, strlen(name)) : NULL;

	return model ? node_find(model->node, "lookback") : NULL;
}

static void check_window(const struct check *check)
{
	const struct rollcast_stream_settings *stream =
		&check->settings->streams[check->index].stream;
	uint64_t needed = (uint64_t)stream->model.lookback + stream->horizon;
	uint64_t window = steps_of(stream->window, stream->grid.step_us);
	bool is_known = stream->window.steps || stream->grid.step_us;
	struct node *lookback = lookback_node(check);
	struct node *at = value_node(check, "window");

	if (!is_good(check, "window") || !is_good(check, "horizon") || !is_good(check, "step") ||
	    !is_good(check, "model") || (lookback && lookback->bad))
		return;
	if (!is_known || window >= needed)
		return;
	if (!at)
		at = value_node(check, "horizon");
	if (!at)
		at = lookback;
	node_problem(check->problems, at ? at : culprit(check, "model"),
		     "a window of %llu steps is shorter than lookback %u and horizon %u together",
		     (unsigned long long)window, stream->model.lookback, stream->horizon);
}

/* The same bound as for a window given in steps. */
static void check_window_size(const struct check *check)
{
	const struct rollcast_stream_settings *stream =
		&check->settings->streams[check->index].stream;
	uint64_t steps = steps_of(stream->window, stream->grid.step_us);

	if (is_good(check, "window") && is_good(check, "step") && steps > WINDOW_STEPS_MAX)
		node_problem(check->problems, culprit(check, "window"),
			     "a window of %llu steps is above the maximum, %d",
			     (unsigned long long)steps, WINDOW_STEPS_MAX);
}

static void check_seasons(const struct check *check)
{
	const struct rollcast_stream_settings *stream =
		&check->settings->streams[check->index].stream;
	struct rollcast_span window = stream->window;
	int64_t step_us = stream->grid.step_us;
	bool good = is_good(check, "window") && is_good(check, "season") && is_good(check, "step");

	for (uint32_t i = 0; good && i < stream->season_count; i++) {
		struct rollcast_span season = stream->seasons[i];
		struct node *node = item_node(culprit(check, "season"), i);
		uint64_t steps = steps_of(season, step_us);

		if (step_us && steps < 2)
			node_problem(check->problems, node, "a season is two steps at least");
		else if (season.us && window.us ? season.us >= window.us
						: steps && steps_of(window, step_us) &&
							  steps >= steps_of(window, step_us))
			node_problem(
				check->problems, node,
				"a season is shorter than the window, or it cannot be learned");
	}
}

static void check_retrain(const struct check *check)
{
	const struct rollcast_stream_settings *stream =
		&check->settings->streams[check->index].stream;

	if (is_good(check, "retrain.every") && is_good(check, "step") && stream->grid.step_us &&
	    !steps_of(stream->retrain_every, stream->grid.step_us))
		node_problem(check->problems, culprit(check, "retrain.every"),
			     "is shorter than the step");
}

/*
 * Whether it is the name of a stream, with all labels or none, as the stream itself would write it. One with
 * a star could be, but is more likely meant as a glob.
 */
static bool is_stream_name(const char *text)
{
	struct rollcast_text whole = {text, strlen(text)}, name;
	struct rollcast_label labels[ROLLCAST_LABELS_MAX];
	char scratch[ROLLCAST_NAME_MAX], again[ROLLCAST_NAME_MAX];
	int count;

	if (whole.length >= sizeof(scratch) || text[strcspn(text, "*{")] == '*')
		return false;
	count = rollcast_name_read(whole, scratch, &name, labels);
	return count >= 0 &&
	       rollcast_name_write(name, labels, (size_t)count, again, sizeof(again)) &&
	       !strcmp(text, again);
}

static void check_channels(const struct check *check)
{
	const struct stream_settings *rule = &check->settings->streams[check->index];
	struct node *node = culprit(check, "inputs_from");

	if (!is_good(check, "inputs_from"))
		return;
	if (rule->inputs_from.count > ROLLCAST_CHANNELS_MAX)
		node_problem(check->problems, node, "a list of %zu, but it takes up to %d",
			     rule->inputs_from.count, ROLLCAST_CHANNELS_MAX);
	for (size_t i = 0; i < rule->inputs_from.count; i++) {
		const char *text = rule->inputs_from.items[i];

		if (!is_stream_name(text))
			node_problem(
				check->problems, item_node(node, i),
				"\"%.200s\" is no name of a stream: it has all labels, sorted, "
				"or none",
				text);
		else if (has_text(&rule->inputs_from, text, i))
			node_problem(check->problems, item_node(node, i), "\"%.200s\" comes twice",
				     text);
		else if (rule->match && !strcmp(rule->match, text))
			node_problem(check->problems, item_node(node, i),
				     "\"%.200s\" is the stream itself", text);
	}
}

static void check_streams(struct check *check)
{
	struct node *node;

	check->section = section_at(offsetof(struct settings, streams));
	node = node_find(check->root, check->section->name);
	if (node && !node->bad && !check->settings->stream_count)
		node_problem(check->problems, node,
			     "an empty list forecasts nothing; leave it out for one rule for all");
	for (check->index = 0; check->index < check->settings->stream_count; check->index++) {
		const struct node *element = element_node(check);

		if (element && element->kind != NODE_MAP)
			continue;
		check_is_reached(check);
		check_model_exists(check);
		check_window(check);
		check_window_size(check);
		check_seasons(check);
		check_retrain(check);
		check_channels(check);
	}
}

static void check_threshold_name(const struct check *check)
{
	const struct threshold_settings *thresholds = check->settings->thresholds;
	const char *name = thresholds[check->index].name;

	for (size_t i = 0; name && i < check->index; i++)
		if (thresholds[i].name && !strcmp(thresholds[i].name, name))
			node_problem(check->problems, culprit(check, "name"), "\"%s\" is taken",
				     name);
}

static void check_limit(const struct check *check)
{
	const struct threshold_settings *threshold = &check->settings->thresholds[check->index];
	bool above, below;
	double number;

	if (!is_good(check, "above") || !is_good(check, "below"))
		return;
	above = *threshold->above, below = *threshold->below;
	if (above == below)
		node_problem(check->problems, element_node(check),
			     above ? "has both above and below; make it two thresholds"
				   : "has no limit; give it above or below");
	else if (threshold_number(threshold, &number)
			 ? number - number != 0
			 : strpbrk(threshold_text(threshold), "{}\"") != NULL)
		node_problem(check->problems, culprit(check, above ? "above" : "below"),
			     "\"%.200s\" is neither a number nor a name without labels",
			     threshold_text(threshold));
}

static void check_thresholds(struct check *check)
{
	check->section = section_at(offsetof(struct settings, thresholds));
	for (check->index = 0; check->index < check->settings->threshold_count; check->index++) {
		const struct threshold_settings *threshold =
			&check->settings->thresholds[check->index];

		if (element_node(check)->kind != NODE_MAP)
			continue;
		check_threshold_name(check);
		check_limit(check);
		if (is_good(check, "raise") && is_good(check, "clear") &&
		    threshold->clear >= threshold->raise)
			node_problem(check->problems, culprit(check, "clear"),
				     "is not below raise: the alert would flap");
	}
	if (check->settings->threshold_count > THRESHOLDS_MAX)
		node_problem(check->problems, node_find(check->root, "thresholds"),
			     "a list of %zu, but it takes up to %d",
			     check->settings->threshold_count, THRESHOLDS_MAX);
}

static void check_http(struct check *check)
{
	const struct http_settings *http = &check->settings->http;

	check->section = NULL;
	for (size_t i = 0; !check->section; i++)
		if (!strcmp(table_sections[i].name, "http"))
			check->section = &table_sections[i];
	if (http->listen && !http->insecure && is_good(check, "listen") &&
	    is_good(check, "insecure") && !value_listen_is_local(http->listen))
		node_problem(check->problems, culprit(check, "listen"),
			     "\"%s\" is open beyond loopback, without encryption; "
			     "\"insecure: true\" beside it allows that",
			     http->listen);
}

void check_settings(struct problems *problems, struct node *root, const struct settings *settings,
		    bool offline)
{
	struct check check = {.problems = problems, .root = root, .settings = settings};

	check_sockets(
		&check, offsetof(struct settings, inputs), settings->input_count,
		offline ? NULL
			: "no input; where do samples come from? For example:  "
			  "inputs: [{name: metrics, type: pull, bind: tcp://127.0.0.1:5556}]");
	check_sockets(&check, offsetof(struct settings, outputs), settings->output_count,
		      offline ? NULL
			      : "no output; where do forecasts go? For example:  "
				"outputs: [{name: forecasts, bind: tcp://127.0.0.1:5557}]");
	check.section = section_at(offsetof(struct settings, models));
	for (check.index = 0; check.index < settings->model_count; check.index++)
		check_model(&check);
	check_streams(&check);
	check_thresholds(&check);
	check_http(&check);
}
