/* What streams learn together. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/forecast/shared.h"
#include "rollcast/group.h"
#include "tests/forecast/play.h"

enum {
	STREAMS = 40,
	SHORT = 45,  /* steps: enough for a first job */
	LONGER = 75, /* and for a second one, but not for a network of one stream */
	ORIGINS = 100,
	PERIOD = 12,
};

/* The network against naive: what it says, and how much it counts. */
struct heard {
	uint32_t horizon;
	double values[ORIGINS][16]; /* by index of the origin */
	double weights[ORIGINS];    /* of the network */
	int64_t trained_us;
};

static void hear(void *context, const struct rollcast_forecast *forecast)
{
	struct heard *heard = context;
	size_t index =
		(size_t)((forecast->origin_us - PLAY_BEGIN_US + PLAY_STEP_US / 2) / PLAY_STEP_US);

	assert_true(index < ORIGINS);
	heard->horizon = forecast->horizon;
	heard->trained_us = forecast->trained_us;
	memcpy(heard->values[index], forecast->mean, forecast->horizon * sizeof(double));
	heard->weights[index] = 0;
	for (uint32_t i = 0; i < forecast->weight_count; i++)
		if (strcmp(forecast->weights[i].name, "lstm") == 0)
			heard->weights[index] = forecast->weights[i].weight;
}

/* Sines of one period: of stream `k`, its own level, size and phase. */
static double value_of(uint32_t k, size_t i)
{
	return 100 * k + (1 + k % 7) * sin(2 * M_PI * ((double)i + 1.7 * k) / PERIOD);
}

static struct rollcast_stream_settings group_settings(void)
{
	struct rollcast_stream_settings settings = play_settings();

	settings.model.scope = ROLLCAST_SCOPE_GROUP;
	settings.model.steps_first = 300;
	return settings;
}

/* Only naive and the local network. */
static uint32_t all_but_network(void)
{
	uint32_t off = 0;
	const char *name;

	for (uint32_t i = 1; (name = rollcast_expert_name(i, ROLLCAST_CELL_LSTM)); i++)
		if (strcmp(name, "lstm") != 0)
			off |= UINT32_C(1) << i;
	return off;
}

/* Steps first..end of stream k; its jobs go to the group, if there is one. */
static void play(struct rollcast_stream *stream, struct rollcast_group *group, uint32_t k,
		 size_t first, size_t end, struct heard *heard)
{
	const struct rollcast_forecast *forecast;
	struct rollcast_job *job;

	for (size_t i = first; i < end; i++) {
		assert_int_equal(rollcast_stream_push(stream,
						      PLAY_BEGIN_US + (int64_t)i * PLAY_STEP_US,
						      value_of(k, i)),
				 ROLLCAST_PUSH_ACCEPTED);
		if (i + 1 == end)
			rollcast_stream_flush(stream);
		while (rollcast_stream_step(stream, &forecast) > 0) {
			if (heard)
				hear(heard, forecast);
			if (rollcast_stream_urgency(stream) < 1)
				continue;
			assert_int_equal(rollcast_stream_job(stream, &job), 0);
			assert_int_equal(rollcast_job_run(job), 0);
			if (group)
				assert_int_equal(rollcast_group_learn(group, job), 0);
			assert_int_equal(rollcast_stream_adopt(stream, job), 0);
		}
	}
}

static void train(struct rollcast_group *group)
{
	struct rollcast_group_job *job;

	assert_true(rollcast_group_is_due(group));
	assert_int_equal(rollcast_group_job(group, &job), 0);
	assert_false(rollcast_group_is_due(group));
	assert_int_equal(rollcast_group_job_run(job), 0);
	assert_int_equal(rollcast_group_adopt(group, job), 0);
}

static struct rollcast_stream *stream_of(uint32_t k,
					 const struct rollcast_stream_settings *settings)
{
	struct rollcast_stream *stream;
	char name[16];

	snprintf(name, sizeof(name), "s%u", k);
	assert_int_equal(rollcast_stream_create(name, settings, &stream), 0);
	return stream;
}

