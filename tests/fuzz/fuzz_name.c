/* Any bytes as a canonical name, and as the parts of one, split at zeros. */
#include "daemon/watch/forecasts.h"
#include "tests/fuzz/decode.h"

static struct rollcast_text part(const uint8_t **at, const uint8_t *end)
{
	const uint8_t *zero = *at < end ? memchr(*at, 0, (size_t)(end - *at)) : NULL;
	struct rollcast_text text = {(const char *)*at, (size_t)((zero ? zero : end) - *at)};

	*at = zero ? zero + 1 : end;
	return text;
}

/* Names of labels as Prometheus takes them, each once, and quoted values that end where they should. */
static void must_be_labels(const char *text)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char further[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	for (;;) {
		size_t length = strspn(text, further);

		must(length > 0 && strchr(first, *text));
		text += length;
		must(*text++ == '=' && *text++ == '"');
		for (; *text != '"'; text++) {
			must(*text && *text != '\n');
			if (*text == '\\')
				must(*++text && strchr("\\\"n", *text));
		}
		if (!*++text)
			return;
		must(*text++ == ',');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct rollcast_text whole = {(const char *)bytes, size}, name;
	struct rollcast_label labels[ROLLCAST_LABELS_MAX];
	char buffer[ROLLCAST_NAME_MAX], scratch[ROLLCAST_NAME_MAX];
	char shown[FORECASTS_LABELS_SIZE];
	const uint8_t *at = bytes, *end = bytes + size;
	size_t count = 0, length;

	if (size <= sizeof scratch && rollcast_name_read(whole, scratch, &name, labels) >= 0)
		must(name.length > 0);
	rollcast_name_hash(whole);
	name = part(&at, end);
	while (at < end && count < ROLLCAST_LABELS_MAX) {
		labels[count].name = part(&at, end);
		labels[count++].value = part(&at, end);
	}
	length = rollcast_name_write(name, labels, count, buffer, sizeof buffer);
	if (length) {
		must(strlen(buffer) == length);
		must_be_canonical((struct rollcast_text){buffer, length});
		must_be_labels(forecasts_labels(buffer, shown));
	}
	return 0;
}
