/*
 * Thresholds that streams are held against: which ones watch a stream, how near it comes, and the alerts
 * that this raises and clears.
 *
 * A limit is a number or the newest value of another stream, which may belong to another shard: those
 * values are shared (base/values.h). An alert is raised when the probability of a breach reaches
 * `raise` and cleared when it is down to `clear`, so that it does not flap between the two.
 */
#ifndef DAEMON_STREAM_THRESHOLDS_H
#define DAEMON_STREAM_THRESHOLDS_H

#include <stdint.h>

#include "daemon/base/values.h"
#include "daemon/message.h"
#include "daemon/settings/settings.h"

/* Bit i: threshold i of the settings watches the stream of that name. */
uint64_t thresholds_watching(const struct settings *settings, struct rollcast_text name);

/* If these are samples of a stream that is a limit of others, shares the newest one. `now_us`: monotonic. */
void thresholds_share(const struct settings *settings, struct values *limits,
		      const struct sample_record *record, int64_t now_us);

/*
 * Puts the thresholds of `watching` into a forecast that stands alone; `raised` is which alerts stood
 * before. A threshold whose limit is not known yet is left out, and its alert stays. Returns which
 * alerts stand now.
 */
uint64_t thresholds_check(const struct settings *settings, struct values *limits, uint64_t watching,
			  uint64_t raised, struct rollcast_forecast *forecast);

#endif
