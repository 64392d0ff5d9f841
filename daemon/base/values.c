#include "daemon/base/values.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

#define STANDSTILL_US INT64_C(60000000)
#define SWEEP_US      INT64_C(10000000) /* between two searches for places */

struct value {
	uint64_t hash;
	int64_t time_us;    /* by the data */
	int64_t renewed_us; /* monotonic */
	double value;
	size_t length;
	char name[];
};

void values_init(struct values *values, size_t most, int64_t ttl_us)
{
	*values = (struct values){.most = most, .ttl_us = ttl_us, .swept_us = INT64_MIN};
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

/*
 * Moves the values to a table of `capacity`, and drops those not renewed since then. Returns false, and
 * nothing has changed, without memory.
 */
static bool move(struct values *values, size_t capacity, int64_t since_us)
{
	struct values moved = {.capacity = capacity,
			       .slots = calloc(capacity, sizeof(*moved.slots))};

	if (!moved.slots)
		return false;
	for (size_t i = 0; i < values->capacity; i++) {
		struct value *value = values->slots[i];

		if (value && value->renewed_us >= since_us) {
			*find(&moved, value->hash, value->name, value->length) = value;
			moved.count++;
		} else {
			free(value);
		}
	}
	free(values->slots);
	values->slots = moved.slots;
	values->capacity = moved.capacity;
	values->count = moved.count;
	return true;
}

static bool make_room(struct values *values)
{
	if (2 * (values->count + 1) <= values->capacity)
		return true;
	return move(values, values->capacity ? 2 * values->capacity : FIRST_CAPACITY, INT64_MIN);
}

/* Drops what was not renewed for the time to live, if all places are taken. */
static void sweep(struct values *values, int64_t now_us)
{
	if (values->count < values->most || values->ttl_us == 0 ||
	    (values->swept_us != INT64_MIN && now_us - values->swept_us < SWEEP_US))
		return;
	values->swept_us = now_us;
	move(values, values->capacity, now_us - values->ttl_us);
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

static void renew(struct value *value, int64_t time_us, double number, int64_t now_us)
{
	if (time_us < value->time_us && now_us - value->renewed_us < STANDSTILL_US)
		return;
	value->time_us = time_us;
	value->renewed_us = now_us;
	value->value = number;
}

void values_put(struct values *values, uint64_t hash, const char *name, size_t length,
		int64_t time_us, double value, int64_t now_us)
{
	struct value **place;

	pthread_mutex_lock(&values->lock);
	if (make_room(values)) {
		place = find(values, hash, name, length);
		if (!*place) {
			sweep(values, now_us);
			place = find(values, hash, name, length);
			*place = add(values, hash, name, length);
		}
		if (*place)
			renew(*place, time_us, value, now_us);
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
