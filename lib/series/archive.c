/* [tag, 32 bytes][version u32][0 u32][size u64][what it holds] and the next section: see archive.h. */
#include "lib/series/archive.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define TIME_MAX_US ((INT64_C(1) << 62) - 1)

struct head {
	char tag[ARCHIVE_TAG_MAX];
	uint32_t version, zero;
	uint64_t size;
};

struct archive archive_save(void *bytes, size_t size)
{
	return (struct archive){.target = bytes, .size = size};
}

struct archive archive_load(const void *bytes, size_t size)
{
	return (struct archive){.source = bytes, .size = size};
}

static void fail(struct archive *archive, int error)
{
	if (!archive->error)
		archive->error = error;
}

static bool fits(const struct archive *archive, size_t size)
{
	return archive->place <= archive->size && size <= archive->size - archive->place;
}

void archive_bytes(struct archive *archive, void *bytes, size_t size)
{
	if (archive->error)
		return;
	if (archive->source) {
		if (!fits(archive, size)) {
			fail(archive, -EINVAL);
			return;
		}
		if (size)
			memcpy(bytes, archive->source + archive->place, size);
	} else if (size && fits(archive, size)) {
		memcpy(archive->target + archive->place, bytes, size);
	}
	archive->place += size;
}

void archive_flag(struct archive *archive, bool *flag)
{
	uint8_t byte = *flag;

	archive_bytes(archive, &byte, 1);
	archive_check(archive, byte <= 1);
	if (archive_is_loading(archive) && !archive->error)
		*flag = byte;
}

void archive_time(struct archive *archive, int64_t *time_us)
{
	int64_t read_us = *time_us;

	archive_value(archive, &read_us);
	archive_check(archive, read_us >= -TIME_MAX_US && read_us <= TIME_MAX_US);
	if (archive_is_loading(archive) && !archive->error)
		*time_us = read_us;
}

void archive_finite(struct archive *archive, double *values, size_t count)
{
	archive_bytes(archive, values, count * sizeof(*values));
	if (archive_is_loading(archive) && !archive->error)
		for (size_t i = 0; i < count; i++)
			archive_check(archive, isfinite(values[i]));
}

size_t archive_count(struct archive *archive, size_t count, size_t each)
{
	uint64_t number = count;

	archive_value(archive, &number);
	if (!archive_is_loading(archive))
		return count;
	if (!archive->error && number > (archive->size - archive->place) / each)
		fail(archive, -EINVAL);
	return archive->error ? 0 : (size_t)number;
}

void archive_check(struct archive *archive, bool holds)
{
	if (archive_is_loading(archive) && !holds)
		fail(archive, -EINVAL);
}

static bool find(struct archive *archive, const char *tag, uint32_t version,
		 struct archive *ret_section)
{
	struct archive all = archive_load(archive->source, archive->size);
	struct head head;

	all.place = archive->place;
	while (fits(&all, sizeof(head))) {
		archive_value(&all, &head);
		if (!fits(&all, head.size)) {
			fail(archive, -EINVAL);
			return false;
		}
		if (!memcmp(head.tag, tag, strlen(tag) + 1)) {
			*ret_section = archive_load(all.source + all.place, head.size);
			return head.version == version;
		}
		all.place += head.size;
	}
	return false;
}

bool archive_open(struct archive *archive, const char *tag, uint32_t version,
		  struct archive *ret_section)
{
	struct head head = {.version = version};

	if (archive->error)
		return false;
	if (archive_is_loading(archive))
		return find(archive, tag, version, ret_section);
	strncpy(head.tag, tag, sizeof(head.tag) - 1);
	archive_value(archive, &head);
	*ret_section = *archive;
	return true;
}

void archive_close(struct archive *archive, const struct archive *section)
{
	fail(archive, section->error);
	if (archive_is_loading(archive))
		return;

	uint64_t size = section->place - archive->place;
	size_t field = archive->place - sizeof(struct head) + offsetof(struct head, size);

	archive->place = section->place;
	if (section->place <= archive->size)
		memcpy(archive->target + field, &size, sizeof(size));
}
