/*
 * Column roles by the words of the header, and where there is none by the look of the first row.
 */
#include "cli/columns.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/when.h"

static const char *const missing_words[] = {"",	    "na", "n/a", "#n/a", "nan", "null",
					    "none", "-",  "?",	 ".",	 NULL};
static const char *const time_words[] = {"time",      "timestamp", "ts",    "date",  "datetime",
					 "date_time", "month",	   "year",  "day",   "hour",
					 "epoch",     "ds",	   "_time", "index", NULL};
static const char *const name_words[] = {"name",      "stream",	   "series",  "metric",	  "id",
					 "series_id", "unique_id", "item_id", "variable", NULL};
static const char *const value_words[] = {"value", "y", "val", "target", NULL};
static const char *const labels_words[] = {"labels", "tags", NULL};

enum { INT_DIGITS_MAX = 10 };
static const double EPOCH_LEAST = 1e8; /* seconds: in 1973 */

static bool is_word(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strcasecmp(text, *words))
			return true;
	return false;
}

bool cell_is_missing(const struct cell *cell)
{
	return is_word(cell->text, missing_words);
}

bool cell_read_number(const struct cell *cell, char decimal_comma, double *ret_number)
{
	char copy[64], *end;
	double number;

	if (!cell->length || cell->length >= sizeof(copy))
		return false;
	memcpy(copy, cell->text, cell->length + 1);
	if (decimal_comma && !strchr(copy, '.')) {
		char *comma = strchr(copy, decimal_comma);

		if (comma)
			*comma = '.';
	}
	if (strspn(copy, "+-.0123456789eE") != cell->length)
		return false;
	number = strtod(copy, &end);
	if (*end || end == copy || !isfinite(number))
		return false;
	*ret_number = number;
	return true;
}

enum look { LOOKS_MISSING, LOOKS_TEXT, LOOKS_NUMBER, LOOKS_EPOCH, LOOKS_DATE };

static enum look look_of(const struct cell *cell, char decimal_comma)
{
	int64_t time_us;
	double number;

	if (cell_is_missing(cell))
		return LOOKS_MISSING;
	if (when_read_iso(cell->text, cell->length, &time_us))
		return LOOKS_DATE;
	if (!cell_read_number(cell, decimal_comma, &number))
		return LOOKS_TEXT;
	return number >= EPOCH_LEAST ? LOOKS_EPOCH : LOOKS_NUMBER;
}

static enum look look_in(const struct row *row, uint32_t column, char decimal_comma)
{
	if (!row || column >= row->count)
		return LOOKS_MISSING;
	return look_of(&row->cells[column], decimal_comma);
}

bool columns_have_header(const struct row *first, const struct row *second, char decimal_comma)
{
	bool text = false, number = false, changes = false;

	for (uint32_t i = 0; i < first->count; i++) {
		enum look above = look_in(first, i, decimal_comma);

		if (above == LOOKS_DATE || (above == LOOKS_EPOCH && i == 0))
			return false;
		text |= above == LOOKS_TEXT;
		number |= above > LOOKS_TEXT;
		changes |= above == LOOKS_TEXT && look_in(second, i, decimal_comma) > LOOKS_TEXT;
	}
	return changes || (text && !number);
}

static int index_of(const struct columns *columns, const char *wanted, uint32_t *ret_index)
{
	char *end;
	unsigned long number;

	for (uint32_t i = 0; columns->header && i < columns->count; i++)
		if (!strcasecmp(columns->items[i].title, wanted)) {
			*ret_index = i;
			return 0;
		}
	number = strtoul(wanted, &end, 10);
	if (!isdigit((unsigned char)*wanted) || *end || number < 1 || number > columns->count)
		return -EINVAL;
	*ret_index = (uint32_t)number - 1;
	return 0;
}

static int explain_unknown(const struct columns *columns, const char *wanted, char *problem,
			   size_t size)
{
	int used = snprintf(problem, size, "no column \"%s\"; there are", wanted);

	for (uint32_t i = 0; i < columns->count && used > 0 && (size_t)used < size; i++)
		used += snprintf(problem + used, size - (size_t)used, "%s \"%s\"", i ? "," : "",
				 columns->items[i].title);
	return -EINVAL;
}

static void set_time(struct columns *columns, uint32_t index)
{
	columns->items[index].role = COLUMN_TIME;
	columns->has_times = true;
	columns->has_years = columns->header && !strcasecmp(columns->items[index].title, "year");
}

