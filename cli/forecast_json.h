/* A forecast as one JSON object, for pipes. */
#ifndef CLI_FORECAST_JSON_H
#define CLI_FORECAST_JSON_H

#include <stdint.h>
#include <stdio.h>

#include "rollcast/stream.h"

/*
 * One line with the message's keys: name, tags, time (s), step (s), last, mean, quantiles, expert,
 * weights, skill, coverage, trained (s, null: untrained), samples, snapshot; and with stream, the
 * canonical name, and sequence, null for 0. Numbers read back as the same double; what is not finite
 * is null.
 */
void forecast_json_print(FILE *file, const struct rollcast_forecast *forecast, uint64_t sequence);

#endif
