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
	FRAME = 1 << 1,	   /* ends a name: { } " */
	OPERATOR = 1 << 2, /* ends a label's name in a selector: = ! ~ , */
	ESCAPED = 1 << 3,  /* in a label's value: \ " and newline */
	WIDE = 1 << 4,	   /* more than one byte: UTF-8 is checked */
};

static const uint8_t classes[256] = {
	[0x00 ... 0x09] = CONTROL,
	[0x0b ... 0x1f] = CONTROL,
	[0x7f] = CONTROL,
	['\n'] = CONTROL | ESCAPED,
	['"'] = FRAME | ESCAPED,
	['{'] = FRAME,
	['}'] = FRAME,
	['='] = OPERATOR,
	['!'] = OPERATOR,
	['~'] = OPERATOR,
	[','] = OPERATOR,
	['\\'] = ESCAPED,
	[0x80 ... 0xff] = WIDE,
};

/*
 * Bytes of the UTF-8 sequence at `at`, 0 if it must not be there: overlong, a surrogate, beyond U+10FFFF, or one
 * of the control characters from U+0080 to U+009F, with which some terminals begin a command.
 */
static size_t utf8_sequence(const uint8_t *at, size_t left)
{
	uint8_t first = at[0];
	size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if ((first == 0xc2 && at[1] < 0xa0) || (first == 0xe0 && at[1] < 0xa0) ||
	    (first == 0xed && at[1] > 0x9f) || (first == 0xf0 && at[1] < 0x90) ||
	    (first == 0xf4 && at[1] > 0x8f))
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

/* Names of labels differ early. */
static int label_compare(const struct rollcast_label *a, const struct rollcast_label *b)
{
	size_t shorter = a->name.length < b->name.length ? a->name.length : b->name.length;

	for (size_t i = 0; i < shorter; i++)
		if (a->name.bytes[i] != b->name.bytes[i])
			return (uint8_t)a->name.bytes[i] < (uint8_t)b->name.bytes[i] ? -1 : 1;
	return (a->name.length > b->name.length) - (a->name.length < b->name.length);
}

/*
 * Labels are few and mostly sorted already. Returns false if one comes twice; those with a value
 * come first, ret_count of them.
 */
static bool labels_sort(struct rollcast_label *labels, size_t count, size_t *ret_count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct rollcast_label label = labels[i];
		size_t at = kept;
		int order = -1;

		if (!label.value.length)
			continue;
		for (; at > 0; at--) {
			order = label_compare(&labels[at - 1], &label);
			if (order <= 0)
				break;
			labels[at] = labels[at - 1];
		}
		if (at > 0 && order == 0)
			return false;
		if (at != i)
			labels[at] = label;
		kept++;
	}
	*ret_count = kept;
	return true;
}

/* A place to write that remembers when it was too small. */
struct output {
	char *at, *end;
	bool full;
};

static void put_byte(struct output *output, char byte)
{
	if (output->at < output->end)
		*output->at++ = byte;
	else
		output->full = true;
}

/*
 * Whether one of the eight bytes in `word` may be of a class. All that are lie below '-', above 'z'
 * or are = or \, and a byte's top bit tells on which side of a bound it lies once the bound's
 * distance from 0x80 has been added.
 */
static bool is_suspect(uint64_t word)
{
	const uint64_t each = 0x0101010101010101, top = 0x80 * each;
	uint64_t low = word & ~top;
	uint64_t inside = (low + (0x80 - '-') * each) & ~(low + (0x80 - ('z' + 1)) * each) &
			  ((low ^ '=' * each) + 0x7f * each) & ((low ^ '\\' * each) + 0x7f * each);

	return ((~inside | word) & top) != 0;
}

static unsigned copy_bytes(char *to, const char *from, size_t length)
{
	unsigned found = 0;

	for (size_t i = 0; i < length; i++) {
		uint8_t byte = (uint8_t)from[i];

		to[i] = (char)byte;
		found |= classes[byte];
	}
	return found;
}

