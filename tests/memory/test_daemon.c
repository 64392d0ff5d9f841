/* A shard, what asks it, and the state, when there is no memory. */
#include "tests/memory/failing.h"

#include <dirent.h>
#include <unistd.h>

#include "daemon/base/envelope.h"
#include "daemon/state/state.h"
#include "daemon/watch/api.h"
#include "tests/fuzz/room.h"

static struct http_plan plan_of(struct room *room)
{
	return (struct http_plan){
		.counters = &room->counters,
		.heartbeats = &room->heartbeat,
		.heartbeat_count = 1,
		.questions = &room->questions,
		.inboxes = &room->inbox,
		.shards = 1,
		.training = &room->training,
		.out = &room->out,
	};
}

/* What is asked is answered, or it is said that it cannot be; in time, if the machine allows. */
static void ask_everything(struct room *room)
{
	const struct http_plan plan = plan_of(room);
	const struct api_query queries[] = {
		{.match = "x*{a=~\"b|c\"}", .search = "x", .sort = "-skill"},
		{.stream = "x{a=\"b\"}"},
	};

	for (int which = 0; which < 3; which++) {
		char *text = NULL;
		size_t size;
		FILE *body = open_memstream(&text, &size);
		unsigned status;

		if (!body)
			continue;
		status = which == 0   ? api_streams(&plan, &queries[0], body)
			 : which == 1 ? api_forecast(&plan, &queries[1], body)
				      : api_trainings(&plan, body);
		fclose(body);
		if (status != 200 && status != 404 && status != 500 && status != 503)
			fail_msg("question %d is answered by %u", which, status);
		__real_free(text);
	}
}

static void play(struct room *room)
{
	room_feed(room, "x{a=\"b\"}", 1700000000, 50);
	room_feed(room, "auto_y", 1700000000, 40);
	ask_everything(room);
	room_feed(room, "x{a=\"b\"}", 1700000050, 10);
	room_feed(room, "z", 1700000000, 10);
}

/* One allocation fails somewhere; the shard loses what it was for, and nothing else. */
static void a_shard_survives_any_allocation_that_fails(void **state)
{
	uint64_t before = failing.injected, nth = 0;
	bool failed;

	(void)state;
	do {
		struct room room;

		room_open(&room, false);
		failing_arm(nth++);
		play(&room);
		room_close(&room);
		failed = failing_disarm();
		if (failing.live_count)
			fail_msg("%zu allocations are not freed after number %llu failed",
				 failing.live_count, (unsigned long long)nth - 1);
		/* Samples that came while their stream could not be made are lost; the next make it. */
		assert_true(count_get(&room.counters.daemon, COUNT_STEPS) > 40);
	} while (failed);
	print_message("shard: %llu failures of memory\n",
		      (unsigned long long)(failing.injected - before));
}

/* ---- the rooms themselves ---- */

static int make_queue(void *context)
{
	struct queue queue;
	int r = queue_init(&queue, 8, sizeof(int), NULL, false);

	(void)context;
	if (r == 0)
		queue_finish(&queue);
	return r;
}

static int make_pool(void *context)
{
	struct block_pool pool;
	int r = block_pool_init(&pool, 5, 1000);

	(void)context;
	if (r == 0)
		block_pool_finish(&pool);
	return r;
}

static int make_groups(void *context)
{
	CLEANUP(groups_destroy) struct groups *groups = NULL;
	struct counters counters = {0};

	return groups_create(context, &counters, NULL, &groups);
}

static int make_shard(void *context)
{
	CLEANUP(groups_destroy) struct groups *groups = NULL;
	CLEANUP(shard_destroy) struct shard *shard = NULL;
	struct counters counters = {0};
	int r = groups_create(context, &counters, NULL, &groups);
	const struct shard_plan plan = {.settings = context, .groups = groups, .shards = 1};

	return r < 0 ? r : shard_create(&plan, &shard);
}

static void rooms_are_made_or_not_at_all(void **state)
{
	(void)state;
	fail_each("queue", make_queue, NULL, false, 1);
	fail_each("pool", make_pool, NULL, false, 1);
	fail_each("groups", make_groups, room_settings(), false, 1);
	fail_each("shard", make_shard, room_settings(), false, 1);
}

