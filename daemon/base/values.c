#include "daemon/base/values.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

#define STANDSTILL_US INT64_C(60000000)
#define SWEEP_US      INT64_C(10000000) /* between two searches for places */

struct point {
	int64_t time_us; /* by the data */
	double value;
};

struct value {
	uint64_t hash;
	int64_t renewed_us; /* monotonic */
	size_t length;
	char *name;	       /* behind the points */
	size_t count, newest;  /* points that there are; where the newest is */
	struct point points[]; /* [depth], a ring, ascending in time */
};

void values_init(struct values *values, size_t most, size_t depth, int64_t ttl_us)
{
	*values = (struct values){
		.most = most, .depth = depth, .ttl_us = ttl_us, .swept_us = INT64_MIN};
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
	size_t points = values->depth * sizeof(struct point);
	struct value *value;

	if (values->count >= values->most)
		return NULL;
	value = malloc(sizeof(*value) + points + length);
	if (!value)
		return NULL;
	*value = (struct value){
		.hash = hash, .length = length, .name = (char *)value->points + points};
	memcpy(value->name, name, length);
	values->count++;
	return value;
}

static void renew(const struct values *values, struct value *value, struct point point,
		  int64_t now_us)
{
	const struct point *newest = &value->points[value->newest];
	bool is_older = value->count && point.time_us < newest->time_us;

	if (is_older && now_us - value->renewed_us < STANDSTILL_US)
		return;
	if (is_older) /* what is known is of another time */
		value->count = 0;
	if (value->count && point.time_us > newest->time_us)
		value->newest = (value->newest + 1) % values->depth;
	else
		value->count -= value->count > 0;
	value->count += value->count < values->depth;
	value->points[value->newest] = point;
	value->renewed_us = now_us;
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
			renew(values, *place, (struct point){time_us, value}, now_us);
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
			value = found->points[found->newest].value;
	}
	pthread_mutex_unlock(&values->lock);
	return value;
}

/* Walks back through points and steps side by side. */
static void fill_steps(const struct values *values, const struct value *value, int64_t time_us,
		       int64_t step_us, double *ret_values, size_t count)
{
	size_t back = 0;

	for (size_t i = count; i-- > 0; time_us -= step_us) {
		const struct point *point = NULL;

		for (; back < value->count; back++) {
			point = &value->points[(value->newest + values->depth - back) %
					       values->depth];
			if (point->time_us <= time_us)
				break;
		}
		if (back == value->count)
			return;
		if (point->time_us > time_us - step_us)
			ret_values[i] = point->value;
	}
}

void values_at_steps(struct values *values, uint64_t hash, const char *name, size_t length,
		     int64_t time_us, int64_t step_us, double *ret_values, size_t count)
{
	pthread_mutex_lock(&values->lock);
	if (values->capacity) {
		const struct value *found = *find(values, hash, name, length);

		if (found)
			fill_steps(values, found, time_us, step_us, ret_values, count);
	}
	pthread_mutex_unlock(&values->lock);
}
