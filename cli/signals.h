/* Signals as something to wait for beside sockets, so that none is missed between two calls. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

/*
 * Blocks SIGINT, SIGTERM, SIGHUP and SIGWINCH and ignores SIGPIPE, for the rest of the process (call
 * it before threads start). Returns a descriptor that is readable when one came, or a negative errno.
 */
int signals_open(void);

/* The next signal that came, or 0. Does not wait. */
int signals_next(int descriptor);

#endif
