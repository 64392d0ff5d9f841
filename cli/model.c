/*
 * Safetensors: eight bytes of size, a JSON header of that size, the numbers.
 *
 *	u64 n │ {"__metadata__": {"cell": "lstm", ...}, "parameters": {...}} │ floats
 *
 * All is little-endian, as the machines are that this runs on.
 */
#include "cli/model.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/json_find.h"
#include "cli/training.h"
#include "daemon/base/json.h"

enum {
	HEADER_MAX = 1 << 16,
	HEADER_ALIGNMENT = 8,
	TEXT_MAX = 1024,
};
static const char version[] = "1";

static int complain(const char *program, const char *path, const char *problem)
{
	fprintf(stderr, "%s: %s: %s\n", program, path, problem);
	return -EINVAL;
}

/* Writing. */

static void write_metadata(FILE *header, const struct model *model)
{
	const struct rollcast_shape *shape = rollcast_weights_shape(model->weights);

	fprintf(header, "\"format\":\"rollcast\",\"version\":\"%s\",\"series\":", version);
	json_string(header, model->title);
	fprintf(header,
		",\"cell\":\"%s\",\"activation\":\"%s\",\"layers\":\"%u\",\"hidden\":\"%u\"",
		cell_words[shape->cell], activation_words[shape->activation], shape->layers,
		shape->hidden);
	fprintf(header, ",\"lookback\":\"%u\",\"horizon\":\"%u\"", shape->lookback, shape->outputs);
	fprintf(header, ",\"shift\":\"%.17g\",\"scale\":\"%.17g\"", model->scaling.shift,
		model->scaling.scale);
	fprintf(header, ",\"times\":\"%s\",\"step_us\":\"%" PRId64 "\",\"months\":\"%u\"",
		model->has_times ? "yes" : "no", model->step_us, model->months);
}

/* Padded with blanks so that the numbers behind it are aligned. */
static char *make_header(const struct model *model, size_t *ret_size)
{
	size_t count = rollcast_shape_parameters(rollcast_weights_shape(model->weights));
	char *text = NULL;
	FILE *header = open_memstream(&text, ret_size);

	if (!header)
		return NULL;
	fputs("{\"__metadata__\":{", header);
	write_metadata(header, model);
	fprintf(header,
		"},\"parameters\":{\"dtype\":\"F32\",\"shape\":[%zu],\"data_offsets\":[0,%zu]}}",
		count, count * sizeof(float));
	fflush(header);
	for (size_t i = *ret_size; i % HEADER_ALIGNMENT; i++)
		fputc(' ', header);
	if (fclose(header)) {
		free(text);
		return NULL;
	}
	return text;
}

static int write_file(FILE *file, const struct model *model)
{
	const struct rollcast_shape *shape = rollcast_weights_shape(model->weights);
	size_t size = 0, count = rollcast_shape_parameters(shape);
	CLEANUP(free) char *header = make_header(model, &size);
	uint64_t size64 = size;

	if (!header)
		return -ENOMEM;
	if (fwrite(&size64, sizeof(size64), 1, file) != 1 || fwrite(header, size, 1, file) != 1 ||
	    fwrite(rollcast_weights_block(model->weights), sizeof(float), count, file) != count)
		return errno ? -errno : -EIO;
	return 0;
}

int model_save(const char *program, const char *path, const struct model *model)
{
	char beside[4096];
	FILE *file;
	int r;

	if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
		return complain(program, path, strerror(ENAMETOOLONG));
	file = fopen(beside, "we");
	r = file ? write_file(file, model) : -errno;
	if (file && fclose(file) && !r)
		r = -errno;
	if (!r && rename(beside, path))
		r = -errno;
	if (r) {
		unlink(beside);
		complain(program, path, strerror(-r));
	}
	return r;
}

/* Reading. */

static bool find_text(struct json_piece metadata, const char *key, char *text)
{
	struct json_piece value;

	return json_piece_find(metadata, key, &value) && json_piece_text(value, text, TEXT_MAX);
}

static bool find_count(struct json_piece metadata, const char *key, uint64_t most,
		       uint64_t *ret_count)
{
	char text[TEXT_MAX];

	return find_text(metadata, key, text) && args_count(text, 0, most, ret_count);
}

static bool find_number(struct json_piece metadata, const char *key, double *ret_number)
{
	char text[TEXT_MAX], *end;

	if (!find_text(metadata, key, text))
		return false;
	*ret_number = strtod(text, &end);
	return end != text && !*end && isfinite(*ret_number);
}

static bool find_word(struct json_piece metadata, const char *key, const char *const *words,
		      uint32_t *ret_word)
{
	char text[TEXT_MAX];

	if (!find_text(metadata, key, text))
		return false;
	for (*ret_word = 0; words[*ret_word]; ++*ret_word)
		if (!strcmp(words[*ret_word], text))
			return true;
	return false;
}

