/*
 * Rows to samples. The first two rows are looked at before anything is decided (header, columns),
 * then given out like the others.
 */
#include "cli/csv.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/names.h"
#include "cli/row.h"
#include "cli/when.h"
#include "rollcast/name.h"
#include "rollcast/stream.h"

/* The first row outlives the second. */
struct row_copy {
	struct row row;
	struct cell *cells;
	char *text;
};

struct csv_reader {
	char *path;
	FILE *file, *errors;
	struct row_reader *rows;
	struct columns columns;
	uint64_t problems;
	struct row_copy first;
	struct row second, row;
	bool first_waits, second_waits; /* rows that were looked at, and not given out yet */
	uint32_t next_column;		/* of the row in work; columns.count: none is */
	uint64_t row_number;		/* of data, from 0 */
	int64_t time_us;
	bool unit_known;
	enum when_unit unit;
	char *stem; /* the file's name without directory and ending */
	char *name; /* the options' */
	struct names streams;
};

__attribute__((format(printf, 4, 5))) static void complain(struct csv_reader *reader, uint64_t line,
							   uint32_t column, const char *format, ...)
{
	va_list arguments;

	reader->problems++;
	if (!reader->errors || reader->problems > CSV_PROBLEMS_SHOWN + 1)
		return;
	if (reader->problems == CSV_PROBLEMS_SHOWN + 1) {
		fprintf(reader->errors, "%s: there are more problems, not shown\n", reader->path);
		return;
	}
	fprintf(reader->errors, "%s:", reader->path);
	if (line)
		fprintf(reader->errors, "%llu:%u:", (unsigned long long)line, column);
	fputc(' ', reader->errors);
	va_start(arguments, format);
	vfprintf(reader->errors, format, arguments);
	va_end(arguments);
	fputc('\n', reader->errors);
}

/* Names. */

static bool canonical(const char *text, const char *label, const char *value, char *ret_name)
{
	struct rollcast_text name = {text, strlen(text)};
	struct rollcast_label labels[ROLLCAST_LABELS_MAX + 1];
	char scratch[ROLLCAST_NAME_MAX];
	int count = 0;

	if (name.length >= ROLLCAST_NAME_MAX)
		return false;
	if (strchr(text, '{')) {
		count = rollcast_name_read(name, scratch, &name, labels);
		if (count < 0)
			return false;
	}
	if (label)
		labels[count++] =
			(struct rollcast_label){{label, strlen(label)}, {value, strlen(value)}};
	return count <= ROLLCAST_LABELS_MAX &&
	       rollcast_name_write(name, labels, (size_t)count, ret_name, ROLLCAST_NAME_MAX) > 0;
}

static uint32_t count_values(const struct columns *columns)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < columns->count; i++)
		count += columns->items[i].role == COLUMN_VALUE;
	return count;
}

static bool says_nothing(const char *title)
{
	return !*title || !strcasecmp(title, "value") || !strcasecmp(title, "y") ||
	       !strcasecmp(title, "val") || !strcasecmp(title, "target");
}

static bool name_wide(const struct csv_reader *reader, uint32_t index, bool single, char *ret_name)
{
	const struct columns *columns = &reader->columns;
	const char *title = columns->items[index].title;
	const char *base = reader->name ? reader->name : reader->stem;
	char number[16];

	if (single && (reader->name || !columns->header || says_nothing(title)))
		return canonical(base, NULL, NULL, ret_name);
	if (!reader->name && columns->header && *title && canonical(title, NULL, NULL, ret_name))
		return true;
	snprintf(number, sizeof(number), "%u", index + 1);
	return canonical(base, "column", *title ? title : number, ret_name);
}

