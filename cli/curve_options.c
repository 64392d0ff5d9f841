#include "cli/curve_options.h"

#include <stdio.h>

#include "cli/args.h"

int curve_options_check(const struct curve_options *options, const char *program, bool binds)
{
	if (!options->certificate && !options->server_key)
		return OPTIONS_GO_ON;
	if (!options->certificate || !options->server_key)
		return args_refuse(program, "--certificate and --server-key: both or none");
	if (binds)
		return args_refuse(program, "--certificate: for --connect, not for --bind");
	return OPTIONS_GO_ON;
}

struct curve_plan curve_options_plan(const struct curve_options *options)
{
	struct curve_plan plan = {.secret_key_file = options->certificate};

	if (options->server_key && certificate_key_is_valid(options->server_key, NULL))
		plan.server_key = options->server_key;
	else
		plan.server_key_file = options->server_key;
	return plan;
}

int curve_options_apply(const struct curve_plan *plan, const char *program, void *socket)
{
	char why[CERTIFICATE_WHY_SIZE] = "";
	int r = curve_connect(socket, plan, why);

	if (r < 0)
		fprintf(stderr, "%s: %s\n", program, why);
	return r;
}
