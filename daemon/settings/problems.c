/* Problems are a list, newest first; only printing puts them in order. */
#include "daemon/settings/problems.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

struct problem {
	struct problem *older;
	struct place place;
	size_t order; /* of finding */
	const char *key;
	const char *text;
};

/* One problem is one line, whatever stands in the file. */
static void make_printable(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

void problems_add(struct problems *problems, const struct place *place, const char *key,
		  const char *format, ...)
{
	char text[512];
	va_list arguments;
	struct problem *problem = pool_alloc(problems->pool, sizeof(*problem));

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	make_printable(text);
	if (problem)
		problem->text = pool_copy(problems->pool, text, strlen(text));
	if (problem && key) {
		char *copy = pool_copy(problems->pool, key, strlen(key));

		if (copy)
			make_printable(copy);
		problem->key = copy;
	}
	if (!problem || !problem->text || (key && !problem->key)) {
		problems->out_of_memory = true;
		return;
	}
	problem->place = *place;
	problem->order = problems->count++;
	problem->older = problems->newest;
	problems->newest = problem;
}

static int compare(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

static int compare_problems(const void *left, const void *right)
{
	const struct problem *a = *(struct problem *const *)left;
	const struct problem *b = *(struct problem *const *)right;
	int r = compare(a->place.source ? a->place.source->order + 1 : 0,
			b->place.source ? b->place.source->order + 1 : 0);

	if (!r)
		r = compare(a->place.line, b->place.line);
	if (!r)
		r = compare(a->place.column, b->place.column);
	return r ? r : compare(a->order, b->order);
}

static void print_problem(const struct problem *problem, FILE *out)
{
	const struct place *place = &problem->place;

	if (place->source)
		fprintf(out, "%s:", place->source->path);
	if (place->line)
		fprintf(out, "%zu:%zu:", place->line, place->column);
	fprintf(out, "%s", place->source ? " " : "");
	if (problem->key && *problem->key)
		fprintf(out, "%s: ", problem->key);
	fprintf(out, "%s\n", problem->text);
}

void problems_print(struct problems *problems, FILE *out)
{
	struct problem **sorted = pool_alloc(problems->pool, problems->count * sizeof(*sorted));
	struct problem *problem = problems->newest;

	if (!sorted) {
		problems->out_of_memory = true;
		return;
	}
	for (size_t i = problems->count; i-- > 0; problem = problem->older)
		sorted[i] = problem;
	qsort(sorted, problems->count, sizeof(*sorted), compare_problems);
	for (size_t i = 0; i < problems->count; i++)
		print_problem(sorted[i], out);
}

enum { WORD_MAX = 40 };

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/*
 * Letters to insert, drop, change or swap with a neighbour (optimal string alignment); capitals are
 * no change.
 */
static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *above2 = rows[0], *above = rows[1], *row = rows[2];
	size_t length = strlen(b);

	for (size_t j = 0; j <= length; j++)
		above[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t *spare = above2;

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			row[j] = least(above[j] + 1, row[j - 1] + 1,
				       above[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[j] = least(row[j], above2[j - 2] + 1, SIZE_MAX);
		}
		above2 = above;
		above = row;
		row = spare;
	}
	return above[length];
}

const char *problems_suggest(const char *word, const char *const *candidates, size_t count)
{
	const char *best = NULL;
	size_t length = strlen(word);
	size_t best_distance = length / 3 + 1;

	if (length > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t distance;

		if (strlen(candidates[i]) > WORD_MAX)
			continue;
		distance = edit_distance(word, candidates[i]);
		if (distance < best_distance || (!best && distance == 1 && length > 1)) {
			best = candidates[i];
			best_distance = distance;
		}
	}
	return best;
}