static int name_streams(struct csv_reader *reader)
{
	bool single = count_values(&reader->columns) == 1;

	for (uint32_t i = 0; i < reader->columns.count && !reader->columns.is_long; i++) {
		struct column *column = &reader->columns.items[i];
		uint32_t before = reader->streams.count;
		char name[ROLLCAST_NAME_MAX];
		int r;

		if (column->role != COLUMN_VALUE)
			continue;
		if (!name_wide(reader, i, single, name)) {
			complain(reader, 0, 0, "column %u: no stream can have this name: %s", i + 1,
				 column->title);
			return -EINVAL;
		}
		r = names_add(&reader->streams, name, &column->stream);
		if (r)
			return r;
		if (reader->streams.count == before) {
			complain(reader, 0, 0, "two columns are called \"%s\"", column->title);
			return -EINVAL;
		}
	}
	return 0;
}

/* Opening. */

static int copy_row(const struct row *row, struct row_copy *copy)
{
	size_t bytes = 0;

	assert(row->count > 0);
	for (uint32_t i = 0; i < row->count; i++)
		bytes += row->cells[i].length + 1;
	copy->cells = calloc(row->count, sizeof(*copy->cells));
	copy->text = malloc(bytes);
	if (!copy->cells || !copy->text)
		return -ENOMEM;
	copy->row = *row;
	copy->row.cells = copy->cells;
	bytes = 0;
	for (uint32_t i = 0; i < row->count; i++) {
		copy->cells[i] = row->cells[i];
		copy->cells[i].text =
			memcpy(copy->text + bytes, row->cells[i].text, row->cells[i].length + 1);
		bytes += row->cells[i].length + 1;
	}
	return 0;
}

/* The next usable row: 1, 0 at the end, or a negative errno. */
static int next_row(struct csv_reader *reader, struct row *ret_row)
{
	static const char *const problems[] = {
		[ROW_TOO_LONG] =
			"this row is longer than 1 MiB or 65536 cells: is a quote not closed?",
		[ROW_ZERO_BYTE] = "a zero byte: this is no text",
		[ROW_QUOTE_OPEN] = "the file ends within quotes",
		[ROW_QUOTE_STRAY] = "text after a closing quote",
	};
	int r;

	while ((r = row_reader_next(reader->rows, ret_row)) > ROW_READ)
		complain(reader, ret_row->line, ret_row->column, "%s", problems[r]);
	if (r < 0)
		complain(reader, 0, 0, "%s", strerror(-r));
	return r;
}

static int look_at_file(struct csv_reader *reader, const struct csv_options *options)
{
	struct row *second = &reader->second;
	char separator = options->separator, problem[1024] = "";
	char comma = ',';
	int r;

	if (row_reader_is_wide(reader->rows)) {
		complain(reader, 0, 0, "this is UTF-16; UTF-8 is needed");
		return -EINVAL;
	}
	if (!separator)
		separator = row_reader_find_separator(reader->rows);
	row_reader_set_separator(reader->rows, separator);
	if (separator == ',')
		comma = 0;
	r = next_row(reader, second);
	if (r == 0)
		complain(reader, 0, 0, "there is nothing in it");
	if (r <= 0)
		return r ? r : -EINVAL;
	r = copy_row(second, &reader->first);
	if (r)
		return r;
	r = next_row(reader, second);
	if (r < 0)
		return r;
	reader->second_waits = r > 0;
	second = r > 0 ? second : NULL;
	reader->first_waits = options->header == CSV_HEADER_NO ||
			      (options->header == CSV_HEADER_AUTO &&
			       !columns_have_header(&reader->first.row, second, comma));
	r = reader->first_waits ? columns_find(NULL, &reader->first.row, options, comma,
					       &reader->columns, problem, sizeof(problem))
				: columns_find(&reader->first.row, second, options, comma,
					       &reader->columns, problem, sizeof(problem));
	if (r == -EINVAL)
		complain(reader, 0, 0, "%s", problem);
	return r ? r : name_streams(reader);
}

static char *stem_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');

	if (!strcmp(path, "-"))
		return strdup("stdin");
	return strndup(base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
}

