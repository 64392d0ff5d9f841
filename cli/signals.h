/* Signals as something to wait for beside sockets, so that none is missed between two calls. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

/*
 * Takes SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGWINCH and ignores SIGPIPE, for the rest of the process.
 * Returns a descriptor that is readable when one came, or a negative errno. Once per process. Calls
 * that wait may end with EINTR.
 */
int signals_open(void);

/* The next signal that came, or 0. Does not wait. */
int signals_next(int descriptor);

#endif
