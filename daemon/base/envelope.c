#include "daemon/base/envelope.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { KEY_PLAIN_MAX = 480, NAME_MAX_BYTES = 1024 };

size_t envelope_size(size_t name_length)
{
	return sizeof(struct envelope) + (name_length ? name_length + 1 : 0);
}

void envelope_begin(void *bytes, enum envelope_kind kind, uint64_t position, const char *name,
		    size_t name_length)
{
	*(struct envelope *)bytes = (struct envelope){
		.kind = kind,
		.format = ENVELOPE_FORMAT,
		.position = position,
		.name_length = (uint32_t)name_length,
	};
	if (name_length) {
		char *copy = (char *)bytes + sizeof(struct envelope);

		memcpy(copy, name, name_length);
		copy[name_length] = 0;
	}
}

static uint64_t checksum_of(const void *bytes, size_t size)
{
	size_t from = offsetof(struct envelope, position);

	return XXH3_64bits((const char *)bytes + from, size - from);
}

void envelope_seal(void *bytes, size_t size, int64_t saved_us)
{
	struct envelope *envelope = bytes;

	envelope->saved_us = saved_us;
	envelope->checksum = checksum_of(bytes, size);
}

int envelope_check(const void *bytes, size_t size, enum envelope_kind kind)
{
	struct envelope envelope;

	if (size < sizeof(envelope))
		return -EINVAL;
	memcpy(&envelope, bytes, sizeof(envelope));
	if (envelope.kind != (uint32_t)kind || envelope.checksum != checksum_of(bytes, size))
		return -EINVAL;
	if (envelope.format != ENVELOPE_FORMAT)
		return -ENOTSUP;
	if (envelope.name_length > NAME_MAX_BYTES || envelope_size(envelope.name_length) > size)
		return -EINVAL;
	if (envelope.name_length &&
	    memchr((const char *)bytes + sizeof(envelope), 0, envelope.name_length + 1) !=
		    (const char *)bytes + sizeof(envelope) + envelope.name_length)
		return -EINVAL;
	return 0;
}

size_t envelope_key(const char *name, size_t length, uint64_t hash, char key[ENVELOPE_KEY_MAX + 1])
{
	if (length <= KEY_PLAIN_MAX)
		return (size_t)snprintf(key, ENVELOPE_KEY_MAX + 1, "%.*s", (int)length, name);
	return (size_t)snprintf(key, ENVELOPE_KEY_MAX + 1, "%.*s#%016llx", KEY_PLAIN_MAX, name,
				(unsigned long long)hash);
}
