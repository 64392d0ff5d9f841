/* Problems are a list, newest first; only printing puts them in order. */
#include "daemon/settings/problems.h"

#include <stdarg.h>
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
