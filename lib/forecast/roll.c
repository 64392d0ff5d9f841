/* Experts by name: see roll.h. */
#include "lib/forecast/roll.h"

#include <string.h>

#include "lib/forecast/blend.h"
#include "lib/forecast/expert.h"

enum { NAME_SIZE = 32 };

static const char *const ways[BLEND_WAYS] = {"even", "usual", "bold"};

static const char *name_of(uint32_t member)
{
	if (member < expert_count)
		return expert_rows[member].name;
	return ways[(member - expert_count) % BLEND_WAYS];
}

static int place_of(const char *name)
{
	for (uint32_t i = 0; i < expert_count + BLEND_WAYS; i++)
		if (!strcmp(name_of(i), name))
			return (int)i;
	return ROLL_NOBODY;
}

void roll_archive(struct archive *archive, struct roll *roll)
{
	uint32_t count = (uint32_t)archive_count(archive, expert_count + BLEND_WAYS, NAME_SIZE);

	archive_check(archive, count <= ROLL_MAX);
	roll->count = archive->error ? 0 : count;
	for (uint32_t i = 0; i < roll->count; i++) {
		char name[NAME_SIZE] = "";

		if (!archive_is_loading(archive))
			strncpy(name, name_of(i), NAME_SIZE - 1);
		archive_bytes(archive, name, NAME_SIZE);
		name[NAME_SIZE - 1] = 0;
		roll->places[i] = place_of(name);
	}
}

/* Whether a row of ours has a place for it. */
static bool has_place(const struct roll *roll, uint32_t i, uint32_t members)
{
	return roll->places[i] >= 0 && (uint32_t)roll->places[i] < members;
}

void roll_row_archive(struct archive *archive, const struct roll *roll, uint32_t members,
		      double *row)
{
	double ignored = 0;

	for (uint32_t i = 0; i < roll->count; i++)
		archive_value(archive,
			      has_place(roll, i, members) ? &row[roll->places[i]] : &ignored);
}

void roll_finite_archive(struct archive *archive, const struct roll *roll, uint32_t members,
			 double *rows, uint32_t width)
{
	for (uint32_t i = 0; i < roll->count; i++) {
		size_t first = has_place(roll, i, members) ? (size_t)roll->places[i] * width : 0;

		for (uint32_t k = 0; k < width; k++) {
			double ignored = 0;

			archive_finite(archive,
				       has_place(roll, i, members) ? &rows[first + k] : &ignored,
				       1);
		}
	}
}
