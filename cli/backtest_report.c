/* The measures of a backtest: see backtest_report.h. */
#include "cli/backtest_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/json.h"

struct total {
	size_t streams, ratios, wins;
	double mase, log_ratio, worst, coverage, msis, seconds;
	uint64_t trainings;
};

static void add_to_total(struct total *total, const struct backtest_result *result)
{
	const struct backtest_measures *measures = &result->measures;
	uint32_t levels = result->quantile_count / 2;

	total->seconds += result->seconds;
	total->trainings += result->trainings;
	if (!measures->cells)
		return;
	total->streams++;
	total->mase += measures->mase;
	total->msis += measures->msis;
	total->coverage += levels ? measures->coverage[levels - 1] : NAN;
	if (!(measures->ratio > 0) || !isfinite(measures->ratio))
		return;
	total->ratios++;
	total->log_ratio += log(measures->ratio);
	total->wins += measures->ratio <= 1;
	total->worst = fmax(total->worst, measures->ratio);
}

static double mean_ratio(const struct total *total)
{
	return total->ratios ? exp(total->log_ratio / (double)total->ratios) : NAN;
}

/* The three experts that counted most, as `lstm 62, ridge 20`. */
static void print_shares(const struct backtest_result *result, enum rollcast_cell cell)
{
	double shares[ROLLCAST_EXPERTS_MAX];

	memcpy(shares, result->shares, sizeof(shares));
	for (int rank = 0; rank < 3; rank++) {
		uint32_t best = 0;

		for (uint32_t i = 0; i < ROLLCAST_EXPERTS_MAX; i++)
			if (shares[i] > shares[best])
				best = i;
		if (shares[best] < 0.005)
			break;
		printf("%s%s %.0f %%", rank ? ", " : "", rollcast_expert_name(best, cell),
		       100 * shares[best]);
		shares[best] = 0;
	}
	putchar('\n');
}

void backtest_print_table(const struct backtest_report *report)
{
	struct total total = {0};
	int width = 12;

	for (size_t i = 0; i < report->count; i++)
		width = (int)strlen(report->series[i].name) > width
				? (int)strlen(report->series[i].name)
				: width;
	printf("%-*s %7s %10s %7s %6s %6s %7s %6s %7s  %s\n", width, "stream", "origins", "MAE",
	       "MASE", "rBest", "inside", "MSIS", "refits", "seconds", "experts");
	for (size_t i = 0; i < report->count; i++) {
		const struct backtest_result *result = &report->results[i];
		const struct backtest_measures *measures = &result->measures;
		uint32_t levels = result->quantile_count / 2;

		add_to_total(&total, result);
		printf("%-*s %7lu %10.4g %7.3f %6.3f %6.3f %7.2f %6u %7.2f  ", width,
		       report->series[i].name, (unsigned long)measures->origins, measures->mae,
		       measures->mase, measures->ratio,
		       levels ? measures->coverage[levels - 1] : NAN, measures->msis,
		       result->trainings, result->seconds);
		print_shares(result, report->settings[i].model.cell);
	}
	printf("%-*s %7s %10s %7.3f %6.3f %6.3f %7.2f %6lu %7.2f  worst %.3f, win %.0f %%\n", width,
	       "all", "", "", total.mase / (double)total.streams, mean_ratio(&total),
	       total.coverage / (double)total.streams, total.msis / (double)total.streams,
	       (unsigned long)total.trainings, total.seconds, total.worst,
	       100.0 * (double)total.wins / (double)total.ratios);
}

static void print_member(const char *name, double number)
{
	printf(", \"%s\": ", name);
	json_number(stdout, number);
}

static void print_stream_json(const struct backtest_report *report, size_t index)
{
	const struct backtest_result *result = &report->results[index];
	const struct backtest_measures *measures = &result->measures;
	const char *name, *separator = "";

	fputs("{\"stream\": ", stdout);
	json_string(stdout, report->series[index].name);
	printf(", \"origins\": %lu", (unsigned long)measures->origins);
	print_member("mae", measures->mae);
	print_member("mase", measures->mase);
	print_member("rbest", measures->ratio);
	print_member("msis", measures->msis);
	printf(", \"refits\": %u, \"diverged\": %u", result->trainings, result->diverged);
	print_member("seconds", result->seconds);
	fputs(", \"coverage\": {", stdout);
	for (uint32_t i = 0; i < result->quantile_count / 2; i++, separator = ", ") {
		printf("%s\"%g\": ", separator, report->settings[index].levels[i]);
		json_number(stdout, measures->coverage[i]);
	}
	fputs("}, \"experts\": {", stdout);
	separator = "";
	for (uint32_t i = 0; (name = rollcast_expert_name(i, report->settings[index].model.cell));
	     i++) {
		if (result->shares[i] <= 0)
			continue;
		printf("%s\"%s\": ", separator, name);
		json_number(stdout, result->shares[i]);
		separator = ", ";
	}
	fputs("}}", stdout);
}

void backtest_print_json(const struct backtest_report *report)
{
	struct total total = {0};

	fputs("{\"streams\": [", stdout);
	for (size_t i = 0; i < report->count; i++) {
		add_to_total(&total, &report->results[i]);
		fputs(i ? ",\n" : "\n", stdout);
		print_stream_json(report, i);
	}
	printf("\n], \"all\": {\"streams\": %zu", total.streams);
	print_member("mase", total.mase / (double)total.streams);
	print_member("rbest", mean_ratio(&total));
	print_member("worst", total.worst);
	print_member("win", (double)total.wins / (double)total.ratios);
	print_member("coverage", total.coverage / (double)total.streams);
	print_member("msis", total.msis / (double)total.streams);
	print_member("seconds", total.seconds);
	puts("}}");
}
