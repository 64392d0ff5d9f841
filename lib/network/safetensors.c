/*
 * Writing builds the header in one growing text; reading goes over it twice, first for the shape, then
 * for the tensors that such a shape must have.
 *
 *	u64 n, little-endian │ n bytes of JSON, padded with spaces to eights │ tensors, one after the other
 */
#include "rollcast/safetensors.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/network/json.h"
#include "lib/network/params.h"

enum { LENGTH_BYTES = 8, TENSORS_MAX = PARAMS_LAYERS_MAX * LAYER_TENSORS + HEAD_TENSORS };

static const char *const cell_words[] = {"lstm", "gru", "rnn", NULL};
static const char *const activation_words[] = {"tanh", "relu", NULL};
static const char *const bool_words[] = {"false", "true", NULL};

/* ---- writing ---- */

struct text {
	char *bytes;
	size_t size, room;
	bool failed;
};

static bool text_reserve(struct text *text, size_t more)
{
	if (text->failed || text->room - text->size >= more)
		return !text->failed;
	size_t room = 2 * (text->size + more);
	char *bytes = realloc(text->bytes, room);

	text->failed = !bytes;
	if (!bytes)
		return false;
	text->bytes = bytes;
	text->room = room;
	return true;
}

__attribute__((format(printf, 2, 3))) static void text_print(struct text *text, const char *format,
							     ...)
{
	enum { LINE = 256 }; /* longer than any line printed */
	va_list values;

	if (!text_reserve(text, LINE))
		return;
	va_start(values, format);
	text->size += (size_t)vsnprintf(text->bytes + text->size, LINE, format, values);
	va_end(values);
}

static void text_string(struct text *text, const char *string)
{
	text_print(text, "\"");
	for (; *string; string++) {
		unsigned char byte = (unsigned char)*string;

		if (byte == '"' || byte == '\\')
			text_print(text, "\\%c", byte);
		else if (byte < ' ')
			text_print(text, "\\u%04x", byte);
		else
			text_print(text, "%c", byte);
	}
	text_print(text, "\"");
}

static void print_metadata(struct text *text, const struct rollcast_shape *shape,
			   const struct rollcast_metadata *metadata, size_t count)
{
	text_print(text, "\"__metadata__\":{\"cell\":\"%s\",\"activation\":\"%s\"",
		   cell_words[shape->cell], activation_words[shape->activation]);
	text_print(text, ",\"layers\":\"%u\",\"hidden\":\"%u\",\"channels\":\"%u\"", shape->layers,
		   shape->hidden, shape->channels);
	text_print(text,
		   ",\"lookback\":\"%u\",\"extras\":\"%u\",\"outputs\":\"%u\",\"skip\":\"%s\"",
		   shape->lookback, shape->extras, shape->outputs, bool_words[shape->skip]);
	for (size_t i = 0; i < count; i++) {
		text_print(text, ",");
		text_string(text, metadata[i].key);
		text_print(text, ":");
		text_string(text, metadata[i].value);
	}
	text_print(text, "}");
}

/* Biases have one dimension, matrices are turned over. */
static bool is_bias(const struct tensor *tensor)
{
	return strstr(tensor->name, "bias") != NULL;
}

static void print_header(struct text *text, const struct params *params,
			 const struct rollcast_metadata *metadata, size_t count)
{
	const struct tensor *tensor;

	text_print(text, "{");
	print_metadata(text, &params->shape, metadata, count);
	for (size_t i = 0; (tensor = params_tensor(params, i)); i++) {
		size_t size = (size_t)tensor->rows * tensor->cols;

		if (size == 0)
			continue;
		text_print(text, ",\"%s\":{\"dtype\":\"F32\",\"shape\":[%u", tensor->name,
			   tensor->cols);
		if (!is_bias(tensor))
			text_print(text, ",%u", tensor->rows);
		text_print(text, "],\"data_offsets\":[%zu,%zu]}", tensor->offset * sizeof(float),
			   (tensor->offset + size) * sizeof(float));
	}
	text_print(text, "}");
	while (!text->failed && text->size % LENGTH_BYTES)
		text_print(text, " ");
}

static void put_little_endian(unsigned char *bytes, uint64_t value, int count)
{
	for (int i = 0; i < count; i++)
		bytes[i] = (unsigned char)(value >> 8 * i);
}

static void put_tensor(unsigned char *to, const struct tensor *tensor, const float *block)
{
	for (size_t col = 0; col < tensor->cols; col++)
		for (size_t row = 0; row < tensor->rows; row++, to += sizeof(float)) {
			uint32_t bits;

			memcpy(&bits, &block[tensor->offset + row * tensor->cols + col],
			       sizeof(bits));
			put_little_endian(to, bits, sizeof(bits));
		}
}

