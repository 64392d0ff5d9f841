/*
 * A bounded cursor over the bytes of a record. The same calls save and load, so that each structure
 * has one function for both, a line per field, which cannot disagree with itself:
 *
 *	void past_archive(struct archive *archive, struct past *past)
 *	{
 *		archive_value(archive, &past->steps);
 *		...
 *	}
 *
 * A record is a list of sections, each with a tag and a version. One that is missing, or of another
 * version, is not opened: what it would have held starts anew. A field more in a structure is a line
 * more, and the next version.
 *
 * Nothing that is loaded is trusted. A count is held against the bytes that remain before anything is
 * allocated; what must be finite, or in a range, is checked; the first error stays, and from then on
 * nothing is read: what a call would have filled is as it was before. Numbers stand as little-endian
 * machines hold them. Saving writes nothing to what is saved, which others may be reading.
 */
#ifndef LIB_SERIES_ARCHIVE_H
#define LIB_SERIES_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ARCHIVE_TAG_MAX = 32 }; /* bytes of a tag, with its zero */

struct archive {
	const unsigned char *source; /* loading: the bytes; NULL: saving */
	unsigned char *target;	     /* saving: where they go, as far as there is room */
	size_t size, place;
	int error; /* -EINVAL: not what was saved; -ENOMEM */
};

/* `place` tells in the end how many bytes it takes, whether they fitted in `size` or not. */
struct archive archive_save(void *bytes, size_t size);
struct archive archive_load(const void *bytes, size_t size);

static inline bool archive_is_loading(const struct archive *archive)
{
	return archive->source;
}

/* `size` bytes as they are. */
void archive_bytes(struct archive *archive, void *bytes, size_t size);
/* A field of any type all of whose values are harmless. */
#define archive_value(archive, field) archive_bytes(archive, field, sizeof(*(field)))
void archive_flag(struct archive *archive, bool *flag);
/* A time in microseconds with which sums and differences do not overflow. */
void archive_time(struct archive *archive, int64_t *time_us);
/* Numbers none of which is NaN or infinite. */
void archive_finite(struct archive *archive, double *values, size_t count);
/*
 * How many of something follow, each of them `each` bytes at least. Returns the number to go on with:
 * `count` when saving; when loading what was read, if so many can follow, otherwise 0.
 */
size_t archive_count(struct archive *archive, size_t count, size_t each);
/* Loading: what must hold of what was read. */
void archive_check(struct archive *archive, bool holds);

/*
 * Begins section `tag`. Saving: always. Loading: finds it, wherever it stands; false if it is missing
 * or its version is another. Work on *ret_section, then close it.
 */
bool archive_open(struct archive *archive, const char *tag, uint32_t version,
		  struct archive *ret_section);
/* Ends a section; its error becomes the record's. */
void archive_close(struct archive *archive, const struct archive *section);

#endif
