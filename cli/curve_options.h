/* The options of every verb that connects to sockets that may be encrypted. */
#ifndef CLI_CURVE_OPTIONS_H
#define CLI_CURVE_OPTIONS_H

#include <stddef.h>

#include "cli/options.h"
#include "daemon/base/curve.h"

struct curve_options {
	const char *certificate; /* NULL: no encryption */
	const char *server_key;
};

/* `curve` is a struct curve_options in `type`. */
#define CURVE_OPTION_ROWS(type, curve)                                         \
	OPTION(TEXT, "certificate", "FILE", type, curve.certificate,           \
	       "our key pair, NAME.key_secret by rollcast keygen: encrypts"),  \
		OPTION(TEXT, "server-key", "KEY|FILE", type, curve.server_key, \
		       "public key of the other side, or its certificate")

/* OPTIONS_GO_ON, or the status to end with, after a word on stderr. `binds`: it does not connect. */
int curve_options_check(const struct curve_options *options, const char *program, bool binds);
/* For curve_connect. Borrows the options' texts. */
struct curve_plan curve_options_plan(const struct curve_options *options);
/* curve_connect with a word on stderr if it fails. */
int curve_options_apply(const struct curve_plan *plan, const char *program, void *socket);

#endif
