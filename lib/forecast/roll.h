/*
 * The roll of experts in a record, and of the ways to weigh them: which of ours each is. It has names, so that
 * one may be added, removed or moved: one that a record does not know starts anew, one that is no
 * more is passed over.
 */
#ifndef LIB_FORECAST_ROLL_H
#define LIB_FORECAST_ROLL_H

#include <stdint.h>

#include "lib/series/archive.h"

enum { ROLL_MAX = 64, ROLL_NOBODY = -1 };

struct roll {
	uint32_t count;
	int places[ROLL_MAX]; /* among the members of a blend, or ROLL_NOBODY */
};

/* Saves the names of all members, experts and ways, or finds those of the record. */
void roll_archive(struct archive *archive, struct roll *roll);

/*
 * A number for each member of the roll, ours at row[place], if we have `members` of them; NaN and
 * infinities are taken.
 */
void roll_row_archive(struct archive *archive, const struct roll *roll, uint32_t members,
		      double *row);
/* The same for numbers that must be finite, `width` for each member. */
void roll_finite_archive(struct archive *archive, const struct roll *roll, uint32_t members,
			 double *rows, uint32_t width);

#endif
