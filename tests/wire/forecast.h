/*
 * A forecast to encode, for tests and benchmarks.
 */
#ifndef TESTS_WIRE_FORECAST_H
#define TESTS_WIRE_FORECAST_H

#include <math.h>

#include "rollcast/stream.h"

enum { EXAMPLE_HORIZON = 12, EXAMPLE_QUANTILES = 5 };

static inline struct rollcast_forecast example_forecast(void)
{
	static double mean[EXAMPLE_HORIZON];
	static double quantiles[EXAMPLE_QUANTILES * EXAMPLE_HORIZON];
	static const double levels[EXAMPLE_QUANTILES] = {(1 - 0.95) / 2, 0.1, 0.5, 0.9,
							 1 - (1 - 0.95) / 2};

	for (int h = 0; h < EXAMPLE_HORIZON; h++) {
		mean[h] = 100 + h / 3.0;
		for (int q = 0; q < EXAMPLE_QUANTILES; q++)
			quantiles[q * EXAMPLE_HORIZON + h] = mean[h] + (q - 2) * (h + 1);
	}
	return (struct rollcast_forecast){
		.name = "cpu_usage{cpu=\"0\",path=\"C:\\\\\"}",
		.origin_us = 1700000000000000,
		.step_us = 10000000,
		.horizon = EXAMPLE_HORIZON,
		.quantile_count = EXAMPLE_QUANTILES,
		.mean = mean,
		.quantile_levels = levels,
		.quantiles = quantiles,
		.last = 99.5,
		.expert = "lstm",
		.weights = {{"lstm", 0.75}, {"naive", 0.25}},
		.weight_count = 2,
		.skill = 0.125,
		.levels = {0.8, 0.95},
		.coverage = {0.79, NAN},
		.level_count = 2,
		.trained_us = 1699999990500000,
		.samples = 1234567890123,
		.snapshot = true,
	};
}

#endif