static bool read_shape(struct json_piece metadata, struct rollcast_shape *ret_shape)
{
	uint64_t layers, hidden, lookback, horizon;
	uint32_t cell, activation;

	if (!find_word(metadata, "cell", cell_words, &cell) ||
	    !find_word(metadata, "activation", activation_words, &activation) ||
	    !find_count(metadata, "layers", 64, &layers) ||
	    !find_count(metadata, "hidden", 1 << 16, &hidden) ||
	    !find_count(metadata, "lookback", 1 << 20, &lookback) ||
	    !find_count(metadata, "horizon", 1 << 16, &horizon))
		return false;
	*ret_shape = (struct rollcast_shape){
		.cell = cell,
		.activation = activation,
		.layers = (uint32_t)layers,
		.hidden = (uint32_t)hidden,
		.channels = 1,
		.lookback = (uint32_t)lookback,
		.outputs = (uint32_t)horizon,
	};
	return true;
}

/* What is beside the shape. 0, -EINVAL, -ENOMEM. */
static int read_settings(struct json_piece metadata, struct model *model)
{
	static const char *const answers[] = {"no", "yes", NULL};
	char text[TEXT_MAX];
	uint64_t step_us, months;
	uint32_t times;

	if (!find_number(metadata, "shift", &model->scaling.shift) ||
	    !find_number(metadata, "scale", &model->scaling.scale) || model->scaling.scale == 0 ||
	    !find_word(metadata, "times", answers, &times) ||
	    !find_count(metadata, "step_us", INT64_MAX, &step_us) ||
	    !find_count(metadata, "months", 1 << 20, &months) ||
	    !find_text(metadata, "series", text))
		return -EINVAL;
	model->has_times = times;
	model->step_us = (int64_t)step_us;
	model->months = (uint32_t)months;
	model->title = strdup(text);
	return model->title ? 0 : -ENOMEM;
}

/* The block of parameters: exactly the rest of the file, and as long as the shape wants it. */
static int read_parameters(struct json_piece header, const struct rollcast_shape *shape,
			   const unsigned char *data, size_t size, struct model *model)
{
	size_t count = rollcast_shape_parameters(shape);
	struct json_piece tensor, value;
	char type[TEXT_MAX];
	uint64_t length, offsets[2];
	CLEANUP(free) float *block = NULL;

	if (!count || !json_piece_find(header, "parameters", &tensor) ||
	    !json_piece_find(tensor, "dtype", &value) ||
	    !json_piece_text(value, type, sizeof(type)) || strcmp(type, "F32") != 0 ||
	    !json_piece_find(tensor, "shape", &value) || !json_piece_counts(value, &length, 1) ||
	    !json_piece_find(tensor, "data_offsets", &value) ||
	    !json_piece_counts(value, offsets, 2))
		return -EINVAL;
	if (length != count || offsets[0] != 0 || offsets[1] != count * sizeof(float) ||
	    size != count * sizeof(float))
		return -EINVAL;
	block = malloc(size); /* aligned, which the file's bytes need not be */
	if (!block)
		return -ENOMEM;
	memcpy(block, data, size);
	return rollcast_weights_load(shape, block, &model->weights);
}

static int read_model(const unsigned char *bytes, size_t size, struct model *model)
{
	struct json_piece header, metadata;
	struct rollcast_shape shape;
	uint64_t header_size;
	char format[TEXT_MAX];
	int r;

	if (size < sizeof(header_size))
		return -EINVAL;
	memcpy(&header_size, bytes, sizeof(header_size));
	bytes += sizeof(header_size);
	size -= sizeof(header_size);
	if (header_size > size || header_size > HEADER_MAX ||
	    !json_piece_all((const char *)bytes, header_size, &header) ||
	    !json_piece_find(header, "__metadata__", &metadata) ||
	    !find_text(metadata, "format", format) || strcmp(format, "rollcast") != 0 ||
	    !find_text(metadata, "version", format) || strcmp(format, version) != 0 ||
	    !read_shape(metadata, &shape))
		return -EINVAL;
	r = read_settings(metadata, model);
	return r ? r
		 : read_parameters(header, &shape, bytes + header_size, size - header_size, model);
}

/* The whole file in memory. */
static int read_file(FILE *file, unsigned char **ret_bytes, size_t *ret_size)
{
	struct stat status;

	if (fstat(fileno(file), &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	*ret_size = (size_t)status.st_size;
	*ret_bytes = malloc(*ret_size + 1);
	if (!*ret_bytes)
		return -ENOMEM;
	if (fread(*ret_bytes, 1, *ret_size, file) != *ret_size)
		return ferror(file) ? -errno : -EINVAL;
	return 0;
}

int model_load(const char *program, const char *path, struct model *ret_model)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	FILE *file = fopen(path, "re");
	size_t size = 0;
	int r;

	*ret_model = (struct model){0};
	if (!file) {
		r = -errno;
		complain(program, path, strerror(-r));
		return r;
	}
	r = read_file(file, &bytes, &size);
	fclose(file);
	if (!r)
		r = read_model(bytes, size, ret_model);
	if (r == -EINVAL)
		complain(program, path,
			 "this is no model saved by `rollcast fit`, or it is damaged");
	else if (r)
		complain(program, path, strerror(-r));
	return r;
}

void model_finish(struct model *model)
{
	rollcast_weights_unref(model->weights);
	free(model->title);
	*model = (struct model){0};
}
