/* A forecast as JSON, byte by byte. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/forecast_json.h"

static const char *print(const struct rollcast_forecast *forecast, uint64_t sequence)
{
	static char text[4096];
	FILE *file = fmemopen(text, sizeof(text), "w");

	forecast_json_print(file, forecast, sequence);
	fclose(file);
	return text;
}

static void all_fields_are_there(void **state)
{
	static const double mean[] = {0.1, NAN}, levels[] = {0.05, 0.95},
			    quantiles[] = {-1e300, 0, 1.0 / 3, INFINITY};
	struct rollcast_forecast forecast = {
		.name = "cpu{a=\"x\\\"y\",b=\"z\"}",
		.origin_us = 1700000000250000,
		.step_us = 60000000,
		.horizon = 2,
		.mean = mean,
		.quantile_count = 2,
		.quantile_levels = levels,
		.quantiles = quantiles,
		.last = 5,
		.expert = "lstm",
		.weights = {{"lstm", 0.75}, {"naive", 0.25}},
		.weight_count = 2,
		.skill = NAN,
		.levels = {0.9},
		.coverage = {0.91},
		.level_count = 1,
		.trained_us = 1700000000000000,
		.samples = UINT64_MAX,
		.thresholds = {{.name = "full",
				.limit = 95,
				.probability = 0.5,
				.seconds = NAN,
				.raised = true}},
		.threshold_count = 1,
	};

	(void)state;
	assert_string_equal(
		print(&forecast, 7),
		"{\"name\":\"cpu\",\"tags\":{\"a\":\"x\\\"y\",\"b\":\"z\"},"
		"\"stream\":\"cpu{a=\\\"x\\\\\\\"y\\\",b=\\\"z\\\"}\",\"time\":1700000000.25,"
		"\"step\":60,"
		"\"last\":5,\"mean\":[0.1,null],"
		"\"quantiles\":{\"0.05\":[-1e+300,0],\"0.95\":[0.33333333333333331,null]},"
		"\"expert\":\"lstm\",\"weights\":{\"lstm\":0.75,\"naive\":0.25},\"skill\":null,"
		"\"coverage\":{\"0.9\":0.91},\"thresholds\":{\"full\":{\"limit\":95,"
		"\"probability\":0.5,"
		"\"seconds\":null,\"raised\":true}},\"trained\":1700000000,"
		"\"samples\":18446744073709551615,\"snapshot\":false,\"sequence\":7}\n");
}

static void an_untrained_snapshot_says_so(void **state)
{
	struct rollcast_forecast forecast = {
		.name = "x", .origin_us = -1500000, .step_us = 1, .last = NAN, .snapshot = true};

	(void)state;
	assert_string_equal(
		print(&forecast, 0),
		"{\"name\":\"x\",\"tags\":{},\"stream\":\"x\",\"time\":-1.5,\"step\":0.000001,"
		"\"last\":null,\"mean\":[],\"quantiles\":{},\"expert\":null,\"weights\":{},"
		"\"skill\":0,\"coverage\":{},\"trained\":null,\"samples\":0,\"snapshot\":true,"
		"\"sequence\":null}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_fields_are_there),
		cmocka_unit_test(an_untrained_snapshot_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
