#include "daemon/out/wishes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { REST_TIMES = 9 };

#define REST_LEAST_US INT64_C(250000)
#define REST_MOST_US  INT64_C(10000000)

void wishes_init(struct wishes *wishes, struct queue *inboxes, uint32_t shards)
{
	*wishes = (struct wishes){.inboxes = inboxes, .shards = shards};
}

int wishes_enlarge(struct wishes *wishes, uint32_t outputs)
{
	struct wish *wanted;

	if (outputs <= wishes->outputs)
		return 0;
	wanted = realloc(wishes->wanted, outputs * sizeof(*wanted));
	if (!wanted)
		return -ENOMEM;
	memset(wanted + wishes->outputs, 0, (outputs - wishes->outputs) * sizeof(*wanted));
	wishes->wanted = wanted;
	wishes->outputs = outputs;
	return 0;
}

void wishes_finish(struct wishes *wishes)
{
	for (uint32_t i = 0; wishes->wanted && i < wishes->outputs; i++)
		prefixes_finish(&wishes->wanted[i].names);
	prefixes_finish(&wishes->snapshot.names);
	free(wishes->wanted);
	*wishes = (struct wishes){0};
}

void wishes_add(struct wishes *wishes, uint32_t output, const char *prefix, const char *topic,
		size_t length)
{
	size_t before = strlen(prefix);
	size_t common = length < before ? length : before;

	if (memcmp(topic, prefix, common) != 0)
		return;
	prefixes_add(&wishes->wanted[output].names, topic + common, length - common);
}

static void begin(struct wishes *wishes, uint32_t output, int64_t now_us)
{
	struct prefixes *names = &wishes->snapshot.names;

	prefixes_finish(names);
	*names = wishes->wanted[output].names;
	wishes->wanted[output].names = (struct prefixes){0};
	prefixes_seal(names);
	wishes->snapshot.output = output;
	wishes->snapshot.number++;
	atomic_store(&wishes->snapshot.shards_left, wishes->shards);
	wishes->next = output + 1;
	wishes->asked = 0;
	wishes->since_us = now_us;
	wishes->under_way = true;
}

/* Begins with the next output, in turn, that has wishes and need not rest. */
static void begin_next(struct wishes *wishes, int64_t now_us)
{
	for (uint32_t i = 0; i < wishes->outputs && !wishes->under_way; i++) {
		uint32_t output = (wishes->next + i) % wishes->outputs;
		const struct wish *wish = &wishes->wanted[output];

		if (!prefixes_is_empty(&wish->names) && now_us >= wish->not_before_us)
			begin(wishes, output, now_us);
	}
}

static void end(struct wishes *wishes, int64_t now_us)
{
	int64_t rest_us = REST_TIMES * (now_us - wishes->since_us);

	if (rest_us < REST_LEAST_US)
		rest_us = REST_LEAST_US;
	if (rest_us > REST_MOST_US)
		rest_us = REST_MOST_US;
	wishes->wanted[wishes->snapshot.output].not_before_us = now_us + rest_us;
	wishes->under_way = false;
}

void wishes_ask(struct wishes *wishes, bool unsent, int64_t now_us)
{
	struct letter letter = {.kind = LETTER_SNAPSHOT, .snapshot = &wishes->snapshot};

	if (wishes->under_way && !unsent &&
	    atomic_load_explicit(&wishes->snapshot.shards_left, memory_order_acquire) == 0)
		end(wishes, now_us);
	if (!wishes->under_way)
		begin_next(wishes, now_us);
	while (wishes->under_way && wishes->asked < wishes->shards &&
	       queue_try_push(&wishes->inboxes[wishes->asked], &letter) == 0)
		wishes->asked++;
}

bool wishes_are_open(const struct wishes *wishes)
{
	bool open = wishes->under_way;

	for (uint32_t i = 0; i < wishes->outputs; i++)
		open |= !prefixes_is_empty(&wishes->wanted[i].names);
	return open;
}
