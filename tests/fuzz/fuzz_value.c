/* Any text as each kind of value in settings. What is read can be written, and reads back the same. */
#include "daemon/settings/value.h"

#include "daemon/settings/text.h"
#include "tests/fuzz/fuzz.h"

static void numbers(const char *text)
{
	char written[VALUE_SIZE];
	uint64_t whole, size, size_again;
	int64_t duration, duration_again;
	double number, number_again;

	value_whole(text, &whole);
	if (!value_number(text, &number)) {
		value_format_number(number, written);
		must(!value_number(written, &number_again));
		must(number == number_again);
	}
	if (!value_duration(text, &duration)) {
		must(duration >= 0);
		value_format_duration(duration, written);
		must(!value_duration(written, &duration_again));
		must(duration == duration_again);
	}
	if (!value_size(text, &size)) {
		value_format_size(size, written);
		must(!value_size(written, &size_again));
		must(size == size_again);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	CLEANUP(free) char *text = text_of(bytes, size);
	struct pool pool = {0};
	uint32_t character;
	const char *expanded;
	char why[64];

	numbers(text);
	value_name(text);
	value_endpoint(text, false);
	if (!value_endpoint(text, true))
		value_endpoint_is_local(text);
	if (!value_listen(text))
		value_listen_is_local(text);
	for (const char *at = text; *at;) {
		size_t length = text_decode(at, &character);

		must(length <= 4 && length <= strlen(at));
		at += length ? length : 1;
	}
	expanded = text_expand(&pool, text, why, sizeof(why));
	must(expanded || (*why && strlen(why) < sizeof(why)));
	pool_finish(&pool);
	return 0;
}
