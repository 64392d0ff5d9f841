/* Settings from text, through a file as in life. */
#ifndef TESTS_SETTINGS_SUPPORT_H
#define TESTS_SETTINGS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/settings/settings.h"

#define SOCKETS                                   \
	"inputs: [{name: a, connect: ipc://a}]\n" \
	"outputs: [{name: z, bind: ipc://z}]\n"

/* What settings_load says of the paths; the caller frees the text. */
static inline int load_paths(const char *const *paths, size_t count, struct settings **ret_settings,
			     char **ret_errors)
{
	size_t size;
	FILE *errors = open_memstream(ret_errors, &size);
	int problems;

	assert_non_null(errors);
	problems = settings_load(paths, count, errors, ret_settings);
	fclose(errors);
	return problems;
}

static inline int load_bytes(const char *bytes, size_t size, struct settings **ret_settings,
			     char **ret_errors)
{
	char path[] = "/tmp/rollcast-settings-XXXXXX";
	const char *paths[] = {path};
	int fd = mkstemp(path);
	int problems;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
	problems = load_paths(paths, 1, ret_settings, ret_errors);
	unlink(path);
	return problems;
}

/* The settings that a text without mistakes stands for. */
static inline struct settings *load(const char *text)
{
	struct settings *settings = NULL;
	char *errors = NULL;
	int problems = load_bytes(text, strlen(text), &settings, &errors);

	assert_string_equal(errors, "");
	assert_int_equal(problems, 0);
	free(errors);
	return settings;
}

/* The caller frees it. */
static inline char *print(const struct settings *settings)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	settings_print(settings, out);
	fclose(out);
	return text;
}

/* A whole file; the caller frees it. */
static inline char *read_file(const char *path)
{
	enum { SIZE_MAX_BYTES = 1 << 20 };
	FILE *file = fopen(path, "r");
	char *text = calloc(1, SIZE_MAX_BYTES);

	if (!file)
		fail_msg("%s: cannot be read; tests run in the project's root", path);
	assert_non_null(text);
	assert_true(fread(text, 1, SIZE_MAX_BYTES, file) < SIZE_MAX_BYTES);
	fclose(file);
	return text;
}

#endif
