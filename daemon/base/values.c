#include "daemon/base/values.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

struct value {
	uint64_t hash;
	int64_t time_us;
	double value;
	size_t length;
	char name[];
};

void values_init(struct values *values, size_t most)
{
	*values = (struct values){.most = most};
	pthread_mutex_init(&values->lock, NULL);
}

void values_finish(struct values *values)
{
	for (size_t i = 0; i < values->capacity; i++)
		free(values->slots[i]);
	free(values->slots);
	pthread_mutex_destroy(&values->lock);
	*values = (struct values){0};
}

/* Where the name is, or would be. The table is never full. */
static struct value **find(const struct values *values, uint64_t hash, const char *name,
			   size_t length)
{
	size_t i = hash & (values->capacity - 1);

	for (; values->slots[i]; i = (i + 1) & (values->capacity - 1))
		if (values->slots[i]->hash == hash && values->slots[i]->length == length &&
		    memcmp(values->slots[i]->name, name, length) == 0)
			break;
	return &values->slots[i];
}

static bool make_room(struct values *values)
{
	struct values larger = {.capacity =
					values->capacity ? 2 * values->capacity : FIRST_CAPACITY};

	if (2 * (values->count + 1) <= values->capacity)
		return true;
	larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	for (size_t i = 0; i < values->capacity; i++) {
		struct value *value = values->slots[i];

		if (value)
			*find(&larger, value->hash, value->name, value->length) = value;
	}
	free(values->slots);
	values->slots = larger.slots;
	values->capacity = larger.capacity;
	return true;
}

static struct value *add(struct values *values, uint64_t hash, const char *name, size_t length)
{
	struct value *value;

	if (values->count >= values->most)
		return NULL;
	value = malloc(sizeof(*value) + length);
	if (!value)
		return NULL;
	*value = (struct value){.hash = hash, .time_us = INT64_MIN, .length = length};
	memcpy(value->name, name, length);
	values->count++;
	return value;
}

void values_put(struct values *values, uint64_t hash, const char *name, size_t length,
		int64_t time_us, double value)
{
	pthread_mutex_lock(&values->lock);
	if (make_room(values)) {
		struct value **place = find(values, hash, name, length);

		if (!*place)
			*place = add(values, hash, name, length);
		if (*place && time_us >= (*place)->time_us) {
			(*place)->time_us = time_us;
			(*place)->value = value;
		}
	}
	pthread_mutex_unlock(&values->lock);
}

double values_get(struct values *values, uint64_t hash, const char *name, size_t length)
{
	double value = NAN;

	pthread_mutex_lock(&values->lock);
	if (values->capacity) {
		const struct value *found = *find(values, hash, name, length);

		if (found)
			value = found->value;
	}
	pthread_mutex_unlock(&values->lock);
	return value;
}
