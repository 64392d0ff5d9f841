/* Thresholds: alerts are decided about once, shown as they stand, and end with their streams. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "daemon/stream/thresholds.h"

#define NAME  "used{host=\"a\"}"
#define LIMIT "size{host=\"a\"}"

static struct threshold_settings rows[] = {
	{.name = "high", .match = "*", .above = "100", .below = "", .raise = 0.5, .clear = 0.2},
	{.name = "full", .match = "used", .above = "size", .below = "", .raise = 0.5, .clear = 0.2},
};
static const struct settings settings = {.thresholds = rows, .threshold_count = 2};
enum { HIGH = 1, FULL = 2 };

static int make_selectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char error[128];
		size_t column;

		if (rollcast_selector_create(rows[i].match, &rows[i].selector, error, sizeof(error),
					     &column))
			return -1;
	}
	return 0;
}

static int free_selectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		rollcast_selector_destroy(rows[i].selector);
	return 0;
}

/* One step ahead, of which the median and 80 % are known. */
struct made {
	struct rollcast_forecast forecast;
	double mean[1], levels[3], quantiles[3];
};

static struct rollcast_forecast *make_forecast(struct made *made, double value)
{
	*made = (struct made){.mean = {value},
			      .levels = {0.1, 0.5, 0.9},
			      .quantiles = {value - 10, value, value + 10}};
	made->forecast = (struct rollcast_forecast){
		.name = NAME,
		.step_us = 1000000,
		.horizon = 1,
		.quantile_count = 3,
		.mean = made->mean,
		.quantile_levels = made->levels,
		.quantiles = made->quantiles,
		.last = value,
	};
	return &made->forecast;
}

static void put_limit(struct values *values, double limit)
{
	struct rollcast_text name = {LIMIT, strlen(LIMIT)};

	values_put(values, rollcast_name_hash(name), name.bytes, name.length, 0, limit, 0);
}

static void streams_are_watched_by_those_that_match(void **state)
{
	(void)state;
	assert_int_equal(thresholds_watching(&settings, (struct rollcast_text){NAME, strlen(NAME)}),
			 HIGH | FULL);
	assert_int_equal(thresholds_watching(&settings, (struct rollcast_text){"other", 5}), HIGH);
}

static void an_alert_changes_once_and_not_between_raise_and_clear(void **state)
{
	(void)state;
	static const struct {
		double value;
		bool raised, changed;
	} steps[] = {
		{50, false, false}, {95, false, false}, {100.5, true, true}, {99, true, false},
		{95, true, false},  {80, false, true},	{95, false, false},  {101, true, true},
	};
	struct values values;
	struct made made;
	uint64_t raised = 0;

	values_init(&values, 10, 1, 0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct rollcast_forecast *forecast = make_forecast(&made, steps[i].value);

		raised = thresholds_check(&settings, &values, HIGH, raised, forecast);
		assert_int_equal(forecast->threshold_count, 1);
		assert_int_equal(forecast->thresholds[0].raised, steps[i].raised);
		assert_int_equal(forecast->thresholds[0].changed, steps[i].changed);
		assert_int_equal(raised, steps[i].raised ? HIGH : 0);
	}
	values_finish(&values);
}

static void a_limit_that_is_not_known_is_left_out_unless_its_alert_stands(void **state)
{
	(void)state;
	struct values values;
	struct made made;
	struct rollcast_forecast *forecast = make_forecast(&made, 50);

	values_init(&values, 10, 1, 0);
	assert_int_equal(thresholds_check(&settings, &values, FULL, 0, forecast), 0);
	assert_int_equal(forecast->threshold_count, 0);
	assert_int_equal(thresholds_check(&settings, &values, FULL, FULL, forecast), FULL);
	assert_int_equal(forecast->threshold_count, 1);
	assert_true(forecast->thresholds[0].raised && !forecast->thresholds[0].changed);
	assert_true(isnan(forecast->thresholds[0].limit));
	assert_true(isnan(forecast->thresholds[0].probability));
	put_limit(&values, 1000);
	forecast = make_forecast(&made, 50);
	assert_int_equal(thresholds_check(&settings, &values, FULL, FULL, forecast), 0);
	assert_true(forecast->thresholds[0].changed && !forecast->thresholds[0].raised);
	values_finish(&values);
}

static void a_snapshot_shows_alerts_as_they_were_decided_about(void **state)
{
	(void)state;
	struct values values;
	struct made made;
	struct rollcast_forecast *forecast = make_forecast(&made, 50);

	values_init(&values, 10, 1, 0);
	put_limit(&values, 10); /* it has fallen since: the next forecast will raise the alert */
	thresholds_show(&settings, &values, HIGH | FULL, HIGH, forecast);
	assert_int_equal(forecast->threshold_count, 2);
	assert_true(forecast->thresholds[0].raised);
	assert_false(forecast->thresholds[1].raised);
	assert_true(forecast->thresholds[1].probability == 1);
	for (int i = 0; i < 2; i++)
		assert_false(forecast->thresholds[i].changed);
	values_finish(&values);
}

static void the_end_of_a_stream_clears_what_stands_and_nothing_else(void **state)
{
	(void)state;
	struct values values;
	struct made made;
	struct rollcast_forecast *forecast = make_forecast(&made, 200);

	values_init(&values, 10, 1, 0);
	thresholds_end(&settings, &values, FULL, forecast);
	assert_int_equal(forecast->threshold_count, 1);
	assert_string_equal(forecast->thresholds[0].name, "full");
	assert_true(forecast->thresholds[0].changed && !forecast->thresholds[0].raised);
	assert_true(forecast->thresholds[0].probability == 0);
	values_finish(&values);
}

static void other_names_or_another_order_have_another_digest(void **state)
{
	(void)state;
	struct threshold_settings turned[] = {rows[1], rows[0]};
	const struct settings none = {0}, one = {.thresholds = rows, .threshold_count = 1},
			      other = {.thresholds = turned, .threshold_count = 2};

	assert_int_equal(thresholds_digest(&none), 0);
	assert_int_not_equal(thresholds_digest(&settings), thresholds_digest(&one));
	assert_int_not_equal(thresholds_digest(&settings), thresholds_digest(&other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_are_watched_by_those_that_match),
		cmocka_unit_test(an_alert_changes_once_and_not_between_raise_and_clear),
		cmocka_unit_test(a_limit_that_is_not_known_is_left_out_unless_its_alert_stands),
		cmocka_unit_test(a_snapshot_shows_alerts_as_they_were_decided_about),
		cmocka_unit_test(the_end_of_a_stream_clears_what_stands_and_nothing_else),
		cmocka_unit_test(other_names_or_another_order_have_another_digest),
	};

	return cmocka_run_group_tests(tests, make_selectors, free_selectors);
}