/* A group that has learned from STREAMS short streams, and how its network did on them; they are gone. */
static struct rollcast_group *learned_group(const struct rollcast_stream_settings *settings)
{
	struct rollcast_stream *streams[STREAMS];
	struct rollcast_group *group;

	assert_int_equal(rollcast_group_create(settings, &group), 0);
	for (uint32_t k = 0; k < STREAMS; k++) {
		streams[k] = stream_of(k, settings);
		play(streams[k], group, k, 0, SHORT, NULL);
	}
	train(group);
	for (uint32_t k = 0; k < STREAMS; k++) {
		rollcast_stream_share(streams[k], rollcast_group_shared(group));
		play(streams[k], group, k, SHORT, LONGER, NULL);
		rollcast_stream_destroy(streams[k]);
	}
	train(group);
	return group;
}

/* Mean absolute error of the forecast made from `origin`. */
static double error_of(const struct heard *heard, uint32_t k, size_t origin)
{
	double sum = 0;

	for (uint32_t h = 0; h < heard->horizon; h++)
		sum += fabs(heard->values[origin][h] - value_of(k, origin + 1 + h));
	return sum / heard->horizon;
}

static void a_new_stream_has_the_network_from_its_first_full_lookback(void **state)
{
	struct rollcast_stream_settings settings = group_settings();
	CLEANUP(rollcast_group_destroy) struct rollcast_group *group = NULL;
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	struct heard heard = {0};
	size_t full = settings.model.lookback - 1;
	size_t first_job = settings.model.lookback + settings.horizon + 8;

	(void)state;
	settings.experts_off = all_but_network();
	group = learned_group(&settings);
	stream = stream_of(STREAMS, &settings);
	rollcast_stream_share(stream, rollcast_group_shared(group));
	play(stream, NULL, STREAMS, 0, full + 1, &heard);
	assert_true(heard.weights[full - 1] == 0);
	assert_true(heard.weights[full] > 0.9);
	assert_int_equal(heard.trained_us, PLAY_BEGIN_US + (first_job + 32 - 1) * PLAY_STEP_US);
}

static void a_group_learns_from_short_streams_what_one_alone_cannot(void **state)
{
	struct rollcast_stream_settings together = group_settings(), alone = together;
	CLEANUP(rollcast_group_destroy) struct rollcast_group *group = NULL;
	double errors[2] = {0};

	(void)state;
	alone.model.scope = ROLLCAST_SCOPE_STREAM;
	together.experts_off = alone.experts_off = all_but_network();
	group = learned_group(&together);
	for (uint32_t k = STREAMS; k < STREAMS + 10; k++) {
		CLEANUP(rollcast_stream_destroy)
		struct rollcast_stream *one = stream_of(k, &alone);
		CLEANUP(rollcast_stream_destroy)
		struct rollcast_stream *member = stream_of(k, &together);
		struct heard heard[2] = {0};

		rollcast_stream_share(member, rollcast_group_shared(group));
		play(one, NULL, k, 0, SHORT, &heard[0]);
		play(member, NULL, k, 0, SHORT, &heard[1]);
		for (int i = 0; i < 2; i++)
			errors[i] += error_of(&heard[i], k, together.model.lookback - 1);
	}
	assert_true(errors[1] < 0.2 * errors[0]);
}

