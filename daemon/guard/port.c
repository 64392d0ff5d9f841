#include "daemon/guard/port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"

_Static_assert(COUNT_INPUT_REFUSED_END - COUNT_INPUT_REFUSED == (int)REASONS &&
		       COUNT_OUTPUT_REFUSED_END - COUNT_OUTPUT_REFUSED == (int)REASONS,
	       "a counter for each reason");

static void port_destroy(struct port *port)
{
	if (!port)
		return;
	clients_finish(&port->clients);
	free(port);
}

void port_list_finish(struct port_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		port_destroy(list->items[i]);
	free(list->items);
	*list = (struct port_list){0};
}

static int add_port(struct port_list *list, const char *kind, const char *name,
		    const struct curve_settings *curve, const struct strings *bind)
{
	char why[CERTIFICATE_WHY_SIZE] = "";
	struct port *port;

	if (!curve_settings_are_on(curve))
		return 0;
	port = calloc(1, sizeof(*port));
	if (!port)
		return -ENOMEM;
	list->items[list->count++] = port;
	snprintf(port->domain, sizeof(port->domain), "%s.%s", kind, name);
	port->only_connects = bind->count == 0;
	int r = clients_read(curve->clients, &port->clients, why);

	if (r < 0)
		log_line(LOG_ERR, "%s.curve.clients: %s", port->domain, why);
	else if (bind->count && !port->clients.any && !port->clients.count)
		log_line(LOG_WARNING, "%s.curve.clients: %s has none: nobody can connect",
			 port->domain, curve->clients);
	return r;
}

static int give_counters(struct port *port, struct ports *ports, const char *name)
{
	struct port_counters *counters = ports_use(ports, name);

	if (!counters)
		return -ENOMEM;
	port->counters = counters;
	return 0;
}

int port_list_read(struct port_list *list, const struct guard_plan *plan)
{
	const struct settings *settings = plan->settings;
	int r = 0;

	list->items = calloc(settings->input_count + settings->output_count, sizeof(*list->items));
	if (!list->items)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < settings->input_count; i++) {
		const struct input_settings *input = &settings->inputs[i];
		size_t before = list->count;

		r = add_port(list, "inputs", input->name, &input->curve, &input->bind);
		if (list->count > before) {
			r = r ?: give_counters(list->items[before], plan->inputs, input->name);
			list->items[before]->refused = COUNT_INPUT_REFUSED;
		}
	}
	for (size_t i = 0; r == 0 && i < settings->output_count; i++) {
		const struct output_settings *output = &settings->outputs[i];
		size_t before = list->count;

		r = add_port(list, "outputs", output->name, &output->curve, &output->bind);
		if (list->count > before) {
			r = r ?: give_counters(list->items[before], plan->outputs, output->name);
			list->items[before]->refused = COUNT_OUTPUT_REFUSED;
		}
	}
	return r;
}

struct port *port_list_find(const struct port_list *list, const char *domain)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i]->domain, domain))
			return list->items[i];
	return NULL;
}

static void set_clients(struct port *port, struct clients clients)
{
	port->cut |= clients_lack(&clients, &port->clients);
	clients_finish(&port->clients);
	port->clients = clients;
}

static void follow(struct port *port, struct port *next)
{
	port->counters = next->counters;
	port->only_connects = next->only_connects;
	set_clients(port, next->clients);
	next->clients = (struct clients){0};
}

int port_list_follow(struct port_list *list, struct port_list *next)
{
	size_t known = list->count;
	struct port **items =
		reallocarray(list->items, known + next->count + 1, sizeof(struct port *));

	if (!items)
		return -ENOMEM;
	list->items = items;
	for (size_t i = 0; i < known; i++) {
		struct port *port = port_list_find(next, items[i]->domain);

		if (port)
			follow(items[i], port);
		else
			set_clients(items[i], (struct clients){0});
	}
	for (size_t i = 0; i < next->count; i++)
		if (!port_list_find(list, next->items[i]->domain))
			items[list->count++] = next->items[i];
		else
			port_destroy(next->items[i]);
	next->count = 0; /* all are taken or gone */
	return 0;
}