int csv_open(const char *path, const struct csv_options *options, struct csv_reader **ret_reader)
{
	CLEANUP(csv_close) struct csv_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return -ENOMEM;
	reader->errors = options->errors;
	reader->path = strdup(path);
	reader->stem = stem_of(path);
	reader->name = options->name ? strdup(options->name) : NULL;
	if (!reader->path || !reader->stem || (options->name && !reader->name))
		return -ENOMEM;
	reader->file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	if (!reader->file) {
		r = -errno;
		complain(reader, 0, 0, "%s", strerror(-r));
		return r;
	}
	r = row_reader_create(reader->file, &reader->rows);
	if (r)
		return r;
	r = look_at_file(reader, options);
	if (r)
		return r;
	reader->next_column = reader->columns.count;
	*ret_reader = STEAL(reader);
	return 0;
}

void csv_close(struct csv_reader *reader)
{
	if (!reader)
		return;
	row_reader_destroy(reader->rows);
	if (reader->file && reader->file != stdin)
		fclose(reader->file);
	columns_finish(&reader->columns);
	names_finish(&reader->streams);
	free(reader->first.cells);
	free(reader->first.text);
	free(reader->path);
	free(reader->stem);
	free(reader->name);
	free(reader);
}

/* Samples. */

static bool read_time(struct csv_reader *reader, const struct cell *cell, int64_t *ret_us)
{
	double number;

	if (when_read_iso(cell->text, cell->length, ret_us))
		return true;
	if (!cell_read_number(cell, 0, &number))
		return false;
	if (!reader->unit_known) {
		reader->unit = reader->columns.has_years ? WHEN_UNIT_YEAR : when_unit_of(number);
		reader->unit_known = true;
	}
	return when_read_number(cell->text, cell->length, reader->unit, ret_us);
}

static const struct cell *cell_in_role(const struct csv_reader *reader, enum column_role role)
{
	for (uint32_t i = 0; i < reader->columns.count; i++)
		if (reader->columns.items[i].role == role)
			return &reader->row.cells[i];
	return NULL;
}

static size_t add_labels(const char *text, struct rollcast_label *labels, size_t count)
{
	static const char between[] = "{};, ";

	for (text += strspn(text, between); *text; text += strspn(text, between)) {
		size_t length = strcspn(text, between);
		const char *sign = memchr(text, '=', length), *value;

		if (!sign || count == ROLLCAST_LABELS_MAX)
			return SIZE_MAX;
		value = sign + 1;
		labels[count].name = (struct rollcast_text){text, (size_t)(sign - text)};
		text += length;
		labels[count].value = (struct rollcast_text){value, (size_t)(text - value)};
		if (labels[count].value.length >= 2 && value[0] == '"' && text[-1] == '"')
			labels[count].value =
				(struct rollcast_text){value + 1, (size_t)(text - value) - 2};
		count++;
	}
	return count;
}

/* The stream of a long file's row. 0; 1: no name can be made of it; NAMES_FULL; negative errno. */
static int find_stream(struct csv_reader *reader, uint32_t *ret_stream)
{
	struct rollcast_label labels[ROLLCAST_LABELS_MAX];
	const struct cell *cell = cell_in_role(reader, COLUMN_NAME);
	struct rollcast_text name = {cell->text, cell->length};
	char scratch[ROLLCAST_NAME_MAX], written[ROLLCAST_NAME_MAX];
	size_t count = 0;

	if (name.length >= ROLLCAST_NAME_MAX)
		return 1;
	if (strchr(cell->text, '{')) {
		int read = rollcast_name_read(name, scratch, &name, labels);

		if (read < 0)
			return 1;
		count = (size_t)read;
	}
	for (uint32_t i = 0; i < reader->columns.count; i++) {
		const struct column *column = &reader->columns.items[i];

		cell = &reader->row.cells[i];
		if (column->role == COLUMN_LABELS)
			count = add_labels(cell->text, labels, count);
		if (count == SIZE_MAX ||
		    (column->role == COLUMN_LABEL && count == ROLLCAST_LABELS_MAX))
			return 1;
		if (column->role == COLUMN_LABEL)
			labels[count++] = (struct rollcast_label){
				{column->title, strlen(column->title)}, {cell->text, cell->length}};
	}
	if (!rollcast_name_write(name, labels, count, written, sizeof(written)))
		return 1;
	return names_add(&reader->streams, written, ret_stream);
}