static void streams_share_one_copy_of_the_weights(void **state)
{
	struct rollcast_stream_settings settings = group_settings();
	CLEANUP(rollcast_group_destroy) struct rollcast_group *group = learned_group(&settings);
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *a = stream_of(STREAMS, &settings);
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *b = stream_of(51, &settings);
	struct rollcast_shared *shared = rollcast_group_shared(group);
	const struct rollcast_weights *weights = shared->networks[0];

	(void)state;
	rollcast_stream_share(a, shared);
	rollcast_stream_share(b, shared);
	assert_non_null(weights);
	assert_ptr_equal(rollcast_stream_shared(a), shared);
	assert_ptr_equal(rollcast_stream_shared(b)->networks[0], weights);

	/* The next training brings others; what is in use stays until it is exchanged. */
	play(a, group, STREAMS, 0, SHORT, NULL);
	while (!rollcast_group_is_due(group)) {
		CLEANUP(rollcast_stream_destroy)
		struct rollcast_stream *other = stream_of(3, &settings);

		play(other, group, 3, 0, SHORT, NULL);
	}
	train(group);
	assert_ptr_not_equal(rollcast_group_shared(group), shared);
	assert_ptr_equal(rollcast_stream_shared(a)->networks[0], weights);
	assert_true(isfinite(rollcast_weights_block(weights)[0]));
	rollcast_stream_share(a, rollcast_group_shared(group));
	assert_ptr_not_equal(rollcast_stream_shared(a)->networks[0], weights);
}

static void streams_that_are_no_more_do_not_keep_the_others_from_learning(void **state)
{
	struct rollcast_stream_settings settings = group_settings();
	CLEANUP(rollcast_group_destroy) struct rollcast_group *group = learned_group(&settings);
	uint32_t windows = 0;

	(void)state;
	for (; !rollcast_group_is_due(group); windows++) {
		CLEANUP(rollcast_stream_destroy)
		struct rollcast_stream *stream = stream_of(STREAMS + windows % 2, &settings);

		play(stream, group, STREAMS + windows % 2, 0, SHORT, NULL);
	}
	assert_in_range(windows, 3, STREAMS - 2);
}

static void streams_and_group_may_go_while_a_job_is_out(void **state)
{
	struct rollcast_stream_settings settings = group_settings();
	CLEANUP(rollcast_group_job_destroy) struct rollcast_group_job *job = NULL;
	struct rollcast_group *group;
	struct rollcast_stream *stream = stream_of(1, &settings);
	struct rollcast_group_job *second;

	(void)state;
	assert_int_equal(rollcast_group_create(&settings, &group), 0);
	for (uint32_t k = 2; k < 10; k++) {
		CLEANUP(rollcast_stream_destroy)
		struct rollcast_stream *other = stream_of(k, &settings);

		play(other, group, k, 0, SHORT, NULL);
	}
	play(stream, group, 1, 0, SHORT, NULL);
	assert_int_equal(rollcast_group_job(group, &job), 0);
	assert_int_equal(rollcast_group_job(group, &second), -EBUSY);
	rollcast_stream_destroy(stream);
	/* The window of a stream is replaced, then all are gone, while the job still reads them. */
	stream = stream_of(2, &settings);
	play(stream, group, 2, 0, SHORT, NULL);
	rollcast_stream_destroy(stream);
	rollcast_group_destroy(group);
	assert_int_equal(rollcast_group_job_run(job), 0);
	/* No season is given, so one network. */
	assert_int_equal(rollcast_group_job_steps(job), settings.model.steps_first);
}

static void a_job_that_was_not_run_changes_nothing(void **state)
{
	struct rollcast_stream_settings settings = group_settings();
	CLEANUP(rollcast_group_destroy) struct rollcast_group *group = learned_group(&settings);
	struct rollcast_shared *shared = rollcast_group_shared(group);
	struct rollcast_group_job *job;

	(void)state;
	assert_int_equal(rollcast_group_job(group, &job), 0);
	assert_int_equal(rollcast_group_adopt(group, job), -EAGAIN);
	assert_ptr_equal(rollcast_group_shared(group), shared);
	assert_int_equal(rollcast_group_job(group, &job), 0);
	rollcast_group_adopt(group, job);
}

/* How often it may be asked before it says so. */
static bool stop_after(const void *context)
{
	uint32_t *times = *(uint32_t *const *)context;

	return (*times)-- == 0;
}

