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
 * These put thresholds into a forecast that stands alone; bits as above, `raised`: alerts that stand. A
 * threshold whose limit is not known is left out, unless its alert stands: then it goes on standing, and
 * nobody knows how near the limit is (NaN).
 */

/* Of a live forecast: decides about alerts, and returns which ones stand now. */
uint64_t thresholds_check(const struct settings *settings, struct values *limits, uint64_t watching,
			  uint64_t raised, struct rollcast_forecast *forecast);
/* Of a snapshot: as they were decided about last. */
void thresholds_show(const struct settings *settings, struct values *limits, uint64_t watching,
		     uint64_t raised, struct rollcast_forecast *forecast);
/* Of a stream that is forgotten: clears the alerts that stand, as no breach is to come. */
void thresholds_end(const struct settings *settings, struct values *limits, uint64_t raised,
		    struct rollcast_forecast *forecast);

/* Tells other settings, whose bits mean something else, from these. */
uint32_t thresholds_digest(const struct settings *settings);

#endif