/* Trailing separators do no harm; every other difference in width does. */
static bool fits(const struct row *row, const struct columns *columns)
{
	uint32_t count = row->count;

	while (count > columns->count && !row->cells[count - 1].length)
		count--;
	return count == columns->count;
}

/* The next row into reader->row, its time read. 1, 0 at the end, negative errno. */
static int begin_row(struct csv_reader *reader)
{
	for (;;) {
		const struct cell *time;
		int r = 1;

		if (reader->first_waits) {
			reader->row = reader->first.row;
			reader->first_waits = false;
		} else if (reader->second_waits) {
			reader->row = reader->second;
			reader->second_waits = false;
		} else
			r = next_row(reader, &reader->row);
		if (r <= 0)
			return r;
		if (!fits(&reader->row, &reader->columns)) {
			complain(reader, reader->row.line, 1, "%u cells where there should be %u",
				 reader->row.count, reader->columns.count);
			continue;
		}
		time = cell_in_role(reader, COLUMN_TIME);
		if (!time)
			reader->time_us = (int64_t)reader->row_number * 1000000;
		else if (!read_time(reader, time, &reader->time_us)) {
			complain(reader, reader->row.line, time->column, "\"%.40s\" is no time",
				 time->text);
			continue;
		}
		reader->row_number++;
		return 1;
	}
}

/* One cell as a sample. 1; 0: there is none; or a negative errno. */
static int read_sample(struct csv_reader *reader, uint32_t index, struct csv_sample *sample)
{
	const struct column *column = &reader->columns.items[index];
	const struct cell *cell = &reader->row.cells[index];
	int r = 0;

	if (column->role != COLUMN_VALUE || cell_is_missing(cell))
		return 0;
	if (!cell_read_number(cell, reader->columns.decimal_comma, &sample->value)) {
		complain(reader, reader->row.line, cell->column, "%s: \"%.40s\" is no number",
			 column->title, cell->text);
		return 0;
	}
	sample->stream = column->stream;
	if (reader->columns.is_long)
		r = find_stream(reader, &sample->stream);
	if (r > 0) {
		complain(reader, reader->row.line, reader->row.cells[0].column,
			 r == NAMES_FULL ? "this is the 65537th stream, too many"
					 : "no stream's name can be made of this row");
		return 0;
	}
	sample->time_us = reader->time_us;
	sample->line = reader->row.line;
	return r ? r : 1;
}

int csv_next(struct csv_reader *reader, struct csv_sample *ret_sample)
{
	struct csv_sample sample;
	int r;

	for (;;) {
		while (reader->next_column < reader->columns.count) {
			r = read_sample(reader, reader->next_column++, &sample);
			if (r > 0)
				*ret_sample = sample;
			if (r)
				return r;
		}
		r = begin_row(reader);
		if (r <= 0)
			return r;
		reader->next_column = 0;
	}
}

uint32_t csv_stream_count(const struct csv_reader *reader)
{
	return reader->streams.count;
}

const char *csv_stream(const struct csv_reader *reader, uint32_t stream)
{
	return reader->streams.items[stream];
}

const char *csv_title(const struct csv_reader *reader, uint32_t stream)
{
	for (uint32_t i = 0; i < reader->columns.count && !reader->columns.is_long; i++)
		if (reader->columns.items[i].role == COLUMN_VALUE && reader->columns.header &&
		    reader->columns.items[i].stream == stream)
			return reader->columns.items[i].title;
	return reader->streams.items[stream];
}

uint64_t csv_problems(const struct csv_reader *reader)
{
	return reader->problems;
}

bool csv_has_times(const struct csv_reader *reader)
{
	return reader->columns.has_times;
}
