/*
 * What is kept on disk, and how it is told from what is not: a head with a format and a checksum.
 *
 *	[struct envelope][name and its zero, if there is one][payload]
 *
 * A record holds one stream, its payload is rollcast_stream_save's. A journal holds samples, as
 * message.h lays them out. A group's name is what its rule matches, its payload rollcast_group_save's. For little-endian machines.
 */
#ifndef DAEMON_BASE_ENVELOPE_H
#define DAEMON_BASE_ENVELOPE_H

#include <stddef.h>
#include <stdint.h>

enum envelope_kind {
	ENVELOPE_RECORD = 0x72636552,  /* "Recr" */
	ENVELOPE_JOURNAL = 0x6c6e724a, /* "Jrnl" */
	ENVELOPE_GROUP = 0x70757247,   /* "Grup" */
};
enum { ENVELOPE_FORMAT = 1, ENVELOPE_KEY_MAX = 511 };

struct envelope {
	uint32_t kind, format;
	uint64_t checksum; /* XXH3 of all that follows this field */
	uint64_t
		position; /* record: samples given to the stream when it was saved; group: a hash of
			      its channels */
	int64_t saved_us;
	uint32_t name_length;
	uint32_t thresholds; /* record: a digest of those settings, */
	uint64_t raised;     /* and which of their alerts stood */
};

/* Bytes before the payload; 16-aligned where there is no name. */
size_t envelope_size(size_t name_length);
/* Writes head and name; `bytes` is 16-aligned. The payload follows, then envelope_seal. */
void envelope_begin(void *bytes, enum envelope_kind kind, uint64_t position, const char *name,
		    size_t name_length);
/* Stamps the time and the checksum over `size` bytes in all. */
void envelope_seal(void *bytes, size_t size, int64_t saved_us);

/* 0; -EINVAL: damaged, or nothing of ours; -ENOTSUP: sound, but of another format. */
int envelope_check(const void *bytes, size_t size, enum envelope_kind kind);

/* Of one that was checked. */
static inline const char *envelope_name(const struct envelope *envelope)
{
	return (const char *)(envelope + 1);
}

/* The key that a stream's record has: its name, or a long name's beginning and hash. Returns its length. */
size_t envelope_key(const char *name, size_t length, uint64_t hash, char key[ENVELOPE_KEY_MAX + 1]);

#endif
