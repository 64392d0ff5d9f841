/*
 * Canonical names: one stream, one spelling.
 *
 *	cpu  +  host=web 1, cpu=0   ─►   cpu{cpu="0",host="web 1"}
 *
 * The bytes are the identity of a stream everywhere: in tables, topics, selectors and on disk. So a
 * name must be UTF-8 without control characters (a subscriber in Python or a terminal would choke
 * on others), and what gives the name its structure cannot occur inside its parts, or is escaped.
 */
#include "rollcast/name.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

enum class {
	CONTROL = 1 << 0,
	FRAME = 1 << 1,    /* ends a name: { } " */
	OPERATOR = 1 << 2, /* ends a label's name in a selector: = ! ~ , */
	ESCAPED = 1 << 3,  /* in a label's value: \ " and newline */
	WIDE = 1 << 4,     /* more than one byte: UTF-8 is checked */
};

static const uint8_t classes[256] = {
	[0x00 ... 0x09] = CONTROL, [0x0b ... 0x1f] = CONTROL, [0x7f] = CONTROL,
	['\n'] = CONTROL | ESCAPED,
	['"'] = FRAME | ESCAPED,   ['{'] = FRAME,    ['}'] = FRAME,
	['='] = OPERATOR,          ['!'] = OPERATOR, ['~'] = OPERATOR,
	[','] = OPERATOR,          ['\\'] = ESCAPED, [0x80 ... 0xff] = WIDE,
};

static unsigned classes_of(struct rollcast_text text)
{
	unsigned even = 0, odd = 0;
	size_t i;

	for (i = 0; i + 1 < text.length; i += 2) {
		even |= classes[(uint8_t)text.bytes[i]];
		odd |= classes[(uint8_t)text.bytes[i + 1]];
	}
	if (i < text.length)
		even |= classes[(uint8_t)text.bytes[i]];
	return even | odd;
}

/* Bytes of the UTF-8 sequence at `at`, 0 if it is none: overlong, a surrogate, beyond U+10FFFF. */
static size_t utf8_sequence(const uint8_t *at, size_t left)
{
	uint8_t first = at[0];
	size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if ((first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) ||
	    (first == 0xf0 && at[1] < 0x90) || (first == 0xf4 && at[1] > 0x8f))
		return 0;
	return length;
}

static bool utf8_valid(struct rollcast_text text)
{
	const uint8_t *bytes = (const uint8_t *)text.bytes;
	size_t length;

	for (size_t i = 0; i < text.length; i += length) {
		length = utf8_sequence(bytes + i, text.length - i);
		if (!length)
			return false;
	}
	return true;
}

static bool permitted(struct rollcast_text text, unsigned forbidden)
{
	unsigned found = classes_of(text);

	return !(found & forbidden) && (!(found & WIDE) || utf8_valid(text));
}

static int label_compare(const struct rollcast_label *a, const struct rollcast_label *b)
{
	size_t shorter = a->name.length < b->name.length ? a->name.length : b->name.length;
	int order = memcmp(a->name.bytes, b->name.bytes, shorter);

	if (order)
		return order;
	return (a->name.length > b->name.length) - (a->name.length < b->name.length);
}

/* Labels are few and mostly sorted already. Returns how many have a value; those come first. */
static size_t labels_sort(struct rollcast_label *labels, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct rollcast_label label = labels[i];
		size_t at = kept;

		if (!label.value.length)
			continue;
		labels[i] = labels[kept++];
		for (; at > 0 && label_compare(&labels[at - 1], &label) > 0; at--)
			labels[at] = labels[at - 1];
		labels[at] = label;
	}
	return kept;
}

/* A place to write that remembers when it was too small. */
struct output {
	char *at, *end;
	bool full;
};

static void put(struct output *output, const char *bytes, size_t length)
{
	if (length > (size_t)(output->end - output->at)) {
		output->full = true;
		return;
	}
	memcpy(output->at, bytes, length);
	output->at += length;
}

static void put_escaped(struct output *output, struct rollcast_text value)
{
	for (size_t i = 0; i < value.length; i++) {
		char byte = value.bytes[i];

		if (classes[(uint8_t)byte] & ESCAPED)
			put(output, "\\", 1);
		if (byte == '\n')
			byte = 'n';
		put(output, &byte, 1);
	}
}

