/*
 * Samples from Influx line protocol.
 *
 *	cpu,host=web\ 1,cpu=0 usage=12.5,idle=80i,up=t,state="on" 1700000000000000000
 *	└─┘ └────────┘ └───┘  └────────┘                         └─────────────────┘
 *	measurement  tags     fields, numeric ones become samples    nanoseconds
 *
 * A line stands alone, so that a broken one costs no other. Which characters a backslash escapes
 * depends on the place, as in Influx itself: elsewhere it is a backslash. The fields are walked
 * twice, because the time comes behind them.
 */
#include "lib/wire/decoder.h"

#include "lib/wire/number.h"

/* One line that is being read. */
struct line {
	const char *at, *end; /* end: of the payload; a quoted text may hold newlines */
	char *unescaped, *unescaped_end;
	bool overflow; /* names with escapes do not fit: no name can come of it */
};

/* Bytes that mean something, or can. */
enum kind {
	COMMA = 1 << 0,
	SPACE = 1 << 1,
	EQUALS = 1 << 2,
	LINE_END = 1 << 3,
	BACKSLASH = 1 << 4
};

static const uint8_t kinds[256] = {
	[','] = COMMA,	   [' '] = SPACE,     ['='] = EQUALS,
	['\n'] = LINE_END, ['\r'] = LINE_END, ['\\'] = BACKSLASH,
};

static bool is(char byte, unsigned kind)
{
	return kinds[(uint8_t)byte] & kind;
}

/* A carriage return ends a line only before a newline. */
static bool at_end(const struct line *line)
{
	return line->at == line->end || *line->at == '\n' ||
	       (*line->at == '\r' && (line->at + 1 == line->end || line->at[1] == '\n'));
}

static struct rollcast_text unescape(struct line *line, struct rollcast_text raw,
				     unsigned escapable)
{
	struct rollcast_text text = {line->unescaped, 0};

	if (raw.length > (size_t)(line->unescaped_end - line->unescaped)) {
		line->overflow = true;
		return text;
	}
	for (size_t i = 0; i < raw.length; i++) {
		if (raw.bytes[i] == '\\' && i + 1 < raw.length && is(raw.bytes[i + 1], escapable))
			i++;
		*line->unescaped++ = raw.bytes[i];
	}
	text.length = (size_t)(line->unescaped - text.bytes);
	return text;
}

/*
 * Takes text until one of `escapable` comes without a backslash, or the end of the line. False if
 * there is none.
 */
static bool text_take(struct line *line, unsigned escapable, struct rollcast_text *ret_text)
{
	struct rollcast_text text = {line->at, 0};
	bool escaped = false;

	for (;; line->at++) {
		while (line->at < line->end && !is(*line->at, escapable | LINE_END | BACKSLASH))
			line->at++;
		if (at_end(line) || is(*line->at, escapable))
			break;
		if (*line->at == '\\' && line->at + 1 < line->end && is(line->at[1], escapable)) {
			escaped = true;
			line->at++;
		}
	}
	text.length = (size_t)(line->at - text.bytes);
	*ret_text = escaped ? unescape(line, text, escapable) : text;
	return text.length > 0;
}

static bool byte_take(struct line *line, char byte)
{
	if (line->at == line->end || *line->at != byte)
		return false;
	line->at++;
	return true;
}

/* `name=` of a tag or field. */
static bool key_take(struct line *line, struct rollcast_text *ret_key)
{
	return text_take(line, COMMA | SPACE | EQUALS, ret_key) && byte_take(line, '=');
}

static enum rollcast_decode tags_take(struct rollcast_decoder *decoder, struct line *line)
{
	struct rollcast_label label;

	decoder->label_count = 0;
	while (byte_take(line, ',')) {
		if (!key_take(line, &label.name) ||
		    !text_take(line, COMMA | SPACE | EQUALS, &label.value))
			return ROLLCAST_DECODE_MALFORMED;
		if (decoder->label_count == ROLLCAST_LABELS_MAX)
			line->overflow = true;
		else
			decoder->labels[decoder->label_count++] = label;
	}
	return byte_take(line, ' ') ? ROLLCAST_DECODE_OK : ROLLCAST_DECODE_MALFORMED;
}

static enum rollcast_decode quoted_skip(struct line *line)
{
	for (line->at++; line->at < line->end; line->at++) {
		if (*line->at == '"') {
			line->at++;
			return ROLLCAST_DECODE_OK;
		}
		if (*line->at == '\\' && line->at + 1 < line->end)
			line->at++;
	}
	return ROLLCAST_DECODE_TRUNCATED;
}

enum field { FIELD_NUMBER, FIELD_TEXT, FIELD_BAD };

static enum field word_read(struct rollcast_text word, double *ret_value)
{
	static const char *const words[] = {"f", "F", "false", "False", "FALSE",
					    "t", "T", "true",  "True",	"TRUE"};
	const char *end = word.bytes + word.length;
	struct number number;
	const char *behind = number_read(word.bytes, end, &number);