static void a_training_that_is_stopped_changes_nothing(void **state)
{
	struct rollcast_stream_settings settings = group_settings();
	CLEANUP(rollcast_group_destroy) struct rollcast_group *group = learned_group(&settings);
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	struct rollcast_shared *shared = rollcast_group_shared(group);
	struct rollcast_group_job *group_job;
	struct rollcast_job *job;
	uint32_t left = 7, *times = &left;

	(void)state;
	assert_int_equal(rollcast_group_job(group, &group_job), 0);
	rollcast_group_job_stop_if(group_job, stop_after, &times);
	assert_int_equal(rollcast_group_job_run(group_job), -ECANCELED);
	assert_int_equal(rollcast_group_job_steps(group_job), 7);
	assert_int_equal(rollcast_group_adopt(group, group_job), -ECANCELED);
	assert_ptr_equal(rollcast_group_shared(group), shared);

	settings.model.scope = ROLLCAST_SCOPE_STREAM;
	stream = stream_of(0, &settings);
	play(stream, NULL, 0, 0, ORIGINS, NULL);
	assert_int_equal(rollcast_stream_job(stream, &job), 0);
	left = 3;
	rollcast_job_stop_if(job, stop_after, &times);
	assert_int_equal(rollcast_job_run(job), -ECANCELED);
	assert_int_equal(rollcast_job_steps(job), 3);
	assert_int_equal(rollcast_stream_adopt(stream, job), -ECANCELED);
}

static void streams_with_seasons_share_a_network_for_their_number(void **state)
{
	struct rollcast_stream_settings settings = group_settings();
	CLEANUP(rollcast_group_destroy) struct rollcast_group *group = NULL;

	(void)state;
	settings.seasons[0].steps = PERIOD;
	settings.season_count = 1;
	group = learned_group(&settings);
	assert_non_null(rollcast_group_shared(group)->networks[0]);
	assert_non_null(rollcast_group_shared(group)->networks[1]);
	assert_null(rollcast_group_shared(group)->networks[2]);
}

static void the_same_streams_teach_the_same_bits(void **state)
{
	struct rollcast_stream_settings settings = group_settings();
	CLEANUP(rollcast_group_destroy) struct rollcast_group *a = learned_group(&settings);
	CLEANUP(rollcast_group_destroy) struct rollcast_group *b = learned_group(&settings);
	const struct rollcast_shared *one = rollcast_group_shared(a),
				     *two = rollcast_group_shared(b);
	const struct rollcast_weights *weights = one->networks[0];
	size_t size = rollcast_shape_parameters(rollcast_weights_shape(weights)) * sizeof(float);

	(void)state;
	assert_memory_equal(rollcast_weights_block(weights),
			    rollcast_weights_block(two->networks[0]), size);
	assert_memory_equal(&one->usual, &two->usual, sizeof(one->usual));
}

static void a_network_may_read_several_steps_at_once(void **state)
{
	struct rollcast_stream_settings settings = group_settings();
	CLEANUP(rollcast_group_destroy) struct rollcast_group *group = NULL;
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	struct heard heard = {0};

	(void)state;
	settings.model.patch = 6;
	settings.experts_off = all_but_network();
	group = learned_group(&settings);
	stream = stream_of(STREAMS, &settings);
	rollcast_stream_share(stream, rollcast_group_shared(group));
	play(stream, NULL, STREAMS, 0, SHORT, &heard);
	assert_true(error_of(&heard, STREAMS, 30) < 0.5 * (1 + STREAMS % 7));
	settings.model.patch = 5;
	assert_int_equal(rollcast_stream_create("x", &settings, &stream), -EINVAL);
}

/* A group as bytes; the caller frees them. */
static unsigned char *save(const struct rollcast_group *group, size_t *ret_size)
{
	unsigned char *bytes;

	*ret_size = rollcast_group_save(group, NULL, 0);
	bytes = malloc(*ret_size);
	assert_non_null(bytes);
	assert_int_equal(rollcast_group_save(group, bytes, *ret_size), *ret_size);
	return bytes;
}