/* The same for eight bytes or more, in words; the last word overlaps the one before it. */
static unsigned copy_words(char *to, const char *from, size_t length)
{
	bool suspect = false;
	uint64_t word;

	for (size_t i = 0; i + sizeof word < length; i += sizeof word) {
		memcpy(&word, from + i, sizeof word);
		memcpy(to + i, &word, sizeof word);
		suspect |= is_suspect(word);
	}
	memcpy(&word, from + length - sizeof word, sizeof word);
	memcpy(to + length - sizeof word, &word, sizeof word);
	suspect |= is_suspect(word);
	return suspect ? copy_bytes(to, from, length) : 0;
}

/* Copies and looks at every byte in one go: returns the classes it met, none if it does not fit. */
static unsigned put_text(struct output *output, struct rollcast_text text)
{
	char *to = output->at;

	if (text.length > (size_t)(output->end - to)) {
		output->full = true;
		return 0;
	}
	output->at += text.length;
	return text.length >= sizeof(uint64_t) ? copy_words(to, text.bytes, text.length)
					       : copy_bytes(to, text.bytes, text.length);
}

static bool is_permitted(struct rollcast_text text, unsigned found, unsigned forbidden)
{
	return !(found & forbidden) && (!(found & WIDE) || utf8_valid(text));
}

static bool put_name(struct output *output, struct rollcast_text name, unsigned forbidden)
{
	return name.length && is_permitted(name, put_text(output, name), forbidden);
}

static bool put_value(struct output *output, struct rollcast_text value)
{
	char *start = output->at;
	unsigned found = put_text(output, value);

	if (found & (CONTROL | ESCAPED)) {
		output->at = start;
		for (size_t i = 0; i < value.length; i++) {
			char byte = value.bytes[i];

			if (classes[(uint8_t)byte] == CONTROL)
				return false;
			if (classes[(uint8_t)byte] & ESCAPED)
				put_byte(output, '\\');
			put_byte(output, byte == '\n' ? 'n' : byte);
		}
	}
	return is_permitted(value, found, 0);
}

size_t rollcast_name_write(struct rollcast_text name, struct rollcast_label *labels, size_t count,
			   char *buffer, size_t size)
{
	struct output output = {buffer, size ? buffer + size - 1 : buffer, size == 0};

	if (!put_name(&output, name, CONTROL | FRAME) || !labels_sort(labels, count, &count))
		return 0;
	for (size_t i = 0; i < count; i++) {
		put_byte(&output, i ? ',' : '{');
		if (!put_name(&output, labels[i].name, CONTROL | FRAME | OPERATOR))
			return 0;
		put_byte(&output, '=');
		put_byte(&output, '"');
		if (!put_value(&output, labels[i].value))
			return 0;
		put_byte(&output, '"');
	}
	if (count)
		put_byte(&output, '}');
	if (output.full)
		return 0;
	*output.at = '\0';
	return (size_t)(output.at - buffer);
}

static bool permitted(struct rollcast_text text, unsigned forbidden)
{
	unsigned found = 0;

	for (size_t i = 0; i < text.length; i++)
		found |= classes[(uint8_t)text.bytes[i]];
	return is_permitted(text, found, forbidden);
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

int rollcast_name_read(struct rollcast_text canonical, char *scratch,
		       struct rollcast_text *ret_name, struct rollcast_label *ret_labels)
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

size_t rollcast_name_beside(const char *other, struct rollcast_text canonical, char *buffer,
			    size_t size)
{
	const char *labels =
		strchr(other, '{') ? NULL : memchr(canonical.bytes, '{', canonical.length);
	size_t length = strlen(other);
	size_t more = labels ? canonical.length - (size_t)(labels - canonical.bytes) : 0;

	if (length + more >= size)
		return 0;
	memcpy(buffer, other, length);
	if (labels)
		memcpy(buffer + length, labels, more);
	buffer[length + more] = '\0';
	return length + more;
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