static int find_time(struct columns *columns, const struct row *first,
		     const struct csv_options *options, char *problem, size_t size)
{
	bool dates_only = false;
	uint32_t index;

	if (options->time_column && !strcasecmp(options->time_column, "none"))
		return 0;
	if (options->time_column) {
		if (index_of(columns, options->time_column, &index))
			return explain_unknown(columns, options->time_column, problem, size);
		set_time(columns, index);
		return 0;
	}
	if (columns->count < 2)
		return 0;
	for (uint32_t i = 0; columns->header && i < columns->count; i++)
		if (is_word(columns->items[i].title, time_words)) {
			set_time(columns, i);
			return 0;
		}
	for (uint32_t i = 0; i < columns->count; i++) {
		enum look look = look_in(first, i, columns->decimal_comma);

		if (look == LOOKS_DATE || (look == LOOKS_EPOCH && !dates_only)) {
			set_time(columns, i);
			return 0;
		}
		if (look == LOOKS_NUMBER)
			dates_only = true; /* a large number behind others is a value */
	}
	return 0;
}

/* The name and the value of a long file, or false. */
static bool find_long(const struct columns *columns, const struct row *first, uint32_t *ret_name,
		      uint32_t *ret_value)
{
	uint32_t name = UINT32_MAX, value = UINT32_MAX, others = 0, other = 0, texts = 0;

	for (uint32_t i = 0; i < columns->count; i++) {
		const struct column *column = &columns->items[i];
		bool text = look_in(first, i, columns->decimal_comma) == LOOKS_TEXT;

		if (column->role == COLUMN_TIME)
			continue;
		texts += text;
		if (columns->header ? is_word(column->title, name_words) && name == UINT32_MAX
				    : text)
			name = i;
		else if (columns->header && is_word(column->title, value_words))
			value = i;
		else {
			other = i;
			others++;
		}
	}
	if (value == UINT32_MAX && others == 1)
		value = other;
	if (!columns->header && (texts != 1 || !columns->has_times))
		return false;
	*ret_name = name;
	*ret_value = value;
	return name != UINT32_MAX && value != UINT32_MAX;
}

/* pandas writes its index as a first column without a title. */
static bool is_index(const struct columns *columns, const struct row *first, uint32_t i)
{
	return columns->header && i == 0 && columns->count > 1 && !*columns->items[0].title &&
	       columns->items[0].role == COLUMN_VALUE && first && first->count &&
	       (!strcmp(first->cells[0].text, "0") || !strcmp(first->cells[0].text, "1"));
}

static int find_values(struct columns *columns, const struct row *first,
		       const struct csv_options *options, char *problem, size_t size)
{
	uint32_t name = UINT32_MAX, value = UINT32_MAX, wanted = UINT32_MAX;

	if (options->column && index_of(columns, options->column, &wanted))
		return explain_unknown(columns, options->column, problem, size);
	columns->is_long = find_long(columns, first, &name, &value);
	if (columns->is_long && wanted != UINT32_MAX)
		value = wanted;
	for (uint32_t i = 0; i < columns->count; i++) {
		struct column *column = &columns->items[i];

		if (column->role == COLUMN_TIME)
			continue;
		if (!columns->is_long)
			column->role =
				(wanted != UINT32_MAX ? i != wanted : is_index(columns, first, i))
					? COLUMN_UNUSED
					: COLUMN_VALUE;
		else if (i == name)
			column->role = COLUMN_NAME;
		else if (i == value)
			column->role = COLUMN_VALUE;
		else
			column->role =
				is_word(column->title, labels_words) ? COLUMN_LABELS : COLUMN_LABEL;
	}
	for (uint32_t i = 0; i < columns->count; i++)
		if (columns->items[i].role == COLUMN_VALUE)
			return 0;
	snprintf(problem, size, "no column of values");
	return -EINVAL;
}

int columns_find(const struct row *header, const struct row *first,
		 const struct csv_options *options, char decimal_comma, struct columns *columns,
		 char *problem, size_t problem_size)
{
	const struct row *widest = header ? header : first;
	int r;

	*columns = (struct columns){.header = header != NULL, .decimal_comma = decimal_comma};
	columns->items = calloc(widest->count, sizeof(*columns->items));
	if (!columns->items)
		return -ENOMEM;
	columns->count = widest->count;
	for (uint32_t i = 0; i < columns->count; i++) {
		char number[INT_DIGITS_MAX + 1];

		snprintf(number, sizeof(number), "%u", i + 1);
		columns->items[i].title = strdup(header ? header->cells[i].text : number);
		if (!columns->items[i].title)
			return -ENOMEM;
	}
	r = find_time(columns, first, options, problem, problem_size);
	return r ? r : find_values(columns, first, options, problem, problem_size);
}

void columns_finish(struct columns *columns)
{
	for (uint32_t i = 0; i < columns->count; i++)
		free(columns->items[i].title);
	free(columns->items);
	*columns = (struct columns){0};
}