int rollcast_safetensors_write(const struct rollcast_weights *weights,
			       const struct rollcast_metadata *metadata, size_t count,
			       void **ret_bytes, size_t *ret_size)
{
	const struct tensor *tensor;
	struct params params;
	struct text text = {0};
	int r = params_init(&params, rollcast_weights_shape(weights));

	if (r < 0)
		return r;
	print_header(&text, &params, metadata, count);
	CLEANUP(free) char *header = text.bytes;
	size_t begin = LENGTH_BYTES + text.size, size = begin + params.size * sizeof(float);
	unsigned char *bytes = text.failed ? NULL : malloc(size);

	if (!bytes)
		return -ENOMEM;
	put_little_endian(bytes, text.size, LENGTH_BYTES);
	memcpy(bytes + LENGTH_BYTES, header, text.size);
	for (size_t i = 0; (tensor = params_tensor(&params, i)); i++)
		put_tensor(bytes + begin + tensor->offset * sizeof(float), tensor,
			   rollcast_weights_block(weights));
	*ret_bytes = bytes;
	*ret_size = size;
	return 0;
}

/* ---- reading ---- */

struct file {
	struct json header;
	const unsigned char *data;
	size_t data_size;
};

/* One tensor's entry in the header. */
struct entry {
	uint64_t shape[2], begin, end;
	uint32_t rank;
};

static uint64_t get_little_endian(const unsigned char *bytes, int count)
{
	uint64_t value = 0;

	for (int i = count; i-- > 0;)
		value = value << 8 | bytes[i];
	return value;
}

static int open_file(const void *bytes, size_t size, struct file *ret_file)
{
	const unsigned char *begin = bytes;

	if (size < LENGTH_BYTES)
		return -EBADMSG;
	uint64_t length = get_little_endian(begin, LENGTH_BYTES);

	if (length > size - LENGTH_BYTES)
		return -EBADMSG;
	const char *header = (const char *)begin + LENGTH_BYTES;

	*ret_file = (struct file){
		.header = {header, header + length},
		.data = begin + LENGTH_BYTES + length,
		.data_size = size - LENGTH_BYTES - length,
	};
	return 0;
}

static bool read_shape_of(struct json *json, struct entry *entry)
{
	if (!json_take(json, '['))
		return false;
	for (entry->rank = 0; entry->rank < 2; entry->rank++) {
		if (json_take(json, ']'))
			return true;
		if ((entry->rank && !json_take(json, ',')) ||
		    !json_take_count(json, &entry->shape[entry->rank]))
			return false;
	}
	return json_take(json, ']');
}

static bool read_offsets(struct json *json, struct entry *entry)
{
	return json_take(json, '[') && json_take_count(json, &entry->begin) &&
	       json_take(json, ',') && json_take_count(json, &entry->end) && json_take(json, ']');
}

/* {"dtype": "F32", "shape": [...], "data_offsets": [...]}, each exactly once, in any order. */
static bool read_entry(struct json *json, struct entry *ret_entry)
{
	struct json_text key, type;
	unsigned int seen = 0;
	bool closed;

	if (!json_take(json, '{'))
		return false;
	while (json_member(json, seen == 0, &key, &closed)) {
		unsigned int part = json_is(key, "dtype")	   ? 1
				    : json_is(key, "shape")	   ? 2
				    : json_is(key, "data_offsets") ? 4
								   : 0;

		if (part == 0 || seen & part)
			return false;
		seen |= part;
		if (part == 1 && !(json_take_string(json, &type) && json_is(type, "F32")))
			return false;
		if (part == 2 && !read_shape_of(json, ret_entry))
			return false;
		if (part == 4 && !read_offsets(json, ret_entry))
			return false;
	}
	return closed && seen == 7;
}

/* Every pair of __metadata__: finds the value of `key`, if it is not NULL. */
static bool read_pairs(struct json *json, const char *key, struct json_text *ret_value,
		       bool *ret_found)
{
	struct json_text name, value;
	bool closed, first = true;

	if (!json_take(json, '{'))
		return false;
	for (; json_member(json, first, &name, &closed); first = false) {
		if (!json_take_string(json, &value))
			return false;
		if (key && json_is(name, key)) {
			*ret_value = value;
			*ret_found = true;
		}
	}
	return closed;
}

/* 0 and the value, -ENOENT, or -EBADMSG. */
static int find_metadata(const struct file *file, const char *key, struct json_text *ret_value)
{
	struct json json = file->header;
	struct json_text name;
	struct entry entry;
	bool closed, first = true, found = false;

	if (!json_take(&json, '{'))
		return -EBADMSG;
	for (; json_member(&json, first, &name, &closed); first = false)
		if (json_is(name, "__metadata__") ? !read_pairs(&json, key, ret_value, &found)
						  : !read_entry(&json, &entry))
			return -EBADMSG;
	if (!closed || !json_at_end(&json))
		return -EBADMSG;
	return found ? 0 : -ENOENT;
}

static bool find_count(const struct file *file, const char *key, uint32_t *ret_count)
{
	struct json_text value;
	uint64_t count;

	if (find_metadata(file, key, &value) < 0)
		return false;
	struct json digits = {value.bytes, value.bytes + value.size};

	if (!json_take_count(&digits, &count) || !json_at_end(&digits) || count > UINT32_MAX)
		return false;
	*ret_count = (uint32_t)count;
	return true;
}

