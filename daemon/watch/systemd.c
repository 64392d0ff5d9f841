#include "daemon/watch/systemd.h"

#include <systemd/sd-daemon.h>

#include "daemon/base/clock.h"

void systemd_ready(void)
{
	sd_notify(0, "READY=1\nSTATUS=waiting for samples");
}

void systemd_restoring(void)
{
	sd_notify(0, "STATUS=restoring streams\nEXTEND_TIMEOUT_USEC=60000000");
}

void systemd_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reading the settings again",
		   (long long)clock_monotonic_us());
}

void systemd_stopping(void)
{
	sd_notify(0, "STOPPING=1\nSTATUS=stopping");
}

void systemd_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}

int64_t systemd_watchdog_us(void)
{
	uint64_t interval_us;

	return sd_watchdog_enabled(0, &interval_us) > 0 ? (int64_t)interval_us : 0;
}

void systemd_status(const struct counters *counters, struct systemd_rates *rates)
{
	const struct systemd_rates now = {
		.at_us = clock_monotonic_us(),
		.samples = count_get(counters, COUNT_PUSH),
		.forecasts = count_get(counters, COUNT_STEPS),
	};
	double seconds = (now.at_us - rates->at_us) / 1e6;

	if (rates->at_us)
		sd_notifyf(0, "STATUS=%lu streams, %.4g samples/s, %.4g forecasts/s, %lu trainings",
			   (unsigned long)count_get(counters, COUNT_STREAMS),
			   (now.samples - rates->samples) / seconds,
			   (now.forecasts - rates->forecasts) / seconds,
			   (unsigned long)count_get(counters, COUNT_TRAININGS));
	*rates = now;
}
