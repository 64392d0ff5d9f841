/* Any bytes as the JSON that the tool reads: every value that can be reached is taken as every type. */
#include "cli/json_find.h"

#include "tests/fuzz/fuzz.h"

static void walk(struct json_piece value, unsigned depth)
{
	struct json_piece rest = value, key, inner;
	char text[64];
	double number;

	must(value.at <= value.end);
	if (json_piece_text(value, text, sizeof(text)))
		must(strlen(text) < sizeof(text));
	json_piece_number(value, &number);
	json_piece_find(value, "a", &inner);
	json_piece_number_at(value, "a");
	if (depth == 0)
		return;
	while (json_piece_next(&rest, &inner))
		walk(inner, depth - 1);
	rest = value;
	while (json_piece_member(&rest, &key, &inner)) {
		json_piece_text(key, text, sizeof(text));
		walk(inner, depth - 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct json_piece all;
	CLEANUP(free) char *exact = malloc(size ? size : 1);

	must(exact);
	memcpy(exact, bytes, size);
	if (size <= 4096 && json_piece_all(exact, size, &all))
		walk(all, 4);
	return 0;
}