static void a_saved_group_goes_on_with_what_it_had_learned(void **state)
{
	struct rollcast_stream_settings settings = group_settings();
	CLEANUP(rollcast_group_destroy) struct rollcast_group *group = NULL;
	CLEANUP(rollcast_group_destroy) struct rollcast_group *again = NULL;
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	CLEANUP(free) unsigned char *bytes = NULL, *second = NULL;
	struct heard heard[2] = {{0}};
	size_t size, second_size;

	(void)state;
	group = learned_group(&settings);
	bytes = save(group, &size);
	assert_int_equal(rollcast_group_create(&settings, &again), 0);
	assert_int_equal(rollcast_group_save(again, NULL, 0), 0);
	assert_int_equal(rollcast_group_load(again, bytes, size), 0);
	second = save(again, &second_size);
	assert_int_equal(second_size, size);
	assert_memory_equal(second, bytes, size);
	for (int i = 0; i < 2; i++) {
		stream = stream_of(STREAMS, &settings);
		rollcast_stream_share(stream, rollcast_group_shared(i ? again : group));
		play(stream, NULL, STREAMS, 0, SHORT, &heard[i]);
		rollcast_stream_destroy(STEAL(stream));
	}
	assert_memory_equal(&heard[0], &heard[1], sizeof(heard[0]));

	/* It waits for its streams, of which one alone knows too little. */
	for (uint32_t k = 0; k < STREAMS; k++) {
		assert_false(rollcast_group_is_due(again));
		stream = stream_of(k, &settings);
		play(stream, again, k, 0, SHORT, NULL);
		rollcast_stream_destroy(STEAL(stream));
	}
	train(again);
}

static void what_was_saved_with_other_settings_or_is_damaged_changes_nothing(void **state)
{
	struct rollcast_stream_settings settings = group_settings(), other = settings;
	CLEANUP(rollcast_group_destroy) struct rollcast_group *group = NULL;
	CLEANUP(rollcast_group_destroy) struct rollcast_group *fresh = NULL;
	CLEANUP(rollcast_group_destroy) struct rollcast_group *coarse = NULL;
	CLEANUP(rollcast_group_destroy) struct rollcast_group *wide = NULL;
	CLEANUP(free) unsigned char *bytes = NULL;
	size_t size;

	(void)state;
	group = learned_group(&settings);
	bytes = save(group, &size);
	other.grid.step_us = 7;
	assert_int_equal(rollcast_group_create(&other, &coarse), 0);
	assert_int_equal(rollcast_group_load(coarse, bytes, size), ROLLCAST_GROUP_OTHER);
	other = settings;
	other.model.hidden++;
	assert_int_equal(rollcast_group_create(&other, &wide), 0);
	assert_int_equal(rollcast_group_load(wide, bytes, size), ROLLCAST_GROUP_OTHER);
	assert_int_equal(rollcast_group_create(&settings, &fresh), 0);
	for (size_t cut = 0; cut < size; cut += 97) {
		CLEANUP(free) unsigned char *shorter = malloc(cut + 1);

		memcpy(shorter, bytes, cut);
		assert_true(rollcast_group_load(fresh, shorter, cut) != 0);
	}
	assert_null(rollcast_group_shared(coarse));
	assert_null(rollcast_group_shared(wide));
	assert_null(rollcast_group_shared(fresh));
	bytes[4]++; /* the format */
	assert_int_equal(rollcast_group_load(fresh, bytes, size), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_stream_has_the_network_from_its_first_full_lookback),
		cmocka_unit_test(a_group_learns_from_short_streams_what_one_alone_cannot),
		cmocka_unit_test(streams_share_one_copy_of_the_weights),
		cmocka_unit_test(streams_that_are_no_more_do_not_keep_the_others_from_learning),
		cmocka_unit_test(streams_and_group_may_go_while_a_job_is_out),
		cmocka_unit_test(a_job_that_was_not_run_changes_nothing),
		cmocka_unit_test(a_training_that_is_stopped_changes_nothing),
		cmocka_unit_test(streams_with_seasons_share_a_network_for_their_number),
		cmocka_unit_test(the_same_streams_teach_the_same_bits),
		cmocka_unit_test(a_network_may_read_several_steps_at_once),
		cmocka_unit_test(a_saved_group_goes_on_with_what_it_had_learned),
		cmocka_unit_test(what_was_saved_with_other_settings_or_is_damaged_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
