/*
 * rollcast keygen: a key pair for CURVE, as two files.
 *
 *	PATH.key         public: for those who shall know us
 *	PATH.key_secret  ours alone
 */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "daemon/base/certificate.h"

struct keygen_options {
	const char *output, *name;
};

static const struct option_row rows[] = {
	OPTION(TEXT, "output", "PATH", struct keygen_options, output,
	       "makes PATH.key and PATH.key_secret (default rollcast)"),
	OPTION(TEXT, "name", "NAME", struct keygen_options, name,
	       "whose keys they are, for people (default: the end of PATH)"),
};

static const struct options options = {
	"Usage: rollcast keygen [OPTION]...\n"
	"Make a key pair for encrypted sockets (CURVE), in the files that CZMQ and pyzmq use "
	"too.\n"
	"Prints the public key; overwrites nothing.\n"
	"\n",
	rows,
	sizeof(rows) / sizeof(rows[0]),
	"\nPATH.key is for the other side: among its `curve.clients`, or as its "
	"`curve.server_key_file`.\n"
	"PATH.key_secret is your own `curve.secret_key_file`; keep it from others.\n"
	"Exit status: 0 done, 1 failed at run time, 2 wrong usage.\n",
};

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int verb_keygen(int argc, char **argv)
{
	struct keygen_options given = {.output = "rollcast"};
	struct certificate certificate;
	char why[CERTIFICATE_WHY_SIZE] = "";
	int files = 0;
	int r = options_read(&options, argc, argv, &given, &files);

	if (r != OPTIONS_GO_ON)
		return r;
	if (files)
		return args_refuse(argv[0], "unexpected argument \"%s\"", argv[1]);
	if (!*last_part(given.output))
		return args_refuse(argv[0], "--output: \"%s\" names no file", given.output);
	if (!given.name)
		given.name = last_part(given.output);
	r = certificate_create(given.name, &certificate, why);
	if (r == 0)
		r = certificate_write(&certificate, given.output, why);
	if (r == 0)
		puts(certificate.public_key);
	else
		fprintf(stderr, "%s: %s\n", argv[0], why);
	certificate_forget(&certificate);
	return r == 0 ? STATUS_DONE : STATUS_FAILED;
}
