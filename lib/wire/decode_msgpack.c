/*
 * Samples from msgpack: which key means what, and which keys together make a shape.
 *
 *	83 a4 "name" a3 "cpu"  a4 "time" ce 65e8f2c0  a5 "value" cb 3fe0000000000000
 *	└┘ └───────┘ └──────┘  └───────┘ └─────────┘  └────────┘ └─────────────────┘
 *	map   key      text       key      uint 32       key           float 64
 *
 * Keys come in any order, so a map is read into a draft first; what is large stays where it lies
 * and is read again once the draft is whole: fields, times, values. Two kinds of trouble are told
 * apart. A *defect* spoils one sample or batch, and the reader still knows where the next one
 * starts. A broken structure, the result of the functions, ends the payload.
 */
#include "lib/wire/decoder.h"

#include <math.h>
#include <string.h>

#include "lib/wire/reader.h"

enum key {
	KEY_NAME = 1 << 0,
	KEY_TIME = 1 << 1, /* or timestamp */
	KEY_TAGS = 1 << 2,
	KEY_VALUE = 1 << 3,
	KEY_FIELDS = 1 << 4,
	KEY_TIMES = 1 << 5,
	KEY_VALUES = 1 << 6,
	KEY_OTHER = 1 << 7,
};

/* A container that is read later. */
struct place {
	struct reader reader;
	uint32_t count;
};

struct draft {
	unsigned keys;
	enum rollcast_decode defect; /* the first one found */
	struct rollcast_text name;
	int64_t time_us;
	double value;
	struct place fields, times, values;
};

static bool starts(const void *bytes, const char *word)
{
	return !memcmp(bytes, word, strlen(word));
}

static enum key key_of(const struct token *token)
{
	static const struct {
		const char *word;
		enum key key;
	} keys[] = {
		{"name", KEY_NAME},   {"time", KEY_TIME},     {"timestamp", KEY_TIME},
		{"tags", KEY_TAGS},   {"value", KEY_VALUE},   {"fields", KEY_FIELDS},
		{"times", KEY_TIMES}, {"values", KEY_VALUES},
	};

	if (token->kind != TOKEN_TEXT)
		return KEY_OTHER;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (token->count == strlen(keys[i].word) &&
		    !memcmp(token->bytes, keys[i].word, token->count))
			return keys[i].key;
	return KEY_OTHER;
}

/*
 * Takes the next key, whatever it is. The four that come with nearly every sample are looked at
 * with their header, and left by a constant: the processor, which has guessed which key it is, goes
 * on without waiting for the length.
 */
__attribute__((always_inline)) static inline enum rollcast_decode key_next(struct reader *reader,
									   enum key *ret_key)
{
	const uint8_t *at = reader->at;
	struct token token;
	enum rollcast_decode r;

	if (reader->end - at > 6) {
		reader->at = at + 5;
		if (starts(at, "\xa4name"))
			return *ret_key = KEY_NAME, ROLLCAST_DECODE_OK;
		if (starts(at, "\xa4time"))
			return *ret_key = KEY_TIME, ROLLCAST_DECODE_OK;
		if (starts(at, "\xa4tags"))
			return *ret_key = KEY_TAGS, ROLLCAST_DECODE_OK;
		reader->at = at + 6;
		if (starts(at, "\xa5value"))
			return *ret_key = KEY_VALUE, ROLLCAST_DECODE_OK;
		reader->at = at;
	}
	r = reader_next(reader, &token);
	if (r)
		return r;
	*ret_key = key_of(&token);
	return reader_skip(reader, &token);
}

static void spoil(struct draft *draft, enum rollcast_decode defect)
{
	if (!draft->defect)
		draft->defect = defect;
}

static uint64_t big_endian(const char *bytes, size_t width)
{
	uint64_t number = 0;

	for (size_t i = 0; i < width; i++)
		number = number << 8 | (uint8_t)bytes[i];
	return number;
}

/*
 * The timestamp extension, type -1:
 *
 *	32 bit   seconds
 *	64 bit   nanoseconds (30 bit), seconds (34 bit)
 *	96 bit   nanoseconds (32 bit), seconds (64 bit, signed)
 */
static enum rollcast_decode timestamp_read(const struct token *token, int64_t *ret_time_us)
{
	const char *bytes = token->bytes + 1;
	uint64_t both;

	if ((int8_t)token->bytes[0] != -1)
		return ROLLCAST_DECODE_TIME;
	switch (token->count - 1) {
	case 4:
		return decoder_time_split((int64_t)big_endian(bytes, 4), 0, ret_time_us);
	case 8:
		both = big_endian(bytes, 8);
		return decoder_time_split((int64_t)(both & 0x3ffffffff), (uint32_t)(both >> 34),
					  ret_time_us);
	case 12:
		return decoder_time_split((int64_t)big_endian(bytes + 4, 8),
					  (uint32_t)big_endian(bytes, 4), ret_time_us);
	default:
		return ROLLCAST_DECODE_TIME;
	}
}

