/*
 * Forecasts as metrics. Prometheus refuses samples from the future, so they stand at the time of the
 * scrape, with the horizon as a label.
 */
#ifndef DAEMON_WATCH_FORECASTS_H
#define DAEMON_WATCH_FORECASTS_H

#include <stdio.h>

#include "daemon/watch/ask.h"

/* Those of the streams that `match` selects. Writes nothing if the shards do not answer in time. */
void forecasts_write(FILE *out, const struct askable *askable, const char *match);

enum { FORECASTS_LABELS_SIZE = 8192 };

/*
 * A canonical name as labels: `stream="cpu_usage",host="a"`. What Prometheus does not allow in a label's
 * name becomes `_`; a name that is taken, by ours or by one before it, is made another. Returns
 * `text`; "" if it is no canonical name.
 */
const char *forecasts_labels(const char *name, char text[FORECASTS_LABELS_SIZE]);

#endif
