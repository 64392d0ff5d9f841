/* Safetensors, whose metadata say what was done to the series. */
#include "cli/model.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/args.h"
#include "rollcast/safetensors.h"

enum { TEXT_MAX = 1024 };

/* 1 had all parameters in one tensor. */
static const char format[] = "rollcast", version[] = "2";

static int complain(const char *program, const char *path, const char *problem)
{
	fprintf(stderr, "%s: %s: %s\n", program, path, problem);
	return -EINVAL;
}

/* Writing. */

static int write_file(FILE *file, const struct model *model)
{
	char shift[32], scale[32], step_us[32], months[16];
	const struct rollcast_metadata metadata[] = {
		{"format", format},	  {"version", version},
		{"series", model->title}, {"shift", shift},
		{"scale", scale},	  {"times", model->has_times ? "yes" : "no"},
		{"step_us", step_us},	  {"months", months},
	};
	CLEANUP(free) void *bytes = NULL;
	size_t size;
	int r;

	snprintf(shift, sizeof(shift), "%.17g", model->scaling.shift);
	snprintf(scale, sizeof(scale), "%.17g", model->scaling.scale);
	snprintf(step_us, sizeof(step_us), "%" PRId64, model->step_us);
	snprintf(months, sizeof(months), "%u", model->months);
	r = rollcast_safetensors_write(model->weights, metadata,
				       sizeof(metadata) / sizeof(metadata[0]), &bytes, &size);
	if (r)
		return r;
	if (fwrite(bytes, 1, size, file) != size)
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

struct bytes {
	const unsigned char *data;
	size_t size;
};

static bool find_text(struct bytes bytes, const char *key, char *text)
{
	return rollcast_safetensors_metadata(bytes.data, bytes.size, key, text, TEXT_MAX) == 0;
}

static bool has_text(struct bytes bytes, const char *key, const char *wanted)
{
	char text[TEXT_MAX];

	return find_text(bytes, key, text) && !strcmp(text, wanted);
}

static bool find_count(struct bytes bytes, const char *key, uint64_t most, uint64_t *ret_count)
{
	char text[TEXT_MAX];

	return find_text(bytes, key, text) && args_count(text, 0, most, ret_count);
}

static bool find_number(struct bytes bytes, const char *key, double *ret_number)
{
	char text[TEXT_MAX], *end;

	if (!find_text(bytes, key, text))
		return false;
	*ret_number = strtod(text, &end);
	return end != text && !*end && isfinite(*ret_number);
}

/* What is beside the weights. 0, -EINVAL, -ENOMEM. */
static int read_settings(struct bytes bytes, struct model *model)
{
	char text[TEXT_MAX];
	uint64_t step_us, months;

	if (!has_text(bytes, "format", format) || !has_text(bytes, "version", version) ||
	    !find_number(bytes, "shift", &model->scaling.shift) ||
	    !find_number(bytes, "scale", &model->scaling.scale) || model->scaling.scale == 0 ||
	    !find_count(bytes, "step_us", INT64_MAX, &step_us) ||
	    !find_count(bytes, "months", 1 << 20, &months) || !find_text(bytes, "series", text))
		return -EINVAL;
	model->has_times = has_text(bytes, "times", "yes");
	model->step_us = (int64_t)step_us;
	model->months = (uint32_t)months;
	model->title = strdup(text);
	return model->title ? 0 : -ENOMEM;
}

/* A network of another make may have channels that a series does not. */
static int read_model(struct bytes bytes, struct model *model)
{
	const struct rollcast_shape *shape;
	int r = read_settings(bytes, model);

	if (r)
		return r;
	r = rollcast_safetensors_read(bytes.data, bytes.size, &model->weights);
	if (r)
		return r == -ENOMEM ? r : -EINVAL;
	shape = rollcast_weights_shape(model->weights);
	return shape->channels == 1 && shape->extras == 0 ? 0 : -EINVAL;
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
		r = read_model((struct bytes){bytes, size}, ret_model);
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
