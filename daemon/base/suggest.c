/*
 * "Did you mean": optimal string alignment distance (Damerau 1964; Wagner & Lowrance 1975), three
 * rows of the table at a time. Words are short; anything longer than WORD_MAX is nobody's typing slip.
 */
#include "daemon/base/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { WORD_MAX = 63 };

static size_t least(size_t a, size_t b, size_t c)
{
	size_t d = a < b ? a : b;

	return d < c ? d : c;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Letters to change, insert, delete or swap to make `b` of `a`; SIZE_MAX if one is too long. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *previous = rows[1], *row = rows[2], *spare;
	size_t a_length = strlen(a), b_length = strlen(b);

	if (a_length > WORD_MAX || b_length > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_length; j++)
		previous[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = least(row[j - 1] + 1, previous[j] + 1,
				       previous[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
			    same(a[i - 2], b[j - 1]) && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		spare = before;
		before = previous;
		previous = row;
		row = spare;
	}
	return previous[b_length];
}

/* The one word that begins with `typed`; NULL if there is none or more than one. */
static const char *complete(const char *typed, const char *const *words, size_t count)
{
	const char *found = NULL;
	size_t length = strlen(typed);

	for (size_t i = 0; i < count && length; i++) {
		if (strncmp(words[i], typed, length))
			continue;
		if (found)
			return NULL;
		found = words[i];
	}
	return found;
}

const char *suggest(const char *typed, const char *const *words, size_t count)
{
	size_t nearest = 0, best = SIZE_MAX, length = strlen(typed);

	for (size_t i = 0; i < count; i++) {
		size_t wrong = distance(typed, words[i]);

		if (wrong < best) {
			best = wrong;
			nearest = i;
		}
	}
	if (best <= length / 3 || (best == 1 && length > 1))
		return words[nearest];
	return complete(typed, words, count);
}
