/* Any bytes as a CSV file; the first one chooses the options. */
#include "cli/csv.h"

#include <math.h>

#include "tests/fuzz/decode.h"

static const struct csv_options choices[] = {
	{0},
	{.header = CSV_HEADER_YES, .name = "given"},
	{.header = CSV_HEADER_NO, .time_column = "none"},
	{.separator = ';', .time_column = "1"},
	{.column = "value", .name = "x{a=\"b\"}"},
	{.column = "2", .separator = '\t'},
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	CLEANUP(csv_close) struct csv_reader *reader = NULL;
	struct csv_sample sample;
	int r;

	if (size == 0)
		return 0;
	r = csv_open(file_of(bytes + 1, size - 1),
		     &choices[*bytes % (sizeof(choices) / sizeof(*choices))], &reader);
	if (r)
		return 0;
	while ((r = csv_next(reader, &sample)) > 0) {
		const char *name = csv_stream(reader, sample.stream);

		must(sample.stream < csv_stream_count(reader));
		must(isfinite(sample.value));
		must_be_canonical((struct rollcast_text){name, strlen(name)});
		must(csv_title(reader, sample.stream));
	}
	must(r == 0);
	return 0;
}
