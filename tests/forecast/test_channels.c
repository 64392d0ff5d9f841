/* Other streams that a network reads: alignment, encoding, what they are worth, and what they cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/forecast/channels.h"
#include "rollcast/group.h"
#include "tests/forecast/play.h"

enum { LAG = 4, COUNT = 1200, WARM = 600 };

/* ---- encoding ---- */

static void unknown_places_are_carried_on_and_no_news_at_first(void **state)
{
	static const double values[] = {NAN, NAN, 3, NAN, 5, NAN};
	float inputs[6];

	(void)state;
	channel_encode(values, 6, 0, 1, 1, 1, inputs);
	assert_true(inputs[0] == 0 && inputs[1] == 0);
	assert_true(inputs[2] == inputs[3] && inputs[2] < 0);
	assert_true(inputs[4] == 0 && inputs[5] == 0);
}

static void a_channel_of_which_nothing_is_known_is_all_zeros(void **state)
{
	static const double unknown[] = {NAN, NAN, NAN, NAN}, known[] = {1, 2, 3, 4};
	float inputs[4] = {1, 1, 1, 1};
	static const float zeros[4];

	(void)state;
	channel_encode(unknown, 4, 0, 1, 1, 1, inputs);
	assert_memory_equal(inputs, zeros, sizeof(zeros));
	memset(inputs, 1, sizeof(inputs));
	channel_encode(known, 4, 0, 0, 1, 1, inputs);
	assert_memory_equal(inputs, zeros, sizeof(zeros));
}

static void places_that_were_not_known_yet_are_not_shown(void **state)
{
	static const double values[] = {1, 2, 3, 4}, seen[] = {1, 2, NAN, NAN};
	float inputs[4], expected[4];

	(void)state;
	channel_encode(values, 4, 2, 1, 1, 1, inputs);
	channel_encode(seen, 4, 0, 1, 1, 1, expected);
	assert_memory_equal(inputs, expected, sizeof(inputs));
	channel_encode(values, 4, 9, 1, 1, 1, inputs);
	for (int i = 0; i < 4; i++)
		assert_true(inputs[i] == 0);
}

static void patches_of_channels_stand_beside_each_other(void **state)
{
	static const double values[] = {1, 2, 3, 4};
	float inputs[8] = {9, 9, 9, 9, 9, 9, 9, 9}, plain[4];

	(void)state;
	channel_encode(values, 4, 0, 1, 1, 1, plain);
	channel_encode(values, 4, 0, 1, 2, 4, inputs + 2);
	assert_true(inputs[2] == plain[0] && inputs[3] == plain[1]);
	assert_true(inputs[6] == plain[2] && inputs[7] == plain[3]);
	assert_true(inputs[0] == 9 && inputs[1] == 9 && inputs[4] == 9 && inputs[5] == 9);
}

static void the_scale_is_that_of_movements(void **state)
{
	static const double rising[] = {0, 2, 4, 6, 8}, still[] = {5, 5, 5, 5, 5},
			    gaps[] = {NAN, 0, NAN, 4, NAN}, none[] = {NAN, NAN, NAN};

	(void)state;
	assert_true(channel_scale(rising, 5, 2) == 2);
	assert_true(channel_scale(rising, 5, 4) == 4);
	assert_true(channel_scale(still, 5, 2) == 0);
	assert_true(channel_scale(none, 3, 2) == 0);
	assert_true(channel_scale(gaps, 5, 2) == 4.0 / 3);
	assert_true(channel_scale(rising, 0, 2) == 0);
}

/* ---- streams ---- */

/* Requests wander; the load is what they were LAG steps ago, and some noise of its own. */
struct world {
	double driver[COUNT], load[COUNT];
	size_t known; /* values of the driver that exist; later ones are not given out */
	bool silent;
	size_t delay;	/* steps that the driver comes behind, */
	size_t varying; /* and up to so many more */
	int64_t now_us; /* the newest step that was asked about */
};

static void make_world(struct world *world, uint64_t seed)
{
	double level = 100;

	*world = (struct world){.known = COUNT};
	for (size_t i = 0; i < COUNT; i++) {
		level += 0.1 * (100 - level) + 5 * play_normal(seed + i);
		world->driver[i] = level;
		world->load[i] =
			2 * world->driver[i < LAG ? 0 : i - LAG] + play_normal(seed + 100000 + i);
	}
}

static void read_driver(void *context, uint32_t channel, int64_t time_us, int64_t step_us,
			double *values, size_t count)
{
	struct world *world = context;
	size_t newest = (size_t)((time_us - PLAY_BEGIN_US) / step_us);
	size_t delay = world->delay + newest * 7 % (world->varying + 1);

	assert_int_equal(channel, 0);
	assert_int_equal(step_us, PLAY_STEP_US);
	assert_in_range(count, 1, ROLLCAST_CHANNEL_STEPS);
	assert_true(count <= newest + 1);
	world->now_us = time_us;
	for (size_t i = 0; i < count && !world->silent; i++)
		if (newest + 1 - count + i < world->known &&
		    newest + 1 - count + i + delay <= newest)
			values[i] = world->driver[newest + 1 - count + i];
}