/* ---- the state ---- */

struct house {
	struct state_settings settings;
	struct queue queue, inbox, restored;
	struct block_pool journals;
	struct counters counters;
	char directory[64];
};

static void say_nothing(void)
{
}

static struct state_plan state_plan_of(struct house *house)
{
	return (struct state_plan){
		.settings = &house->settings,
		.queue = &house->queue,
		.journals = &house->journals,
		.inboxes = &house->inbox,
		.restored = &house->restored,
		.shards = 1,
		.counters = &house->counters,
		.alive = say_nothing,
	};
}

static struct block *record_of(const char *name)
{
	struct block *block = block_create(envelope_size(strlen(name)) + 100);

	assert_non_null(block);
	envelope_begin(block->bytes, ENVELOPE_RECORD, 7, name, strlen(name));
	block->used = block->capacity;
	memset(block->bytes + envelope_size(strlen(name)), 1, 100);
	return block;
}

/* Saves two records; who asks for them again is handed both, or told that there is no memory. */
static void fill_house(struct house *house)
{
	static const char *const names[] = {"x", "y{a=\"b\"}"};
	const struct state_plan plan = state_plan_of(house);
	CLEANUP(state_destroy) struct state *state = NULL;
	struct keeping keeping = {.kind = KEEPING_ROUND_BEGIN};

	assert_int_equal(queue_init(&house->queue, 16, sizeof(keeping), NULL, false), 0);
	assert_int_equal(state_create(&plan, &state), 0);
	assert_int_equal(state_start(state), 0);
	queue_push(&house->queue, &keeping);
	for (size_t i = 0; i < 2; i++) {
		keeping = (struct keeping){.kind = KEEPING_RECORD, .block = record_of(names[i])};
		queue_push(&house->queue, &keeping);
	}
	keeping = (struct keeping){.kind = KEEPING_ROUND_END};
	queue_push(&house->queue, &keeping);
	queue_close(&house->queue);
	state_join(state);
	queue_finish(&house->queue);
	assert_int_equal(count_get(&house->counters, COUNT_RECORDS_SAVED), 2);
}

static int restore_house(void *context)
{
	struct house *house = context;
	const struct state_plan plan = state_plan_of(house);
	CLEANUP(state_destroy) struct state *state = NULL;
	struct letter letter;
	uint32_t shard = 0, records = 0;
	int r = state_create(&plan, &state);

	if (r < 0)
		return r;
	queue_push(&house->restored, &shard);
	r = state_restore(state);
	queue_pop(&house->restored, 0, &shard); /* if nobody has waited for it */
	while (queue_pop(&house->inbox, 0, &letter) == 0)
		if (letter.kind == LETTER_RECORD) {
			records++;
			free(letter.kept);
		}
	assert_true(r < 0 || records == 2);
	assert_int_equal(count_get(&house->counters, COUNT_RECORDS_ASIDE), 0);
	return r;
}

static void remove_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	assert_non_null(directory);
	while ((entry = readdir(directory)))
		unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
	assert_int_equal(rmdir(path), 0);
}

static void what_was_kept_is_restored_whole_or_not_at_all(void **state)
{
	static struct house house = {
		.settings = {.size_bytes = 16 << 20,
			     .journal_us = 1000000,
			     .checkpoint_us = 1000000},
		.directory = "/tmp/rollcast-memory-XXXXXX",
	};

	(void)state;
	assert_non_null(mkdtemp(house.directory));
	house.settings.path = house.directory;
	assert_int_equal(queue_init(&house.inbox, 16, sizeof(struct letter), NULL, false), 0);
	assert_int_equal(queue_init(&house.restored, 1, sizeof(uint32_t), NULL, false), 0);
	assert_int_equal(block_pool_init(&house.journals, 2, 4096), 0);
	fill_house(&house);
	fail_each("restore", restore_house, &house, false, 1);
	block_pool_finish(&house.journals);
	queue_finish(&house.restored);
	queue_finish(&house.inbox);
	remove_directory(house.directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shard_survives_any_allocation_that_fails),
		cmocka_unit_test(rooms_are_made_or_not_at_all),
		cmocka_unit_test(what_was_kept_is_restored_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
