/* What systemd hears from the daemon. Everything is a no-op when nobody supervises it. */
#ifndef DAEMON_WATCH_SYSTEMD_H
#define DAEMON_WATCH_SYSTEMD_H

#include <stdint.h>

#include "daemon/base/counters.h"

void systemd_ready(void);
/* Reading what was kept, which may take longer than a start usually does. */
void systemd_restoring(void);
/* Other settings are read; systemd_ready ends it. */
void systemd_reloading(void);
void systemd_stopping(void);
/* Feeds the watchdog. */
void systemd_alive(void);
/* How often the watchdog wants to be fed; 0: there is none. */
int64_t systemd_watchdog_us(void);

/* What the previous status line was made from; zero-initialised. */
struct systemd_rates {
	int64_t at_us;
	uint64_t samples, forecasts;
};

/* One line for `systemctl status`: totals, and rates since the previous call. */
void systemd_status(const struct counters *counters, struct systemd_rates *rates);

#endif
