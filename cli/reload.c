/* rollcast reload: has a running daemon read its settings again, and waits for what comes of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/http.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "daemon/base/certificate.h"
#include "daemon/settings/settings.h"

enum {
	TOKEN_SIZE = 256,
	PATIENCE_S = 90, /* the daemon itself answers after a minute */
	HTTP_OK = 200,
	HTTP_BAD_REQUEST = 400,
};

struct options_given {
	const char *config, *http, *token_file; /* NULL: not given */
};

static const struct option_row rows[] = {
	{.kind = OPTION_HEADING, .help = "Options:"},
	OPTION(TEXT, "config", "PATH", struct options_given, config,
	       "the daemon's settings, which say the two that follow"),
	OPTION(TEXT, "http", "HOST:PORT", struct options_given, http,
	       "the daemon's http.listen (default " HTTP_ADDRESS ")"),
	OPTION(TEXT, "token-file", "FILE", struct options_given, token_file,
	       "the daemon's http.token_file, if it has one"),
};

static const struct options options = {
	.usage = "Usage: rollcast reload [OPTION]...\n"
		 "Have a running rollcastd read its settings again, and wait until they count. "
		 "Wrong "
		 "settings\n"
		 "change nothing.\n",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.more = "Exit status: 0 they count; 1 something failed, such as opening a socket, and all "
		"is "
		"as before,\n"
		"or nobody answers; 2 wrong usage; 78 the settings are wrong: every problem is "
		"printed.\n",
};

/*
 * Fills in what is not given, borrowed from the settings. Their problems are told as the daemon would
 * tell them.
 */
static int follow_settings(const char *program, struct options_given *given,
			   struct settings **ret_settings)
{
	struct settings *settings;
	int problems = settings_load(&given->config, 1, stderr, &settings);

	if (problems < 0)
		fprintf(stderr, "%s: %s\n", program, strerror(-problems));
	if (problems)
		return problems < 0 ? STATUS_FAILED : STATUS_SETTINGS;
	*ret_settings = settings;
	if (!given->http && !settings->http.listen) {
		fprintf(stderr, "%s: nobody to ask: http.listen is none\n", program);
		return STATUS_FAILED;
	}
	if (!given->http)
		given->http = settings->http.listen;
	if (!given->token_file && *settings->http.token_file)
		given->token_file = settings->http.token_file;
	return STATUS_DONE;
}

int verb_reload(int argc, char **argv)
{
	struct options_given given = {0};
	CLEANUP(settings_destroy) struct settings *settings = NULL;
	CLEANUP(free) char *text = NULL;
	char token[TOKEN_SIZE] = "", why[CERTIFICATE_WHY_SIZE] = "";
	int files, answer, status = options_read(&options, argc, argv, &given, &files);

	if (status != OPTIONS_GO_ON)
		return status;
	if (files)
		return args_refuse(argv[0], "unexpected argument \"%s\"", argv[1]);
	if (given.config)
		status = follow_settings(argv[0], &given, &settings);
	if (status != OPTIONS_GO_ON && status != STATUS_DONE)
		return status;
	if (given.token_file &&
	    certificate_read_token(given.token_file, token, sizeof(token), why) < 0) {
		fprintf(stderr, "%s: %s\n", argv[0], why);
		return STATUS_FAILED;
	}
	status = http_post(argv[0], given.http ? given.http : HTTP_ADDRESS, "/-/reload", token,
			   PATIENCE_S, &answer, &text);
	explicit_bzero(token, sizeof(token));
	if (status != STATUS_DONE)
		return status;
	fputs(text, answer == HTTP_OK ? stdout : stderr);
	return answer == HTTP_OK	    ? STATUS_DONE
	       : answer == HTTP_BAD_REQUEST ? STATUS_SETTINGS
					    : STATUS_FAILED;
}