static enum rollcast_decode time_read(const struct rollcast_decoder *decoder,
				      const struct token *token, int64_t *ret_time_us)
{
	switch (token->kind) {
	case TOKEN_NATURAL:
		return decoder_time_natural(decoder, token->natural, ret_time_us);
	case TOKEN_INTEGER:
		return decoder_time_integer(decoder, token->integer, ret_time_us);
	case TOKEN_REAL:
		return decoder_time_real(decoder, token->real, ret_time_us);
	case TOKEN_EXT:
		return timestamp_read(token, ret_time_us);
	default:
		return ROLLCAST_DECODE_TIME;
	}
}

static enum rollcast_decode value_read(const struct token *token, double *ret_value)
{
	switch (token->kind) {
	case TOKEN_BOOL:
	case TOKEN_NATURAL:
		*ret_value = (double)token->natural;
		return ROLLCAST_DECODE_OK;
	case TOKEN_INTEGER:
		*ret_value = (double)token->integer;
		return ROLLCAST_DECODE_OK;
	case TOKEN_REAL:
		*ret_value = token->real;
		return isfinite(token->real) ? ROLLCAST_DECODE_OK : ROLLCAST_DECODE_VALUE;
	default:
		return ROLLCAST_DECODE_VALUE;
	}
}

/* The labels go to the decoder. A tag that is nil counts as empty. */
static enum rollcast_decode tags_read(struct rollcast_decoder *decoder, struct reader *reader,
				      uint32_t pairs, struct draft *draft)
{
	enum rollcast_decode r;

	for (; pairs; pairs--) {
		struct token name, value;

		r = reader_next(reader, &name);
		r = r ?: reader_skip(reader, &name);
		r = r ?: reader_next(reader, &value);
		r = r ?: reader_skip(reader, &value);
		if (r)
			return r;
		if (value.kind == TOKEN_NIL)
			continue;
		if (name.kind != TOKEN_TEXT || value.kind != TOKEN_TEXT)
			spoil(draft, ROLLCAST_DECODE_SHAPE);
		else if (decoder->label_count == ROLLCAST_LABELS_MAX)
			spoil(draft, ROLLCAST_DECODE_NAME);
		else
			decoder->labels[decoder->label_count++] =
				(struct rollcast_label){token_text(&name), token_text(&value)};
	}
	return ROLLCAST_DECODE_OK;
}

static void place_mark(struct place *place, const struct reader *reader, const struct token *token,
		       enum token_kind expected, struct draft *draft)
{
	if (token->kind != expected)
		spoil(draft, ROLLCAST_DECODE_SHAPE);
	place->reader = *reader;
	place->count = token->count;
}

/* Takes one value of a map into the draft; only of tags more than its header. */
static enum rollcast_decode value_take(struct rollcast_decoder *decoder, struct reader *reader,
				       enum key key, struct token *value, struct draft *draft)
{
	enum rollcast_decode defect = ROLLCAST_DECODE_OK;

	switch (key) {
	case KEY_NAME:
		draft->name = token_text(value);
		defect = value->kind == TOKEN_TEXT ? ROLLCAST_DECODE_OK : ROLLCAST_DECODE_SHAPE;
		break;
	case KEY_TIME:
		if (value->kind != TOKEN_NIL)
			defect = time_read(decoder, value, &draft->time_us);
		break;
	case KEY_VALUE:
		defect = value_read(value, &draft->value);
		break;
	case KEY_TAGS:
		if (value->kind == TOKEN_MAP)
			return tags_read(decoder, reader, value->count, draft);
		defect = value->kind == TOKEN_NIL ? ROLLCAST_DECODE_OK : ROLLCAST_DECODE_SHAPE;
		break;
	case KEY_FIELDS:
		place_mark(&draft->fields, reader, value, TOKEN_MAP, draft);
		break;
	case KEY_TIMES:
		place_mark(&draft->times, reader, value, TOKEN_ARRAY, draft);
		break;
	case KEY_VALUES:
		place_mark(&draft->values, reader, value, TOKEN_ARRAY, draft);
		break;
	case KEY_OTHER:
		break;
	}
	if (defect)
		spoil(draft, defect);
	return reader_skip(reader, value);
}

static enum rollcast_decode draft_read(struct rollcast_decoder *decoder, struct reader *whole,
				       uint32_t pairs, struct draft *draft)
{
	struct reader reader = *whole; /* nobody else sees it: it lives in registers */
	enum rollcast_decode r;

	for (; pairs; pairs--) {
		struct token token;
		enum key key;

		r = key_next(&reader, &key);
		r = r ?: reader_next(&reader, &token);
		if (r)
			return r;
		if (key & draft->keys & ~KEY_OTHER) {
			/* Which of the two was meant? */
			spoil(draft, ROLLCAST_DECODE_SHAPE);
			key = KEY_OTHER;
		}
		draft->keys |= key;
		r = value_take(decoder, &reader, key, &token, draft);
		if (r)
			return r;
	}
	*whole = reader;
	return ROLLCAST_DECODE_OK;
}