	if (behind) {
		*ret_value = number.real;
		if (end - behind == 1 && number.is_whole && (*behind == 'i' || *behind == 'u'))
			behind++;
		return behind == end && isfinite(number.real) ? FIELD_NUMBER : FIELD_BAD;
	}
	for (size_t i = 0; i < 10; i++)
		if (word.length == strlen(words[i]) && !memcmp(words[i], word.bytes, word.length)) {
			*ret_value = i >= 5;
			return FIELD_NUMBER;
		}
	return FIELD_BAD;
}

/* One `name=value`; what the value is worth is another matter than whether the line is sound. */
static enum rollcast_decode field_take(struct line *line, struct rollcast_text *ret_name,
				       enum field *ret_field, double *ret_value)
{
	struct rollcast_text word;

	if (!key_take(line, ret_name) || at_end(line))
		return ROLLCAST_DECODE_MALFORMED;
	if (*line->at == '"') {
		*ret_field = FIELD_TEXT;
		return quoted_skip(line);
	}
	word.bytes = line->at;
	while (!at_end(line) && !is(*line->at, COMMA | SPACE))
		line->at++;
	word.length = (size_t)(line->at - word.bytes);
	if (!word.length)
		return ROLLCAST_DECODE_MALFORMED;
	*ret_field = word_read(word, ret_value);
	return ROLLCAST_DECODE_OK;
}

static enum rollcast_decode fields_skip(struct line *line)
{
	struct rollcast_text name;
	enum rollcast_decode r;
	enum field field;
	double value;

	do {
		r = field_take(line, &name, &field, &value);
		if (r)
			return r;
	} while (byte_take(line, ','));
	return ROLLCAST_DECODE_OK;
}

static enum rollcast_decode time_take(struct rollcast_decoder *decoder, struct line *line,
				      int64_t *ret_time_us)
{
	const char *line_end;
	struct number number;
	const char *behind;

	*ret_time_us = decoder->arrival_us;
	while (byte_take(line, ' '))
		;
	if (at_end(line))
		return ROLLCAST_DECODE_OK;
	line_end = memchr(line->at, '\n', (size_t)(line->end - line->at));
	behind = number_read(line->at, line_end ? line_end : line->end, &number);
	if (!behind)
		return ROLLCAST_DECODE_MALFORMED;
	line->at = behind;
	while (byte_take(line, ' '))
		;
	if (!at_end(line))
		return ROLLCAST_DECODE_MALFORMED;
	if (!number.is_whole || (number.is_negative && number.magnitude > INT64_MAX))
		return ROLLCAST_DECODE_TIME;
	return number.is_negative
		       ? decoder_time_integer(decoder, -(int64_t)number.magnitude, ret_time_us)
		       : decoder_time_natural(decoder, number.magnitude, ret_time_us);
}

static void fields_deliver(struct rollcast_decoder *decoder, struct line *line,
			   struct rollcast_text measurement, int64_t time_us)
{
	char *unescaped = line->unescaped;

	do {
		struct rollcast_text name;
		enum field field = FIELD_BAD;
		double value = 0;

		line->unescaped = unescaped;
		/* Cannot fail: fields_skip has been through here. */
		field_take(line, &name, &field, &value);
		if (field == FIELD_BAD)
			decoder_count(decoder, ROLLCAST_DECODE_VALUE);
		else if (field == FIELD_NUMBER)
			decoder_field(decoder, measurement, name, time_us, value);
	} while (byte_take(line, ','));
}

static enum rollcast_decode line_decode(struct rollcast_decoder *decoder, struct line *line)
{
	struct rollcast_text measurement;
	struct line fields;
	enum rollcast_decode r;
	int64_t time_us;

	if (!text_take(line, COMMA | SPACE, &measurement))
		return ROLLCAST_DECODE_MALFORMED;
	r = tags_take(decoder, line);
	if (r)
		return r;
	while (byte_take(line, ' '))
		;
	if (line->overflow || !decoder_relabel(decoder))
		return ROLLCAST_DECODE_NAME;
	fields = *line;
	r = fields_skip(line);
	r = r ?: time_take(decoder, line, &time_us);
	if (r)
		return r;
	fields_deliver(decoder, &fields, measurement, time_us);
	return ROLLCAST_DECODE_OK;
}

void decode_influx(struct rollcast_decoder *decoder, const void *bytes, size_t size)
{
	struct line line = {.at = bytes, .end = (const char *)bytes + size};
	enum rollcast_decode r;

	if (!size)
		decoder_count(decoder, ROLLCAST_DECODE_TRUNCATED);
	while (line.at < line.end) {
		const char *newline;

		while (byte_take(&line, ' '))
			;
		line.unescaped = decoder->unescaped;
		line.unescaped_end = decoder->unescaped + sizeof decoder->unescaped;
		line.overflow = false;
		if (!at_end(&line) && *line.at != '#') {
			r = line_decode(decoder, &line);
			if (r)
				decoder_count(decoder, r);
		}
		newline = memchr(line.at, '\n', (size_t)(line.end - line.at));
		line.at = newline ? newline + 1 : line.end;
	}
}