/* False if a label must not stand in a name. */
static bool put_label(struct output *output, const struct rollcast_label *label)
{
	unsigned found = classes_of(label->value);

	if (!label->name.length || !permitted(label->name, CONTROL | FRAME | OPERATOR))
		return false;
	if (found & WIDE && !utf8_valid(label->value))
		return false;
	put(output, label->name.bytes, label->name.length);
	put(output, "=\"", 2);
	if (!(found & (CONTROL | ESCAPED))) {
		put(output, label->value.bytes, label->value.length);
	} else {
		for (size_t i = 0; i < label->value.length; i++)
			if (classes[(uint8_t)label->value.bytes[i]] == CONTROL)
				return false;
		put_escaped(output, label->value);
	}
	put(output, "\"", 1);
	return true;
}

size_t rollcast_name_write(struct rollcast_text name, struct rollcast_label *labels, size_t count,
			   char *buffer, size_t size)
{
	struct output output = {buffer, size ? buffer + size - 1 : buffer, size == 0};

	if (!name.length || !permitted(name, CONTROL | FRAME))
		return 0;
	put(&output, name.bytes, name.length);
	count = labels_sort(labels, count);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && !label_compare(&labels[i - 1], &labels[i]))
			return 0;
		put(&output, i ? "," : "{", 1);
		if (!put_label(&output, &labels[i]))
			return 0;
	}
	if (count)
		put(&output, "}", 1);
	if (output.full)
		return 0;
	*output.at = '\0';
	return (size_t)(output.at - buffer);
}

/* Reads what stands between quotes, from behind the first one; NULL, or behind the second one. */
static const char *value_read(const char *at, const char *end, char **scratch,
			      struct rollcast_text *ret_value)
{
	const char *start = at;
	char *copy = *scratch;

	while (at < end && *at != '"' && *at != '\\')
		at++;
	if (at < end && *at == '"') {
		*ret_value = (struct rollcast_text){start, (size_t)(at - start)};
		return at + 1;
	}
	memcpy(copy, start, (size_t)(at - start));
	copy += at - start;
	for (; at < end && *at != '"'; at++) {
		if (*at == '\\') {
			if (++at == end || !strchr("\\\"n", *at) || !*at)
				return NULL;
			*copy++ = *at == 'n' ? '\n' : *at;
		} else {
			*copy++ = *at;
		}
	}
	if (at == end)
		return NULL;
	*ret_value = (struct rollcast_text){*scratch, (size_t)(copy - *scratch)};
	*scratch = copy;
	return at + 1;
}

/* Reads `name="value"`; NULL, or behind it. */
static const char *label_read(const char *at, const char *end, char **scratch,
			      struct rollcast_label *ret_label)
{
	const char *equals = memchr(at, '=', (size_t)(end - at));

	if (!equals || equals == at || end - equals < 2 || equals[1] != '"')
		return NULL;
	ret_label->name = (struct rollcast_text){at, (size_t)(equals - at)};
	return value_read(equals + 2, end, scratch, &ret_label->value);
}

int rollcast_name_read(struct rollcast_text canonical, char *scratch, struct rollcast_text *ret_name,
		       struct rollcast_label *ret_labels)
{
	const char *end = canonical.bytes + canonical.length;
	const char *at = canonical.length ? memchr(canonical.bytes, '{', canonical.length) : NULL;
	int count = 0;

	*ret_name = canonical;
	if (at)
		ret_name->length = (size_t)(at - canonical.bytes);
	if (!ret_name->length || !permitted(*ret_name, CONTROL | FRAME))
		return -EINVAL;
	if (!at)
		return 0;
	do {
		if (count == ROLLCAST_LABELS_MAX)
			return -EINVAL;
		at = label_read(at + 1, end, &scratch, &ret_labels[count]);
		if (!at || !permitted(ret_labels[count].name, CONTROL | FRAME | OPERATOR))
			return -EINVAL;
		count++;
	} while (at < end && *at == ',');
	return at + 1 == end && *at == '}' ? count : -EINVAL;
}

/* MurmurHash64A (Appleby 2008): each step can be undone, so that no part of a name is lost. */
uint64_t rollcast_name_hash(struct rollcast_text canonical)
{
	static const uint64_t multiplier = 0xc6a4a7935bd1e995;
	const char *bytes = canonical.bytes;
	size_t left = canonical.length;
	uint64_t hash = left * multiplier;
	uint64_t word;

	for (; left >= 8; bytes += 8, left -= 8) {
		memcpy(&word, bytes, 8);
		word = le64toh(word) * multiplier;
		word ^= word >> 47;
		word *= multiplier;
		hash = (hash ^ word) * multiplier;
	}
	if (left) {
		word = 0;
		memcpy(&word, bytes, left);
		hash = (hash ^ le64toh(word)) * multiplier;
	}
	hash ^= hash >> 47;
	hash *= multiplier;
	return hash ^ hash >> 47;
}
