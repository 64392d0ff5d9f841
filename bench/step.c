/*
 * What a step of a stream costs, outside trainings: naive alone, the pool without networks, and all of it.
 *
 *	naive │ + the cheap pool ──► what the pool adds │ + both networks
 *
 * Once for one stream, whose window stays in the cache, and once for many in turn, whose windows do
 * not. The three are measured in turns and the least of each counts: other programs only add.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cblas.h>

#include "rollcast/stream.h"

enum {
	ROUNDS = 9,
	POOLS = 3,
	WARM = 2100,   /* steps before the training */
	SETTLED = 300, /* and after it */
	STREAMS_MANY = 200,
	STEP_US = 300 * 1000000,
};

/* Of processor time: what others take does not count. */
static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A daily wave with noise and bursts; the same for everyone, as far as it goes. */
static double value_at(uint32_t index)
{
	uint32_t hash = index * 2654435761u;
	double noise = (double)(hash >> 8) / (1 << 24);

	return 50 + 10 * sin(2 * M_PI * index / 288) + 4 * noise + (hash % 97 == 0 ? 60 : 0);
}

struct player {
	struct rollcast_stream *stream;
	uint32_t next;
};

static void step(struct player *player)
{
	const struct rollcast_forecast *forecast;

	rollcast_stream_push(player->stream, (int64_t)player->next * STEP_US,
			     value_at(player->next));
	player->next++;
	while (rollcast_stream_step(player->stream, &forecast) > 0)
		;
}

/* A stream with a full window, trained once. */
static struct rollcast_stream *make_one(const struct rollcast_stream_settings *settings)
{
	struct player player = {.next = 0};
	struct rollcast_job *job;

	if (rollcast_stream_create("stream", settings, &player.stream))
		abort();
	while (player.next < WARM)
		step(&player);
	if (rollcast_stream_job(player.stream, &job) < 0)
		abort();
	rollcast_job_run(job);
	if (rollcast_stream_adopt(player.stream, job))
		abort();
	while (player.next < WARM + SETTLED)
		step(&player);
	return player.stream;
}

/* Copies of it: with other windows in memory, and the same in them. */
static void make(struct player *players, uint32_t count,
		 const struct rollcast_stream_settings *settings)
{
	struct rollcast_stream *stream = make_one(settings);
	size_t size = rollcast_stream_save(stream, NULL, 0);
	char *record = malloc(size);

	if (!record)
		abort();
	rollcast_stream_save(stream, record, size);
	rollcast_stream_destroy(stream);
	for (uint32_t i = 0; i < count; i++) {
		players[i].next = WARM + SETTLED;
		if (rollcast_stream_load(settings, record, size, &players[i].stream))
			abort();
	}
	free(record);
}

static uint32_t experts_without(const char *kind)
{
	uint32_t bits = 0;
	const char *name;

	for (uint32_t i = 0; (name = rollcast_expert_name(i, ROLLCAST_CELL_LSTM)); i++)
		if (!strncmp(name, kind, strlen(kind)))
			bits |= UINT32_C(1) << i;
	return bits;
}

/* The least microseconds per step of each pool. */
static void measure(struct player players[][STREAMS_MANY], uint32_t count, uint32_t steps,
		    double *ret_us)
{
	for (int pool = 0; pool < POOLS; pool++)
		ret_us[pool] = INFINITY;
	for (int round = 0; round < ROUNDS; round++)
		for (int pool = 0; pool < POOLS; pool++) {
			double start = now_s();

			for (uint32_t i = 0; i < steps; i++)
				for (uint32_t k = 0; k < count; k++)
					step(&players[pool][k]);
			ret_us[pool] = fmin(ret_us[pool],
					    1e6 * (now_s() - start) / ((double)steps * count));
		}
}

static void run(const char *what, uint32_t count, uint32_t steps, uint32_t season)
{
	static struct player players[POOLS][STREAMS_MANY];
	struct rollcast_stream_settings settings[POOLS];
	uint32_t networks = experts_without("lstm");
	double us[POOLS];

	for (int pool = 0; pool < POOLS; pool++) {
		rollcast_stream_settings_init(&settings[pool]);
		settings[pool].grid.step_us = STEP_US;
		settings[pool].season_auto = false;
		settings[pool].season_count = season ? 1 : 0;
		settings[pool].seasons[0].steps = season;
		/* Trained as much as it takes, not as much as is good: the time of a forecast is the same. */
		settings[pool].model.steps_first = settings[pool].model.steps_refit = 3;
		settings[pool].experts_off = pool == 0 ? ~UINT32_C(1) : pool == 1 ? networks : 0;
		make(players[pool], count, &settings[pool]);
	}
	measure(players, count, steps, us);
	printf("%-34s %8.2f %10.2f %10.2f %12.2f\n", what, us[0], us[1], us[2], us[1] - us[0]);
	for (int pool = 0; pool < POOLS; pool++)
		for (uint32_t i = 0; i < count; i++)
			rollcast_stream_destroy(players[pool][i].stream);
}

int main(void)
{
	openblas_set_num_threads(1);
	printf("us per step and stream, horizon 12     naive       pool    + networks    pool "
	       "adds\n");
	run("one stream, no season", 1, 2000, 0);
	run("one stream, season of 288", 1, 2000, 288);
	run("200 streams, season of 288", STREAMS_MANY, 10, 288);
	return 0;
}
