/* Any text as a selector; what stands behind its first newline is the name of a stream. */
#include "tests/fuzz/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	CLEANUP(rollcast_selector_destroy) struct rollcast_selector *selector = NULL;
	CLEANUP(free) char *text = text_of(bytes, size);
	char error[128], *newline;
	struct rollcast_text name = {"x{a=\"b\"}", 8};
	size_t column = 0;
	int r;

	newline = strchr(text, '\n');
	if (newline) {
		*newline = '\0';
		name = (struct rollcast_text){newline + 1, (size_t)(text + size - newline - 1)};
	}
	r = rollcast_selector_create(text, &selector, error, sizeof error, &column);
	if (r) {
		must(column <= strlen(text));
		return 0;
	}
	rollcast_selector_matches(selector, name);
	return 0;
}
