/* What the process takes of the machine. */
#ifndef DAEMON_WATCH_PROCESS_H
#define DAEMON_WATCH_PROCESS_H

/* 0: cannot be told. */
double process_resident_bytes(void);
double process_cpu_seconds(void);

#endif