static char *const names[] = {"requests"};

static struct rollcast_stream_settings settings_with(uint32_t channels)
{
	struct rollcast_stream_settings settings = play_settings();

	settings.channels = names;
	settings.channel_count = channels;
	settings.horizon = LAG;
	settings.model.lookback = 12;
	settings.model.rate = 0.01;
	settings.model.steps_first = 400;
	settings.model.steps_refit = 200;
	return settings;
}

/* The errors of all forecasts from WARM on, added up. */
struct errors {
	const struct world *world;
	double sum;
	size_t points, forecasts;
	double first_mean[COUNT];
};

static void add_errors(void *context, const struct rollcast_forecast *forecast)
{
	struct errors *errors = context;
	size_t origin = (size_t)((forecast->origin_us - PLAY_BEGIN_US) / PLAY_STEP_US);

	errors->first_mean[origin] = forecast->mean[0];
	errors->forecasts++;
	for (uint32_t h = 0; h < forecast->horizon && origin >= WARM; h++) {
		if (origin + 1 + h >= COUNT)
			break;
		assert_true(isfinite(forecast->mean[h]));
		errors->sum += fabs(forecast->mean[h] - errors->world->load[origin + 1 + h]);
		errors->points++;
	}
}

static double mean_error(struct world *world, uint32_t channels, struct errors *errors)
{
	const struct rollcast_stream_settings settings = settings_with(channels);
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;

	*errors = (struct errors){.world = world};
	assert_int_equal(rollcast_stream_create("load", &settings, &stream), 0);
	rollcast_stream_read_channels(stream, read_driver, world);
	for (size_t i = 0; i < COUNT; i++)
		assert_true(play_value(stream, i, world->load[i], add_errors, errors) >= 0);
	return errors->sum / (double)errors->points;
}

static struct world world;
static struct errors errors;

static void a_driver_that_runs_ahead_lowers_the_error_markedly(void **state)
{
	double alone, with, late, sometimes, missing;

	(void)state;
	make_world(&world, 1);
	alone = mean_error(&world, 0, &errors);
	with = mean_error(&world, 1, &errors);
	world.delay = 1;
	late = mean_error(&world, 1, &errors);
	world.delay = 0;
	world.varying = 3;
	sometimes = mean_error(&world, 1, &errors);
	world.silent = true;
	missing = mean_error(&world, 1, &errors);
	print_message("mean error: %.3f alone, %.3f with the driver, %.3f a step late, "
		      "%.3f up to three, %.3f if it is missing\n",
		      alone, with, late, sometimes, missing);
	assert_true(with < 0.6 * alone);
	assert_true(late < 0.75 * alone);
	assert_true(sometimes < 0.75 * alone);
	assert_true(missing < 1.1 * alone);
}

static void a_driver_that_falls_silent_stops_no_forecast(void **state)
{
	(void)state;
	make_world(&world, 2);
	world.known = WARM;
	mean_error(&world, 1, &errors);
	assert_true(errors.forecasts >= COUNT - 1);
}

static void what_the_driver_does_later_changes_no_forecast(void **state)
{
	static struct errors other;

	(void)state;
	make_world(&world, 3);
	mean_error(&world, 1, &errors);
	for (size_t i = WARM + 100; i < COUNT; i++)
		world.driver[i] += 1000;
	mean_error(&world, 1, &other);
	assert_memory_equal(errors.first_mean, other.first_mean,
			    (WARM + 100) * sizeof(*errors.first_mean));
	assert_true(errors.first_mean[WARM + 100] != other.first_mean[WARM + 100]);
}

/* ---- records ---- */

static struct rollcast_stream *saved_and_loaded(const struct rollcast_stream *stream,
						const struct rollcast_stream_settings *settings,
						int expected)
{
	size_t size = rollcast_stream_save(stream, NULL, 0);
	CLEANUP(free) void *bytes = malloc(size);
	struct rollcast_stream *loaded = NULL;

	assert_non_null(bytes);
	assert_int_equal(rollcast_stream_save(stream, bytes, size), size);
	assert_int_equal(rollcast_stream_load(settings, bytes, size, &loaded), expected);
	rollcast_stream_read_channels(loaded, read_driver, &world);
	return loaded;
}

static void compare(void *context, const struct rollcast_forecast *forecast)
{
	const double *expected = context;

	assert_memory_equal(forecast->mean, expected, forecast->horizon * sizeof(double));
}

