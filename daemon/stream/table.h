/*
 * A shard's streams by name: open addressing with linear probing over pointers to entries, so that an
 * entry stays where it is while the table grows.
 */
#ifndef DAEMON_STREAM_TABLE_H
#define DAEMON_STREAM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/stream/rules.h"

struct entry {
	uint64_t hash;
	struct rollcast_stream *stream; /* NULL: not made yet */
	struct rule *rule;
	uint64_t watching, raised; /* thresholds of the settings, a bit each; alerts that stand */
	int64_t arrival_us;	   /* of its newest sample; monotonic */
	int64_t sent_us;	   /* origin of the newest forecast handed on; NONE_BEFORE: none */
	size_t bytes;		   /* counted for it */
	bool is_channel;	   /* networks of other streams read it */
	bool is_loaded;		   /* from a record */
	bool in_training;	   /* a job of it is out, which knows this entry */
	bool is_other;		   /* the stream was put under other settings since */
	bool is_gone;		   /* forgotten, and kept only for that job */
	uint64_t drifts;	   /* of the stream that were counted */
	bool is_over;		   /* to be forgotten: it would take more memory than there is */
	uint64_t told;		   /* number of the last snapshot that it was sent in */
	bool quiet;		   /* flushed since its newest sample */
	struct entry *owed_before, *owed_after; /* who is owed a forecast, see behind.c */
	int64_t owed_us;   /* arrival of the newest sample for it; 0: it is owed none */
	bool put_off;	   /* training is due, and the trainers had no room */
	uint64_t position; /* samples that it was given; a record says up to where it goes */
	bool dirty;	   /* has changed since its record was made */
	bool aside;	   /* the record that there is could not be read */
	uint32_t name_length;
	char name[];
};

struct table {
	struct entry **slots; /* [capacity], a power of two */
	size_t capacity, count;
	uint64_t changes; /* goes up when entries change their slots */
};

int table_init(struct table *table);
/* Frees the entries and their streams. */
void table_finish(struct table *table);
struct entry *table_find(const struct table *table, uint64_t hash, const char *name,
			 uint32_t name_length);
/* A new entry without a stream; the name must not be in the table. -ENOMEM. */
int table_add(struct table *table, uint64_t hash, const char *name, uint32_t name_length,
	      struct entry **ret_entry);
/* Takes the entry out of the table, which no longer knows it. Others may change their slots. */
void table_remove(struct table *table, const struct entry *entry);
/* Frees an entry that is in no table, and its stream. */
void entry_destroy(struct entry *entry);

#endif
