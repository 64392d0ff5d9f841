/* rollcast reload: has a running daemon read its settings again, and waits for what comes of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/http.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "daemon/base/certificate.h"

enum {
	TOKEN_SIZE = 256,
	PATIENCE_S = 90, /* the daemon itself answers after a minute */
	HTTP_OK = 200,
	HTTP_BAD_REQUEST = 400,
};

struct options_given {
	const char *http, *token_file;
};

static const struct option_row rows[] = {
	{.kind = OPTION_HEADING, .help = "Options:"},
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

int verb_reload(int argc, char **argv)
{
	struct options_given given = {.http = HTTP_ADDRESS};
	CLEANUP(free) char *text = NULL;
	char token[TOKEN_SIZE] = "", why[CERTIFICATE_WHY_SIZE] = "";
	int files, answer, status = options_read(&options, argc, argv, &given, &files);

	if (status != OPTIONS_GO_ON)
		return status;
	if (files)
		return args_refuse(argv[0], "unexpected argument \"%s\"", argv[1]);
	if (given.token_file &&
	    certificate_read_token(given.token_file, token, sizeof(token), why) < 0) {
		fprintf(stderr, "%s: %s\n", argv[0], why);
		return STATUS_FAILED;
	}
	status = http_post(argv[0], given.http, "/-/reload", token, PATIENCE_S, &answer, &text);
	explicit_bzero(token, sizeof(token));
	if (status != STATUS_DONE)
		return status;
	fputs(text, answer == HTTP_OK ? stdout : stderr);
	return answer == HTTP_OK	    ? STATUS_DONE
	       : answer == HTTP_BAD_REQUEST ? STATUS_SETTINGS
					    : STATUS_FAILED;
}