/* Fields that are text are no numbers and not meant to be: passed over. */
static void fields_deliver(struct rollcast_decoder *decoder, struct draft *draft)
{
	struct reader *reader = &draft->fields.reader;

	for (uint32_t left = draft->fields.count; left; left--) {
		struct token name = {0}, value = {0};
		double number;

		/* Cannot fail: the draft has been through here. */
		reader_next(reader, &name);
		reader_skip(reader, &name);
		reader_next(reader, &value);
		reader_skip(reader, &value);
		if (name.kind != TOKEN_TEXT)
			decoder_count(decoder, ROLLCAST_DECODE_SHAPE);
		else if (value.kind == TOKEN_TEXT)
			continue;
		else if (value_read(&value, &number))
			decoder_count(decoder, ROLLCAST_DECODE_VALUE);
		else
			decoder_field(decoder, draft->name, token_text(&name), draft->time_us,
				      number);
	}
}

static void columns_deliver(struct rollcast_decoder *decoder, const struct draft *draft)
{
	struct reader times = draft->times.reader, values = draft->values.reader;
	size_t length = decoder_name(decoder, draft->name);
	size_t filled = 0;

	if (!length) {
		decoder_count(decoder, ROLLCAST_DECODE_NAME);
		return;
	}
	for (uint32_t left = draft->times.count; left; left--) {
		struct token time = {0}, value = {0};
		enum rollcast_decode r;

		/* Cannot fail: the draft has been through here. */
		reader_next(&times, &time);
		reader_skip(&times, &time);
		reader_next(&values, &value);
		reader_skip(&values, &value);
		r = value_read(&value, &decoder->values[filled]);
		r = r ?: time_read(decoder, &time, &decoder->times_us[filled]);
		if (r)
			decoder_count(decoder, r);
		else if (++filled == COLUMN_CHUNK) {
			decoder_deliver(decoder, length, filled);
			filled = 0;
		}
	}
	if (filled)
		decoder_deliver(decoder, length, filled);
}

/* What the keys together make. */
static void draft_deliver(struct rollcast_decoder *decoder, struct draft *draft)
{
	switch (draft->keys & ~(KEY_TAGS | KEY_OTHER)) {
	case KEY_NAME | KEY_VALUE:
	case KEY_NAME | KEY_VALUE | KEY_TIME:
		if (!draft->defect) {
			decoder_sample(decoder, draft->name, draft->time_us, draft->value);
			return;
		}
		break;
	case KEY_NAME | KEY_FIELDS:
	case KEY_NAME | KEY_FIELDS | KEY_TIME:
		if (!draft->defect) {
			fields_deliver(decoder, draft);
			return;
		}
		break;
	case KEY_NAME | KEY_TIMES | KEY_VALUES:
		if (draft->times.count != draft->values.count)
			spoil(draft, ROLLCAST_DECODE_SHAPE);
		if (!draft->defect) {
			columns_deliver(decoder, draft);
			return;
		}
		break;
	default:
		draft->defect = ROLLCAST_DECODE_SHAPE;
	}
	decoder_count(decoder, draft->defect);
}

static enum rollcast_decode map_read(struct rollcast_decoder *decoder, struct reader *reader,
				     uint32_t pairs)
{
	struct draft draft;
	enum rollcast_decode r;

	draft.keys = 0;
	draft.defect = ROLLCAST_DECODE_OK;
	draft.time_us = decoder->arrival_us;
	decoder->label_count = 0;
	r = draft_read(decoder, reader, pairs, &draft);
	if (r)
		return r;
	if (!decoder_relabel(decoder))
		spoil(&draft, ROLLCAST_DECODE_NAME);
	draft_deliver(decoder, &draft);
	return ROLLCAST_DECODE_OK;
}

static enum rollcast_decode array_read(struct rollcast_decoder *decoder, struct reader *reader,
				       uint32_t count)
{
	enum rollcast_decode r;

	for (; count; count--) {
		struct token token;

		r = reader_next(reader, &token);
		if (r)
			return r;
		if (token.kind == TOKEN_MAP) {
			r = map_read(decoder, reader, token.count);
		} else {
			decoder_count(decoder, ROLLCAST_DECODE_SHAPE);
			r = reader_skip(reader, &token);
		}
		if (r)
			return r;
	}
	return ROLLCAST_DECODE_OK;
}

void decode_msgpack(struct rollcast_decoder *decoder, const void *bytes, size_t size)
{
	struct reader reader = {bytes, (const uint8_t *)bytes + size};
	enum rollcast_decode r;

	do {
		struct token token;
		bool first = reader.at == bytes;

		r = reader_next(&reader, &token);
		if (r)
			break;
		if (token.kind == TOKEN_MAP)
			r = map_read(decoder, &reader, token.count);
		else if (token.kind == TOKEN_ARRAY)
			r = array_read(decoder, &reader, token.count);
		else
			r = first ? ROLLCAST_DECODE_SHAPE : ROLLCAST_DECODE_MALFORMED;
	} while (!r && reader.at < reader.end);
	if (r)
		decoder_count(decoder, r);
}
