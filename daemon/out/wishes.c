#include "daemon/out/wishes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int wishes_init(struct wishes *wishes, struct queue *inboxes, uint32_t shards, uint32_t outputs)
{
	*wishes = (struct wishes){.inboxes = inboxes, .shards = shards, .outputs = outputs};
	wishes->wanted = calloc(outputs ? outputs : 1, sizeof(*wishes->wanted));
	return wishes->wanted ? 0 : -ENOMEM;
}

void wishes_finish(struct wishes *wishes)
{
	for (uint32_t i = 0; wishes->wanted && i < wishes->outputs; i++)
		prefixes_finish(&wishes->wanted[i]);
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
	prefixes_add(&wishes->wanted[output], topic + common, length - common);
}

/* The next output, in turn, that has wishes; its snapshot becomes the one in hand. */
static bool choose(struct wishes *wishes)
{
	for (uint32_t i = 0; i < wishes->outputs; i++) {
		uint32_t output = (wishes->next + i) % wishes->outputs;

		if (prefixes_is_empty(&wishes->wanted[output]))
			continue;
		prefixes_finish(&wishes->snapshot.names);
		wishes->snapshot.names = wishes->wanted[output];
		wishes->wanted[output] = (struct prefixes){0};
		prefixes_seal(&wishes->snapshot.names);
		wishes->snapshot.output = output;
		wishes->snapshot.number++;
		atomic_store(&wishes->snapshot.shards_left, wishes->shards);
		wishes->next = output + 1;
		wishes->asked = 0;
		return true;
	}
	return false;
}

void wishes_ask(struct wishes *wishes)
{
	struct letter letter = {.kind = LETTER_SNAPSHOT, .snapshot = &wishes->snapshot};

	if (wishes->under_way &&
	    atomic_load_explicit(&wishes->snapshot.shards_left, memory_order_acquire) == 0)
		wishes->under_way = false;
	if (!wishes->under_way)
		wishes->under_way = choose(wishes);
	if (!wishes->under_way)
		return;
	while (wishes->asked < wishes->shards &&
	       queue_try_push(&wishes->inboxes[wishes->asked], &letter) == 0)
		wishes->asked++;
}

bool wishes_are_open(const struct wishes *wishes)
{
	return wishes->under_way;
}