static void keep(void *context, const struct rollcast_forecast *forecast)
{
	memcpy(context, forecast->mean, forecast->horizon * sizeof(double));
}

static void channels_are_in_the_record(void **state)
{
	const struct rollcast_stream_settings settings = settings_with(1);
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *loaded = NULL;
	double expected[LAG];

	(void)state;
	make_world(&world, 4);
	assert_int_equal(rollcast_stream_create("load", &settings, &stream), 0);
	rollcast_stream_read_channels(stream, read_driver, &world);
	for (size_t i = 0; i < WARM; i++)
		assert_true(play_value(stream, i, world.load[i], NULL, NULL) >= 0);
	loaded = saved_and_loaded(stream, &settings, 0);
	for (size_t i = WARM; i < WARM + 150; i++) {
		assert_true(play_value(stream, i, world.load[i], keep, expected) >= 0);
		assert_true(play_value(loaded, i, world.load[i], compare, expected) >= 0);
	}
}

static void other_channels_begin_anew(void **state)
{
	static char *const other_names[] = {"sessions"};
	const struct rollcast_stream_settings settings = settings_with(1), none = settings_with(0);
	struct rollcast_stream_settings other = settings;
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;

	(void)state;
	other.channels = other_names;
	make_world(&world, 5);
	assert_int_equal(rollcast_stream_create("load", &settings, &stream), 0);
	rollcast_stream_read_channels(stream, read_driver, &world);
	for (size_t i = 0; i < 300; i++)
		assert_true(play_value(stream, i, world.load[i], NULL, NULL) >= 0);
	for (int i = 0; i < 3; i++) {
		const struct rollcast_stream_settings *now = i ? i > 1 ? &settings : &none : &other;
		struct rollcast_stream *loaded =
			saved_and_loaded(stream, now, ROLLCAST_ANEW_NETWORKS);

		rollcast_stream_destroy(stream);
		stream = loaded;
		for (size_t j = 0; j < 20; j++)
			assert_true(play_value(stream, 300 + 20 * (size_t)i + j,
					       world.load[300 + 20 * (size_t)i + j], NULL,
					       NULL) > 0);
	}
}

static void a_stream_of_a_group_reads_channels_too(void **state)
{
	struct rollcast_stream_settings settings = settings_with(1);
	CLEANUP(rollcast_group_destroy) struct rollcast_group *group = NULL;
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	const struct rollcast_forecast *forecast;
	struct rollcast_group_job *group_job;
	struct rollcast_job *job;
	int shared = 0;

	(void)state;
	settings.model.scope = ROLLCAST_SCOPE_GROUP;
	make_world(&world, 6);
	assert_int_equal(rollcast_group_create(&settings, &group), 0);
	assert_int_equal(rollcast_stream_create("load", &settings, &stream), 0);
	rollcast_stream_read_channels(stream, read_driver, &world);
	for (size_t i = 0; i < 500; i++) {
		rollcast_stream_share(stream, rollcast_group_shared(group));
		rollcast_stream_push(stream, PLAY_BEGIN_US + (int64_t)i * PLAY_STEP_US,
				     world.load[i]);
		while (rollcast_stream_step(stream, &forecast) > 0)
			for (uint32_t j = 0; j < forecast->weight_count; j++)
				shared += !strcmp(forecast->weights[j].name, "lstm");
		if (rollcast_stream_urgency(stream) < 1)
			continue;
		assert_int_equal(rollcast_stream_job(stream, &job), 0);
		assert_int_equal(rollcast_job_run(job), 0);
		assert_int_equal(rollcast_group_learn(group, job), 0);
		assert_int_equal(rollcast_stream_adopt(stream, job), 0);
		if (!rollcast_group_is_due(group))
			continue;
		assert_int_equal(rollcast_group_job(group, &group_job), 0);
		assert_int_equal(rollcast_group_job_run(group_job), 0);
		assert_int_equal(rollcast_group_adopt(group, group_job), 0);
	}
	assert_true(shared > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_places_are_carried_on_and_no_news_at_first),
		cmocka_unit_test(a_channel_of_which_nothing_is_known_is_all_zeros),
		cmocka_unit_test(places_that_were_not_known_yet_are_not_shown),
		cmocka_unit_test(patches_of_channels_stand_beside_each_other),
		cmocka_unit_test(the_scale_is_that_of_movements),
		cmocka_unit_test(a_driver_that_runs_ahead_lowers_the_error_markedly),
		cmocka_unit_test(a_driver_that_falls_silent_stops_no_forecast),
		cmocka_unit_test(what_the_driver_does_later_changes_no_forecast),
		cmocka_unit_test(channels_are_in_the_record),
		cmocka_unit_test(other_channels_begin_anew),
		cmocka_unit_test(a_stream_of_a_group_reads_channels_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
