/*
 * The verbs of `rollcast`: one file per verb, one row per verb in the table of main.c.
 *
 * A verb gets its own command line, argv[0] being `rollcast VERB`; it answers --help itself (status 0, on
 * stdout) and returns one of the exit statuses below.
 */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

enum {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,    /* at run time */
	STATUS_USAGE = 2,     /* wrong usage; `rollcast VERB --help` is mentioned on stderr */
	STATUS_SETTINGS = 78, /* of a daemon: they are wrong */
};

/* Each is described by its own --help. */
int verb_backtest(int argc, char **argv);
int verb_compare(int argc, char **argv);
int verb_fit(int argc, char **argv);
int verb_forecast(int argc, char **argv);
int verb_host(int argc, char **argv);
int verb_keygen(int argc, char **argv);
int verb_pipe(int argc, char **argv);
int verb_predict(int argc, char **argv);
int verb_reload(int argc, char **argv);
int verb_replay(int argc, char **argv);
int verb_state(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_streams(int argc, char **argv);
int verb_tune(int argc, char **argv);
int verb_watch(int argc, char **argv);

#endif