static bool find_word(const struct file *file, const char *key, const char *const *words,
		      uint32_t *ret_index)
{
	struct json_text value;

	if (find_metadata(file, key, &value) < 0)
		return false;
	for (uint32_t i = 0; words[i]; i++)
		if (json_is(value, words[i])) {
			*ret_index = i;
			return true;
		}
	return false;
}

static bool find_shape(const struct file *file, struct rollcast_shape *ret_shape)
{
	uint32_t cell, activation, skip;

	if (!find_word(file, "cell", cell_words, &cell) ||
	    !find_word(file, "activation", activation_words, &activation) ||
	    !find_word(file, "skip", bool_words, &skip) ||
	    !find_count(file, "layers", &ret_shape->layers) ||
	    !find_count(file, "hidden", &ret_shape->hidden) ||
	    !find_count(file, "channels", &ret_shape->channels) ||
	    !find_count(file, "lookback", &ret_shape->lookback) ||
	    !find_count(file, "extras", &ret_shape->extras) ||
	    !find_count(file, "outputs", &ret_shape->outputs))
		return false;
	ret_shape->cell = (enum rollcast_cell)cell;
	ret_shape->activation = (enum rollcast_activation)activation;
	ret_shape->skip = skip;
	return true;
}

static bool entry_fits(const struct file *file, const struct tensor *tensor,
		       const struct entry *entry)
{
	uint64_t size = (uint64_t)tensor->rows * tensor->cols * sizeof(float);
	bool has_shape = is_bias(tensor) ? entry->rank == 1 && entry->shape[0] == tensor->cols
					 : entry->rank == 2 && entry->shape[0] == tensor->cols &&
						   entry->shape[1] == tensor->rows;

	return has_shape && entry->begin <= entry->end && entry->end <= file->data_size &&
	       entry->end - entry->begin == size;
}

static void get_tensor(const unsigned char *from, const struct tensor *tensor, float *block)
{
	for (size_t col = 0; col < tensor->cols; col++)
		for (size_t row = 0; row < tensor->rows; row++, from += sizeof(float)) {
			uint32_t bits = (uint32_t)get_little_endian(from, sizeof(bits));

			memcpy(&block[tensor->offset + row * tensor->cols + col], &bits,
			       sizeof(bits));
		}
}

static const struct tensor *find_tensor(const struct params *params, struct json_text name,
					size_t *ret_index)
{
	const struct tensor *tensor;

	for (*ret_index = 0; (tensor = params_tensor(params, *ret_index)); ++*ret_index)
		if (tensor->rows && json_is(name, tensor->name))
			return tensor;
	return NULL;
}

/* Each tensor of the table exactly once, and nothing else among the bytes. */
static bool read_tensors(const struct file *file, const struct params *params, float *block)
{
	struct json json = file->header;
	bool seen[TENSORS_MAX] = {false}, closed, first = true;
	struct json_text name, unused;
	struct entry entry;
	size_t index, left = 0, used = 0;

	for (size_t i = 0; params_tensor(params, i); i++)
		left += params_tensor(params, i)->rows > 0;
	if (!json_take(&json, '{'))
		return false;
	for (; json_member(&json, first, &name, &closed); first = false) {
		if (json_is(name, "__metadata__")) {
			if (!read_pairs(&json, NULL, &unused, &closed))
				return false;
			continue;
		}
		const struct tensor *tensor = find_tensor(params, name, &index);

		if (!tensor || seen[index] || !read_entry(&json, &entry) ||
		    !entry_fits(file, tensor, &entry))
			return false;
		seen[index] = true;
		left--;
		used += entry.end - entry.begin;
		get_tensor(file->data + entry.begin, tensor, block);
	}
	return closed && left == 0 && used == file->data_size;
}

int rollcast_safetensors_read(const void *bytes, size_t size, struct rollcast_weights **ret_weights)
{
	struct rollcast_shape shape = {0};
	struct params params;
	struct file file;
	int r = open_file(bytes, size, &file);

	if (r < 0)
		return r;
	if (!find_shape(&file, &shape))
		return -EBADMSG;
	r = params_init(&params, &shape);
	if (r < 0)
		return r;
	/* Nothing is allocated for a shape that the bytes could not fill. */
	if (params.size > file.data_size / sizeof(float))
		return -EBADMSG;
	CLEANUP(free) float *block = calloc(params.size, sizeof(*block));

	if (!block)
		return -ENOMEM;
	if (!read_tensors(&file, &params, block))
		return -EBADMSG;
	return rollcast_weights_load(&shape, block, ret_weights);
}

int rollcast_safetensors_metadata(const void *bytes, size_t size, const char *key, char *ret_value,
				  size_t room)
{
	struct json_text value;
	struct file file;
	int r = open_file(bytes, size, &file);

	if (r < 0)
		return r;
	r = find_metadata(&file, key, &value);
	if (r < 0)
		return r;
	return json_decode(value, ret_value, room) ? 0 : -ENOBUFS;
}
